package space

import (
	"math"
	"math/rand/v2"
)

// places are rows' places in a graph: the k strongest eigenvectors of its
// normalised adjacency, each at the square root of its eigenvalue, rows not
// brought to unit length. What is one subject holds together in the graph although
// its texts share few words.
//
// Method: symmetric normalisation (Ng, Jordan, Weiss 2001); the vectors by
// subspace iteration with a Chebyshev filter (Zhou, Saad, Tiago, Chelikowsky
// 2006), which damps all below a bound and lets the rest grow.
func places(normalised *CSR, k int, seed uint64) *Dense {
	const spare, rounds, degree = 16, 7, 8 // with four rounds the weaker vectors are blurred: of 77 subjects 55 are counted, not 72
	width := min(k+spare, normalised.Rows)
	random := rand.New(rand.NewPCG(seed, 0x9e3779b9))
	y := normal(normalised.Rows, width, random).orthonormal()
	var values []float64
	y, values = rotate(normalised, y)
	for range rounds {
		bound := 0.0
		if len(values) > 0 {
			bound = min(max(values[len(values)-1], .4), .999) // lower ones would drown the weaker vectors
		}
		y, values = rotate(normalised, filter(normalised, y, bound, degree).orthonormal())
	}
	k = min(k, y.Cols)
	out := NewDense(y.Rows, k)
	for j := range k {
		s := float32(math.Sqrt(max(values[j], 0)))
		for i := range y.Rows {
			out.Row(i)[j] = y.Row(i)[j] * s
		}
	}
	return out
}

// rotate turns orthonormal columns into the best approximations of eigenvectors
// within their span, strongest first, with their eigenvalues.
func rotate(m *CSR, y *Dense) (*Dense, []float64) {
	z := m.mul(y)
	for i, v := range y.Data { // (m+1)/2 has the same vectors and no negative eigenvalue
		z.Data[i] = (z.Data[i] + v) / 2
	}
	squares, vectors := eigen(z.gram(), asIs)
	values := make([]float64, len(squares))
	for j, s := range squares {
		values[j] = 2*math.Sqrt(s) - 1
	}
	return y.times(vectors), values
}

// filter applies the Chebyshev polynomial that is bounded on [-1, bound].
func filter(m *CSR, y *Dense, bound float64, degree int) *Dense {
	half, middle := (bound+1)/2, (bound-1)/2
	scale := func(z, y *Dense, a float64, minus *Dense) {
		for i := range z.Data {
			v := a / half * (float64(z.Data[i]) - middle*float64(y.Data[i]))
			if minus != nil {
				v -= float64(minus.Data[i])
			}
			z.Data[i] = float32(v)
		}
	}
	before := y
	now := m.mul(y)
	scale(now, y, 1, nil)
	for range degree - 1 {
		next := m.mul(now)
		scale(next, now, 2, before)
		before, now = now, next
	}
	return now
}
