// Package incident finds incidents: complaints that burst above what the
// calendar explains, whom they hit, which lines of the logs went before them,
// and for a later complaint whether an incident bears it out.
//
// It works on numbers and codes alone and reads no store, so that whoever has
// those may use it.
package incident

import (
	"cmp"
	"math"
	"slices"

	"plaint/analysis/rootcause/incident/dense"
)

// Tally is how many events a series has in one hour.
type Tally struct {
	At int64 // start of the hour, unix seconds
	N  int32
}

// Tallies counts times (unix seconds) by the hour, in order.
func Tallies(times []int64) []Tally {
	n := map[int64]int32{}
	for _, at := range times {
		n[Hour(at)]++
	}
	return InOrder(n)
}

// Hour is the start of the hour of a time in unix seconds.
func Hour(at int64) int64 { return at - mod(at, hour) }

// InOrder are counts by the hour, in order.
func InOrder(n map[int64]int32) []Tally {
	out := make([]Tally, 0, len(n))
	for at, k := range n {
		out = append(out, Tally{at, k})
	}
	slices.SortFunc(out, func(a, b Tally) int { return cmp.Compare(a.At, b.At) })
	return out
}

func total(events []Tally) (n int) {
	for _, e := range events {
		n += int(e.N)
	}
	return n
}

func mod(a, b int64) int64 { return (a%b + b) % b }

func weekday(at int64) int { return int(mod((at-mod(at, day))/day+4, 7)) }

// clock is the time axis the series share: bins of an hour, or of a day where
// the hour is not known, and how the events of all series spread over them.
type clock struct {
	start, width int64
	bins         int
	profile      []float64 // relative rate of each bin; mean 1, 0 between stretches
	sum          []float64 // of the profile up to each bin
	dense        dense.Stretches
}

