package model

import (
	"cmp"
	"slices"

	"plaint/internal/record"
	"plaint/scoring/rule"
)

// Decide scores one complaint from what was known before it. The reasons of a
// flagged complaint, with the base among them, add up to its score.
func (m *Model) Decide(c *record.Complaint, h *record.History) record.Decision {
	d := m.judge(func(i int) float64 { return m.funcs[i](c, h) }, m.asking(c.Facts))
	if d.Flagged {
		d.Reasons = m.Reasons(d.Signals)
		for i := range d.Reasons {
			d.Reasons[i].Evidence = m.evidence(d.Reasons[i].Signal, c, h)
		}
	}
	return d
}

// judge scores a complaint whose signals value tells, and of whose rules ask says
// which hold, from the signals before them.
func (m *Model) judge(value func(i int) float64, ask func(rule int, signals []float32) float32) record.Decision {
	n := len(m.funcs)
	d := record.Decision{Model: m.Name, Score: m.Base, Threshold: m.Threshold, Signals: make([]float32, n+len(m.Rules))}
	look := func(i int) {
		// Kept as float32, so that the points of a kept signal are the points
		// that were given.
		d.Signals[i] = float32(value(i))
		d.Score += m.Signals[i].points(float64(d.Signals[i]))
	}
	for i := range m.plain {
		look(i)
	}
	d.Score = m.Calibration.Of(d.Score)
	for r := range m.Rules {
		d.Signals[n+r] = ask(r, d.Signals)
		if d.Signals[n+r] == rule.Holds {
			d.Score += m.Rules[r].Points
		}
	}
	// What can only lower the score is looked at only where it is high.
	for i := m.plain; i < n && d.Score >= m.Threshold; i++ {
		look(i)
	}
	d.Flagged = d.Score >= m.Threshold
	return d
}

// Reasons that are no signals: what is the same for everybody, and what makes a
// probability of a sum.
const (
	Base        = "base"
	Calibration = "calibration"
)

// Reasons explains a score from the kept signals: the base and every signal and
// rule that gave points, the heaviest first. Their points sum to the score. What is
// not there is zero, as it is kept.
func (m *Model) Reasons(signals []float32) []record.Reason {
	out := []record.Reason{{Signal: Base, Points: m.Base}}
	sum := m.Base
	for i := range m.Signals {
		v := float64(at(signals, i))
		if i >= m.plain && v == 0 {
			continue // not looked at
		}
		p := m.Signals[i].points(v)
		if p != 0 {
			out = append(out, record.Reason{Signal: m.Signals[i].Signal, Value: v, Points: p})
		}
		if i < m.plain {
			sum += p
		}
	}
	if p := m.Calibration.Of(sum) - sum; p != 0 {
		out = append(out, record.Reason{Signal: Calibration, Value: sum, Points: p})
	}
	for r := range m.Rules {
		if x := &m.Rules[r]; at(signals, len(m.Signals)+r) == rule.Holds && x.Points != 0 {
			out = append(out, record.Reason{Signal: x.Reason(), Value: 1, Points: x.Points, About: x.About})
		}
	}
	slices.SortStableFunc(out[1:], func(a, b record.Reason) int { return cmp.Compare(b.Points, a.Points) })
	return out
}

// at is a kept value; zeros at the end are not kept.
func at(kept []float32, i int) float32 {
	if i < 0 || i >= len(kept) {
		return 0
	}
	return kept[i]
}

// Judge decides again from signals that were kept.
type Judge struct {
	*Model
	at    []int // by signal of the model, its place among those kept; -1: not kept
	rules []int // by rule, likewise
}

// Over gives a judge of signals that were kept in the order of names, and the
// signals that the model or its rules look at and that were not kept: without them
// its decisions would not be those of Decide.
func (m *Model) Over(names []string) (j Judge, missing []string) {
	j = Judge{m, make([]int, len(m.Signals)), make([]int, len(m.Rules))}
	used := map[string]bool{}
	for r := range m.Rules {
		if j.rules[r] = slices.Index(names, m.Rules[r].Key()); j.rules[r] < 0 {
			for _, name := range m.rules.Signals(r) {
				used[name] = true
			}
		}
	}
	for i := range m.Signals {
		s := &m.Signals[i]
		j.at[i] = slices.Index(names, s.Signal)
		if j.at[i] < 0 && i < m.plain && (!s.Flat() || used[s.Signal]) {
			missing = append(missing, s.Signal)
		}
	}
	return j, missing
}

// Again decides what Decide would: by the same code, from the kept signals. A rule
// whose outcome was not kept is asked again, from the same signals and from facts,
// which may be nil where every outcome was. A protective signal that was not looked
// at then is asked for with by, of which nothing may be known.
func (j Judge) Again(kept []float32, facts func() record.Facts, by record.Protection) record.Decision {
	ask := j.asking(facts)
	return j.judge(func(i int) float64 {
		v := at(kept, j.at[i])
		if i < j.plain || v != 0 {
			return float64(v)
		}
		return j.funcs[i](&record.Complaint{}, &record.History{Protection: by})
	}, func(r int, signals []float32) float32 {
		if j.rules[r] >= 0 {
			return at(kept, j.rules[r])
		}
		return ask(r, signals)
	})
}
