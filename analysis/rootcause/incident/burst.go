package incident

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Settings of the search for bursts.
const (
	hour         = 3600
	day          = 24 * hour
	bandwidth    = 14   // days; the trend that a baseline follows
	pseudoEvents = 8.0  // what draws the trend of a rare series to its mean
	leastCount   = 6    // events in a window
	leastLift    = 1.8  // times the expected
	joinGap      = 12   // hours between windows of one burst
	maxPhi       = 25.0 // overdispersion beyond this is no baseline

	// Discovery is the false discovery rate over all windows of all series.
	Discovery = .01
)

// rateSteps are the rate ratios the scan is tuned to: a slow swell and a shock.
var rateSteps = [...]float64{2, 5, 20}

// Window is a stretch in which a series is far above its baseline.
type Window struct {
	Series     int
	Start, End int64 // unix seconds, end exclusive
	N          int
	Expected   float64
	Gain       float64 // log-likelihood ratio against the baseline
	P          float64 // of one window of this length, corrected for how many there are in the series
	phi        float64
}

// Bursts finds the windows of all series in which events are far above their
// baseline, ordered by series and time. Daily says that the hour is not known.
//
// Method: the baseline follows weekday, hour and a two-week trend; windows are
// the maximal segments of the log-likelihood ratio of a raised rate (Ruzzo,
// Tompa 1999); what was found is masked and the baseline fitted again. A
// window's P is the negative binomial tail with the series' overdispersion,
// times the windows of its length; Benjamini, Hochberg 1995 over all.
func Bursts(events [][]Tally, daily bool) []Window {
	c := newClock(events, daily)
	var all []Window
	for s := range events {
		if total(events[s]) >= leastCount && c.bins > 1 {
			found, _ := c.search(s, c.counts(events[s]))
			all = append(all, found...)
		}
	}
	return c.joined(significant(all, len(events)))
}

const (
	// mostMasked bounds the windows that a baseline is fitted without.
	mostMasked = 16
	// hidden is the P of a burst that hid itself: the part of a series that was
	// chosen for being high is always above the rest, so it must be far above,
	// and no more than a quarter of the time.
	hidden      = 1e-8
	hiddenParts = 4
	// restless is the dispersion from which a burst may hide in it, and calm the
	// share of the days, the lowest ones, that it is looked for with.
	restless = 1.5
	calm     = .8
)

// search finds the windows of one series, and its baseline without them.
//
// The strongest window is left out, the baseline fitted to the rest and the
// window weighed against that; if it is a burst it stays out, and so on with the
// next. Otherwise a burst raises the level and the dispersion that it is
// measured by, and hides itself where the series is short.
func (c *clock) search(series int, n []float64) (found []Window, base baseline) {
	mask, tried := make([]bool, c.bins), make([]bool, c.bins)
	base = c.baseline(n, nil)
	if base.phi > restless { // with more than one peak, each hides the other: the highest days aside
		low := c.baseline(n, c.highest(n))
		mask, _ = c.leaveOut(n, mask, tried, c.scan(n, &low), 0)
		clear(tried)
		base = c.baseline(n, mask)
	}
	for range mostMasked {
		found = c.scan(n, &base)
		more, ok := c.leaveOut(n, mask, tried, found, 1e-3)
		if !ok {
			break
		}
		mask, base = more, c.baseline(n, more)
	}
	if masked(mask)*2 > c.bins {
		return nil, c.baseline(n, nil) // most of the time is no burst
	}
	for i := range found {
		found[i].Series = series
	}
	return found, base
}

// leaveOut is the mask with the strongest window that is a burst by the baseline
// with it, at a P below plain, or by far without it; ok is false where there is
// none.
func (c *clock) leaveOut(n []float64, mask, tried []bool, found []Window, plain float64) (more []bool, ok bool) {
	for range mostMasked {
		next := c.strongest(found, tried)
		if next == nil {
			break
		}
		w := *next
		from, to := c.bin(w.Start), c.bin(w.End)
		more = slices.Clone(mask)
		for b := from; b < to; b++ {
			more[b], tried[b] = true, true
		}
		base := c.baseline(n, more)
		w.Expected = c.expected(&base, from, to)
		w.phi = c.spread(&base, from, to, w.Expected)
		if c.weigh(&w, float64(w.N), w.Expected); next.P < plain || w.P < hidden && hiddenParts*(to-from) <= c.bins {
			return more, true
		}
	}
	return mask, false
}

// highest masks the days with most events for their exposure.
func (c *clock) highest(n []float64) []bool {
	per := c.perDay()
	days := (c.bins + per - 1) / per
	order, rate := make([]int, days), make([]float64, days)
	for d := range order {
		order[d] = d
		for b := d * per; b < min(c.bins, (d+1)*per); b++ {
			rate[d] += n[b]
		}
		rate[d] /= max(c.sum[min(c.bins, (d+1)*per)]-c.sum[d*per], 1e-9)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rate[a], rate[b]) })
	mask := make([]bool, c.bins)
	for _, d := range order[int(calm*float64(days)):] {
		for b := d * per; b < min(c.bins, (d+1)*per); b++ {
			mask[b] = rate[d] > 0
		}
	}
	return mask
}

func masked(mask []bool) (n int) {
	for _, out := range mask {
		if out {
			n++
		}
	}
	return n
}

