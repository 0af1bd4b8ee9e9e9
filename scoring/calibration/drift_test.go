package calibration_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"plaint/scoring/calibration"
)

// moments are cases whose log-odds are off by a number that depends on the time.
func moments(n int, seed uint64, off func(at float64) float64) []calibration.Moment {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]calibration.Moment, n)
	for i := range out {
		s, at := -1+1.5*r.NormFloat64(), float64(i)
		out[i] = calibration.Moment{Case: calibration.Case{Score: s, Bad: r.Float64() < glassProbability(s+off(at))}, At: at, Known: r.IntN(2) == 0}
	}
	return out
}

func errorOf(list []calibration.Moment, scores []float64) float64 {
	var c []calibration.Case
	for i, m := range list {
		c = append(c, calibration.Case{Score: glassProbability(scores[i]), Bad: m.Bad})
	}
	return calibration.Error(c)
}

func TestDriftIsFollowedWhereItIs(t *testing.T) {
	d := calibration.Drift{Centre: -1, Span: 8000}
	still := moments(8000, 1, func(float64) float64 { return 0 })
	if d.Helps(still) {
		t.Error("what stands still was followed")
	}
	moving := moments(8000, 2, func(at float64) float64 { return 1.5 * math.Sin(at/600) })
	if !d.Helps(moving) {
		t.Fatal("what moves was not followed")
	}
	plain := make([]float64, len(moving))
	for i, m := range moving {
		plain[i] = m.Score
	}
	if before, after := errorOf(moving, plain), errorOf(moving, d.Follow(moving)); after > before/2 && after > .01 {
		t.Errorf("error %v, followed %v", before, after)
	}
	d.Delay = 2000
	if d.Helps(moving) {
		t.Error("labels that came when all had changed were followed")
	}
}

// TestDriftKnowsThePastAlone: labels that had not arrived change nothing, nor do
// those that are not known.
func TestDriftKnowsThePastAlone(t *testing.T) {
	d := calibration.Drift{Centre: -1, Span: 1000, Delay: 50}
	list := moments(1000, 3, func(at float64) float64 { return at / 500 })
	before := d.Follow(list)
	const at = 600
	for i := range list {
		if !list[i].Known || list[i].At+d.Delay >= at {
			list[i].Bad = !list[i].Bad
		}
	}
	for i, s := range d.Follow(list)[:at+1] {
		if s != before[i] {
			t.Fatalf("moment %d: %v, before %v", i, s, before[i])
		}
	}
	// Of one moment, a higher score stays higher.
	for i := range list {
		list[i].At = math.Floor(list[i].At / 10)
	}
	d.Span, d.Delay = 100, 0
	out := d.Follow(list)
	for i := 1; i < len(list); i++ {
		if a, b := list[i-1], list[i]; a.At == b.At && (a.Score < b.Score) != (out[i-1] < out[i]) {
			t.Fatalf("moments %d and %d change places", i-1, i)
		}
	}
}
