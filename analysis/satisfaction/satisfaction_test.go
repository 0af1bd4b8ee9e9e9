package satisfaction

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func scores(metric string, low, high float64, list ...float64) (out []*answer) {
	for _, s := range list {
		out = append(out, &answer{metric: metric, score: s, low: low, high: high})
	}
	return out
}

func TestScores(t *testing.T) {
	for name, c := range map[string]struct {
		metric string
		of     []*answer
		want   estimate
	}{
		"csat": {"csat", scores("csat", 1, 5, 5, 4, 3, 1), estimate{4, 50, 15.00, 85.00}},
		"nps":  {"nps", scores("nps", 0, 10, 10, 9, 8, 0), estimate{4, 25, -44.16, 72.73}},
		"ces":  {"ces", scores("ces", 1, 7, 4, 5, 6), estimate{3, 5, 2.52, 7}},
		"one":  {"ces", scores("ces", 1, 7, 4), estimate{1, 4, 1, 7}},
		"any":  {"other", scores("other", 0, 4, 1, 3), estimate{2, 50, 0, 100}},
	} {
		got := estimated(c.metric, c.of)
		for _, d := range []float64{float64(got.n - c.want.n), got.score - c.want.score, got.low - c.want.low, got.high - c.want.high} {
			if math.Abs(d) > .01 {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
				break
			}
		}
	}
}

// TestCoverage: the interval of the NPS holds the truth about as often as it says.
func TestCoverage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 30, 200} {
		held := 0
		const trials = 2000
		for range trials {
			list := make([]float64, n)
			for i := range list {
				switch u := r.Float64(); { // 45 % promoters, 25 % detractors
				case u < .45:
					list[i] = 10
				case u < .7:
					list[i] = 2
				default:
					list[i] = 8
				}
			}
			if e := nps(scores("nps", 0, 10, list...)); e.low <= 20 && 20 <= e.high {
				held++
			}
		}
		if share := float64(held) / trials; share < .93 || share > .985 {
			t.Errorf("%d answers: the interval holds %.3f", n, share)
		}
	}
}

// TestEffects compares with least squares on the answers themselves.
func TestEffects(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var list []*answer
	for range 400 {
		a := &answer{metric: "csat", low: 0, high: 100, linked: true, hours: math.Exp(r.NormFloat64()), breached: r.Float64() < .3, upheld: r.Float64() < .5}
		a.score = 50 - 20*yes(a.breached) + 10*yes(a.upheld) - 3*math.Log(a.hours) + 15*r.NormFloat64()
		list = append(list, a)
	}
	got, err := effects(list)
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	x, y := mat.NewDense(len(list), 4, nil), mat.NewVecDense(len(list), nil)
	for i, a := range list {
		x.SetRow(i, []float64{math.Log(a.hours), yes(a.breached), yes(a.upheld), 1})
		y.SetVec(i, a.score)
	}
	var b mat.VecDense
	if err := b.SolveVec(x, y); err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{-3, -20, 10} {
		e := got[j]
		if math.Abs(e.size-b.AtVec(j)) > 1e-6 || math.Abs(e.size-want) > e.high-e.low || e.high-e.low > 12 {
			t.Errorf("%s: %+v, least squares %g, true %g", e.driver, e, b.AtVec(j), want)
		}
	}
	if none, err := effects(list[:20]); none != nil || err != nil {
		t.Errorf("twenty answers have effects: %v, %v", none, err)
	}
}
