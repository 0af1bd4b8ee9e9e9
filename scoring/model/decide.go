package model

import (
	"cmp"
	"slices"

	"plaint/internal/record"
	"plaint/scoring/signal"
)

// Decide scores one complaint from what was known before it. The reasons of a
// flagged complaint, with the base among them, add up to its score.
func (m *Model) Decide(c *record.Complaint, h *record.History) record.Decision {
	d := m.judge(func(i int) float64 { return m.funcs[i](c, h) })
	if d.Flagged {
		d.Reasons = m.Reasons(d.Signals)
		for i := range d.Reasons {
			d.Reasons[i].Evidence = signal.Evidence(d.Reasons[i].Signal, c, h)
		}
	}
	return d
}

// judge scores a complaint whose signals value tells.
func (m *Model) judge(value func(i int) float64) record.Decision {
	d := record.Decision{Model: m.Name, Score: m.Base, Threshold: m.Threshold, Signals: make([]float32, len(m.funcs))}
	for i := range m.funcs {
		if i == m.plain {
			d.Score = m.Calibration.Of(d.Score)
		}
		// What can only lower the score is looked at only where it is high.
		if i >= m.plain && d.Score < m.Threshold {
			break
		}
		// Kept as float32, so that the points of a kept signal are the points
		// that were given.
		d.Signals[i] = float32(value(i))
		d.Score += m.Signals[i].points(float64(d.Signals[i]))
	}
	if m.plain == len(m.funcs) {
		d.Score = m.Calibration.Of(d.Score)
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

// Reasons explains a score from the kept signals: the base and every signal
// that gave points, the heaviest first. Their points sum to the score. Signals
// that are not there are zero, as they are kept.
func (m *Model) Reasons(signals []float32) []record.Reason {
	out := []record.Reason{{Signal: Base, Points: m.Base}}
	sum := m.Base
	for i := range m.Signals {
		v := 0.
		if i < len(signals) {
			v = float64(signals[i])
		}
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
	slices.SortStableFunc(out[1:], func(a, b record.Reason) int { return cmp.Compare(b.Points, a.Points) })
	return out
}

// Judge decides again from signals that were kept.
type Judge struct {
	*Model
	at []int // by signal of the model, its place among those kept; -1: not kept
}

// Over gives a judge of signals that were kept in the order of names, and the
// signals that the model looks at and that were not kept: without them its
// decisions would not be those of Decide.
func (m *Model) Over(names []string) (j Judge, missing []string) {
	j = Judge{m, make([]int, len(m.Signals))}
	for i := range m.Signals {
		s := &m.Signals[i]
		j.at[i] = slices.Index(names, s.Signal)
		if j.at[i] < 0 && i < m.plain && !s.Flat() {
			missing = append(missing, s.Signal)
		}
	}
	return j, missing
}

// Again decides what Decide would: by the same code, from the kept signals.
// A protective signal that was not looked at then is asked for with crowd, which
// may be nil where nothing is known of it.
func (j Judge) Again(kept []float32, crowd func() float64) record.Decision {
	d := j.judge(func(i int) float64 {
		at := j.at[i]
		if at >= 0 && at < len(kept) && (i < j.plain || kept[at] != 0) {
			return float64(kept[at])
		}
		if i < j.plain {
			return 0
		}
		return j.funcs[i](&record.Complaint{}, &record.History{Crowd: crowd})
	})
	return d
}
