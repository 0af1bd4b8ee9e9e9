package neighbour_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"plaint/scoring/feature"
	"plaint/scoring/neighbour"
)

func TestGraphDropsLoopsAndDoubles(t *testing.T) {
	g := neighbour.New(4, [][2]int32{{0, 1}, {1, 0}, {2, 2}, {1, 2}, {2, 0}, {0, 1}})
	if g.Ties() != 3 || g.Degree(3) != 0 || g.Degree(2) != 2 {
		t.Fatalf("%d ties, degrees %v %v", g.Ties(), g.Degree(3), g.Degree(2))
	}
	for _, n := range g.Shared() {
		if n != 1 {
			t.Errorf("each tie of a triangle is in one: %d", n)
		}
	}
	m := g.Mean([]float64{1, 2, math.NaN(), 8}, nil)
	if m[0] != 2 || m[2] != 1.5 || !math.IsNaN(m[3]) {
		t.Error(m)
	}
}

// random ties of n rows.
func random(n, ties int, seed uint64) [][2]int32 {
	r := rand.New(rand.NewPCG(seed, 0))
	var out [][2]int32
	for range ties {
		out = append(out, [2]int32{int32(r.IntN(n)), int32(r.IntN(n))})
	}
	return out
}

// TestNoTestLabelInAnyFeature: labels that are not given to the model change
// nothing, as they are not given; and a row's own label does not change its own
// features.
func TestNoTestLabelInAnyFeature(t *testing.T) {
	const n = 300
	g := neighbour.New(n, random(n, 2000, 1))
	bad := make([]float64, n)
	for i := range bad {
		if bad[i] = float64(i % 2); i >= 200 {
			bad[i] = math.NaN()
		}
	}
	close := g.Closeness(g.Shared())
	before := g.Rates(bad, close, 3)
	for _, own := range []int{0, 7, 150} {
		kept := bad[own]
		bad[own] = 1 - kept
		for k, c := range g.Rates(bad, close, 3) {
			if c.Values[own] != before[k].Values[own] {
				t.Errorf("row %d: its own label changes %s", own, c.Name)
			}
		}
		bad[own] = kept
	}
}

// TestPastOnly: what comes later changes nothing, nor do labels that had not
// arrived.
func TestPastOnly(t *testing.T) {
	const n, delay = 200, 20
	times, bad, x := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		times[i], bad[i], x[i] = float64(i), float64(i%3/2), float64(i*i%17)
	}
	g := neighbour.New(n, random(n, 1500, 2)).Before(times)
	of := func() []feature.Column {
		return append(g.Features([]feature.Column{feature.Number("x", "x", x)}, nil), g.PastRates(bad, times, delay)...)
	}
	before := of()
	const at = 120
	for i := at; i < n; i++ {
		x[i] = 99
	}
	for i := at - delay; i < n; i++ {
		bad[i] = 1
	}
	for k, c := range of() {
		for i := range at {
			if a, b := c.Values[i], before[k].Values[i]; a != b && !(math.IsNaN(a) && math.IsNaN(b)) && c.Group != neighbour.Labels {
				t.Fatalf("%s of row %d: %v, before %v", c.Name, i, a, b)
			}
		}
	}
}
