// Package cluster finds what texts are about: themes in each language, the themes
// of different languages that have one cause, areas above them, and words for
// all. It knows nothing of a store. All of it is a function of the texts in their
// order, on any number of processors.
package cluster

import (
	"cmp"
	"slices"

	"plaint/internal/text"
	"plaint/internal/text/space"
)

// Settings of a fit.
const (
	Seed  = 20260105
	rarer = 1.5 // power of the inverse document frequency in the second weighting

	mostEmpty = 50 // one text in so many may lose all its words for being too rare or too common
)

// The languages that have themes of their own: they share no words.
const (
	Chinese = iota
	Other
	Languages
)

// grouping is a partition of the texts of a corpus.
type grouping struct {
	of     []int // group of each text; -1 for one without any known feature
	groups int
}

// within is the partition whose groups have become parts of others: to is what
// each belongs to, of groups.
func (g *grouping) within(to []int, groups int) *grouping {
	out := &grouping{make([]int, len(g.of)), groups}
	for i, t := range g.of {
		if t < 0 {
			out.of[i] = -1
			continue
		}
		out.of[i] = to[t]
	}
	return out
}

// fitted is what was learnt from one corpus.
type fitted struct {
	grouping
	vocabulary *text.Vocabulary
	words      *space.Words
	matrix     *space.CSR
	counts     *space.CSR
	all        []float32 // words of each text, known or not
	floor      float32   // share of a text's words that must be known for it to have a group
	embedded   bool      // vectors from elsewhere count
}

// Embedded reports in which languages vectors of the texts count. They do not
// where they do not help to tell the texts' words (space.Collection, Embed).
func (m *Model) Embedded() (out [Languages]bool) {
	for l, f := range m.fits {
		out[l] = f != nil && f.embedded
	}
	return out
}

// fit partitions the texts into k groups, or, where k is 0, into as many as there
// seem to be. Groups are numbered by size, largest first.
func (c *Corpus) fit(k int) *fitted {
	n := c.builder.Rows()
	least := rarest(n)
	v := c.builder.Vocabulary(least, commonest(n))
	f := &fitted{vocabulary: v, matrix: c.builder.Matrix(v, 1)}
	if f.matrix.Empty()*mostEmpty > n { // few subjects, each in the same words
		least = 1
		v = c.builder.Vocabulary(least, 1)
		f.vocabulary, f.matrix = v, c.builder.Matrix(v, 1)
	}
	f.counts = c.builder.Counts(v)
	f.all, f.floor = c.known(v, least)
	all := &space.Collection{Even: f.matrix, Rare: c.builder.Matrix(v, rarer), Counts: f.counts}
	if k == 0 {
		k = space.Number(all, Seed)
	}
	f.embedded = len(c.vectors) == n && all.Embed(c.vectors, k, Seed)
	f.of, f.groups = space.Partition(all, k, Seed)
	for i := range f.of {
		if f.matrix.Start[i] == f.matrix.Start[i+1] {
			f.of[i] = -1
		}
	}
	f.order()
	f.words = space.NewWords(f.counts, f.of, f.groups)
	return f
}

// Settings of what fits nowhere.
const (
	strangest = .01 // share of the texts, the strangest of them, that set the measure
	stranger  = .7  // of their known words: who knows fewer still is not one of these texts
)

// known is how many words each text has, and the share of them that another must
// know to be one of these texts. Among a broker's complaints, learnt from two
// thirds of a quarter, it lets all but one in a hundred of the rest in, and keeps
// out most headlines, reviews of shops and questions to a bank.
func (c *Corpus) known(v *text.Vocabulary, least int) (words []float32, floor float32) {
	words, shares := c.builder.Shares(v, least)
	slices.Sort(shares)
	return words, stranger * shares[int(strangest*float64(len(shares)))]
}

// order numbers the groups by size; ties go to the one met first. Groups without
// a text are dropped.
func (g *grouping) order() {
	size, first := make([]int, g.groups), make([]int, g.groups)
	for i, t := range g.of {
		if t < 0 {
			continue
		}
		if size[t] == 0 {
			first[t] = i
		}
		size[t]++
	}
	list := make([]int, 0, g.groups)
	for t, n := range size {
		if n > 0 {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b int) int { return cmp.Or(size[b]-size[a], first[a]-first[b]) })
	place := make([]int, g.groups)
	for p, t := range list {
		place[t] = p
	}
	for i, t := range g.of {
		if t >= 0 {
			g.of[i] = place[t]
		}
	}
	g.groups = len(list)
}

// sizes are the texts of each group.
func (g *grouping) sizes() []int {
	out := make([]int, g.groups)
	for _, t := range g.of {
		if t >= 0 {
			out[t]++
		}
	}
	return out
}

// means are the groups' mean rows of the matrix.
func (f *fitted) means(g *grouping) *space.Dense {
	mean, size := space.NewDense(g.groups, f.matrix.Cols), g.sizes()
	for i, t := range g.of {
		if t < 0 {
			continue
		}
		cols, vals := f.matrix.Row(i)
		row := mean.Row(t)
		for k, c := range cols {
			row[c] += vals[k] / float32(size[t])
		}
	}
	return mean
}

// nearest is, of each group, the text nearest to its mean, -1 if it has none.
func (f *fitted) nearest(g *grouping) []int {
	mean := f.means(g)
	best, most := make([]int, g.groups), make([]float32, g.groups)
	for t := range best {
		best[t] = -1
	}
	for i, t := range g.of {
		if t < 0 {
			continue
		}
		near := float32(0)
		cols, vals := f.matrix.Row(i)
		for k, c := range cols {
			near += mean.Row(t)[c] * vals[k]
		}
		if best[t] < 0 || near > most[t] {
			best[t], most[t] = i, near
		}
	}
	return best
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
