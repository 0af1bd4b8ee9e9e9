// Package neighbour describes the rows of a table by the rows they are tied to:
// means, deviations, shapes, and how many of them are known to be bad.
package neighbour

import (
	"math"
	"slices"

	"plaint/scoring/feature"
)

// Graph is a set of undirected ties between rows, without loops and doubles.
type Graph struct {
	start []int64 // of each row's neighbours in ends
	ends  []int32
	back  []int64 // place of the same tie seen from its other end; nil where ties have one direction
}

// New makes the graph of rows 0 to n-1 from pairs of rows; order and direction of
// the pairs do not matter.
func New(n int, pairs [][2]int32) *Graph {
	g := &Graph{start: make([]int64, n+1)}
	for _, p := range pairs {
		if p[0] != p[1] {
			g.start[p[0]+1]++
			g.start[p[1]+1]++
		}
	}
	for i := range n {
		g.start[i+1] += g.start[i]
	}
	g.ends = make([]int32, g.start[n])
	at := slices.Clone(g.start[:n])
	for _, p := range pairs {
		if p[0] != p[1] {
			g.ends[at[p[0]]], g.ends[at[p[1]]] = p[1], p[0]
			at[p[0]]++
			at[p[1]]++
		}
	}
	g.compact()
	return g
}

// compact sorts the neighbours and drops doubles.
func (g *Graph) compact() {
	var out int64
	from := int64(0)
	for i := range g.Rows() {
		to := g.start[i+1]
		list := g.ends[from:to]
		slices.Sort(list)
		list = slices.Compact(list)
		out += int64(copy(g.ends[out:], list))
		from, g.start[i+1] = to, out
	}
	g.ends = slices.Clip(g.ends[:out])
	g.back = make([]int64, out)
	next := slices.Clone(g.start[:g.Rows()])
	for i := range g.Rows() {
		for e := g.start[i]; e < g.start[i+1]; e++ { // ends are met in ascending order from every side
			j := g.ends[e]
			g.back[e] = next[j]
			next[j]++
		}
	}
}

// Before is the graph in which each row sees only neighbours of an earlier time; its
// ties have one direction.
func (g *Graph) Before(times []float64) *Graph {
	out := &Graph{start: make([]int64, g.Rows()+1)}
	for i := range g.Rows() {
		for _, j := range g.Of(i) {
			if times[j] < times[i] {
				out.ends = append(out.ends, j)
			}
		}
		out.start[i+1] = int64(len(out.ends))
	}
	return out
}

// Rows of the graph.
func (g *Graph) Rows() int { return len(g.start) - 1 }

// Of gives the neighbours of a row, ascending.
func (g *Graph) Of(i int) []int32 { return g.ends[g.start[i]:g.start[i+1]] }

// Ties is the number of ties.
func (g *Graph) Ties() int { return len(g.ends) / 2 }

// Degree of a row.
func (g *Graph) Degree(i int) float64 { return float64(g.start[i+1] - g.start[i]) }

// Mean of x over the neighbours, each with its weight (nil: all one); missing
// values are left out, and NaN stands where nothing is left.
func (g *Graph) Mean(x, weight []float64) []float64 {
	out := make([]float64, g.Rows())
	parallel(len(out), func(i int) {
		s, n := 0., 0.
		for _, j := range g.Of(i) {
			if v := x[j]; !math.IsNaN(v) {
				w := 1.
				if weight != nil {
					w = weight[j]
				}
				s, n = s+w*v, n+w
			}
		}
		out[i] = s / n
	})
	return out
}

// tied is the mean of x over the neighbours, each tie with its weight.
func (g *Graph) tied(x, weight []float64) []float64 {
	out := make([]float64, g.Rows())
	parallel(len(out), func(i int) {
		s, n := 0., 0.
		for e := g.start[i]; e < g.start[i+1]; e++ {
			s, n = s+weight[e]*x[g.ends[e]], n+weight[e]
		}
		out[i] = s / n
	})
	return out
}