// newClock lays the axis over the stretches in which the events of all series
// are dense; what lies outside is not counted. The profile is the product of a
// weekday and an hour factor, each drawn to 1 by ten pseudo-events.
func newClock(events [][]Tally, daily bool) *clock {
	days := map[int64]int{}
	for _, s := range events {
		for _, e := range s {
			days[dense.Floor(e.At)] += int(e.N)
		}
	}
	c := &clock{width: hour, dense: dense.Find(days)}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	all := 0
	for _, s := range events {
		for _, e := range s {
			if c.dense.Hold(e.At) {
				first, last = min(first, e.At), max(last, e.At)
				all += int(e.N)
			}
		}
	}
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

func (c *clock) setProfile(events [][]Tally, all float64) {
	var byDay [7]float64
	var byHour [24]float64
	for _, s := range events {
		for _, e := range s {
			if c.dense.Hold(e.At) {
				byDay[weekday(e.At)] += float64(e.N)
				byHour[mod(e.At, day)/hour] += float64(e.N)
			}
		}
	}
	var days [7]float64
	span := 0.0
	for b := range c.bins {
		if c.dense.Hold(c.at(b)) {
			days[weekday(c.at(b))] += float64(c.width) / day
			span += float64(c.width) / day
		}
	}
	c.profile = make([]float64, c.bins)
	for b := range c.profile {
		if !c.dense.Hold(c.at(b)) {
			continue
		}
		w := weekday(c.at(b))
		f := (byDay[w] + 10) / (all*days[w]/span + 10)
		if c.width == hour {
			f *= (byHour[mod(c.at(b), day)/hour] + 10) / (all/24 + 10)
		}
		c.profile[b] = f
	}
	c.settle()
}

// settle brings the mean of the profile within the stretches to 1 and sums it
// up.
func (c *clock) settle() {
	sum, bins := 0.0, 0
	for _, f := range c.profile {
		if sum += f; f > 0 {
			bins++
		}
	}
	c.sum = make([]float64, c.bins+1)
	for b := range c.profile {
		c.profile[b] *= float64(bins) / max(sum, 1e-12)
		c.sum[b+1] = c.sum[b] + c.profile[b]
	}
}

func (c *clock) at(bin int) int64 { return c.start + int64(bin)*c.width }

func (c *clock) bin(at int64) int { return int((at - c.start) / c.width) }

func (c *clock) perDay() int { return int(day / c.width) }

func (c *clock) counts(events []Tally) []float64 {
	n := make([]float64, c.bins)
	for _, e := range events {
		if c.dense.Hold(e.At) {
			n[c.bin(e.At)] += float64(e.N)
		}
	}
	return n
}

// stretches divides segments [from, to) where a stretch ends: two bursts with
// years of nothing between them are two.
func (c *clock) stretches(list [][2]int) (out [][2]int) {
	for _, s := range list {
		from := s[0]
		for b := s[0]; b < s[1]; b++ {
			if c.profile[b] > 0 {
				continue
			}
			if b > from {
				out = append(out, [2]int{from, b})
			}
			from = b + 1
		}
		if s[1] > from {
			out = append(out, [2]int{from, s[1]})
		}
	}
	return out
}

// baseline is what a series is expected to be: a level for each day, times the
// profile, and the variance of daily counts over their mean.
type baseline struct {
	level []float64
	known []float64 // events that a day's level rests on
	phi   float64
}

// leastSeen are the events that a baseline is taken to rest on: where none was
// seen, up to three are no surprise.
const leastSeen = 3

// baseline fits a series to what is not masked; mask may be nil.
func (c *clock) baseline(n []float64, mask []bool) baseline {
	per := c.perDay()
	days := (c.bins + per - 1) / per
	events, exposure := make([]float64, days), make([]float64, days)
	var sumN, sumE float64
	for b := range n {
		if mask == nil || !mask[b] {
			events[b/per] += n[b]
			exposure[b/per] += c.profile[b]
			sumN += n[b]
			sumE += c.profile[b]
		}
	}
	level, known := smoothLevel(events, exposure, max(sumN, leastSeen)/max(sumE, 1e-9))
	return baseline{level, known, dispersion(events, level, exposure)}
}

// rate is the expected count of one bin.
func (c *clock) rate(b *baseline, bin int) float64 { return b.level[bin/c.perDay()] * c.profile[bin] }

// expected is the expected count of the bins from, to.
func (c *clock) expected(b *baseline, from, to int) (e float64) {
	per := c.perDay()
	for d := from / per; d*per < to; d++ {
		e += b.level[d] * (c.sum[min(to, (d+1)*per)] - c.sum[max(from, d*per)])
	}
	return e
}

// spread is the variance over the mean of a window's count: that of the series
// and what its level is not known by.
func (c *clock) spread(b *baseline, from, to int, expected float64) float64 {
	return b.phi + expected/b.known[(from+to-1)/2/c.perDay()]
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

// smoothLevel is the rate per unit of exposure, by a Gaussian kernel over days,
// and how many events it rests on; pseudo-events draw it to the overall mean.
func smoothLevel(events, exposure []float64, mean float64) (level, known []float64) {
	level, known = make([]float64, len(events)), make([]float64, len(events))
	var kernel [3*bandwidth + 1]float64
	for k := range kernel {
		z := float64(k) / bandwidth
		kernel[k] = math.Exp(-z * z / 2)
	}
	for d := range level {
		num, den := pseudoEvents, pseudoEvents/max(mean, 1e-9)
		for k := max(0, d-3*bandwidth); k < min(len(events), d+3*bandwidth+1); k++ {
			w := kernel[max(k-d, d-k)]
			num += w * events[k]
			den += w * exposure[k]
		}
		level[d], known[d] = num/den, num
	}
	return level, known
}

// Settings of the delay of reporting.
const (
	// SettledAfter is the age in seconds from which all complaints are taken to
	// be known.
	SettledAfter = 7 * day
	leastDelays  = 200
)

// Nowcast is the share of complaints that are known by an age in seconds, from
// the seconds between the receipt of complaints and their arrival here; nil if
// there are too few. The delays must be of complaints older than SettledAfter,
// or the slow ones among the young would be missing (right truncation: Lawless,
// Canadian Journal of Statistics 1994), and of those that came as they were
// received, not of a load of past years.
func Nowcast(delays []int64) func(age int64) float64 {
	if len(delays) < leastDelays {
		return nil
	}
	list := slices.Clone(delays)
	slices.Sort(list)
	return func(age int64) float64 {
		if age >= SettledAfter {
			return 1
		}
		n, _ := slices.BinarySearch(list, age+1)
		return float64(n) / float64(len(list))
	}
}
