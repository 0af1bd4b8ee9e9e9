package incident

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// noise is series without a burst: rates by weekday and hour, some with a slow
// trend, some of a steady half event a day.
func noise(r *rand.Rand, series, days int) [][]Tally {
	out := make([][]Tally, series)
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
				out[s] = append(out[s], Tally{at, int32(n)})
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
		found += len(Bursts(noise(r, 60, 91), false))
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
		series[3] = append(series[3], Tally{start + h*hour, 6})
	}
	n := map[int64]int32{}
	for _, e := range series[3] {
		n[e.At] += e.N
	}
	series[3] = InOrder(n)
	var got []Window
	for _, w := range Bursts(series, false) {
		if w.Series == 3 {
			got = append(got, w)
		}
	}
	if len(got) != 1 || got[0].Start > start || got[0].End < start+20*hour || got[0].End-got[0].Start > 26*hour || got[0].N < 120 {
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
	w := []Window{{Series: 0, Start: 100, End: 200}, {Series: 1, Start: 120, End: 180}, {Series: 2, Start: 120, End: 180}, {Series: 0, Start: 900, End: 950}, {Series: 1, Start: 20, End: 30}}
	if got := Together(w, []int32{0, 0, 1, 0, 0}); !reflect.DeepEqual(got, []int64{2, 2, 3, 4, 1}) {
		t.Errorf("incidents %v", got)
	}
}

// TestShortSeries: a burst that is most of a short series does not hide itself in
// the level and the dispersion that it is measured by.
func TestShortSeries(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	series := noise(r, 30, 27)
	rare := []int{1, 0, 0, 0, 0, 0, 15, 7, 16, 11, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0, 0}
	n := map[int64]int32{}
	for d, k := range rare {
		for range k {
			n[1767571200+int64(d)*day+int64(r.IntN(16)+8)*hour]++
		}
	}
	series = append(series, InOrder(n))
	in := 0
	for _, w := range Bursts(series, false) {
		if w.Series == len(series)-1 {
			in += w.N
		} else {
			t.Errorf("a window in noise: %+v", w)
		}
	}
	if in < 44 {
		t.Errorf("%d of 57 are in a window", in)
	}
}

// TestStrayDates: the windows of a quarter are the same when a few dates are
// wrong by years, and two loads with years between them have the windows of each.
func TestStrayDates(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	series := noise(r, 60, 91)
	for h := range int64(20) {
		series[3] = append(series[3], Tally{1767571200 + 40*day + h*hour, 6})
	}
	want := Bursts(series, false)
	if len(want) == 0 {
		t.Fatal("no window")
	}
	for s, years := range []int64{-2, 2, 9, -40, 2} {
		series[s] = append(series[s], Tally{1767571200 + years*365*day, 1})
	}
	if got := Bursts(series, false); !reflect.DeepEqual(got, want) {
		t.Errorf("with strays %+v, without %+v", got, want)
	}
	for s := range series {
		for _, e := range series[s] {
			if e.At > 1767571200-day && e.At < 1767571200+91*day {
				series[s] = append(series[s], Tally{e.At - 3*365*day, e.N})
			}
		}
	}
	if got := Bursts(series, false); len(got) != 2*len(want) {
		t.Errorf("two loads: %+v, one: %+v", got, want)
	}
}

// TestNoBurstInShortNoise: the part of a short series that was chosen for being
// high is above the rest, and no burst.
func TestNoBurstInShortNoise(t *testing.T) {
	for _, days := range []int{14, 27, 40} {
		found := 0
		for seed := range uint64(20) {
			found += len(Bursts(noise(rand.New(rand.NewPCG(seed, 77)), 60, days), false))
		}
		if found > 1 {
			t.Errorf("%d windows in 1200 series of %d days", found, days)
		}
	}
}
