package model

import (
	"cmp"
	"math"
	"slices"

	"plaint/internal/record"
)

// Below is what would bring a flagged complaint below the threshold: the fewest
// signals that would have to be lower, the last of them no lower than is needed
// (a counterfactual explanation: Wachter, Mittelstadt and Russell 2017). It is nil
// for a complaint that is not flagged, and where nothing that counts against it
// would do. signals are the kept ones, as for Reasons.
func (m *Model) Below(signals []float32) []record.Lower {
	v := make([]float64, len(m.Signals))
	for i := range v {
		if i < len(signals) {
			v[i] = float64(signals[i])
		}
	}
	flagged := func() bool { return m.judge(func(i int) float64 { return v[i] }).Flagged }
	if !flagged() {
		return nil
	}
	var heaviest []int // whose absence takes points off
	gain := func(i int) float64 { return m.Signals[i].points(v[i]) - m.Signals[i].points(0) }
	for i := range m.plain {
		if gain(i) > 0 {
			heaviest = append(heaviest, i)
		}
	}
	slices.SortStableFunc(heaviest, func(a, b int) int { return cmp.Compare(gain(b), gain(a)) })
	var out []record.Lower
	for _, i := range heaviest {
		is := v[i]
		v[i] = 0
		if flagged() {
			out = append(out, record.Lower{Signal: m.Signals[i].Signal, Is: is})
			continue
		}
		return append(out, record.Lower{Signal: m.Signals[i].Signal, Is: is, AtMost: highest(is, func(at float64) bool { v[i] = at; return !flagged() })})
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
		if r.Signal == verdicts {
			others += r.Points
		}
	}
	if all == 0 {
		return 0
	}
	return others / all
}

// verdicts is the signal that comes from what people decided of others.
const verdicts = "confirmed_abuse"
