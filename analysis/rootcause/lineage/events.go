package lineage

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// What became of a theme.
const (
	Born   = "born"
	Split  = "split"  // of Other, a share of which it now holds
	Merged = "merged" // into Other
	Gone   = "gone"   // its complaints are scattered, most of them in Other, or nowhere if that is 0
	Grew   = "grew"
	Shrank = "shrank"
)

// Event is what became of a theme since the last run.
type Event struct {
	Theme  int64
	What   string
	Other  int64
	Share  float64 // of Other's complaints for a split, else of the theme's own that are in Other
	Was, N int     // its sizes then and now
}

// Discovery is the share of false ones to expect among those that are told to
// have grown or shrunk, and among those announced as new.
const Discovery = .05

// leastChange is the share of its size that a theme must have gained or lost
// beside the test: with a million complaints every change is significant.
const leastChange = .1

// sizes are what is counted for the events.
type sizes struct {
	was, now      map[int64]int
	moved         map[[2]int64]int // from the first theme to the second
	in, out       map[int64]int    // of those that the last run knew
	before, total int              // complaints with a theme then and now
	fresh         int              // of the latter, those that came since
}

func count(before []int64, now []int32, ids []int64) sizes {
	s := sizes{was: map[int64]int{}, now: map[int64]int{}, moved: map[[2]int64]int{}, in: map[int64]int{}, out: map[int64]int{}}
	for i, a := range before {
		b := int64(0)
		if now[i] >= 0 {
			b = ids[now[i]]
		}
		if a > 0 {
			s.was[a]++
			s.before++
		}
		if b > 0 {
			s.now[b]++
			s.total++
		}
		if a > 0 && b > 0 {
			s.moved[[2]int64{a, b}]++
		}
		if a == Unseen && b > 0 {
			s.fresh++
		}
		if a != Unseen && a != b {
			s.in[b]++
			s.out[a]++
		}
	}
	return s
}

// events tells what became of the themes, by id; of one theme, what it is before
// how it changed.
func events(before []int64, now []int32, ids []int64) []Event {
	s := count(before, now, ids)
	out := slices.Concat(s.begun(), s.ended(), s.changed())
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Compare(a.Theme, b.Theme) })
	return out
}

// begun are the themes that the last run did not have.
func (s *sizes) begun() (out []Event) {
	for _, id := range slices.Sorted(maps.Keys(s.now)) {
		if s.was[id] > 0 {
			continue
		}
		e := Event{Theme: id, What: Born, N: s.now[id]}
		for _, a := range slices.Sorted(maps.Keys(s.was)) {
			if share := float64(s.moved[[2]int64{a, id}]) / float64(s.was[a]); share >= SplitShare && share > e.Share {
				e.What, e.Other, e.Share = Split, a, share
			}
		}
		out = append(out, e)
	}
	return out
}

// ended are the themes that are no more.
func (s *sizes) ended() (out []Event) {
	for _, id := range slices.Sorted(maps.Keys(s.was)) {
		if s.now[id] > 0 {
			continue
		}
		e := Event{Theme: id, What: Gone, Was: s.was[id]}
		for _, b := range slices.Sorted(maps.Keys(s.now)) {
			if share := float64(s.moved[[2]int64{id, b}]) / float64(s.was[id]); share > e.Share {
				e.Other, e.Share = b, share
			}
		}
		if e.Share >= .5 {
			e.What = Merged
		}
		out = append(out, e)
	}
	return out
}

// changed are the themes whose size changed more than the growth of all of them
// explains. The newcomers are expected to be spread as the complaints were; that
// share was itself counted, and each complaint that a refit moved is one more
// chance event. Normal test of the change, Benjamini-Hochberg over the themes.
func (s *sizes) changed() (out []Event) {
	var p []float64
	var list []Event
	for _, id := range slices.Sorted(maps.Keys(s.now)) {
		was, n := s.was[id], s.now[id]
		if was == 0 {
			continue
		}
		share := float64(was) / float64(s.before)
		expected := float64(was) * float64(s.total) / float64(s.before)
		spread := float64(s.fresh)*share*(1-share)*(1+float64(s.fresh)/float64(s.before)) + float64(s.in[id]+s.out[id]) + 1
		change := float64(n) - expected
		e := Event{Theme: id, What: Grew, Was: was, N: n}
		if change < 0 {
			e.What = Shrank
		}
		list = append(list, e)
		if math.Abs(change) < leastChange*expected {
			p = append(p, 1)
		} else {
			p = append(p, math.Erfc(math.Abs(change)/math.Sqrt(2*spread)))
		}
	}
	for i, q := range Adjusted(p) {
		if q <= Discovery {
			out = append(out, list[i])
		}
	}
	return out
}

// Adjusted are the p-values as shares of false discoveries (Benjamini, Hochberg
// 1995): those up to q are told together with a share of at most q false.
func Adjusted(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	out := make([]float64, len(p))
	least := 1.0
	for k, i := range order {
		least = min(least, p[i]*float64(len(p))/float64(len(p)-k))
		out[i] = least
	}
	return out
}
