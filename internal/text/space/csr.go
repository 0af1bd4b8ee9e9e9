// Package space places texts in a space in which those on one subject are near,
// and partitions them there. All of it is a function of its input: the same on
// any number of processors.
package space

import (
	"math"
	"slices"
)

// CSR is a sparse matrix in compressed rows: row i has the columns
// Col[Start[i]:Start[i+1]], ascending, with the values Val.
type CSR struct {
	Rows, Cols int
	Start      []int
	Col        []int32
	Val        []float32
}

// NewCSR is a matrix without rows.
func NewCSR(cols int) *CSR { return &CSR{Cols: cols, Start: make([]int, 1)} }

// End closes a row whose columns and values were appended.
func (m *CSR) End() {
	m.Rows++
	m.Start = append(m.Start, len(m.Col))
}

// Row is the columns and values of row i.
func (m *CSR) Row(i int) ([]int32, []float32) {
	return m.Col[m.Start[i]:m.Start[i+1]], m.Val[m.Start[i]:m.Start[i+1]]
}

// Empty is how many rows have no column.
func (m *CSR) Empty() int {
	n := 0
	for i := range m.Rows {
		if m.Start[i] == m.Start[i+1] {
			n++
		}
	}
	return n
}

// Pick is the matrix of the rows named.
func (m *CSR) Pick(rows []int) *CSR {
	out := NewCSR(m.Cols)
	for _, i := range rows {
		cols, vals := m.Row(i)
		out.Col, out.Val = append(out.Col, cols...), append(out.Val, vals...)
		out.End()
	}
	return out
}

// Transpose returns the matrix with rows and columns exchanged.
func (m *CSR) Transpose() *CSR {
	t := &CSR{Rows: m.Cols, Cols: m.Rows, Start: make([]int, m.Cols+1), Col: make([]int32, len(m.Col)), Val: make([]float32, len(m.Val))}
	for _, c := range m.Col {
		t.Start[c+1]++
	}
	for i := range m.Cols {
		t.Start[i+1] += t.Start[i]
	}
	next := slices.Clone(t.Start[:m.Cols])
	for i := range m.Rows {
		for k := m.Start[i]; k < m.Start[i+1]; k++ {
			at := next[m.Col[k]]
			next[m.Col[k]]++
			t.Col[at], t.Val[at] = int32(i), m.Val[k]
		}
	}
	return t
}

// mul is m·b.
func (m *CSR) mul(b *Dense) *Dense {
	out := NewDense(m.Rows, b.Cols)
	inBlocks(m.Rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			cols, vals := m.Row(i)
			dst := out.Row(i)
			for k, c := range cols {
				addScaled(dst, vals[k], b.Row(int(c)))
			}
		}
	})
	return out
}

// xlogx is x·ln x, 0 at 0.
func xlogx(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return x * math.Log(x)
}
