package rootcause

import (
	"math"

	"plaint/internal/text"
)

// Settings of a fit. They were chosen on simulated brokers by agreement with
// the true causes; analysis/testdata/scoreboard.txt holds the figures.
const (
	fitTexts  = 30000 // texts a language's model is fitted on; the rest is assigned
	dims      = 150
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
	kinds   []int32                // type of each text
}

// fitted is a model and where the corpus's texts fell.
type fitted struct {
	model
	matrix *text.CSR
	rows   *text.Dense // of unit length, smoothed
	of     []int       // theme of each text
}

// fit reduces the texts, draws each towards its neighbours, over-segments them
// and merges what is not apart.
func (c *corpus) fit() *fitted {
	n := c.builder.Rows()
	v := c.builder.Vocabulary(rarest(n), commonest(n))
	m := c.builder.Matrix(v)
	f := &fitted{matrix: m}
	f.vocabulary = v
	f.basis = text.Reduce(m, dims, seed)
	f.rows = text.Smooth(text.Project(m, f.basis), parts(n), seed)
	g := text.Group(f.rows, parts(n), starts, seed)
	f.parts = g.Centroids
	f.themeOf, f.themes = merge(f.rows, g, c.kinds, smallest(n))
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

// commonest is the share of texts above which a feature is left out. Among few
// texts half may well be on one subject.
func commonest(n int) float64 {
	if n < 200 {
		return 1
	}
	return .4
}

// parts is the number of groups before merging: more than there can be themes.
func parts(n int) int { return max(1, min(int(math.Sqrt(float64(n))), mostParts, n/5)) }

// smallest is the size below which a theme joins its nearest neighbour.
func smallest(n int) int { return max(3, n/400) }

// alike is the mean similarity between two groups' texts, relative to that
// within them, above which they are one theme. Where complaints carry types,
// it is lower for groups of the same types and higher for others.
const (
	alike      = .55
	alikeTypes = .40
	otherTypes = .75
)

// blend is the state of the merging of groups.
type blend struct {
	sum   *text.Dense // of the members' rows
	kinds *text.Dense // how many members have each type; no columns if types say nothing
	size  []float64
	owner []int // the group each group has become part of
}

// merge joins groups by average linkage, the most alike first, until no two
// are alike and none is too small. It returns the theme of each group; themes
// are numbered by size, largest first.
func merge(rows *text.Dense, g *text.Grouping, kinds []int32, least int) (themeOf []int, themes int) {
	k := g.Centroids.Rows
	b := &blend{sum: text.NewDense(k, rows.Cols), kinds: text.NewDense(k, informative(kinds)), size: make([]float64, k), owner: make([]int, k)}
	for c := range k {
		b.owner[c] = c
	}
	for i, c := range g.Of {
		b.size[c]++
		add(b.sum.Row(c), rows.Row(i))
		if b.kinds.Cols > 0 {
			b.kinds.Row(c)[kinds[i]]++
		}
	}
	for {
		into, from := b.closest(least)
		if into < 0 {
			return b.numbered()
		}
		add(b.sum.Row(into), b.sum.Row(from))
		add(b.kinds.Row(into), b.kinds.Row(from))
		b.size[into] += b.size[from]
		b.size[from] = 0
		for c, o := range b.owner {
			if o == from {
				b.owner[c] = into
			}
		}
	}
}

func add(to, v []float64) {
	for j, x := range v {
		to[j] += x
	}
}

// within is the mean similarity of two different members of a group.
func (b *blend) within(c int) float64 {
	n, row := b.size[c], b.sum.Row(c)
	if n < 2 {
		return 1
	}
	return max((text.Dot(row, row)-n)/(n*(n-1)), 1e-9)
}

// informative is the number of types, 0 if nine in ten texts are of one type.
func informative(kinds []int32) int {
	n := make([]int, 1)
	for _, k := range kinds {
		for int(k) >= len(n) {
			n = append(n, 0)
		}
		n[k]++
	}
	if n[most(n)]*10 >= len(kinds)*9 {
		return 0
	}
	return len(n)
}

// needed is how alike two groups must be to be one theme.
func (b *blend) needed(x, y int) float64 {
	if b.kinds.Cols == 0 {
		return alike
	}
	p, q := b.kinds.Row(x), b.kinds.Row(y)
	same := text.Dot(p, q) / math.Sqrt(text.Dot(p, p)*text.Dot(q, q))
	return otherTypes - (otherTypes-alikeTypes)*same
}

// closest finds the pair to be joined next, -1 if there is none.
func (b *blend) closest(least int) (into, from int) {
	into, from = -1, -1
	most := math.Inf(-1)
	own := make([]float64, len(b.size))
	for c := range own {
		own[c] = b.within(c)
	}
	for x := range b.size {
		for y := range x {
			if b.size[x] == 0 || b.size[y] == 0 {
				continue
			}
			s := text.Dot(b.sum.Row(x), b.sum.Row(y)) / (b.size[x] * b.size[y] * math.Sqrt(own[x]*own[y]))
			small := min(b.size[x], b.size[y]) < float64(least)
			if s > most && (s > b.needed(x, y) || small) {
				into, from, most = y, x, s
			}
		}
	}
	return into, from
}

func (b *blend) numbered() ([]int, int) {
	number, themes := make([]int, len(b.size)), 0
	for done := make([]bool, len(b.size)); ; themes++ {
		largest := -1
		for c, n := range b.size {
			if n > 0 && !done[c] && (largest < 0 || n > b.size[largest]) {
				largest = c
			}
		}
		if largest < 0 {
			break
		}
		done[largest], number[largest] = true, themes
	}
	themeOf := make([]int, len(b.owner))
	for c, o := range b.owner {
		themeOf[c] = number[o]
	}
	return themeOf, themes
}
