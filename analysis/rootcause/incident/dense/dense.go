// Package dense finds the stretches of time in which events are dense, so that
// one date of a wrong year does not make a calendar of years: what lies far
// from all others, or thinly around them, is a stray.
package dense

import (
	"math"
	"slices"
)

// Seconds.
const (
	Day  = 86400
	week = 7 * Day
)

// Settings.
const (
	leastGap   = 4   // weeks without an event that part two stretches
	leastShare = .05 // of all events that a stretch has
	thin       = 30  // times fewer events than the week in the middle has are too few at an end
)

// Stretch is from a day to another, the end exclusive, in unix seconds.
type Stretch struct{ From, To int64 }

// Stretches are in order of time and do not overlap.
type Stretches []Stretch

// Hold reports that a time lies in one of them.
func (s Stretches) Hold(at int64) bool {
	for _, x := range s {
		if at >= x.From && at < x.To {
			return true
		}
	}
	return false
}

// Of finds the stretches of times in unix seconds.
func Of(times []int64) Stretches {
	days := map[int64]int{}
	for _, at := range times {
		days[Floor(at)]++
	}
	return Find(days)
}

// Floor is the day of a time in unix seconds.
func Floor(at int64) int64 { return at - (at%Day+Day)%Day }

// Find finds the stretches of events that are counted by the day.
//
// Events part where weeks are empty: four at least, and more than chance leaves
// between so many events at the rate of the middle half of them, which up to a
// quarter of strays on either side do not change. A part is kept that has a
// twentieth of all events, on more than one day; the largest always is. Its ends
// are cut where a week has less than a thirtieth of what the week in the middle
// has; a week beside what is left stays.
func Find(days map[int64]int) Stretches {
	n := 0
	order := make([]int64, 0, len(days))
	for d, k := range days {
		n += k
		order = append(order, d)
	}
	slices.Sort(order)
	parts := split(order, longestGap(order, days, n))
	largest := 0
	size := make([]int, len(parts))
	for p, part := range parts {
		for _, d := range part {
			size[p] += days[d]
		}
		if size[p] > size[largest] {
			largest = p
		}
	}
	var out Stretches
	for p, part := range parts {
		if p == largest || len(part) > 1 && float64(size[p]) >= leastShare*float64(n) {
			out = append(out, trimmed(part, days))
		}
	}
	return out
}

// longestGap is how many seconds may lie between two days of one stretch.
func longestGap(order []int64, days map[int64]int, n int) int64 {
	var low, high int64
	sum := 0
	for _, d := range order {
		if 4*sum <= n {
			low = d
		}
		if 4*sum < 3*n {
			high = d
		}
		sum += days[d]
	}
	mean := float64(high-low+Day) / max(float64(n)/2, 1)
	return max(leastGap*week, int64(mean*(math.Log(float64(n+1))+10)))
}

func split(order []int64, gap int64) (out [][]int64) {
	for i, d := range order {
		if i == 0 || d-order[i-1] > gap {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], d)
	}
	return out
}

// trimmed cuts the thin ends of a part.
func trimmed(part []int64, days map[int64]int) Stretch {
	var weeks []int
	count := map[int64]int{}
	of := func(d int64) int64 { return (d - part[0]) / week }
	for _, d := range part {
		count[of(d)] += days[d]
	}
	for _, k := range count {
		weeks = append(weeks, k)
	}
	slices.Sort(weeks)
	least := (weeks[len(weeks)/2] + thin - 1) / thin
	from, to := 0, len(part)-1
	for from < to && count[of(part[from])] < least {
		from++
	}
	for to > from && count[of(part[to])] < least {
		to--
	}
	first, last := part[from], part[to]
	for from > 0 && first-part[from-1] <= week {
		from--
	}
	for to < len(part)-1 && part[to+1]-last <= week {
		to++
	}
	return Stretch{part[from], part[to] + Day}
}
