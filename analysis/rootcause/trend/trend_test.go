package trend

import (
	"math"
	"math/rand/v2"
	"testing"
)

const from = 1767571200 // 5 January 2026

// weekly are complaints at chance times of each of so many weeks.
func weekly(r *rand.Rand, n func(w int) int) (out []int64) {
	for w := range 13 {
		for range n(w) {
			out = append(out, from+int64(w)*week+int64(r.IntN(week)))
		}
	}
	return out
}

// TestWeekly: a flat theme with a spike does not grow, be the spike a window or
// not; one that grows does, also with a burst in it.
func TestWeekly(t *testing.T) {
	to := int64(from + 13*week)
	flat, growing := func(int) int { return 20 }, func(w int) int { return 10 + 3*w }
	for name, c := range map[string]struct {
		n      func(int) int
		spike  int // week
		window bool
		want   float64
		off    float64
	}{
		"flat": {flat, -1, false, 0, .01}, "spike at the end": {flat, 11, true, 0, .02}, "spike that is no window": {flat, 12, false, 0, .02},
		"growing": {growing, -1, false, 3. / 28, .01}, "growing with a burst early": {growing, 1, true, 3. / 28, .02},
	} {
		times := weekly(rand.New(rand.NewPCG(1, 1)), c.n)
		var windows []Window
		if c.spike >= 0 {
			start := int64(from + c.spike*week + 2*24*hour)
			for k := range int64(200) {
				times = append(times, start+k*600)
			}
			if c.window {
				windows = []Window{{start, start + 34*hour}}
			}
		}
		if got, ok := Weekly(times, windows, from, to); !ok || math.Abs(got-c.want) > c.off {
			t.Errorf("%s: %.3f %v, want %.3f", name, got, ok, c.want)
		}
	}
	gap := Window{from + 6*week, from + 46*week}
	apart := weekly(rand.New(rand.NewPCG(1, 1)), growing)
	for i, at := range apart { // the second half comes after a gap, and goes on from there
		if at >= gap.From {
			apart[i] += gap.To - gap.From
		}
	}
	if got, ok := Weekly(apart, []Window{gap}, from, to+gap.To-gap.From); !ok || got < .01 || got > 3./28 {
		t.Errorf("a gap of 40 weeks: %.3f %v", got, ok)
	}
	if _, ok := Weekly(weekly(rand.New(rand.NewPCG(1, 1)), flat), nil, from, from+3*week); ok {
		t.Error("a trend of three weeks")
	}
	if _, ok := Weekly([]int64{from + 5*hour, from + 6*hour}, []Window{{from, from + 24*hour}}, from, to); ok {
		t.Error("a trend of a burst alone")
	}
}
