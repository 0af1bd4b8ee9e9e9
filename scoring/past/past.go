// Package past describes each row of a time-ordered table by what was known just
// before it of the things it names (a source, a target, a device): how often they
// came, how unusual that is, which amounts they came with, and which of their rows
// had turned out bad by then.
package past

import (
	"cmp"
	"math"
	"slices"

	"plaint/scoring/feature"
)

// Events is a table of rows in any order.
type Events struct {
	Times    []float64
	Bad      []float64 // 1 bad, 0 good, NaN not known
	Delay    float64   // a label counts for rows later than its row's time and this
	Entities []Entity
	Amounts  []feature.Column // numbers that are compared with an entity's own history
}

// Entity is a column that names things: their numbers by row, -1 for none.
type Entity struct {
	Name  string
	Codes []int32
}

// most is the highest code, -1 without any.
func (e *Entity) most() int32 {
	most := int32(-1)
	for _, c := range e.Codes {
		most = max(most, c)
	}
	return most
}

// unknown values of n rows.
func unknown(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// How many labels of the average a rate is drawn towards, and half-lives of labels
// as shares of the time the table spans. The slower one is drawn in less: what is
// bad for a while shows in few labels.
const (
	pseudo     = 4
	fewPseudo  = 1
	recentHalf = .02
	latelyHalf = .1
)

// halves are the half-lives of decayed counts, as shares of the time the table
// spans.
var halves = [3]float64{.0005, .01, .15}

// Features gives columns for all rows. Only rows strictly earlier than a row are
// looked at, and of those only labels that had arrived; so what a row gets does not
// depend on any later row.
func (e *Events) Features() []feature.Column {
	order := make([]int32, len(e.Times))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(e.Times[a], e.Times[b]) })
	prior := e.priors(order)
	span := math.Max(e.Times[order[len(order)-1]]-e.Times[order[0]], 1e-9)
	parts := make([][]feature.Column, len(e.Entities))
	feature.Parallel(len(e.Entities), func(k int) {
		w := &walk{e: e, entity: &e.Entities[k], others: without(e.Entities, k), order: order, prior: prior, span: span}
		parts[k] = w.run()
	})
	return append(slices.Concat(parts...), e.spells(order, prior, span)...)
}

func without(list []Entity, k int) []Entity {
	return slices.Delete(slices.Clone(list), k, k+1)
}

// priors gives for each row the share of bad labels that had arrived before it.
func (e *Events) priors(order []int32) []float64 {
	out := make([]float64, len(order))
	bad, n, next := 0., 0., 0
	for _, i := range order {
		for ; next < len(order) && e.Times[order[next]]+e.Delay < e.Times[i]; next++ {
			if b := e.Bad[order[next]]; !math.IsNaN(b) {
				bad, n = bad+b, n+1
			}
		}
		out[i] = (bad + 1) / (n + 10)
	}
	return out
}
