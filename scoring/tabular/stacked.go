package tabular

import (
	"math"
	"math/rand/v2"
	"slices"

	"plaint/scoring/boost"
	"plaint/scoring/feature"
	"plaint/scoring/glass"
	"plaint/scoring/neighbour"
)

// stackFolds are the parts of the labels that a first model is kept from in turn.
const stackFolds = 5

// stacked describes every row by what a first model thinks of its neighbours, known
// labels or not (stacked graphical learning, Kou and Cohen, SDM 2007). The first
// model, and the rates of bad neighbours that it looks at, know no label of the
// row's own part, so that its label comes to it neither straight nor by way of a
// neighbour. Labels that may not be learned from are in no part and unseen by all.
func (p *plan) stacked(g *neighbour.Graph, columns []feature.Column, closeness []float64) []feature.Column {
	random := rand.New(rand.NewPCG(p.r.Seed, 7))
	part := make([]int, len(p.learn))
	for i, b := range p.learn {
		if part[i] = stackFolds; !math.IsNaN(b) {
			part[i] = random.IntN(stackFolds)
		}
	}
	var out []feature.Column
	for k := range stackFolds + 1 {
		seen := slices.Clone(p.learn)
		for i := range seen {
			if part[i] == k {
				seen[i] = math.NaN()
			}
		}
		for c, x := range g.Suspects(p.glance(g, columns, closeness, seen), closeness) {
			if k == 0 {
				out = append(out, x)
			}
			for i, v := range x.Values {
				if part[i] == k {
					out[c].Values[i] = v
				}
			}
		}
	}
	return out
}

// glance is the probability of every row by a small model of curves and pairs that
// learns from the labels that are seen.
func (p *plan) glance(g *neighbour.Graph, columns []feature.Column, closeness, seen []float64) []float64 {
	t := &feature.Table{Columns: slices.Concat(columns, g.Rates(seen, closeness, p.r.Seed+1))}
	bad := make([]float32, len(seen))
	var rows []int32
	for i, b := range seen {
		if !math.IsNaN(b) {
			bad[i], rows = float32(b), append(rows, int32(i))
		}
	}
	s := boost.Shape{Forests: 2, Leaves: 8, Depth: 4, Share: .1, Bins: 64, Pairs: true, Quick: true, Seed: p.r.Seed + 2}
	out := boost.Bin(t, bad, rows, nil, s.Bins).Train(s).Scores(t)
	for i, v := range out {
		out[i] = glass.Probability(v)
	}
	return out
}
