package cluster

import (
	"math"

	"plaint/internal/text/space"
)

// profiles is what sets each group apart from the texts of its language: the
// concepts that its texts name and the types that they carry, each as the
// difference from the mean of all texts in standard deviations; rows at unit
// length. Groups of different languages can be compared by it.
func (c *Corpus) profiles(g *grouping) *space.Dense {
	const least = .02 // added to a deviation, or what one text names would count most
	concepts := c.table.Len() + 1
	width := concepts + len(c.types.list)
	sum, square := make([]float64, width), make([]float64, width)
	out := space.NewDense(g.groups, width)
	row := make([]float64, width)
	for i, t := range g.of {
		c.profile(i, row)
		for k, v := range row {
			sum[k] += v
			square[k] += v * v
			if t >= 0 {
				out.Row(t)[k] += float32(v)
			}
		}
	}
	n := float64(len(g.of))
	for t, size := range g.sizes() {
		if size == 0 {
			continue
		}
		row := out.Row(t)
		for k, v := range row {
			mean := sum[k] / n
			deviation := math.Sqrt(max(square[k]/n-mean*mean, 0)) + least
			row[k] = float32((float64(v)/float64(size) - mean) / deviation)
		}
		space.Normalize(row)
	}
	return out
}

// profile is one text's: what it names again and again counts by the root of how
// often.
func (c *Corpus) profile(i int, row []float64) {
	clear(row)
	for _, id := range c.topics[i] {
		row[id]++
	}
	length := 0.0
	for _, n := range row {
		length += n
	}
	for k, n := range row {
		if n > 0 {
			row[k] = math.Sqrt(n / length)
		}
	}
	if kind := c.kinds[i]; kind > 0 {
		row[c.table.Len()+1+int(kind)] = 1
	}
}

// apart are the groups' mean rows less the mean of all, at unit length: they are
// alike where both differ from the rest in the same words.
func (f *fitted) apart() *space.Dense {
	mean, all := f.means(&f.grouping), make([]float32, f.matrix.Cols)
	for t, size := range f.sizes() {
		for c, v := range mean.Row(t) {
			all[c] += v * float32(size) / float32(len(f.of))
		}
	}
	for t := range f.groups {
		row := mean.Row(t)
		for c := range row {
			row[c] -= all[c]
		}
		space.Normalize(row)
	}
	return mean
}
