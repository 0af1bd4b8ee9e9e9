package rootcause

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Settings of the search for bursts.
const (
	hour       = 3600
	day        = 24 * hour
	bandwidth  = 14   // days; the trend that a baseline follows
	leastCount = 6    // events in a window
	leastLift  = 1.8  // times the expected
	discovery  = .01  // false discovery rate over all windows of all series
	joinGap    = 12   // hours between windows of one burst
	maxPhi     = 25.0 // overdispersion beyond this is no baseline
)

// rateSteps are the rate ratios the scan is tuned to: a slow swell and a shock.
var rateSteps = [...]float64{2, 5, 20}

// window is a stretch in which a series is far above its baseline.
type window struct {
	series     int
	start, end int64 // unix seconds, end exclusive
	n          int
	expected   float64
	gain       float64 // log-likelihood ratio against the baseline
	p          float64 // of one window of this length, corrected for how many there are in the series
}

// bursts finds the windows of all series in which events are far above their
// baseline.
//
// Method: the baseline follows weekday, hour and a two-week trend; windows are
// the maximal segments of the log-likelihood ratio of a raised rate (Ruzzo,
// Tompa 1999); what was found is masked and the baseline fitted again. A
// window's p is the negative binomial tail with the series' overdispersion,
// times the windows of its length; Benjamini, Hochberg 1995 over all.
func bursts(events [][]tally, daily bool) []window {
	c := newClock(events, daily)
	var all []window
	for s := range events {
		if total(events[s]) >= leastCount && c.bins > 1 {
			all = append(all, c.search(s, c.counts(events[s]))...)
		}
	}
	return c.joined(significant(all, len(events)))
}

func (c *clock) search(series int, n []float64) []window {
	mask := make([]bool, c.bins)
	var found []window
	for range 4 {
		base, phi := c.baseline(n, mask)
		found = c.scan(n, base, phi)
		clear(mask)
		masked := 0
		for i := range found {
			found[i].series = series
			if found[i].p < 1e-3 {
				for b := c.bin(found[i].start); b < c.bin(found[i].end); b++ {
					mask[b] = true
					masked++
				}
			}
		}
		if masked*2 > c.bins {
			return nil // most of the time is no burst
		}
	}
	return found
}

func (c *clock) bin(at int64) int { return int((at - c.start) / c.width) }

// scan returns the windows above the baseline that do not overlap, the one
// with the larger likelihood ratio where two do.
func (c *clock) scan(n, base []float64, phi float64) []window {
	var all []window
	score := make([]float64, len(n))
	for _, q := range rateSteps {
		for b := range n {
			score[b] = n[b]*math.Log(q) - base[b]*(q-1)
		}
		for _, s := range maximalSegments(score) {
			w := window{start: c.at(s[0]), end: c.at(s[1])}
			for b := s[0]; b < s[1]; b++ {
				w.n += int(n[b])
				w.expected += base[b]
			}
			if w.n < leastCount || float64(w.n) < leastLift*w.expected {
				continue
			}
			w.gain = float64(w.n)*math.Log(float64(w.n)/w.expected) - float64(w.n) + w.expected
			// Starts and lengths that a window of this size could have had.
			tries := 4 * float64(c.bins) / float64(s[1]-s[0])
			w.p = min(1, tail(float64(w.n), w.expected, phi)*max(tries, 1))
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(b.gain, a.gain), cmp.Compare(b.n, a.n), cmp.Compare(a.start, b.start))
	})
	var kept []window
	for _, w := range all {
		if !slices.ContainsFunc(kept, func(k window) bool { return w.start < k.end && k.start < w.end }) {
			kept = append(kept, w)
		}
	}
	return kept
}

// tail is the probability of n or more events when expected are, with variance
// phi times the mean: negative binomial, Poisson for phi 1.
func tail(n, expected, phi float64) float64 {
	expected = max(expected, 1e-9)
	if phi < 1.001 {
		return max(mathext.GammaIncReg(n, expected), 1e-300)
	}
	r := expected / (phi - 1)
	return max(mathext.RegIncBeta(n, r, expected/(r+expected)), 1e-300)
}

// maximalSegments finds all disjoint contiguous segments of largest sum, as
// [from, to) in order (Ruzzo, Tompa 1999).
func maximalSegments(score []float64) [][2]int {
	type segment struct {
		from, to    int
		left, right float64 // sums before the segment and up to its end
	}
	var list []segment
	sum := 0.0
	for i, s := range score {
		before := sum
		sum += s
		if s <= 0 {
			continue
		}
		k := segment{i, i + 1, before, sum}
		for {
			j := len(list) - 1
			for j >= 0 && list[j].left >= k.left {
				j--
			}
			if j < 0 || list[j].right >= k.right {
				list = append(list, k)
				break
			}
			k.from, k.left = list[j].from, list[j].left
			list = list[:j]
		}
	}
	out := make([][2]int, len(list))
	for i, s := range list {
		out[i] = [2]int{s.from, s.to}
	}
	return out
}

// significant keeps the windows within the false discovery rate. Every series
// was looked at, so there are at least that many tests.
func significant(all []window, series int) []window {
	slices.SortFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.series, b.series), cmp.Compare(a.start, b.start))
	})
	tests, keep := float64(max(len(all), series)), 0
	for i, w := range all {
		if w.p <= discovery*float64(i+1)/tests {
			keep = i + 1
		}
	}
	return all[:keep]
}

// joined puts windows of one series together that are less than half a day
// apart, and orders them by series and time.
func (c *clock) joined(all []window) []window {
	slices.SortFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.start, b.start))
	})
	var out []window
	for _, w := range all {
		if k := len(out) - 1; k >= 0 && out[k].series == w.series && w.start-out[k].end < joinGap*hour {
			out[k].end = w.end
			out[k].n += w.n
			out[k].expected += w.expected
			out[k].p = min(out[k].p, w.p)
			continue
		}
		out = append(out, w)
	}
	return out
}

// incidents numbers the windows so that those which burst together have one
// number: windows of the same type of complaint, of which the shorter lies at
// least half in the other. Complaints of one incident in two languages are two
// themes; this is what joins them. Numbers are from 1, by start.
func incidents(all []window, kind []int32) []int64 {
	group := make([]int, len(all))
	for i := range group {
		group[i] = i
		for j := range i {
			if kind[i] == kind[j] && together(all[i], all[j]) {
				low, high := min(group[i], group[j]), max(group[i], group[j])
				for k := range i + 1 {
					if group[k] == high {
						group[k] = low
					}
				}
			}
		}
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(all[a].start - all[b].start) })
	number, out := map[int]int64{}, make([]int64, len(all))
	for _, i := range order {
		if number[group[i]] == 0 {
			number[group[i]] = int64(len(number) + 1)
		}
		out[i] = number[group[i]]
	}
	return out
}

func together(a, b window) bool {
	both := min(a.end, b.end) - max(a.start, b.start)
	return both > 0 && 2*both >= min(a.end-a.start, b.end-b.start)
}
