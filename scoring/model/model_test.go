package model

import (
	"math"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/scoring/signal"
)

var day0 = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// busy is a complaint with a full history: the dearest to decide.
func busy() (*record.Complaint, *record.History) {
	c := &record.Complaint{Customer: "U1", Type: "withdrawal_delay", Received: record.At(day0), Amount: record.Num(900),
		Body: strings.Repeat("提现三天了还没有到账，编号T107757286467，请联系微信 wx2509998。", 6), Evidence: []string{"T1", "T2"}}
	c.Keys.Customer = 7
	h := &record.History{Protection: record.Protection{Crowd: func() float64 { return 1 }}}
	for i := range 32 {
		p := record.Past{Seq: int64(i), Customer: uint64(100 + i), Received: day0.Add(-time.Duration(32-i) * time.Hour), Amount: record.Num(float64(100 + i))}
		h.ByCustomer = append(h.ByCustomer, p)
		h.ByDevice, h.ByPayout, h.ByContact = append(h.ByDevice, p), append(h.ByPayout, p), append(h.ByContact, p)
		h.Letters = append(h.Letters, record.Letter{Past: p, Overlap: 0.7})
		t := record.Transaction{Type: "withdrawal", Amount: record.Num(50), Requested: record.At(p.Received), Settled: record.At(p.Received.Add(time.Hour))}
		h.Transactions = append(h.Transactions, t)
	}
	h.Accounts = []record.Account{{Opened: record.At(day0.Add(-48 * time.Hour))}}
	return c, h
}

func load(t testing.TB) *Model {
	t.Helper()
	m, err := Load(Default)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReasonsAddUpToTheScore(t *testing.T) {
	m := load(t)
	c, h := busy()
	d := m.Decide(c, h)
	if !d.Flagged || len(d.Reasons) < 6 || len(d.Reasons[1].Evidence) == 0 {
		t.Fatalf("%+v", d)
	}
	sum := 0.0
	for _, r := range d.Reasons {
		sum += r.Points
	}
	if math.Abs(sum-d.Score) > 1e-9 {
		t.Errorf("reasons sum to %v, the score is %v", sum, d.Score)
	}
	again := 0.0
	for _, r := range m.Reasons(d.Signals) {
		again += r.Points
	}
	if math.Abs(again-d.Score) > 1e-9 {
		t.Errorf("from the kept signals %v, at admission %v", again, d.Score)
	}
}

func TestNothingKnownIsNotSuspicious(t *testing.T) {
	m := load(t)
	c := &record.Complaint{Customer: "U1", Type: "withdrawal_delay", Received: record.At(day0), Body: "提现三天了还没有到账"}
	if d := m.Decide(c, &record.History{}); d.Flagged || d.Score != m.Base {
		t.Fatalf("%+v", d)
	}
}

// TestOutcomeNeverCounts changes everything that happens after a complaint
// arrived: the score must not move.
func TestOutcomeNeverCounts(t *testing.T) {
	m := load(t)
	c, h := busy()
	before := m.Decide(c, h).Score
	c.Status, c.Resolution, c.Upheld, c.Redress = "closed", "rejected", record.No, record.Num(5)
	c.Closed, c.Reopened, c.Escalated, c.ExternalDispute = record.At(day0), record.At(day0), record.At(day0), record.Yes
	c.Handler, c.Department, c.Priority = "h1", "finance", "high"
	if after := m.Decide(c, h).Score; after != before {
		t.Errorf("the score moved from %v to %v with the outcome", before, after)
	}
}

func TestParseRefusesWhatWouldMislead(t *testing.T) {
	for name, text := range map[string]string{
		"falling points":   "name: x\nsignals: [{signal: repeat_30d, points: [[0, 1], [1, 0]]}]",
		"unknown signal":   "name: x\nsignals: [{signal: face, points: [[0, 0]]}]",
		"unknown key":      "name: x\ncolour: red",
		"no points":        "name: x\nsignals: [{signal: repeat_30d}]",
		"protective first": "name: x\nsignals: [{signal: crowd, points: [[1, 0], [2, -1]]}, {signal: repeat_30d, points: [[0, 0], [1, 1]]}]",
		"rising protector": "name: x\nsignals: [{signal: crowd, points: [[1, 0], [2, 1]]}]",
		"no name":          "threshold: 1",
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if len(signal.All) < 10 {
		t.Error("signals are missing")
	}
}

func BenchmarkDecide(b *testing.B) {
	m := load(b)
	c, h := busy()
	for b.Loop() {
		m.Decide(c, h)
	}
}
