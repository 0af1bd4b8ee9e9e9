package space

import (
	"math"
	"slices"
)

// Settings of the graph of neighbours.
const (
	graphNeighbours = 12
	candidates      = 48 // that are compared feature by feature
	probes          = 12 // groups in which candidates are looked for
)

// neighbour is a row and how alike it is to another.
type neighbour struct {
	row  int
	with float32
}

// neighbours finds the rows most alike to each, most alike first. How alike is
// the mean of three views: the features themselves, the coarse space and the
// fine one (banking77: .61 of ten neighbours are of one subject by features
// alone, .63 by the fine space, .66 by the three). Candidates are looked for in
// the nearest groups only, so that the cost grows with n·√n.
func neighbours(features *CSR, coarse, fine *Dense, seed uint64) [][]neighbour {
	both := beside(coarse, fine)
	g := Group(both, max(1, int(math.Sqrt(float64(both.Rows)))), 1, seed)
	members := make([][]int, g.Centroids.Rows)
	for i, c := range g.Of {
		members[c] = append(members[c], i)
	}
	out := make([][]neighbour, both.Rows)
	inBlocks(both.Rows, func(_, from, to int) {
		own := make([]float32, features.Cols)
		var groups, near []neighbour
		for i := from; i < to; i++ {
			groups, near = groups[:0], near[:0]
			for c := range members {
				groups = keepMost(groups, neighbour{c, Dot(both.Row(i), g.Centroids.Row(c))}, probes)
			}
			for _, c := range groups {
				for _, j := range members[c.row] {
					if j != i {
						near = keepMost(near, neighbour{j, Dot(both.Row(i), both.Row(j))}, candidates)
					}
				}
			}
			out[i] = rank(features, own, i, near)
		}
	})
	return out
}

// rank adds the features' likeness to the candidates' and keeps the best. own is
// zero before and after.
func rank(features *CSR, own []float32, i int, near []neighbour) []neighbour {
	cols, vals := features.Row(i)
	for k, c := range cols {
		own[c] = vals[k]
	}
	kept := make([]neighbour, 0, graphNeighbours)
	for _, o := range near {
		var s float32
		other, weights := features.Row(o.row)
		for k, c := range other {
			s += own[c] * weights[k]
		}
		kept = keepMost(kept, neighbour{o.row, (s + 2*o.with) / 3}, graphNeighbours)
	}
	for _, c := range cols {
		own[c] = 0
	}
	return kept
}

// keepMost puts n in its place among the most alike, most alike first; ties go
// to the lower row.
func keepMost(list []neighbour, n neighbour, most int) []neighbour {
	if len(list) == most {
		last := list[most-1]
		if n.with < last.with || n.with == last.with && n.row > last.row {
			return list
		}
		list = list[:most-1]
	}
	at := len(list)
	for at > 0 && (list[at-1].with < n.with || list[at-1].with == n.with && list[at-1].row > n.row) {
		at--
	}
	return slices.Insert(list, at, n)
}

// adjacency is the graph in which rows are joined that are neighbours, either of
// the other, at the square of their likeness.
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
	m := NewCSR(n)
	for _, list := range edges {
		slices.SortFunc(list, func(a, b neighbour) int { return a.row - b.row })
		for _, o := range list {
			m.Col, m.Val = append(m.Col, int32(o.row)), append(m.Val, o.with)
		}
		m.End()
	}
	return m
}

// degrees are the sums of the rows.
func (m *CSR) degrees() []float64 {
	d := make([]float64, m.Rows)
	for i := range d {
		_, vals := m.Row(i)
		for _, v := range vals {
			d[i] += float64(v)
		}
	}
	return d
}

// normalised is the graph with each edge divided by the square roots of its
// ends' degrees: eigenvalues between -1 and 1.
func (m *CSR) normalised() *CSR {
	d := m.degrees()
	out := &CSR{Rows: m.Rows, Cols: m.Cols, Start: m.Start, Col: m.Col, Val: make([]float32, len(m.Val))}
	for i := range d {
		for k := m.Start[i]; k < m.Start[i+1]; k++ {
			out.Val[k] = float32(float64(m.Val[k]) / math.Sqrt(d[i]*d[m.Col[k]]))
		}
	}
	return out
}
