package space

import (
	"math"
	"math/rand/v2"
)

// Reduce gives each row of m its place along the dims strongest singular
// directions (fewer if the rank is lower): the left singular vectors times the
// singular values, not brought to unit length.
//
// Method: randomised range finder with one power iteration (Halko, Martinsson,
// Tropp 2011, algorithms 4.4 and 5.1), orthonormalised through the small Gram
// matrix, so that the sparse matrix is only ever multiplied.
func Reduce(m *CSR, dims int, seed uint64) *Dense {
	const oversample = 12
	width := min(dims+oversample, m.Rows, m.Cols)
	if width == 0 {
		return NewDense(m.Rows, 0)
	}
	t := m.Transpose()
	random := rand.New(rand.NewPCG(seed, 0x5bd1e995))
	y := m.mul(normal(m.Cols, width, random)).orthonormal()
	y = m.mul(t.mul(y)).orthonormal() // a second power changes no partition for the better
	b := t.mul(y)
	_, vectors := eigen(b.gram(), math.Sqrt) // b is the transposed matrix in the range found
	top := NewDense(vectors.Rows, min(dims, vectors.Cols))
	for i := range top.Rows {
		copy(top.Row(i), vectors.Row(i))
	}
	return y.times(top)
}

func normal(rows, cols int, random *rand.Rand) *Dense {
	d := NewDense(rows, cols)
	for i := range d.Data {
		d.Data[i] = float32(random.NormFloat64())
	}
	return d
}
