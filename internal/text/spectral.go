package text

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Settings of the spectral features.
const (
	graphNeighbours = 12
	spectralRounds  = 10 // of subspace iteration
	spectralSpare   = 12 // directions beyond those that are kept
)

// Spectral joins rows of unit length with their places in the graph of their
// neighbours: the k strongest eigenvectors of its normalised adjacency matrix,
// each at the square root of its eigenvalue. What is one subject holds together in
// the graph although its texts share few words. Each half has length 1/√2.
//
// Method: symmetric normalisation and rows of unit length (Ng, Jordan, Weiss
// 2001), by subspace iteration.
func Spectral(rows *Dense, k, lists int, seed uint64) *Dense {
	places := spectralPlaces(adjacency(nearest(rows, lists, graphNeighbours, seed)), min(k, rows.Rows), seed)
	out := NewDense(rows.Rows, rows.Cols+places.Cols)
	for i := range rows.Rows {
		row := out.Row(i)
		copy(row, rows.Row(i))
		p := places.Row(i)
		Normalize(p)
		copy(row[rows.Cols:], p)
		Normalize(row)
	}
	return out
}

// adjacency is the graph in which rows are joined that are neighbours, either of
// the other, at the square of their inner product, normalised by the square roots
// of the degrees.
func adjacency(near [][]neighbour) *CSR {
	n := len(near)
	edges := make([][]neighbour, n)
	for i, list := range near {
		for _, o := range list {
			if o.with <= 0 {
				continue
			}
			w := neighbour{o.row, o.with * o.with}
			edges[i] = append(edges[i], w)
			if !slices.ContainsFunc(near[o.row], func(x neighbour) bool { return x.row == i }) {
				edges[o.row] = append(edges[o.row], neighbour{i, w.with})
			}
		}
	}
	degree := make([]float64, n)
	for i, list := range edges {
		for _, o := range list {
			degree[i] += o.with
		}
	}
	m := &CSR{Rows: n, Cols: n, Start: make([]int, 1, n+1)}
	for i, list := range edges {
		slices.SortFunc(list, func(a, b neighbour) int { return a.row - b.row })
		for _, o := range list {
			m.Col = append(m.Col, int32(o.row))
			m.Val = append(m.Val, float32(o.with/math.Sqrt(degree[i]*degree[o.row])))
		}
		m.Start = append(m.Start, len(m.Col))
	}
	return m
}

// spectralPlaces are the k strongest eigenvectors of a normalised graph. Its
// eigenvalues are between -1 and 1; half of it and of the identity has the same
// vectors in the same order, and none below zero.
func spectralPlaces(m *CSR, k int, seed uint64) *Dense {
	width := min(k+spectralSpare, m.Rows)
	random := rand.New(rand.NewPCG(seed, 0x9e3779b9))
	y := NewDense(m.Rows, width)
	for i := range y.Data {
		y.Data[i] = random.NormFloat64()
	}
	y = y.orthonormal()
	step := func() *Dense {
		out := m.mul(y)
		for i, v := range y.Data {
			out.Data[i] = (out.Data[i] + v) / 2
		}
		return out
	}
	for range spectralRounds {
		y = step().orthonormal()
	}
	values, vectors := eigen(step().gram()) // of the square
	out := y.times(vectors)
	k = min(k, len(values))
	places := NewDense(m.Rows, k)
	for i := range places.Rows {
		for j := range k {
			places.Row(i)[j] = out.Row(i)[j] * math.Sqrt(max(2*math.Sqrt(values[j])-1, 0))
		}
	}
	return places
}
