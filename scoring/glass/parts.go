package glass

import (
	"cmp"
	"math"
	"slices"

	"plaint/scoring/boost"
)

// pair is two features, the smaller number first.
type pair struct{ a, b int }

// patch is a leaf: what it adds where the bins of its features are in its sets.
type patch struct {
	forest int
	value  float64
	sets   [2][]bool // by bin; the second is nil for a patch of a curve
}

// parts are the leaves of a model, put to the curve or surface they belong to.
type parts struct {
	forests int
	base    []float64 // of each forest, with leaves that look at nothing
	curves  [][]patch // by feature
	pairs   []pair    // in their order
	patches map[pair][]patch
}

// decompose takes a model's trees apart.
func decompose(m *boost.Model) *parts {
	p := &parts{forests: len(m.Forests), base: make([]float64, len(m.Forests)), curves: make([][]patch, len(m.Bins)), patches: map[pair][]patch{}}
	for i, f := range m.Forests {
		p.base[i] = f.Base
		for _, t := range f.Trees {
			p.walk(m, t, 0, patch{forest: i}, pair{-1, -1})
		}
	}
	for k := range p.patches {
		p.pairs = append(p.pairs, k)
	}
	slices.SortFunc(p.pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return p
}

// walk follows the ways from a node to its leaves. on are the features met so far,
// in the order they were met, -1 for none.
func (p *parts) walk(m *boost.Model, t boost.Tree, at int32, x patch, on pair) {
	n := &t[at]
	if n.Feature < 0 {
		x.value = n.Value
		p.keep(x, on)
		return
	}
	j, side := int(n.Feature), 0
	switch {
	case on.a < 0:
		on.a = j
	case j != on.a:
		on.b, side = j, 1
	}
	for _, next := range [2]int32{n.Left, n.Left + 1} {
		y, set := x, make([]bool, m.Bins[j].Count())
		for b := range set {
			set[b] = n.Next(uint8(b)) == next && (x.sets[side] == nil || x.sets[side][b])
		}
		y.sets[side] = set
		p.walk(m, t, next, y, on)
	}
}

// keep puts a leaf where it belongs.
func (p *parts) keep(x patch, on pair) {
	switch {
	case on.a < 0:
		p.base[x.forest] += x.value
	case on.b < 0:
		p.curves[on.a] = append(p.curves[on.a], x)
	default:
		if on.b < on.a {
			on.a, on.b = on.b, on.a
			x.sets[0], x.sets[1] = x.sets[1], x.sets[0]
		}
		p.patches[on] = append(p.patches[on], x)
	}
}

// surface is the sum of the patches of a pair, on as few lines as they need.
type surface struct {
	coarse [2][]uint8
	wide   int
	of     [][]float64 // by forest
	rows   []float64   // training rows in each cell
}

// surface builds that of pair k, with the weight of some rows.
func (p *parts) surface(d *boost.Data, k int, rows []int32) *surface {
	on := p.pairs[k]
	s := &surface{}
	var first [2][]int // a bin of each line
	for side, j := range [2]int{on.a, on.b} {
		s.coarse[side], first[side] = lines(p.patches[on], side, d.Bins[j].Count())
	}
	s.wide = len(first[1])
	size := len(first[0]) * s.wide
	s.of, s.rows = make([][]float64, p.forests), make([]float64, size)
	for i := range s.of {
		s.of[i] = make([]float64, size)
	}
	for _, x := range p.patches[on] {
		for a, binA := range first[0] {
			if !x.sets[0][binA] {
				continue
			}
			for b, binB := range first[1] {
				if x.sets[1][binB] {
					s.of[x.forest][a*s.wide+b] += x.value
				}
			}
		}
	}
	for _, r := range rows {
		s.rows[int(s.coarse[0][d.Cells[on.a][r]])*s.wide+int(s.coarse[1][d.Cells[on.b][r]])]++
	}
	return s
}

// lines joins the bins between which no patch makes a difference.
func lines(patches []patch, side, bins int) (coarse []uint8, first []int) {
	edge := make([]bool, bins)
	edge[0] = true
	for _, x := range patches {
		for b := 1; b < bins; b++ {
			edge[b] = edge[b] || x.sets[side][b] != x.sets[side][b-1]
		}
	}
	coarse = make([]uint8, bins)
	for b, e := range edge {
		if e {
			first = append(first, b)
		}
		coarse[b] = uint8(len(first) - 1)
	}
	return coarse, first
}

// mean and standard deviation of the forests in each cell.
func (s *surface) mean(forests int) (mean, deviation []float64) { return average(s.of[:forests]) }

// average gives the mean and the standard deviation of several curves of one
// length.
func average(of [][]float64) (mean, deviation []float64) {
	mean, deviation = make([]float64, len(of[0])), make([]float64, len(of[0]))
	n := float64(len(of))
	for _, f := range of {
		for c, v := range f {
			mean[c] += v / n
		}
	}
	for c := range mean {
		for _, f := range of {
			d := f[c] - mean[c]
			deviation[c] += d * d / max(n-1, 1)
		}
		deviation[c] = math.Sqrt(deviation[c])
	}
	return mean, deviation
}
