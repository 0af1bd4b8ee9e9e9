package rootcause

import (
	"math"
	"slices"

	"plaint/internal/text"
)

// Limits of a fit.
const (
	fitTexts  = 30000 // texts a language's model is fitted on; the rest is assigned
	dims      = 100
	maxShare  = .4 // features in a larger share of the texts are left out
	mostParts = 90 // groups before merging
	starts    = 3
	seed      = 20260105
)

// model is what was learnt from the texts of one language.
type model struct {
	vocabulary *text.Vocabulary
	basis      *text.Dense
	parts      *text.Dense // centroids before merging, of unit length
	themeOf    []int       // theme of each part
	themes     int
}

// corpus is the texts a model is fitted on.
type corpus struct {
	builder text.Builder
	names   map[uint64]text.Phrase // of words and pairs
}

// fitted is a model and where the corpus's texts fell.
type fitted struct {
	model
	matrix *text.CSR
	rows   *text.Dense
	of     []int // theme of each text
}

// fit over-segments the texts and merges what is not apart.
func (c *corpus) fit() *fitted {
	n := c.builder.Rows()
	v := c.builder.Vocabulary(rarest(n), maxShare)
	m := c.builder.Matrix(v)
	f := &fitted{matrix: m}
	f.vocabulary = v
	f.basis = text.Reduce(m, dims, seed)
	f.rows = text.Project(m, f.basis)
	g := text.Group(f.rows, parts(n), starts, seed)
	f.parts = g.Centroids
	f.themeOf, f.themes = merge(f.rows, g, smallest(n))
	f.of = make([]int, n)
	for i, p := range g.Of {
		f.of[i] = f.themeOf[p]
	}
	return f
}

func rarest(n int) int {
	switch {
	case n < 50:
		return 1
	case n < 1000:
		return 2
	case n < 10000:
		return 3
	}
	return 5
}

// parts is the number of groups before merging: more than there can be themes.
func parts(n int) int { return max(1, min(int(math.Sqrt(float64(n))), mostParts, n/5)) }

// smallest is the size below which a theme joins its nearest neighbour.
func smallest(n int) int { return max(3, n/400) }

// pair is two groups that may be one.
type pair struct {
	a, b  int
	apart float64
}

// apartEnough is the gap between two groups along the line through their
// centroids, in standard deviations within the groups. Two halves of one
// round group lie 2.65 apart (means ±0.80, deviation 0.60).
const apartEnough = 3.6

// merge joins groups, the least separated first, until all are apart enough
// and large enough. It returns the theme of each group, numbered by size.
func merge(rows *text.Dense, g *text.Grouping, least int) (themeOf []int, themes int) {
	k := g.Centroids.Rows
	owner := make([]int, k)
	members := make([][]int, k)
	for c := range owner {
		owner[c] = c
	}
	for i, c := range g.Of {
		members[c] = append(members[c], i)
	}
	centre := text.NewDense(k, rows.Cols)
	copy(centre.Data, g.Centroids.Data)
	gap := make([][]float64, k)
	for a := range k {
		gap[a] = make([]float64, k)
		for b := range a {
			gap[a][b] = apart(rows, members[a], members[b], centre.Row(a), centre.Row(b))
		}
	}
	for {
		p, ok := closest(gap, members, least)
		if !ok {
			break
		}
		join(rows, members, centre, p)
		for c, o := range owner {
			if o == p.b {
				owner[c] = p.a
			}
		}
		for o := range k {
			if o == p.a || len(members[o]) == 0 {
				continue
			}
			hi, lo := max(o, p.a), min(o, p.a)
			gap[hi][lo] = apart(rows, members[hi], members[lo], centre.Row(hi), centre.Row(lo))
		}
	}
	return numbered(owner, members)
}

// closest finds the pair to be merged next: any pair that is not apart
// enough, or the nearest neighbour of a group that is too small.
func closest(gap [][]float64, members [][]int, least int) (pair, bool) {
	best := pair{apart: math.Inf(1)}
	for a := range gap {
		for b := range a {
			if len(members[a]) == 0 || len(members[b]) == 0 {
				continue
			}
			d := gap[a][b]
			small := len(members[a]) < least || len(members[b]) < least
			if d < best.apart && (small || d < apartEnough) {
				best = pair{b, a, d}
			}
		}
	}
	return best, !math.IsInf(best.apart, 1)
}

func join(rows *text.Dense, members [][]int, centre *text.Dense, p pair) {
	members[p.a] = append(members[p.a], members[p.b]...)
	slices.Sort(members[p.a])
	members[p.b] = nil
	to := centre.Row(p.a)
	clear(to)
	for _, i := range members[p.a] {
		for j, v := range rows.Row(i) {
			to[j] += v
		}
	}
	text.Normalize(to)
}

// apart is the distance of two groups' means along the line through their
// centroids, in pooled standard deviations.
func apart(rows *text.Dense, a, b []int, ca, cb []float64) float64 {
	axis := make([]float64, len(ca))
	for j := range axis {
		axis[j] = ca[j] - cb[j]
	}
	ma, va := along(rows, a, axis)
	mb, vb := along(rows, b, axis)
	n := float64(len(a) + len(b))
	if n < 3 {
		return 0
	}
	within := (va + vb) / (n - 2)
	if within <= 0 {
		return math.Inf(1)
	}
	return math.Abs(ma-mb) / math.Sqrt(within)
}

// along is the mean of the members on an axis and their sum of squares around it.
func along(rows *text.Dense, members []int, axis []float64) (mean, squares float64) {
	const enough = 2000 // an even sample says as much
	step := max(1, len(members)/enough)
	n := 0.0
	for k := 0; k < len(members); k += step {
		x := text.Dot(rows.Row(members[k]), axis)
		n++
		d := x - mean
		mean += d / n
		squares += d * (x - mean)
	}
	return mean, squares * float64(len(members)) / max(n, 1)
}

// numbered numbers the surviving groups by size, largest first.
func numbered(owner []int, members [][]int) ([]int, int) {
	var alive []int
	for c := range members {
		if len(members[c]) > 0 {
			alive = append(alive, c)
		}
	}
	slices.SortStableFunc(alive, func(a, b int) int { return len(members[b]) - len(members[a]) })
	number := make([]int, len(owner))
	for n, c := range alive {
		number[c] = n
	}
	themeOf := make([]int, len(owner))
	for c, o := range owner {
		themeOf[c] = number[o]
	}
	return themeOf, len(alive)
}
