package feature

import (
	"math"
	"slices"
	"sort"
)

const (
	// MaxBins is the most bins of a column, the one for missing values included: a
	// bin fits into a byte.
	MaxBins = 256
	// rareLevel is the fewest rows with a category of its own; the rest share one.
	rareLevel = 5
	// levelPrior is how many rows of the average a category's rate is drawn
	// towards when categories are put in order (Micci-Barreca 2001).
	levelPrior = 10
	// quantileSample bounds the values that are sorted to find cuts.
	quantileSample = 200_000
)

// Bins says how a column's values become small numbers. Bin 0 is missing. Numbers
// above Cuts[k-1] and up to Cuts[k] are in bin k+1. Categories are in order of
// their rate of bad rows (for one cut into two, no other order is better: Fisher
// 1958), rare and unknown ones share bin 1.
type Bins struct {
	Name   string         `json:"name"`
	Group  string         `json:"group,omitempty"`
	Sign   int8           `json:"sign,omitempty"`
	Cuts   []float64      `json:"cuts,omitempty"`
	Order  map[string]int `json:"order,omitempty"` // bin of a category; nil for numbers
	Levels int            `json:"levels,omitempty"`
}

// Count is the number of bins, missing included.
func (b *Bins) Count() int {
	if b.Order != nil {
		return b.Levels + 2
	}
	return len(b.Cuts) + 2
}

// Of gives the bin of a number.
func (b *Bins) Of(v float64) uint8 {
	if math.IsNaN(v) {
		return 0
	}
	return uint8(1 + sort.SearchFloat64s(b.Cuts, v))
}

// Bin gives the bins of a column, row by row.
func (b *Bins) Bin(c *Column) []uint8 {
	out := make([]uint8, len(c.Values))
	if b.Order == nil {
		for i, v := range c.Values {
			out[i] = b.Of(v)
		}
		return out
	}
	codes := b.codes(c.Levels)
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			out[i] = codes[int(v)]
		}
	}
	return out
}

// One gives the bin of one row of a column.
func (b *Bins) One(c *Column, row int) uint8 {
	v := c.Values[row]
	if b.Order == nil || math.IsNaN(v) {
		return b.Of(v)
	}
	if at, ok := b.Order[c.Levels[int(v)]]; ok {
		return uint8(at)
	}
	return 1
}

// codes gives the bin of each category.
func (b *Bins) codes(levels []string) []uint8 {
	out := make([]uint8, len(levels))
	for i, l := range levels {
		out[i] = 1
		if at, ok := b.Order[l]; ok {
			out[i] = uint8(at)
		}
	}
	return out
}

// Fit finds at most most bins of a column from the given rows. bad holds 1 for a
// bad row and 0 for a good one; only the order of categories depends on it.
func Fit(c *Column, rows []int32, bad []float32, most int) Bins {
	b := Bins{Name: c.Name, Group: c.Group, Sign: c.Sign}
	if c.Levels != nil {
		b.fitLevels(c, rows, bad, most)
	} else {
		b.Cuts = cuts(c.Values, rows, most-2)
	}
	return b
}

// cuts finds up to most-1 values between which numbers fall apart into parts of
// about equal weight. A value of which there is more than a part is a part.
func cuts(values []float64, rows []int32, most int) []float64 {
	step := 1 + len(rows)/quantileSample
	sorted := make([]float64, 0, len(rows)/step+1)
	for i := 0; i < len(rows); i += step {
		if v := values[rows[i]]; !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	var out []float64
	for at, left := 0, most; at < len(sorted) && left > 1; left-- {
		end := min(at+max(1, (len(sorted)-at)/left), len(sorted))
		for end < len(sorted) && sorted[end] == sorted[end-1] {
			end++
		}
		if end == len(sorted) {
			break
		}
		out = append(out, between(sorted[end-1], sorted[end]))
		at = end
	}
	return out
}

// between is a value that a goes up to and b does not.
func between(a, b float64) float64 {
	m := a + (b-a)/2
	if m >= b || m < a || math.IsNaN(m) {
		return a
	}
	return m
}

// fitLevels puts the categories in order of their rate of bad rows.
func (b *Bins) fitLevels(c *Column, rows []int32, bad []float32, most int) {
	n, s := make([]float64, len(c.Levels)), make([]float64, len(c.Levels))
	all, total := 0., 0.
	for _, r := range rows {
		if v := c.Values[r]; !math.IsNaN(v) {
			n[int(v)]++
			s[int(v)] += float64(bad[r])
			total++
			all += float64(bad[r])
		}
	}
	var kept []int
	for l := range n {
		if n[l] >= rareLevel {
			kept = append(kept, l)
		}
	}
	slices.SortFunc(kept, func(x, y int) int { return less(n[y]-n[x], c.Levels[x], c.Levels[y]) })
	kept = kept[:min(len(kept), most-2)]
	prior := all / max(total, 1)
	rate := func(l int) float64 { return (s[l] + levelPrior*prior) / (n[l] + levelPrior) }
	slices.SortFunc(kept, func(x, y int) int { return less(rate(x)-rate(y), c.Levels[x], c.Levels[y]) })
	b.Order, b.Levels = make(map[string]int, len(kept)), len(kept)
	for i, l := range kept {
		b.Order[c.Levels[l]] = i + 2
	}
}

// less orders by a difference, and names where there is none.
func less(d float64, a, b string) int {
	switch {
	case d < 0 || d == 0 && a < b:
		return -1
	case d > 0 || a > b:
		return 1
	}
	return 0
}
