package rootcause

import (
	"cmp"
	"math"
	"slices"
)

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
