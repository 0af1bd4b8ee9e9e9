package model

import (
	"cmp"
	"math"
	"slices"

	"plaint/internal/record"
	"plaint/scoring/rule"
	"plaint/scoring/signal"
)

// Below is what would bring a flagged complaint below the threshold: the fewest
// signals that would have to be lower and rules that would not have to hold, the
// last signal no lower than is needed (a counterfactual explanation: Wachter,
// Mittelstadt and Russell 2017). Rules stay as they were asked, whatever becomes of
// the signals. It is nil for a complaint that is not flagged, and where nothing
// that counts against it would do. kept are the kept values, as for Reasons.
func (m *Model) Below(kept []float32) []record.Lower {
	c := counter{m, make([]float64, len(m.Signals)), make([]float32, len(m.Rules))}
	for i := range c.values {
		c.values[i] = float64(at(kept, i))
	}
	for r := range c.held {
		c.held[r] = at(kept, len(m.Signals)+r)
	}
	if !c.flagged() {
		return nil
	}
	var rules []int // that hold and give points, the heaviest first
	for r := range m.Rules {
		if c.held[r] == rule.Holds && m.Rules[r].Points > 0 {
			rules = append(rules, r)
		}
	}
	slices.SortStableFunc(rules, func(a, b int) int { return cmp.Compare(m.Rules[b].Points, m.Rules[a].Points) })
	best := c.lower()
	var without []record.Lower
	for _, r := range rules {
		c.held[r] = 0
		without = append(without, record.Lower{Signal: m.Rules[r].Reason(), Is: 1, About: m.Rules[r].About})
		var more []record.Lower
		if c.flagged() {
			if more = c.lower(); more == nil {
				continue
			}
		}
		if best == nil || len(without)+len(more) < len(best) {
			best = append(slices.Clone(without), more...)
		}
	}
	return best
}

// counter is a complaint of which something is otherwise.
type counter struct {
	m      *Model
	values []float64 // of the signals
	held   []float32 // of the rules
}

func (c *counter) flagged() bool {
	return c.m.judge(func(i int) float64 { return c.values[i] }, func(r int, _ []float32) float32 { return c.held[r] }).Flagged
}

// lower finds the fewest signals whose absence brings a flagged complaint below the
// threshold: with a sum and a calibration that rises, the heaviest.
func (c counter) lower() (out []record.Lower) {
	c.values = slices.Clone(c.values)
	var heaviest []int
	gain := func(i int) float64 { return c.m.Signals[i].points(c.values[i]) - c.m.Signals[i].points(0) }
	for i := range c.m.plain {
		if gain(i) > 0 {
			heaviest = append(heaviest, i)
		}
	}
	slices.SortStableFunc(heaviest, func(a, b int) int { return cmp.Compare(gain(b), gain(a)) })
	for _, i := range heaviest {
		x := record.Lower{Signal: c.m.Signals[i].Signal, Is: c.values[i]}
		if c.values[i] = 0; c.flagged() {
			out = append(out, x)
			continue
		}
		x.AtMost = highest(x.Is, func(at float64) bool { c.values[i] = at; return !c.flagged() })
		return append(out, x)
	}
	return nil
}

// highest is the highest value below is, to two digits and whole where is is, at
// which something holds that holds at 0 and at all values below one at which it
// holds.
func highest(is float64, holds func(float64) bool) float64 {
	unit := .01
	if is == math.Trunc(is) {
		unit = 1
	}
	low, high := 0, int(math.Ceil(is/unit)) // holds at low, not at high
	for high-low > 1 {
		if mid := (low + high) / 2; holds(float64(mid) * unit) {
			low = mid
		} else {
			high = mid
		}
	}
	return float64(low) * unit
}

// OfOthers is the share of what speaks against a complaint, 0 to 1, that comes
// from what people decided of other complaints.
func OfOthers(reasons []record.Reason) float64 {
	all, others := 0., 0.
	for _, r := range reasons {
		if r.Signal == Base || r.Signal == Calibration || r.Points <= 0 {
			continue
		}
		all += r.Points
		if signal.OthersLabels[r.Signal] {
			others += r.Points
		}
	}
	if all == 0 {
		return 0
	}
	return others / all
}
