package text

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Dense is a matrix by rows.
type Dense struct {
	Rows, Cols int
	Data       []float64
}

// NewDense is a matrix of zeros.
func NewDense(rows, cols int) *Dense {
	return &Dense{Rows: rows, Cols: cols, Data: make([]float64, rows*cols)}
}

// Row is row i; writing to it changes the matrix.
func (d *Dense) Row(i int) []float64 { return d.Data[i*d.Cols : (i+1)*d.Cols : (i+1)*d.Cols] }

// blockRows is the unit of parallel work. It is fixed, so that sums are taken
// in the same order on any number of processors.
const blockRows = 256

// inBlocks calls f for each block of rows on all processors.
func inBlocks(rows int, f func(block, from, to int)) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for range min(runtime.GOMAXPROCS(0), (rows+blockRows-1)/blockRows) {
		wg.Go(func() {
			for {
				mu.Lock()
				from := next
				next += blockRows
				mu.Unlock()
				if from >= rows {
					return
				}
				f(from/blockRows, from, min(from+blockRows, rows))
			}
		})
	}
	wg.Wait()
}

// mul is m·b.
func (m *CSR) mul(b *Dense) *Dense {
	out := NewDense(m.Rows, b.Cols)
	inBlocks(m.Rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			combine(out.Row(i), b, m.Col[m.Start[i]:m.Start[i+1]], m.Val[m.Start[i]:m.Start[i+1]])
		}
	})
	return out
}

// combine adds to dst the rows of b named by cols, weighted by vals.
func combine(dst []float64, b *Dense, cols []int32, vals []float32) {
	for k, c := range cols {
		floats.AddScaled(dst, float64(vals[k]), b.Row(int(c)))
	}
}

// gram is dᵀd, summed block by block.
func (d *Dense) gram() *mat.SymDense {
	blocks := make([][]float64, (d.Rows+blockRows-1)/blockRows)
	n := d.Cols
	inBlocks(d.Rows, func(block, from, to int) {
		g := make([]float64, n*n)
		for i := from; i < to; i++ {
			row := d.Row(i)
			for a, x := range row {
				if x == 0 {
					continue
				}
				floats.AddScaled(g[a*n+a:(a+1)*n], x, row[a:])
			}
		}
		blocks[block] = g
	})
	sum := make([]float64, n*n)
	for _, g := range blocks {
		for k, v := range g {
			sum[k] += v
		}
	}
	return mat.NewSymDense(n, sum) // reads the upper triangle only
}

// times replaces each row by row·m.
func (d *Dense) times(m *Dense) *Dense {
	out := NewDense(d.Rows, m.Cols)
	inBlocks(d.Rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			dst := out.Row(i)
			for k, v := range d.Row(i) {
				if v == 0 {
					continue
				}
				floats.AddScaled(dst, v, m.Row(k))
			}
		}
	})
	return out
}

// eigen are the eigenvalues of a Gram matrix, largest first, and the vectors
// as columns; what is zero within rounding is left out. Signs are fixed by the
// largest entry, since a decomposition may give either.
func eigen(g *mat.SymDense) (values []float64, vectors *Dense) {
	n := g.SymmetricDim()
	var e mat.EigenSym
	if !e.Factorize(g, true) {
		return nil, NewDense(n, 0)
	}
	all := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	keep := 0
	for keep < n && all[n-1-keep] > 1e-10*all[n-1] && all[n-1-keep] > 0 {
		keep++
	}
	vectors = NewDense(n, keep)
	for j := range keep {
		values = append(values, all[n-1-j])
		sign, largest := 1.0, 0.0
		for i := range n {
			if x := v.At(i, n-1-j); math.Abs(x) > largest {
				largest, sign = math.Abs(x), math.Copysign(1, x)
			}
		}
		for i := range n {
			vectors.Row(i)[j] = sign * v.At(i, n-1-j)
		}
	}
	return values, vectors
}

// orthonormal spans the same space with orthonormal columns.
func (d *Dense) orthonormal() *Dense {
	values, vectors := eigen(d.gram())
	for j, v := range values {
		for i := range vectors.Rows {
			vectors.Row(i)[j] /= math.Sqrt(v)
		}
	}
	return d.times(vectors)
}

// Reduce finds the dims strongest right singular directions of m as the
// columns of a Cols × dims matrix (fewer if the rank is lower).
//
// Method: randomised range finder with power iterations (Halko, Martinsson,
// Tropp 2011, algorithms 4.4 and 5.1), orthonormalised through the small Gram
// matrix, so that the sparse matrix is only ever multiplied.
func Reduce(m *CSR, dims int, seed uint64) *Dense {
	const oversample, powers = 12, 2
	width := min(dims+oversample, m.Rows, m.Cols)
	if width == 0 {
		return NewDense(m.Cols, 0)
	}
	t := m.Transpose()
	random := rand.New(rand.NewPCG(seed, 0x5bd1e995))
	omega := NewDense(m.Cols, width)
	for i := range omega.Data {
		omega.Data[i] = random.NormFloat64()
	}
	y := m.mul(omega).orthonormal()
	for range powers {
		y = m.mul(t.mul(y)).orthonormal()
	}
	b := t.mul(y)
	values, vectors := eigen(b.gram())
	dims = min(dims, len(values))
	top := NewDense(vectors.Rows, dims)
	for i := range top.Rows {
		for j := range dims {
			top.Row(i)[j] = vectors.Row(i)[j] / math.Sqrt(values[j])
		}
	}
	return b.times(top)
}

// Project gives each row of m its place in the reduced space, at length 1; an
// empty row stays zero.
func Project(m *CSR, basis *Dense) *Dense {
	out := m.mul(basis)
	for i := range out.Rows {
		Normalize(out.Row(i))
	}
	return out
}

// ProjectRow is Project for one row; dst has as many places as basis columns.
func ProjectRow(dst []float64, basis *Dense, cols []int32, vals []float32) {
	clear(dst)
	combine(dst, basis, cols, vals)
	Normalize(dst)
}

// Normalize brings v to length 1, unless it is zero.
func Normalize(v []float64) {
	s := Dot(v, v)
	if s == 0 {
		return
	}
	s = 1 / math.Sqrt(s)
	for i := range v {
		v[i] *= s
	}
}

// Dot is the inner product.
func Dot(a, b []float64) float64 { return floats.Dot(a, b) }
