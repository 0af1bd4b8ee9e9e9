package lineage

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Told is one complaint as the test for new themes sees it.
type Told struct {
	At       int64 // received, unix seconds; 0 if unknown
	Customer uint64
	Theme    int64 // id, 0 for none
}

// News is a theme that is new in the data.
type News struct {
	Theme int64
	First int64   // the first of its complaints since it began, unix seconds
	N     int     // its complaints since then
	Q     float64 // share of false ones among announcements as sure as this
}

// What makes a theme new, beside the test: it began lately, and several customers
// say so. A busy writer is nobody else's cause.
const (
	Lately             = 30 * day
	leastPeople        = 5
	strayDays          = 1   // days before the start that may be mistakes of the fit,
	strayShare         = .25 // and that share of its days
	guessedClump       = 2   // days that are one event, where fewer than leastDegrees weeks of themes tell
	leastDegrees       = 60
	day          int64 = 86400
)

// New finds the themes that began lately and were not announced before, by id.
//
// What counts is days: complaints come in clumps, and one bad day is one event, an
// incident and not a theme. Where a theme has always been there, its n days lie
// among all complaints as chance wills: how many of them lie before a moment, with
// a share f of all complaints before it, is binomial. A theme is there because it
// got its last complaint, so that one day is given and n-1 are left to chance.
// With k days allowed before the start, the start is chosen after the fact among
// k = 0, 1, …, which the p-value is multiplied for. Benjamini-Hochberg over the themes
// that have not been announced. Looking daily is not paid for: few days make the
// test so careful that ninety looks stay below the rate (testdata/news.txt).
func New(all []Told, asOf int64, announced map[int64]bool) []News {
	times, of := spread(all)
	var ids []int64
	for id := range of {
		if !announced[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	p, found := make([]float64, len(ids)), make([]News, len(ids))
	if len(times) == 0 {
		return nil
	}
	clump := clumps(of, times)
	for i, id := range ids {
		p[i], found[i] = began(of[id], times, asOf, clump)
		found[i].Theme = id
	}
	var out []News
	for i, q := range Adjusted(p) {
		if q <= Discovery {
			found[i].Q = q
			out = append(out, found[i])
		}
	}
	return out
}

// spread is the times of all dated complaints and each theme's, ascending.
func spread(all []Told) (times []int64, of map[int64][]Told) {
	of = map[int64][]Told{}
	for _, c := range all {
		if c.At == 0 {
			continue
		}
		times = append(times, c.At)
		if c.Theme > 0 {
			of[c.Theme] = append(of[c.Theme], c)
		}
	}
	slices.Sort(times)
	for id, list := range of {
		slices.SortStableFunc(list, func(a, b Told) int { return cmp.Compare(a.At, b.At) })
		of[id] = list
	}
	return times, of
}

// began tests whether a theme's complaints, ascending, began lately and returns
// the p-value and the start, with 1 where they did not. As many days as clump
// count as one.
func began(list []Told, times []int64, asOf int64, clump float64) (p float64, _ News) {
	starts := firsts(list)
	strays := strayDays + int(strayShare*float64(len(starts)))
	p, best := 1.0, News{}
	for k := 0; k <= strays && k+1 < len(starts); k++ {
		start := starts[k]
		if asOf-start > Lately {
			continue
		}
		from, _ := slices.BinarySearchFunc(list, start, func(c Told, at int64) int { return cmp.Compare(c.At, at) })
		before, _ := slices.BinarySearch(times, start)
		x := tail(float64(len(starts)-1)/clump, float64(k)/clump, float64(before)/float64(len(times))) * float64(strays+1)
		if x < p && people(list[from:]) >= leastPeople {
			p, best = x, News{First: start, N: len(list) - from}
		}
	}
	return p, best
}

// clumps is how many days of a theme are one event: the variance of its days in a
// week over what chance allows, over the themes that were there from early on and
// have weeks without. A fault of three days makes three bad days at once. Where
// too little is known it is guessed.
func clumps(of map[int64][]Told, times []int64) float64 {
	weeks := int((times[len(times)-1]-times[0])/(7*day)) + 1
	volume := make([]float64, weeks)
	for _, t := range times {
		volume[(t-times[0])/(7*day)] += 1 / float64(len(times))
	}
	var squares, degrees float64
	for _, id := range slices.Sorted(maps.Keys(of)) {
		starts := firsts(of[id])
		half, _ := slices.BinarySearch(starts, times[len(times)/2])
		if len(starts) < leastPeople || 4*half < len(starts) || len(starts) > 3*weeks {
			continue
		}
		n := make([]float64, weeks)
		for _, t := range starts {
			n[(t-times[0])/(7*day)]++
		}
		for w, v := range volume {
			if expected := v * float64(len(starts)); expected > 0 {
				squares += (n[w] - expected) * (n[w] - expected) / expected
			}
		}
		degrees += float64(weeks - 1)
	}
	if degrees < leastDegrees {
		return guessedClump
	}
	return max(1, squares/degrees)
}

// firsts are the times of each day's first complaint.
func firsts(list []Told) (out []int64) {
	last := int64(math.MinInt64)
	for _, c := range list {
		if c.At/day != last {
			out = append(out, c.At)
		}
		last = c.At / day
	}
	return out
}

// people is how many customers wrote, up to as many as matter; one without a
// name counts alone.
func people(list []Told) (n int) {
	seen := map[uint64]bool{}
	for _, c := range list {
		if c.Customer == 0 || !seen[c.Customer] {
			n++
		}
		if seen[c.Customer] = true; n == leastPeople {
			break
		}
	}
	return n
}

// tail is the chance of at most k of n events where each comes before a moment
// with the chance f. n and k need not be whole.
func tail(n, k, f float64) float64 {
	if f <= 0 {
		return 1
	}
	return mathext.RegIncBeta(n-k, k+1, 1-min(f, 1))
}
