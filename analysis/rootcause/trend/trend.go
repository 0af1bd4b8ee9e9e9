// Package trend says how a theme's complaints change from week to week, apart
// from its bursts.
package trend

import "slices"

const (
	hour = 3600 // seconds
	week = 7 * 24 * hour

	margin     = 12 * hour // around a window that still is of the burst
	leastWeek  = .25       // share of a week outside of bursts that tells its level
	leastWeeks = 4
)

// Window is a burst, or a gap in what was loaded, the end exclusive, in unix seconds.
type Window struct{ From, To int64 }

// Weekly is the change per week relative to the weekly mean, both without the
// windows, over the whole weeks of a stretch of time: the median slope between
// two weeks (Theil 1950; Sen, JASA 1968), so that a spike that is no window is no
// growth either. A week that a window covers in part is taken for what it has
// beside it. ok is false where fewer than four weeks can be told, or nothing
// lies in them.
func Weekly(times []int64, windows []Window, from, to int64) (change float64, ok bool) {
	weeks := int((to - from) / week)
	if weeks < leastWeeks {
		return 0, false
	}
	n, open := make([]float64, weeks), make([]float64, weeks)
	burst := func(at int64) bool {
		return slices.ContainsFunc(windows, func(w Window) bool { return at >= w.From-margin && at < w.To+margin })
	}
	for h := range int64(weeks) * week / hour {
		if !burst(from + h*hour) {
			open[h*hour/week] += float64(hour) / week
		}
	}
	for _, at := range times {
		if h := (at - from) / hour; at >= from && h*hour/week < int64(weeks) && !burst(from+h*hour) {
			n[h*hour/week]++
		}
	}
	return slope(n, open)
}

// slope is the median slope of the rates over their mean.
func slope(n, open []float64) (change float64, ok bool) {
	var slopes []float64
	sum, span, used := 0.0, 0.0, 0
	for w := range n {
		if open[w] < leastWeek {
			continue
		}
		sum, span, used = sum+n[w], span+open[w], used+1
		for v := range w {
			if open[v] >= leastWeek {
				slopes = append(slopes, (n[w]/open[w]-n[v]/open[v])/float64(w-v))
			}
		}
	}
	if used < leastWeeks || sum == 0 {
		return 0, false
	}
	slices.Sort(slopes)
	k := len(slopes)
	return (slopes[(k-1)/2] + slopes[k/2]) / 2 / (sum / span), true
}
