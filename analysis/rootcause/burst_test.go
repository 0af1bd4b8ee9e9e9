package rootcause

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// noise is series without a burst: rates by weekday and hour, some with a slow
// trend, some of a steady half event a day.
func noise(r *rand.Rand, series, days int) [][]tally {
	out := make([][]tally, series)
	for s := range out {
		rate := .02 * math.Pow(40, r.Float64())
		slope := r.Float64() - .5
		for h := range days * 24 {
			at := int64(1767571200 + h*hour)
			m := rate * (1 + slope*float64(h)/float64(days*24))
			if h%24 < 8 {
				m *= .2
			}
			if weekday(at)%6 == 0 {
				m *= .6
			}
			if n := count(r, m); n > 0 {
				out[s] = append(out[s], tally{at, int32(n)})
			}
		}
	}
	return out
}

// count draws from a Poisson distribution by multiplication (Knuth).
func count(r *rand.Rand, mean float64) (n int) {
	limit, product := math.Exp(-mean), r.Float64()
	for product > limit {
		product *= r.Float64()
		n++
	}
	return n
}

// TestNoBurstInNoise: of 600 series without a burst at most one in a hundred
// has a window.
func TestNoBurstInNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	found := 0
	for range 10 {
		found += len(bursts(noise(r, 60, 91), false))
	}
	t.Logf("%d windows in 600 series of noise", found)
	if found > 6 {
		t.Errorf("%d windows in 600 series of noise", found)
	}
}

func TestBurstIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	series := noise(r, 60, 91)
	start := int64(1767571200 + 40*day + 10*hour)
	for h := range int64(20) {
		series[3] = append(series[3], tally{start + h*hour, 6})
	}
	n := map[int64]int32{}
	for _, e := range series[3] {
		n[e.at] += e.n
	}
	series[3] = sorted(n)
	var got []window
	for _, w := range bursts(series, false) {
		if w.series == 3 {
			got = append(got, w)
		}
	}
	if len(got) != 1 || got[0].start > start || got[0].end < start+20*hour || got[0].end-got[0].start > 26*hour || got[0].n < 120 {
		t.Errorf("windows %+v, planted at %d for 20 hours", got, start)
	}
}

func TestMaximalSegments(t *testing.T) {
	// The example of Ruzzo and Tompa's paper, section 3.
	got := maximalSegments([]float64{4, -5, 3, -3, 1, 2, -2, 2, -2, 1, 5})
	if want := [][2]int{{0, 1}, {2, 3}, {4, 11}}; !reflect.DeepEqual(got, want) {
		t.Errorf("segments %v, want %v", got, want)
	}
}

func TestTail(t *testing.T) {
	// R: ppois(9, 4, lower = FALSE) and pnbinom(9, size = 4, mu = 4, lower = FALSE)
	if p := tail(10, 4, 1); math.Abs(p-.008132243) > 1e-8 {
		t.Errorf("Poisson tail %g", p)
	}
	if p := tail(10, 4, 2); math.Abs(p-.046142578) > 1e-8 {
		t.Errorf("negative binomial tail %g", p)
	}
}

func TestIncidentsJoin(t *testing.T) {
	w := []window{{series: 0, start: 100, end: 200}, {series: 1, start: 120, end: 180}, {series: 2, start: 120, end: 180}, {series: 0, start: 900, end: 950}, {series: 1, start: 20, end: 30}}
	if got := incidents(w, []int32{0, 0, 1, 0, 0}); !reflect.DeepEqual(got, []int64{2, 2, 3, 4, 1}) {
		t.Errorf("incidents %v", got)
	}
}
