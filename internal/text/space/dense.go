package space

import (
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Dense is a matrix by rows.
type Dense struct {
	Rows, Cols int
	Data       []float32
}

// NewDense is a matrix of zeros.
func NewDense(rows, cols int) *Dense {
	return &Dense{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
}

// Row is row i; writing to it changes the matrix.
func (d *Dense) Row(i int) []float32 { return d.Data[i*d.Cols : (i+1)*d.Cols : (i+1)*d.Cols] }

// blockRows is the unit of parallel work. It is fixed, so that sums are taken
// in the same order on any number of processors.
const blockRows = 256

func blocks(rows int) int { return (rows + blockRows - 1) / blockRows }

// inBlocks calls f for each block of rows on all processors.
func inBlocks(rows int, f func(block, from, to int)) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := 0
	for range min(runtime.GOMAXPROCS(0), blocks(rows)) {
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

// together calls f for each of n things on all processors.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			f(i)
		})
	}
	wg.Wait()
}

// first is the matrix of the first cols columns, its rows at length 1.
func (d *Dense) first(cols int) *Dense {
	out := NewDense(d.Rows, min(cols, d.Cols))
	for i := range d.Rows {
		copy(out.Row(i), d.Row(i))
		Normalize(out.Row(i))
	}
	return out
}

// beside joins matrices side by side, each row of each brought to the same
// length, the whole to length 1.
func beside(list ...*Dense) *Dense {
	cols := 0
	for _, d := range list {
		cols += d.Cols
	}
	out := NewDense(list[0].Rows, cols)
	for i := range out.Rows {
		row := out.Row(i)
		at := 0
		for _, d := range list {
			part := row[at : at+d.Cols]
			copy(part, d.Row(i))
			Normalize(part)
			at += d.Cols
		}
		Normalize(row)
	}
	return out
}

// gram is dᵀd, summed block by block.
func (d *Dense) gram() *mat.SymDense {
	parts := make([][]float64, blocks(d.Rows))
	n := d.Cols
	inBlocks(d.Rows, func(block, from, to int) {
		g, columns := make([]float64, n*n), make([]float64, n*(to-from))
		column := func(a int) []float64 { return columns[a*(to-from) : (a+1)*(to-from)] }
		for i := from; i < to; i++ {
			for a, x := range d.Row(i) {
				column(a)[i-from] = float64(x)
			}
		}
		for a := range n {
			for b := a; b < n; b++ {
				g[a*n+b] = dot64(column(a), column(b))
			}
		}
		parts[block] = g
	})
	sum := make([]float64, n*n)
	for _, g := range parts {
		floats.Add(sum, g)
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
				if v != 0 {
					addScaled(dst, v, m.Row(k))
				}
			}
		}
	})
	return out
}

// eigen are the eigenvalues of a Gram matrix, largest first, and the vectors
// as columns, each times scale(value); what is zero within rounding is left
// out. Signs are fixed by the largest entry, since a decomposition may give
// either.
func eigen(g *mat.SymDense, scale func(value float64) float64) (values []float64, vectors *Dense) {
	n := g.SymmetricDim()
	var e mat.EigenSym
	if n == 0 || !e.Factorize(g, true) {
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
		value := all[n-1-j]
		values = append(values, value)
		s, largest := scale(value), 0.0
		for i := range n {
			if x := v.At(i, n-1-j); math.Abs(x) > largest {
				largest = math.Abs(x)
				s = math.Copysign(s, x)
			}
		}
		for i := range n {
			vectors.Row(i)[j] = float32(s * v.At(i, n-1-j))
		}
	}
	return values, vectors
}

func asIs(float64) float64 { return 1 }

func inverseRoot(v float64) float64 { return 1 / math.Sqrt(v) }

// orthonormal spans the same space with orthonormal columns.
func (d *Dense) orthonormal() *Dense {
	_, vectors := eigen(d.gram(), inverseRoot)
	return d.times(vectors)
}
