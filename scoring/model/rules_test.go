package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/scoring/rule"
)

var someRules = []rule.Rule{
	{Name: "big_agent", When: "agent >= 1.0 && amount > 500.0", Points: 1.5, About: map[string]string{"en": "A large claim by an agent", "zh": "代理人提出的大额索赔"}},
	{Name: "first_time", When: "repeat_30d == 0.0", Points: -.75},
	{Name: "breaks", When: "weekday / (weekday - weekday) > 1", Points: 9},
	{Name: "watched", When: "type == 'withdrawal_delay'", Points: 0},
	{Name: "by_hour", When: "hour < 6 || hour >= 22", Points: .4},
}

func ruled(t testing.TB, m *Model, rules ...rule.Rule) *Model {
	t.Helper()
	out, err := m.WithRules("ruled", rules)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRulePointsByHand: the points of rules are added to the calibrated score, a
// rule that fails gives none, and what protects is looked at after them.
func TestRulePointsByHand(t *testing.T) {
	m := ruled(t, parsed(t, trained), someRules...)
	c, h := busy() // at 8 in the morning of a Monday, with 900 claimed
	calibrated := 1.5 + 1e-4*(-2+.9+1.9+1.8+3)
	d := m.Decide(c, h)
	if math.Abs(d.Score-(calibrated+1.5)) > 1e-12 || !d.Flagged {
		t.Fatalf("%v, want %v", d.Score, calibrated+1.5)
	}
	if kept := d.Signals[len(m.Signals):]; !slices.Equal(kept, []float32{1, 0, -1, 1, 0}) {
		t.Errorf("kept %v", kept)
	}
	i := slices.IndexFunc(d.Reasons, func(r record.Reason) bool { return r.Signal == "rule:big_agent" })
	if i < 0 || d.Reasons[i].Value != 1 || d.Reasons[i].Points != 1.5 || d.Reasons[i].About["zh"] == "" {
		t.Errorf("%+v", d.Reasons)
	}
	h.Crowd = func() float64 { return 3 }
	if d = m.Decide(c, h); math.Abs(d.Score-(calibrated+1.5-2.2)) > 1e-12 {
		t.Errorf("in a crowd %v", d.Score)
	}
	// A rule that speaks for the customer spares the question for the crowd.
	spared := ruled(t, parsed(t, trained), rule.Rule{Name: "known", When: "agent > 0", Points: -3})
	h.Crowd = func() float64 { t.Error("asked in vain"); return 3 }
	if d = spared.Decide(c, h); math.Abs(d.Score-(calibrated-3)) > 1e-12 || d.Flagged {
		t.Errorf("%v", d.Score)
	}
}

// TestRuleReasonIsEvident: a rule leads to the complaints behind the signals that
// it looks at.
func TestRuleReasonIsEvident(t *testing.T) {
	m := ruled(t, load(t), rule.Rule{Name: "r", When: "payout_others > 3 && repeat_30d > 3", Points: 1})
	c, h := busy()
	for _, r := range m.Decide(c, h).Reasons {
		if r.Signal == "rule:r" && len(r.Evidence) == 20 && slices.IsSorted(r.Evidence) {
			return
		}
	}
	t.Error("no evidence")
}

// TestRulesAddUpWhateverTheSignals judges many complaints, some with facts that
// are not known: the reasons sum to the score, and the decision is the same again
// from what any of three models kept, with the outcomes or asked anew.
func TestRulesAddUpWhateverTheSignals(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, base := range []*Model{parsed(t, trained), load(t)} {
		m := ruled(t, base, someRules...)
		shuffled := slices.Clone(base.SignalNames())
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		held := map[string]int{}
		for range 10_000 {
			v := make([]float64, len(m.Signals))
			for i := range v {
				if random.IntN(3) == 0 {
					v[i] = random.Float64() * 5
				}
			}
			v[slices.Index(m.SignalNames(), "crowd")] = 1 + random.Float64()*3
			f := record.Facts{Type: []string{"", "withdrawal_delay"}[random.IntN(2)], Received: record.Moment{Time: day0.Add(time.Duration(random.IntN(200)) * time.Hour), Precision: record.Precision(random.IntN(4))}}
			if random.IntN(2) == 0 {
				f.Amount = record.Num(random.Float64() * 1000)
			}
			facts := func() record.Facts { return f }
			d := m.judge(func(i int) float64 { return v[i] }, m.asking(facts))
			sum := 0.
			for _, r := range m.Reasons(d.Signals) {
				sum += r.Points
				held[r.Signal]++
			}
			if math.Abs(sum-d.Score) > 1e-9 {
				t.Fatalf("%v, reasons %v of %v", d.Score, sum, d.Signals)
			}
			crowd := protects(m, v)
			for _, names := range [][]string{m.KeptNames(), base.KeptNames(), shuffled} {
				j, missing := m.Over(names)
				kept := make([]float32, len(names))
				for i, n := range names {
					kept[i] = d.Signals[slices.Index(m.KeptNames(), n)]
				}
				again := j.Again(kept, facts, crowd)
				if len(missing) > 0 || again.Score != d.Score || again.Flagged != d.Flagged || !slices.Equal(again.Signals, d.Signals) {
					t.Fatalf("%v %v, again from %v: %v", missing, d, names, again)
				}
			}
		}
		for _, r := range []string{"rule:big_agent", "rule:first_time", "rule:by_hour"} {
			if held[r] < 100 {
				t.Errorf("%s held %d times: the test shows little", r, held[r])
			}
		}
		if held["rule:breaks"]+held["rule:watched"] > 0 {
			t.Errorf("%v", held)
		}
	}
}

// TestWithout takes a rule away from a decision, and what protects is asked for
// where it was not.
func TestWithout(t *testing.T) {
	m := ruled(t, parsed(t, trained), someRules[0], rule.Rule{Name: "known", When: "agent > 0", Points: -9})
	c, h := busy()
	d := m.Decide(c, h)
	if d.Flagged {
		t.Fatal(d.Score)
	}
	if !m.Without(&d, 1, record.Protection{}).Flagged {
		t.Error("without what speaks for the customer it is flagged")
	}
	if m.Without(&d, 1, record.Protection{Crowd: func() float64 { return 9 }}).Score >= m.Without(&d, 1, record.Protection{}).Score {
		t.Error("the crowd is not asked for")
	}
	if x := m.Without(&d, 0, record.Protection{}); math.Abs(x.Score-(d.Score-1.5)) > 1e-12 {
		t.Error(x.Score, d.Score)
	}
}

// TestRulesAreKeptByTheirCondition: a rule of the same name and another condition
// is another rule, and one that looks at a signal that was not kept is missed.
func TestRulesAreKeptByTheirCondition(t *testing.T) {
	m := ruled(t, parsed(t, trained), rule.Rule{Name: "r", When: "agent > 0", Points: 1})
	other := ruled(t, parsed(t, trained), rule.Rule{Name: "r", When: "agent > 1", Points: 1})
	j, _ := other.Over(m.KeptNames())
	kept := make([]float32, len(m.KeptNames()))
	kept[slices.Index(m.KeptNames(), "agent")], kept[len(kept)-1] = 1, 1
	if d := j.Again(kept, func() record.Facts { return record.Facts{} }, record.Protection{}); d.Signals[len(d.Signals)-1] != rule.Not {
		t.Error("the outcome of another condition counts")
	}
	unused := ruled(t, parsed(t, trained), rule.Rule{Name: "r", When: "refuted > 0 && young_account > 0.5", Points: 1})
	if _, missing := unused.Over([]string{"repeat_30d", "payout_others", "agent"}); strings.Join(missing, " ") != "refuted young_account" {
		t.Errorf("%v", missing)
	}
	if at := slices.Index(unused.SignalNames(), "young_account"); at < 0 || at != unused.plain-1 {
		t.Errorf("%v", unused.SignalNames())
	}
}

// TestOutcomeNeverCountsForRules: what happens after a complaint arrived is no
// word of a rule, and moves no score.
func TestOutcomeNeverCountsForRules(t *testing.T) {
	m := ruled(t, load(t), someRules...)
	c, h := busy()
	before := m.Decide(c, h).Score
	c.Status, c.Resolution, c.Upheld, c.Redress, c.Handler, c.Department, c.Priority = "closed", "rejected", record.No, record.Num(5), "h1", "finance", "high"
	c.CustomerName, c.Contact, c.Subject = "Li Wei", "li@example.com", "x"
	if after := m.Decide(c, h).Score; after != before {
		t.Errorf("%v, then %v", before, after)
	}
}

func TestRulesInAFile(t *testing.T) {
	text := trained + "rules:\n  - {name: big, when: 'agent >= 1.0 && amount > 500.0', points: 1.5, about: {en: Large, zh: 大额}, by: li}\n"
	m := parsed(t, text)
	if m.Rules[0].By != "li" || m.Rules[0].About["zh"] != "大额" {
		t.Errorf("%+v", m.Rules)
	}
	for name, change := range map[string][2]string{
		"unknown key":     {"by: li", "from: li"},
		"no number":       {"points: 1.5", "points: .nan"},
		"not looked at":   {"agent >=", "lockstep >="},
		"what protects":   {"agent >=", "crowd >="},
		"name of another": {"name: big", "name: crowd"},
	} {
		if _, err := Parse([]byte(strings.Replace(text, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDoubts(t *testing.T) {
	m := ruled(t, load(t), rule.Rule{Name: "alone", When: "language == 'zh' && repeat_30d < 1", Points: 4}, rule.Rule{Name: "good", When: "agent > 0", Points: 1})
	if d := m.Doubts(0); !d.Alone || !d.Speech || len(d.Falls) != 1 {
		t.Errorf("%+v", d)
	}
	if d := m.Doubts(1); d.Alone || d.Speech || len(d.Falls) != 0 {
		t.Errorf("%+v", d)
	}
}

// BenchmarkRules decides the dearest complaint with simple rules beside the signals.
func BenchmarkRules(b *testing.B) {
	for _, n := range []int{0, 10, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := load(b)
			var list []rule.Rule
			for i := range n {
				list = append(list, rule.Rule{Name: fmt.Sprintf("r%d", i), When: fmt.Sprintf("agent >= %d.0 && amount > 500.0 && type == 'withdrawal_delay'", i%3), Points: .1})
			}
			if n > 0 {
				m = ruled(b, m, list...)
			}
			c, h := busy()
			b.ReportAllocs()
			for b.Loop() {
				m.Decide(c, h)
			}
		})
	}
}

// BenchmarkRulesOfOthers decides a complaint of which nothing is known: what most
// complaints cost.
func BenchmarkRulesOfOthers(b *testing.B) {
	for _, n := range []int{0, 10, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := load(b)
			var list []rule.Rule
			for i := range n {
				list = append(list, rule.Rule{Name: fmt.Sprintf("r%d", i), When: fmt.Sprintf("agent >= %d.0 && amount > 500.0 && type == 'withdrawal_delay'", i%3+1), Points: .1})
			}
			if n > 0 {
				m = ruled(b, m, list...)
			}
			c, h := &record.Complaint{Customer: "U1", Type: "withdrawal_delay", Received: record.At(day0), Body: "提现三天了还没有到账"}, &record.History{}
			b.ReportAllocs()
			for b.Loop() {
				m.Decide(c, h)
			}
		})
	}
}