// strongest is the window with the largest gain of those that are not done
// already, nil if there is none.
func (c *clock) strongest(found []Window, done []bool) (best *Window) {
	for i := range found {
		w := &found[i]
		bare := slices.Contains(done[c.bin(w.Start):c.bin(w.End)], false)
		if bare && (best == nil || w.Gain > best.Gain) {
			best = w
		}
	}
	return best
}

// scan returns the windows above the baseline that do not overlap, the one
// with the larger likelihood ratio where two do.
func (c *clock) scan(n []float64, base *baseline) []Window {
	var all []Window
	score := make([]float64, len(n))
	for _, q := range rateSteps {
		for b := range n {
			score[b] = n[b]*math.Log(q) - c.rate(base, b)*(q-1)
		}
		for _, s := range c.apart(n, c.stretches(maximalSegments(score))) {
			w := Window{Start: c.at(s[0]), End: c.at(s[1]), Expected: c.expected(base, s[0], s[1])}
			w.phi = c.spread(base, s[0], s[1], w.Expected)
			for b := s[0]; b < s[1]; b++ {
				w.N += int(n[b])
			}
			if w.N < leastCount || float64(w.N) < leastLift*w.Expected {
				continue
			}
			c.weigh(&w, float64(w.N), w.Expected)
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b Window) int {
		return cmp.Or(cmp.Compare(b.Gain, a.Gain), cmp.Compare(b.N, a.N), cmp.Compare(a.Start, b.Start))
	})
	var kept []Window
	for _, w := range all {
		if !slices.ContainsFunc(kept, func(k Window) bool { return w.Start < k.End && k.Start < w.End }) {
			kept = append(kept, w)
		}
	}
	return kept
}

// apart divides segments at gaps without events that are longer than a day and
// than chance leaves among so many events, both by the profile: where a series
// is rare, days of nothing between two bursts weigh too little to part them.
func (c *clock) apart(n []float64, list [][2]int) (out [][2]int) {
	for len(list) > 0 {
		s := list[0]
		list = list[1:]
		from, to, widest, events := 0, 0, 0.0, 0.0
		last := s[0]
		for b := s[0]; b < s[1]; b++ {
			if n[b] == 0 {
				continue
			}
			if gap := c.sum[b] - c.sum[last]; events > 0 && gap > widest {
				from, to, widest = last, b, gap
			}
			events += n[b]
			last = b + 1
		}
		if widest > float64(c.perDay()) && widest > (c.sum[s[1]]-c.sum[s[0]])/events*(math.Log(events)+4) {
			list = append([][2]int{{s[0], from}, {to, s[1]}}, list...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// weigh sets gain and P of a window with n events where e were expected. P
// counts the starts and lengths that a window of this size could have had.
func (c *clock) weigh(w *Window, n, e float64) {
	e = max(e, 1e-9)
	w.Gain, w.P = 0, 1
	if n > e {
		tries := 4 * float64(c.bins) / max(float64((w.End-w.Start)/c.width), 1)
		w.Gain = n*math.Log(n/e) - n + e
		w.P = min(1, tail(n, e, w.phi)*max(tries, 1))
	}
}

// tail is the probability of n or more events when expected are, with variance
// phi times the mean: negative binomial, Poisson for phi 1.
func tail(n, expected, phi float64) float64 {
	expected = max(expected, 1e-9)
	if n <= 0 {
		return 1
	}
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
func significant(all []Window, series int) []Window {
	slices.SortFunc(all, func(a, b Window) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(a.Series, b.Series), cmp.Compare(a.Start, b.Start))
	})
	tests, keep := float64(max(len(all), series)), 0
	for i, w := range all {
		if w.P <= Discovery*float64(i+1)/tests {
			keep = i + 1
		}
	}
	return all[:keep]
}

// joined puts windows of one series together that are less than half a day
// apart, and orders them by series and time.
func (c *clock) joined(all []Window) []Window {
	slices.SortFunc(all, func(a, b Window) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Start, b.Start))
	})
	var out []Window
	for _, w := range all {
		if k := len(out) - 1; k >= 0 && out[k].Series == w.Series && w.Start-out[k].End < joinGap*hour {
			out[k].End = w.End
			out[k].N += w.N
			out[k].Expected += w.Expected
			out[k].Gain += w.Gain
			out[k].P = min(out[k].P, w.P)
			continue
		}
		out = append(out, w)
	}
	return out
}

// Together numbers the windows so that those which burst together have one
// number: windows of the same type of complaint, of which the shorter lies at
// least half in the other. Complaints of one incident in two languages are two
// themes; this is what joins them. Numbers are from 1, by start.
func Together(all []Window, kind []int32) []int64 {
	group := make([]int, len(all))
	for i := range group {
		group[i] = i
		for j := range i {
			if kind[i] == kind[j] && overlap(all[i].Start, all[i].End, all[j].Start, all[j].End) {
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
	slices.SortStableFunc(order, func(a, b int) int { return int(all[a].Start - all[b].Start) })
	number, out := map[int]int64{}, make([]int64, len(all))
	for _, i := range order {
		if number[group[i]] == 0 {
			number[group[i]] = int64(len(number) + 1)
		}
		out[i] = number[group[i]]
	}
	return out
}

// overlap reports that the shorter of two stretches lies at least half in the
// other.
func overlap(from1, to1, from2, to2 int64) bool {
	both := min(to1, to2) - max(from1, from2)
	return both > 0 && 2*both >= min(to1-from1, to2-from2)
}