// Deviation is the standard deviation of x over the neighbours, whose mean is
// given.
func (g *Graph) Deviation(x, mean []float64) []float64 {
	out := make([]float64, g.Rows())
	parallel(len(out), func(i int) {
		s, n := 0., 0.
		for _, j := range g.Of(i) {
			if v := x[j]; !math.IsNaN(v) {
				d := v - mean[i]
				s, n = s+d*d, n+1
			}
		}
		out[i] = math.Sqrt(s / n)
	})
	return out
}

// Damping is the weight of a neighbour that falls with its degree: who is tied to
// everybody says little of anyone.
func (g *Graph) Damping() []float64 {
	out := make([]float64, g.Rows())
	for i := range out {
		out[i] = 1 / math.Log(2+g.Degree(i))
	}
	return out
}

// mostWedges bounds the work of counting triangles.
const mostWedges = 4e9

// Shared counts for each tie (in the order of all rows' neighbours) how many
// neighbours its two ends share; nil where counting would take minutes. Every
// triangle is met once, from its end of the least degree (Chiba and Nishizeki
// 1985).
func (g *Graph) Shared() []int32 {
	wedges := 0.
	for i := range g.Rows() {
		wedges += g.Degree(i) * math.Min(g.Degree(i), math.Sqrt(float64(len(g.ends))))
	}
	if wedges > mostWedges {
		return nil
	}
	up, places := g.upward()
	shared := make([]int32, len(g.ends))
	tie := make([]int64, g.Rows()) // 1 + place of the tie from i to a row
	count := func(t int64) {
		shared[t]++
		shared[g.back[t]]++
	}
	for i := range g.Rows() {
		for x, j := range up[i] {
			tie[j] = places[i][x] + 1
		}
		for x, j := range up[i] {
			for y, k := range up[j] {
				if tie[k] != 0 {
					count(places[i][x])
					count(places[j][y])
					count(tie[k] - 1)
				}
			}
		}
		for _, j := range up[i] {
			tie[j] = 0
		}
	}
	return shared
}

// upward gives each row's neighbours of a higher degree (or number, where degrees
// are the same), and the places of those ties.
func (g *Graph) upward() (up [][]int32, places [][]int64) {
	up, places = make([][]int32, g.Rows()), make([][]int64, g.Rows())
	for i := range g.Rows() {
		for e := g.start[i]; e < g.start[i+1]; e++ {
			j := g.ends[e]
			if a, b := g.Degree(i), g.Degree(int(j)); a < b || a == b && int32(i) < j {
				up[i], places[i] = append(up[i], j), append(places[i], e)
			}
		}
	}
	return up, places
}

// Closeness is the Jaccard index of the neighbours of both ends of each tie.
func (g *Graph) Closeness(shared []int32) []float64 {
	out := make([]float64, len(shared))
	parallel(g.Rows(), func(i int) {
		for e := g.start[i]; e < g.start[i+1]; e++ {
			n := float64(shared[e])
			out[e] = n / (g.Degree(i) + g.Degree(int(g.ends[e])) - n)
		}
	})
	return out
}

// PageRank of each row times the number of rows (Brin and Page 1998; .85, 30
// rounds).
func (g *Graph) PageRank() []float64 {
	n := g.Rows()
	rank, share := make([]float64, n), make([]float64, n)
	for i := range rank {
		rank[i] = 1
	}
	for range 30 {
		for i := range share {
			share[i] = rank[i] / math.Max(g.Degree(i), 1)
		}
		parallel(n, func(i int) {
			s := 0.
			for _, j := range g.Of(i) {
				s += share[j]
			}
			rank[i] = .15 + .85*s
		})
	}
	return rank
}

// parallel calls do for every row, block by block.
func parallel(n int, do func(i int)) {
	const block = 1024
	feature.Parallel((n+block-1)/block, func(b int) {
		for i := b * block; i < min((b+1)*block, n); i++ {
			do(i)
		}
	})
}
