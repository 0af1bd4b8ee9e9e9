package ring

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"plaint/internal/record"
)

// clock runs as fast as complaints come: where many complain at once, as after
// an outage, a short stretch of time is a long one here. A complaint's time is
// the share of the complaints of its type that came before it.
type clock struct {
	at    []span             // by complaint
	times map[string][]int64 // of each type, ascending
}

// span is a time on the clock: from the share of complaints that came before to
// the share that came by then, which differ where many have one time, as where
// only days are known. Below zero no date is known.
type span struct{ from, to float64 }

func (s span) known() bool     { return s.from >= 0 }
func (s span) middle() float64 { return (s.from + s.to) / 2 }

// fewOfType is how many complaints a type needs for a clock of its own.
const fewOfType = 200

func newClock(in []record.Tied) *clock {
	k := &clock{at: make([]span, len(in)), times: map[string][]int64{}}
	var all []int64
	for i := range in {
		if !in[i].Received.IsZero() {
			t := in[i].Received.Unix()
			all = append(all, t)
			k.times[in[i].Type] = append(k.times[in[i].Type], t)
		}
	}
	slices.Sort(all)
	for _, list := range k.times {
		slices.Sort(list)
	}
	for i := range in {
		k.at[i] = span{-1, -1}
		if !in[i].Received.IsZero() {
			list, t := k.times[in[i].Type], in[i].Received.Unix()
			if len(list) < fewOfType {
				list = all
			}
			k.at[i] = span{float64(before(list, t)) / float64(len(list)), float64(before(list, t+1)) / float64(len(list))}
		}
	}
	return k
}

// before counts the times before t.
func before(list []int64, t int64) int {
	return sort.Search(len(list), func(i int) bool { return list[i] >= t })
}

// step is a complaint of a home on the clock.
type step struct {
	span
	off       float64 // from the middle of the group
	home, row int32
}

// steps takes of each home the complaint nearest to the middle of all.
func (j *judge) steps(members []int32) []step {
	x := j.x
	var all []float64
	for _, c := range members {
		for _, r := range x.rows[c] {
			if s := x.clock.at[r]; s.known() {
				all = append(all, s.middle())
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	middle := all[len(all)/2]
	list := make([]step, 0, len(all))
	for _, c := range members {
		for _, r := range x.rows[c] {
			if s := x.clock.at[r]; s.known() {
				list = append(list, step{s, math.Abs(s.middle() - middle), j.homes[c], r})
			}
		}
	}
	slices.SortFunc(list, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.home, b.home), cmp.Compare(a.off, b.off), cmp.Compare(a.row, b.row))
	})
	list = slices.CompactFunc(list, func(a, b step) bool { return a.home == b.home })
	slices.SortFunc(list, func(a, b step) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.row, b.row)) })
	return list
}

// stretch is the shortest time in which so many keep step that chance would
// hardly bring it about.
type stretch struct {
	bits     float64
	from, to int // of the steps, both included
}

// narrowest is the least width of a stretch on the clock: below it, the minute
// in which a letter was sent says nothing.
const narrowest = 1e-3

// lockstep scans for the stretch that is hardest to explain by complaints that
// come independently: of n people m within a width w with a chance of at most
// C(n, m) m w^(m-1) (the bound of Naus for scan statistics).
func lockstep(steps []step) stretch {
	n, best := len(steps), stretch{}
	for _, m := range sizes(n) {
		width, at := math.Inf(1), 0
		for i := 0; i+m <= n; i++ {
			if w := steps[i+m-1].to - steps[i].from; w < width {
				width, at = w, i
			}
		}
		bits := -float64(m-1)*math.Log2(max(width, narrowest)) - math.Log2(float64(m)) - choose(n, m)
		if bits > best.bits {
			best = stretch{bits, at, at + m - 1}
		}
	}
	return best
}

// sizes are how many may keep step: all sizes of small groups, of large ones so
// many that the work does not grow with the square.
func sizes(n int) (out []int) {
	for m := 3; m <= n; m += max(1, n/32) {
		out = append(out, m)
	}
	return out
}

// choose is the binary logarithm of n over m.
func choose(n, m int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(m + 1))
	c, _ := math.Lgamma(float64(n - m + 1))
	return (a - b - c) / math.Ln2
}
