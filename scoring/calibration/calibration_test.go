package calibration_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"plaint/scoring/calibration"
)

func TestMeasures(t *testing.T) {
	c := []calibration.Case{{.9, true, 0}, {.8, false, 0}, {.7, true, 0}, {.7, false, 0}, {.1, false, 0}}
	if a := calibration.AUROC(c); math.Abs(a-4.5/6) > 1e-12 { // by hand: pairs won 3 + 1.5 of 6
		t.Error(a)
	}
	if a := calibration.AveragePrecision(c); math.Abs(a-(1+2./4)/2) > 1e-12 {
		t.Error(a)
	}
	if !math.IsNaN(calibration.AUROC(c[1:2])) {
		t.Error("one kind has no AUROC")
	}
}

// drawn cases of log-odds s are bad with the probability of wrong(s).
func drawn(n int, seed uint64, wrong func(float64) float64) []calibration.Case {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]calibration.Case, n)
	for i := range out {
		s := -1 + 1.5*r.NormFloat64()
		out[i] = calibration.Case{Score: s, Bad: r.Float64() < 1/(1+math.Exp(-wrong(s)))}
	}
	return out
}

func of(f calibration.Curve, cases []calibration.Case) []calibration.Case {
	out := make([]calibration.Case, len(cases))
	for i, c := range cases {
		out[i] = calibration.Case{Score: 1 / (1 + math.Exp(-f.Of(c.Score))), Bad: c.Bad}
	}
	return out
}

func TestCurveIsChosenWhereItHelps(t *testing.T) {
	right := func(s float64) float64 { return s }
	wrong := func(s float64) float64 { return 2*s - 1 }
	if f := calibration.Choose(drawn(4000, 1, right)); !f.Identity() {
		t.Error("a calibrated score was bent")
	}
	f := calibration.Choose(drawn(4000, 2, wrong))
	if f.Identity() {
		t.Fatal("a wrong score was left as it is")
	}
	later := drawn(20000, 3, wrong)
	if e := calibration.Error(of(f, later)); e > .015 {
		t.Errorf("error %v after, %v before", e, calibration.Error(of(calibration.Curve{}, later)))
	}
	last := math.Inf(-1)
	for s := -9.; s < 9; s += .01 {
		if f.Of(s) <= last {
			t.Fatalf("no rise at %v", s)
		}
		last = f.Of(s)
	}
}

// TestPromise: thresholds that promise a precision keep it on other cases, nearly
// always: the bound is of 95 %.
func TestPromise(t *testing.T) {
	same := func(s float64) float64 { return 2 * s }
	itself := func(p float64) float64 { return p }
	broken := 0
	for seed := range uint64(60) {
		p, ok := calibration.Keep(of(calibration.Curve{}, drawn(3000, seed, same)), .8, itself)
		if !ok {
			t.Fatal("no threshold")
		}
		flagged, bad := 0., 0.
		for _, c := range of(calibration.Curve{}, drawn(50000, seed+1000, same)) {
			if c.Score >= p.Threshold {
				if flagged++; c.Bad {
					bad++
				}
			}
		}
		if bad/flagged < .78 {
			broken++
		}
	}
	if broken > 6 {
		t.Errorf("%d of 60 promises were broken by more than two points", broken)
	}
	if _, ok := calibration.Keep(drawn(20, 1, same), .99, glassProbability); ok {
		t.Error("twenty cases promise nothing of .99")
	}
	lucky := of(calibration.Curve{}, drawn(3000, 7, func(float64) float64 { return 3 }))
	if p, ok := calibration.Keep(lucky, .9, itself); ok && p.Threshold < .7 {
		t.Errorf("a stretch in which nearly all was bad promises .9 from %v on, where the probabilities say less", p.Threshold)
	}
}

// TestWeights: a case that stands for many says what many cases would.
func TestWeights(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var weighed, many []calibration.Case
	for range 600 {
		s := random.NormFloat64()
		c := calibration.Case{Score: glassProbability(s), Bad: random.Float64() < glassProbability(s), Weight: float64(1 + random.IntN(4))}
		weighed = append(weighed, c)
		for range int(c.Weight) {
			many = append(many, calibration.Case{Score: c.Score, Bad: c.Bad})
		}
	}
	for name, f := range map[string]func([]calibration.Case) float64{"auroc": calibration.AUROC, "ap": calibration.AveragePrecision, "error": calibration.Error} {
		if a, b := f(weighed), f(many); math.Abs(a-b) > 4e-3 || name != "error" && math.Abs(a-b) > 1e-9 {
			t.Errorf("%s: %v, of many %v", name, a, b)
		}
	}
	a, b := calibration.Isotonic(weighed), calibration.Isotonic(many)
	if math.Abs(a.Of(.3)-b.Of(.3)) > 1e-9 {
		t.Errorf("curve: %v and %v", a.Of(.3), b.Of(.3))
	}
	share, low, high := calibration.Share(8, 10, 10)
	if share != .8 || math.Abs(low-.4439) > 1e-3 || math.Abs(high-.9748) > 1e-3 { // Clopper and Pearson's table
		t.Errorf("8 of 10: %v, %v to %v", share, low, high)
	}
	if _, wide, _ := calibration.Share(80, 100, 1000); math.Abs(wide-low) > 1e-9 {
		t.Errorf("10 cases of weight 10: %v", wide)
	}
}

func glassProbability(s float64) float64 { return 1 / (1 + math.Exp(-s)) }
