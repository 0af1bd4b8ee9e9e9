package text

import (
	"slices"

	"gonum.org/v1/gonum/floats"
)

const (
	neighbours = 10
	lists      = 6 // groups in which neighbours are looked for
)

// neighbour is a row and its inner product with another.
type neighbour struct {
	row  int
	with float64
}

// Smooth draws each row of unit length towards its ten nearest neighbours,
// weighted by the cube of their inner products, which brings texts on one
// subject together that share no words but share neighbours.
func Smooth(rows *Dense, k int, seed uint64) *Dense {
	near := nearest(rows, k, neighbours, seed)
	out := NewDense(rows.Rows, rows.Cols)
	inBlocks(rows.Rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			dst := out.Row(i)
			copy(dst, rows.Row(i))
			for _, o := range near[i] {
				if w := o.with * o.with * o.with; w > 0 {
					floats.AddScaled(dst, w, rows.Row(o.row))
				}
			}
			Normalize(dst)
		}
	})
	return out
}

// nearest finds the most nearest neighbours of each row, nearest first. They are
// looked for in the nearest of k groups only, so that the cost grows with n·√n
// and not with n².
func nearest(rows *Dense, k, most int, seed uint64) [][]neighbour {
	g := Group(rows, k, 1, seed)
	members := make([][]int, g.Centroids.Rows)
	for i, c := range g.Of {
		members[c] = append(members[c], i)
	}
	out := make([][]neighbour, rows.Rows)
	inBlocks(rows.Rows, func(_, from, to int) {
		var near []neighbour
		for i := from; i < to; i++ {
			near = near[:0]
			for c := range members {
				near = keepNearest(near, neighbour{c, Dot(rows.Row(i), g.Centroids.Row(c))}, lists)
			}
			var found []neighbour
			for _, c := range near {
				for _, j := range members[c.row] {
					if j != i {
						found = keepNearest(found, neighbour{j, Dot(rows.Row(i), rows.Row(j))}, most)
					}
				}
			}
			out[i] = found
		}
	})
	return out
}

// keepNearest puts n in its place among the most nearest, nearest first; ties
// go to the lower row.
func keepNearest(list []neighbour, n neighbour, most int) []neighbour {
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
