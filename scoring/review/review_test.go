package review

import (
	"errors"
	"testing"
	"time"

	"plaint/internal/record"
)

var now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func cases() []record.Case {
	shared := []record.Reason{{Signal: "base", Points: -4}, {Signal: "payout_others", Points: 5, Evidence: []int64{3, 9}}}
	return []record.Case{
		{ID: 1, Seq: 10, State: "open", Customer: "U2", Reasons: shared},
		{ID: 2, Seq: 11, State: "open", Customer: "U2", Reasons: shared},
		{ID: 3, Seq: 12, State: "open", Customer: "U1", Reasons: shared},
		{ID: 4, Seq: 13, State: "cleared", Customer: "U1", Reasons: shared},
		{ID: 5, Seq: 14, State: "open", Customer: "U3", Reasons: []record.Reason{{Signal: "agent", Points: 9}}},
		{ID: 7, Seq: 16, State: "open", Customer: "U1", Reasons: []record.Reason{{Signal: "audit", Value: .1}}}, // drawn at random: nothing that U1 did
		{ID: 6, Seq: 15, State: "open", Customer: "U3", Reasons: []record.Reason{{Signal: "repeat_30d", Points: 9}}},
	}
}

func TestProposeNeedsTwoCasesAndAGround(t *testing.T) {
	got := Propose(cases(), now)
	if len(got) != 1 || got[0].Key != "U2" || got[0].Ground != "shared_payout" || got[0].State != "proposed" || got[0].By != Machine {
		t.Fatalf("%+v", got)
	}
	if len(got[0].Evidence) != 4 {
		t.Errorf("evidence %v", got[0].Evidence)
	}
	if Active(got[0], now) {
		t.Error("a proposal has effect")
	}
}

func TestTwoPeople(t *testing.T) {
	e := Propose(cases(), now)[0]
	year := now.Add(LongestTerm)
	must := func(e record.Entry, err error) record.Entry {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	deny := func(want, err error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	_, err := Sign(e, Machine, now, year)
	deny(ErrMachine, err)
	adopted := must(Sign(e, "li", now, year))
	if Active(adopted, now) {
		t.Error("one person made it active")
	}
	_, err = Sign(adopted, "li", now, year)
	deny(ErrSamePerson, err)
	_, err = Sign(adopted, "wang", now, now)
	deny(ErrTerm, err)
	_, err = Sign(adopted, "wang", now, year.Add(time.Hour))
	deny(ErrTerm, err)
	active := must(Sign(adopted, "wang", now, now.Add(24*time.Hour)))
	if !Active(active, now) || Active(active, now.Add(25*time.Hour)) {
		t.Error("an entry must hold until its end and no longer")
	}
	_, err = Sign(active, "zhao", now, year)
	deny(ErrState, err)
	for name, spoil := range map[string]func(*record.Entry){
		"ground":   func(e *record.Entry) { e.Ground = "complained" },
		"scope":    func(e *record.Entry) { e.Scope = "ignore" },
		"evidence": func(e *record.Entry) { e.Evidence = nil },
	} {
		bad := adopted
		spoil(&bad)
		if _, err := Sign(bad, "wang", now, year); err == nil {
			t.Errorf("signed without a proper %s", name)
		}
	}
}
