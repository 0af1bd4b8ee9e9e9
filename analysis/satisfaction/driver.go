package satisfaction

import (
	"errors"
	"fmt"
	"math"

	"github.com/sajari/regression"
	"gonum.org/v1/gonum/mat"
)

// driver is something that may move the score.
type driver struct {
	name string
	of   func(*answer) float64
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// drivers are what is known of the handling of a complaint.
var drivers = []driver{
	{"log_hours", func(a *answer) float64 { return math.Log(max(a.hours, 1.0/60)) }},
	{"breached", func(a *answer) float64 { return yes(a.breached) }},
	{"reopened", func(a *answer) float64 { return yes(a.reopened) }},
	{"upheld", func(a *answer) float64 { return yes(a.upheld) }},
	{"escalated", func(a *answer) float64 { return yes(a.escalated) }},
	{"in_incident", func(a *answer) float64 { return yes(a.inIncident) }},
}

const (
	perDriver  = 15  // answers needed for each driver
	leastCases = 5   // answers that must have, and not have, what a driver says
	foldOver   = 1e9 // condition number at which drivers count as one
)

// effect is a driver's effect on the score from 0 to 100, the others held.
type effect struct {
	driver          string
	size, low, high float64
	n               int
	explained       float64
}

// effects regresses the normal score on the drivers by least squares over the
// answers about settled complaints. Drivers that do not vary are left out;
// with too few answers there are none. They say what goes together, not what
// causes what.
func effects(answers []*answer) ([]effect, error) {
	var used []*answer
	for _, a := range answers {
		if a.linked && !math.IsNaN(a.hours) {
			used = append(used, a)
		}
	}
	chosen := varying(used)
	if len(chosen) == 0 || len(used) < perDriver*(len(chosen)+1) {
		return nil, nil
	}
	m := newMoments(used, chosen)
	if m == nil {
		return nil, nil
	}
	coefficients, explained, err := m.solve(chosen)
	if err != nil {
		return nil, err
	}
	return m.intervals(chosen, coefficients, explained), nil
}

func varying(answers []*answer) (out []driver) {
	for _, d := range drivers {
		count := map[float64]int{}
		for _, a := range answers {
			count[d.of(a)]++
		}
		enough := len(count) > 2
		if len(count) == 2 {
			enough = true
			for _, n := range count {
				enough = enough && n >= leastCases
			}
		}
		if enough {
			out = append(out, d)
		}
	}
	return out
}

// moments are the centred sums of squares and products of drivers and score,
// which is all that least squares needs.
type moments struct {
	n, p int
	root mat.Cholesky // of the (p+1)×(p+1) matrix, the score last
	gram *mat.SymDense
}

// newMoments is nil if two drivers say the same.
func newMoments(answers []*answer, chosen []driver) *moments {
	p := len(chosen)
	z := mat.NewDense(len(answers), p+1, nil)
	for i, a := range answers {
		for j, d := range chosen {
			z.Set(i, j, d.of(a))
		}
		z.Set(i, p, a.normal())
	}
	for j := range p + 1 {
		mean := 0.0
		for i := range answers {
			mean += z.At(i, j) / float64(len(answers))
		}
		for i := range answers {
			z.Set(i, j, z.At(i, j)-mean)
		}
	}
	m := &moments{n: len(answers), p: p, gram: mat.NewSymDense(p+1, nil)}
	m.gram.SymOuterK(1, z.T())
	if !m.root.Factorize(m.gram) || m.root.Cond() > foldOver {
		return nil
	}
	return m
}

// solve hands the regression library 2(p+1) rows that have the same moments as
// all answers: the rows of the Cholesky root and their negatives. Given the
// answers themselves it would make a matrix of n by n and a text of n lines
// for each of them.
func (m *moments) solve(chosen []driver) (coefficients []float64, explained float64, err error) {
	var u mat.TriDense
	m.root.UTo(&u)
	r := new(regression.Regression)
	r.SetObserved("score")
	for j, d := range chosen {
		r.SetVar(j, d.name)
	}
	for i := range m.p + 1 {
		for _, sign := range [...]float64{1, -1} {
			x := make([]float64, m.p)
			for j := range x {
				x[j] = sign * u.At(i, j)
			}
			r.Train(regression.DataPoint(sign*u.At(i, m.p), x))
		}
	}
	if err := r.Run(); err != nil {
		return nil, 0, fmt.Errorf("regress the score: %w", err)
	}
	all := r.GetCoeffs()
	if len(all) != m.p+1 {
		return nil, 0, errors.New("regress the score: a coefficient is missing")
	}
	return all[1:], r.R2, nil
}

// intervals adds what the library does not give: standard errors from the
// inverse of the drivers' moments, and Student's intervals.
func (m *moments) intervals(chosen []driver, coefficients []float64, explained float64) []effect {
	var drivers mat.Cholesky
	part := m.gram.SliceSym(0, m.p).(*mat.SymDense)
	if !drivers.Factorize(part) {
		return nil
	}
	var inverse mat.SymDense
	if err := drivers.InverseTo(&inverse); err != nil {
		return nil
	}
	free := float64(m.n - m.p - 1)
	variance := m.gram.At(m.p, m.p) * (1 - explained) / free
	t := quantile(free)
	out := make([]effect, m.p)
	for j, d := range chosen {
		half := t * math.Sqrt(max(variance*inverse.At(j, j), 0))
		out[j] = effect{d.name, coefficients[j], coefficients[j] - half, coefficients[j] + half, m.n, explained}
	}
	return out
}
