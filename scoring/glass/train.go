package glass

import (
	"cmp"
	"slices"

	"plaint/scoring/boost"
	"plaint/scoring/feature"
)

// Options of a training. The zero value of a field is its default.
type Options struct {
	Bags  int     // machines that are averaged; 8
	Pairs int     // most pairs; -1: none, 0: six for each feature, at most 600
	Seed  uint64  // of the bags
	Valid []int32 // rows that decide when to stop, beside those that each bag holds out
	Later bool    // Valid alone decides: it lies behind the rows in time
	Trees int     // so many for each bag, without looking at held rows; 0: as many as help
}

// Settings that are one for all tables.
const (
	bins      = 64     // most of a feature
	scouts    = 3      // machines that find out which pairs matter
	rankRows  = 20_000 // rows on which a pair is weighed
	pairsEach = 6
	mostPairs = 600
)

// Train fits a machine to the given rows of a table. bad holds 1 for a bad row and
// 0 for a good one; both must be among rows. The same input gives the same model
// on any number of processors.
//
// Trees are grown in which no way to a leaf looks at more than two features, so
// that each leaf is a patch of a curve or of a surface, and their sum is exactly
// curves and surfaces. A first few machines may use any pairs; the pairs that then
// carry most of the score are the only ones the rest may use.
func Train(t *feature.Table, rows []int32, bad []float32, o Options) *Model {
	if o.Bags == 0 {
		o.Bags = 8
	}
	d := boost.Bin(t, bad, rows, o.Valid, bins)
	d.Later = o.Later
	shape := boost.Shape{Forests: scouts, Leaves: 8, Depth: 4, Share: .1, Bins: bins, Pairs: true, Trees: o.Trees, Seed: o.Seed}
	wanted := o.pairs(len(t.Columns))
	allowed := map[pair]bool{}
	if wanted > 0 {
		scout := shape
		scout.Quick = true
		allowed = heaviest(d, d.Train(scout), wanted)
	}
	shape.Forests, shape.Seed = o.Bags, o.Seed+1
	shape.Allowed = func(a, b int) bool { return allowed[pair{min(a, b), max(a, b)}] }
	return assemble(d, d.Train(shape))
}

// pairs is how many pairs are wanted.
func (o Options) pairs(features int) int {
	switch {
	case o.Pairs < 0 || features < 2:
		return 0
	case o.Pairs > 0:
		return o.Pairs
	}
	return min(pairsEach*features, mostPairs)
}

// heaviest gives the pairs whose pure surfaces move the score most.
func heaviest(d *boost.Data, m *boost.Model, want int) map[pair]bool {
	parts := decompose(m)
	rows := sample(d.Rows, rankRows)
	weight := make([]float64, len(parts.pairs))
	feature.Parallel(len(parts.pairs), func(k int) {
		s := parts.surface(d, k, rows)
		f, _ := s.mean(len(m.Forests))
		pure(f, s.rows, s.wide)
		for c, n := range s.rows {
			weight[k] += n * f[c] * f[c]
		}
	})
	order := make([]int, len(weight))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	out := map[pair]bool{}
	for _, k := range order[:min(want, len(order))] {
		out[parts.pairs[k]] = true
	}
	return out
}

// sample takes every so many rows, at most most of them.
func sample(rows []int32, most int) []int32 {
	step := max(1, (len(rows)+most-1)/most)
	if step == 1 {
		return rows
	}
	var out []int32
	for i := 0; i < len(rows); i += step {
		out = append(out, rows[i])
	}
	return out
}
