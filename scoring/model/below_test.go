package model

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"plaint/internal/record"
	"plaint/scoring/rule"
)

// TestBelow: with the signals lowered as it says a complaint is not flagged; with
// the last a little higher, or fewer lowered, it is.
func TestBelow(t *testing.T) {
	m := load(t)
	r := rand.New(rand.NewPCG(1, 2))
	flagged := func(v []float32) bool {
		return m.judge(func(i int) float64 { return float64(v[i]) }, nil).Flagged
	}
	at := map[string]int{}
	for i := range m.Signals {
		at[m.Signals[i].Signal] = i
	}
	seen, several := 0, 0
	for range 3000 {
		v := make([]float32, len(m.Signals))
		for i := range v {
			switch r.IntN(4) {
			case 0:
				v[i] = float32(r.IntN(6))
			case 1:
				v[i] = r.Float32()
			}
		}
		was := flagged(v)
		lower := m.Below(v)
		if !was {
			if lower != nil {
				t.Fatalf("%v is not flagged: %+v", v, lower)
			}
			continue
		}
		if lower == nil {
			none := make([]float32, len(v))
			copy(none[m.plain:], v[m.plain:])
			if !flagged(none) {
				t.Fatalf("%v: nothing would do, but it would without any", v)
			}
			continue
		}
		seen++
		to := append([]float32(nil), v...)
		for _, x := range lower {
			if x.AtMost >= x.Is || float32(x.Is) != v[at[x.Signal]] {
				t.Fatalf("%v: %+v", v, lower)
			}
			to[at[x.Signal]] = float32(x.AtMost)
		}
		if flagged(to) {
			t.Fatalf("%v is flagged still after %+v", v, lower)
		}
		last := lower[len(lower)-1]
		unit := .01
		if last.Is == float64(int(last.Is)) {
			unit = 1
		}
		if to[at[last.Signal]] = float32(min(last.Is, last.AtMost+unit)); !flagged(to) {
			t.Fatalf("%v: %+v could stay higher", v, lower)
		}
		if len(lower) > 1 {
			several++
		}
		for set := range 1 << m.plain {
			if bits.OnesCount(uint(set)) >= len(lower) {
				continue
			}
			fewer := append([]float32(nil), v...)
			for i := range m.plain {
				if set>>i&1 == 1 {
					fewer[i] = 0
				}
			}
			if !flagged(fewer) {
				t.Fatalf("%v: %b would do, not %+v", v, set, lower)
			}
		}
		if seen == 60 {
			break
		}
	}
	if seen < 60 || several < 10 {
		t.Fatalf("%d flagged, %d of them by several signals", seen, several)
	}
}

// TestBelowWithRules: a rule goes before several signals where it weighs more, and
// words of its own go with it.
func TestBelowWithRules(t *testing.T) {
	m := load(t)
	m.Rules = []rule.Rule{{Name: "big", When: "amount > 100.0", Points: 20, About: map[string]string{"en": "Big"}}, {Name: "kind", When: "amount > 1.0", Points: -1}}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	kept := make([]float32, len(m.Signals)+2)
	for i := range m.plain {
		kept[i] = .2
	}
	kept[len(m.Signals)], kept[len(m.Signals)+1] = rule.Holds, rule.Holds
	lower := m.Below(kept)
	if len(lower) == 0 || lower[0].Signal != "rule:big" || lower[0].Is != 1 || lower[0].AtMost != 0 || lower[0].About["en"] != "Big" {
		t.Fatalf("%+v", lower)
	}
	kept[len(m.Signals)] = 0
	for _, x := range m.Below(kept) {
		if x.Signal == "rule:big" || x.Signal == "rule:kind" {
			t.Errorf("%+v", x)
		}
	}
}

func TestOfOthers(t *testing.T) {
	list := []record.Reason{{Signal: Base, Points: -3}, {Signal: "agent", Points: 3}, {Signal: "association", Points: 1}, {Signal: "crowd", Points: -1}, {Signal: Calibration, Points: 2}}
	if got := OfOthers(list); got != .25 {
		t.Error(got)
	}
	if got := OfOthers(list[:1]); got != 0 {
		t.Error(got)
	}
}
