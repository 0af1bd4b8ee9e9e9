package calibration

import (
	"errors"
	"math"
	"slices"
	"sort"
)

// Curve turns a score in log-odds into calibrated log-odds. The zero value is the
// identity.
type Curve struct {
	X []float64 `json:"x,omitempty" yaml:"x,omitempty,flow"` // centres of the blocks, ascending
	Y []float64 `json:"y,omitempty" yaml:"y,omitempty,flow"` // their log-odds
}

const (
	leastCases = 1000 // fewer give no curve
	folds      = 5
	// slope is added to a curve's flat parts, so that no two scores become one.
	slope = 1e-4
	// edge keeps the ends of a curve from 0 and 1: so many cases of the other kind.
	edge = .5
)

// Choose gives the isotonic curve of cases whose scores are log-odds, or the
// identity where it does not predict cases it has not seen clearly better: on a
// score that is calibrated already, a curve only adds noise, and the nearest cases
// are more like each other than like those to come. Clearly is by more than the
// logarithm of the number of cases (Schwarz 1978).
func Choose(cases []Case) Curve {
	if len(cases) < leastCases {
		return Curve{}
	}
	plain, curved := 0., 0.
	for k := range folds {
		var in, out []Case
		for i, c := range cases {
			if i%folds == k {
				out = append(out, c)
			} else {
				in = append(in, c)
			}
		}
		f := Isotonic(in)
		for _, c := range out {
			plain += c.mass() * loss(c.Score, c.Bad)
			curved += c.mass() * loss(f.Of(c.Score), c.Bad)
		}
	}
	if curved >= plain-math.Log(float64(len(cases))) {
		return Curve{}
	}
	return Isotonic(cases)
}

func loss(s float64, bad bool) float64 {
	if bad {
		s = -s
	}
	return max(s, 0) + math.Log1p(math.Exp(-math.Abs(s)))
}

// Isotonic pools adjacent violators (Zadrozny and Elkan, KDD 2002).
func Isotonic(cases []Case) Curve {
	type block struct{ n, bad, score float64 }
	c := falling(cases)
	slices.Reverse(c)
	var blocks []block
	for i := 0; i < len(c); {
		b := block{}
		for s := c[i].Score; i < len(c) && c[i].Score == s; i++ { // ties are one block from the start
			w := c[i].mass()
			b = block{b.n + w, b.bad + w*truth(c[i]), b.score + w*s}
		}
		blocks = append(blocks, b)
		for k := len(blocks) - 1; k > 0 && blocks[k-1].bad*blocks[k].n >= blocks[k].bad*blocks[k-1].n; k-- {
			a := &blocks[k-1]
			*a = block{a.n + blocks[k].n, a.bad + blocks[k].bad, a.score + blocks[k].score}
			blocks = blocks[:k]
		}
	}
	var f Curve
	for _, b := range blocks {
		f.X = append(f.X, b.score/b.n)
		f.Y = append(f.Y, math.Log((b.bad+edge)/(b.n-b.bad+edge)))
	}
	for i := 1; i < len(f.Y); i++ { // small blocks at the ends were drawn in further than their neighbours
		f.Y[i] = max(f.Y[i], f.Y[i-1])
	}
	return f
}

// Check tells whether a curve can be used: as many Y as X, numbers, X rising and
// Y not falling.
func (f Curve) Check() error {
	if len(f.X) != len(f.Y) {
		return errors.New("a curve has as many x as y")
	}
	for i := range f.X {
		if math.IsNaN(f.X[i]+f.Y[i]) || math.IsInf(f.X[i]+f.Y[i], 0) || i > 0 && (f.X[i] <= f.X[i-1] || f.Y[i] < f.Y[i-1]) {
			return errors.New("a curve rises")
		}
	}
	return nil
}

// Identity tells whether the curve changes nothing.
func (f Curve) Identity() bool { return len(f.X) == 0 }

// Of gives calibrated log-odds, straight between the centres of blocks. A higher
// score never becomes a lower or an equal one.
func (f Curve) Of(s float64) float64 {
	if f.Identity() {
		return s
	}
	k := sort.SearchFloat64s(f.X, s)
	switch {
	case k == 0:
		return f.Y[0] + slope*(s-f.X[0])
	case k == len(f.X):
		return f.Y[k-1] + slope*(s-f.X[0])
	}
	part := (s - f.X[k-1]) / (f.X[k] - f.X[k-1])
	return f.Y[k-1] + part*(f.Y[k]-f.Y[k-1]) + slope*(s-f.X[0])
}
