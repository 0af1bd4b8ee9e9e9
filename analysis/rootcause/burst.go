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

// tally is how many events a series has in one hour.
type tally struct {
	at int64 // start of the hour, unix seconds
	n  int32
}

// tallies counts times by the hour, in order.
func tallies(times []int64) []tally {
	n := map[int64]int32{}
	for _, at := range times {
		n[at-mod(at, hour)]++
	}
	return sorted(n)
}

func sorted(n map[int64]int32) []tally {
	out := make([]tally, 0, len(n))
	for at, k := range n {
		out = append(out, tally{at, k})
	}
	slices.SortFunc(out, func(a, b tally) int { return cmp.Compare(a.at, b.at) })
	return out
}

func total(events []tally) (n int) {
	for _, e := range events {
		n += int(e.n)
	}
	return n
}

// clock is the time axis the series share: bins of an hour, or of a day where
// the hour is not known, and how the events of all series spread over them.
type clock struct {
	start, width int64
	bins         int
	profile      []float64 // relative rate of each bin; mean 1
}

// newClock lays the axis over the events of all series. The profile is the
// product of a weekday and an hour factor, each drawn to 1 by ten pseudo-events.
func newClock(events [][]tally, daily bool) *clock {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	all := 0
	for _, s := range events {
		for _, e := range s {
			first, last = min(first, e.at), max(last, e.at)
		}
		all += total(s)
	}
	c := &clock{width: hour}
	if daily {
		c.width = day
	}
	if all == 0 {
		return c
	}
	c.start = first - mod(first, day)
	c.bins = int((last-c.start)/c.width) + 1
	if c.width == hour {
		c.bins += (24 - c.bins%24) % 24
	}
	c.setProfile(events, float64(all))
	return c
}

func mod(a, b int64) int64 { return (a%b + b) % b }

func (c *clock) setProfile(events [][]tally, all float64) {
	var byDay [7]float64
	var byHour [24]float64
	for _, s := range events {
		for _, e := range s {
			byDay[weekday(e.at)] += float64(e.n)
			byHour[mod(e.at, day)/hour] += float64(e.n)
		}
	}
	var days [7]float64
	for b := range c.bins {
		days[weekday(c.at(b))] += float64(c.width) / day
	}
	span := float64(c.bins) * float64(c.width) / day
	c.profile = make([]float64, c.bins)
	sum := 0.0
	for b := range c.profile {
		w := weekday(c.at(b))
		f := (byDay[w] + 10) / (all*days[w]/span + 10)
		if c.width == hour {
			f *= (byHour[mod(c.at(b), day)/hour] + 10) / (all/24 + 10)
		}
		c.profile[b] = f
		sum += f
	}
	for b := range c.profile {
		c.profile[b] *= float64(c.bins) / sum
	}
}

func weekday(at int64) int { return int(mod((at-mod(at, day))/day+4, 7)) }

func (c *clock) at(bin int) int64 { return c.start + int64(bin)*c.width }

func (c *clock) counts(events []tally) []float64 {
	n := make([]float64, c.bins)
	for _, e := range events {
		n[(e.at-c.start)/c.width] += float64(e.n)
	}
	return n
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

// baseline is the expected count of each bin and the overdispersion of daily
// counts, from what is not masked.
func (c *clock) baseline(n []float64, mask []bool) (base []float64, phi float64) {
	per := int(day / c.width)
	days := (c.bins + per - 1) / per
	events, exposure := make([]float64, days), make([]float64, days)
	var sumN, sumE float64
	for b := range n {
		if !mask[b] {
			events[b/per] += n[b]
			exposure[b/per] += c.profile[b]
			sumN += n[b]
			sumE += c.profile[b]
		}
	}
	mean := sumN / max(sumE, 1e-9)
	level := smoothLevel(events, exposure, mean)
	base = make([]float64, c.bins)
	for b := range base {
		base[b] = level[b/per] * c.profile[b]
	}
	return base, dispersion(events, level, exposure)
}

// dispersion is the variance of daily counts over their mean, from the lower
// nine tenths of the squared residuals, so that a burst does not excuse
// itself. 0.623 is what that part of a chi-square variable with one degree of
// freedom has as its mean.
func dispersion(events, level, exposure []float64) float64 {
	var chi []float64
	for d := range events {
		if e := level[d] * exposure[d]; e > 0 {
			chi = append(chi, (events[d]-e)*(events[d]-e)/e)
		}
	}
	slices.Sort(chi)
	chi = chi[:(len(chi)*9+9)/10]
	sum := 0.0
	for _, x := range chi {
		sum += x
	}
	return min(max(sum/max(float64(len(chi)), 1)/.623, 1), maxPhi)
}

// smoothLevel is the rate per unit of exposure, by a Gaussian kernel over days;
// two pseudo-events draw it to the overall mean.
func smoothLevel(events, exposure []float64, mean float64) []float64 {
	level := make([]float64, len(events))
	for d := range level {
		num, den := 2.0, 2/max(mean, 1e-9)
		for k := max(0, d-3*bandwidth); k < min(len(events), d+3*bandwidth+1); k++ {
			z := float64(k-d) / bandwidth
			w := math.Exp(-z * z / 2)
			num += w * events[k]
			den += w * exposure[k]
		}
		level[d] = num / den
	}
	return level
}

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
