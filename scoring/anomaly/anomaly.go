// Package anomaly tells how unlike the others a row of a table is, for the time in
// which nobody has decided of anything yet. It needs no labels and is no verdict:
// what is rare is not therefore bad.
//
// The surprise of a row is a sum over what is told as one reason, in bits: minus
// the logarithm of how often a value at least as far out occurs (the empirical
// tails of ECOD: Li et al. 2022, here on both sides; of categories the share of
// rows whose category is as rare or rarer).
package anomaly

import (
	"math"
	"slices"

	"plaint/scoring/feature"
)

// Result is how surprising the rows of a table are.
type Result struct {
	Groups []string    // what is told as one reason
	Parts  [][]float64 // by group and row: bits
	Bits   []float64   // by row: their sum
	Share  []float64   // by row: of the rows, how many are less surprising, 0 to 1
}

// Of measures all rows of a table against each other. Of columns of one group the
// most surprising counts: they say the same.
func Of(t *feature.Table) *Result {
	x := &Result{}
	at := map[string]int{}
	group := make([]int, len(t.Columns))
	for j, c := range t.Columns {
		g, ok := at[c.Group]
		if !ok {
			g = len(x.Groups)
			at[c.Group] = g
			x.Groups = append(x.Groups, c.Group)
		}
		group[j] = g
	}
	n := t.Rows()
	x.Parts, x.Bits, x.Share = make([][]float64, len(x.Groups)), make([]float64, n), make([]float64, n)
	feature.Parallel(len(x.Groups), func(g int) {
		part := make([]float64, n)
		for j := range t.Columns {
			if group[j] == g {
				for i, b := range surprise(&t.Columns[j]) {
					part[i] = max(part[i], b)
				}
			}
		}
		x.Parts[g] = part
	})
	for _, part := range x.Parts {
		for i, b := range part {
			x.Bits[i] += b
		}
	}
	sorted := slices.Sorted(slices.Values(x.Bits))
	for i, b := range x.Bits {
		below, _ := slices.BinarySearch(sorted, b)
		x.Share[i] = float64(below) / float64(n)
	}
	return x
}

// surprise of each value of a column: that it is there, or missing, and what it is.
func surprise(c *feature.Column) []float64 {
	n := float64(len(c.Values))
	out := make([]float64, len(c.Values))
	var known []float64
	for _, v := range c.Values {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	there := float64(len(known)) / n
	tail := numbers(known)
	if c.Levels != nil {
		tail = levels(known)
	}
	for i, v := range c.Values {
		if math.IsNaN(v) {
			out[i] = rarity(1 - there)
		} else {
			out[i] = rarity(there) - math.Log2(tail(v))
		}
	}
	return out
}

// rarity is the surprise of one of two things that occurs with a probability: none
// of the commoner.
func rarity(p float64) float64 {
	if p >= .5 {
		return 0
	}
	return -math.Log2(p)
}

// numbers gives the share of values that lie at least as far out as one, on
// either side.
func numbers(known []float64) func(float64) float64 {
	slices.Sort(known)
	n := float64(len(known))
	return func(v float64) float64 {
		below, _ := slices.BinarySearch(known, v)
		above, _ := slices.BinarySearch(known, math.Nextafter(v, math.Inf(1)))
		return min(1, 2*min(float64(above), n-float64(below))/n)
	}
}

// levels gives the share of values whose category is as rare as one's, or rarer.
func levels(known []float64) func(float64) float64 {
	count := map[float64]int{}
	for _, v := range known {
		count[v]++
	}
	sizes := map[int]int{} // rows in categories of a size
	for _, k := range count {
		sizes[k] += k
	}
	upTo, sum := map[int]float64{}, 0
	order := make([]int, 0, len(sizes))
	for k := range sizes {
		order = append(order, k)
	}
	slices.Sort(order)
	for _, k := range order {
		sum += sizes[k]
		upTo[k] = float64(sum) / float64(len(known))
	}
	return func(v float64) float64 { return upTo[count[v]] }
}
