package neighbour

import (
	"math"

	"plaint/scoring/feature"
)

// Groups that the features of this package belong to, beside those of the columns
// they describe.
const (
	Ties   = "ties"   // how many, how dense
	Labels = "labels" // what is known of the neighbours
)

// Features describes every row by its neighbours' columns: for each column the
// neighbours' mean and deviation, the row's distance from the mean, the same over
// neighbours' means (two hops) and three hops, and means that hubs count less in,
// once and twice. Then degrees, triangles, PageRank. No label is looked at.
func (g *Graph) Features(columns []feature.Column, shared []int32) []feature.Column {
	damping := g.Damping()
	var out []feature.Column
	for i := range columns {
		for _, c := range spread(&columns[i]) {
			out = append(out, g.hops(&c, damping)...)
		}
	}
	return append(out, g.shape(shared)...)
}

// mostLevels bounds the categories of a column that neighbours are described by.
const mostLevels = 6

// spread makes a column of categories to one column of 0 and 1 for each of its
// frequent categories.
func spread(c *feature.Column) []feature.Column {
	if c.Levels == nil {
		return []feature.Column{*c}
	}
	count := make([]int, len(c.Levels))
	for _, v := range c.Values {
		if !math.IsNaN(v) {
			count[int(v)]++
		}
	}
	var out []feature.Column
	for range min(mostLevels, len(c.Levels)) {
		top := 0
		for l, n := range count {
			if n > count[top] {
				top = l
			}
		}
		if count[top] == 0 {
			break
		}
		count[top] = 0
		x := feature.Number(c.Name+"="+c.Levels[top], c.Group, make([]float64, len(c.Values)))
		for i, v := range c.Values {
			if int(v) == top && !math.IsNaN(v) {
				x.Values[i] = 1
			}
		}
		out = append(out, x)
	}
	return out
}

// hops are the features from one column of numbers.
func (g *Graph) hops(c *feature.Column, damping []float64) []feature.Column {
	x := c.Values
	m1 := g.Mean(x, nil)
	m2 := g.Mean(m1, nil)
	d1 := g.Mean(x, damping)
	away := make([]float64, len(x))
	for i := range x {
		away[i] = x[i] - m1[i]
	}
	column := func(what string, v []float64) feature.Column {
		return feature.Number(c.Name+" "+what, c.Group, v)
	}
	return []feature.Column{
		column("neighbours' mean", m1), column("neighbours' deviation", g.Deviation(x, m1)), column("less the neighbours' mean", away),
		column("two-hop mean", m2), column("two-hop deviation", g.Deviation(m1, m2)), column("three-hop mean", g.Mean(m2, nil)),
		column("damped mean", d1), column("two-hop damped mean", g.Mean(d1, damping)),
	}
}

// shape are the features of the ties alone.
func (g *Graph) shape(shared []int32) []feature.Column {
	n := g.Rows()
	degree, around := make([]float64, n), make([]float64, n)
	for i := range degree {
		degree[i] = math.Log1p(g.Degree(i))
	}
	mean := g.Mean(degree, nil)
	for i := range around {
		around[i] = degree[i] - mean[i]
	}
	out := []feature.Column{
		feature.Number("degree", Ties, degree), feature.Number("neighbours' degree", Ties, mean),
		feature.Number("degree less the neighbours'", Ties, around),
	}
	if g.back != nil {
		out = append(out, feature.Number("page rank", Ties, g.PageRank()))
	}
	if shared == nil {
		return out
	}
	triangles, cluster := make([]float64, n), make([]float64, n)
	for i := range n {
		for e := g.start[i]; e < g.start[i+1]; e++ {
			triangles[i] += float64(shared[e]) / 2
		}
		if d := g.Degree(i); d > 1 {
			cluster[i] = triangles[i] / (d * (d - 1) / 2)
		} else {
			cluster[i] = math.NaN()
		}
		triangles[i] = math.Log1p(triangles[i])
	}
	return append(out, feature.Number("triangles", Ties, triangles), feature.Number("clustering", Ties, cluster),
		feature.Number("neighbours' clustering", Ties, g.Mean(cluster, nil)))
}
