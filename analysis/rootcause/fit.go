package rootcause

import (
	"cmp"
	"slices"

	"plaint/internal/text"
	"plaint/internal/text/space"
)

// Settings of a fit.
const (
	fitTexts = 30000 // texts a language's model is fitted on; the rest is assigned
	seed     = 20260105
	rarer    = 1.5 // power of the inverse document frequency in the second weighting
)

// model is what was learnt from the texts of one language.
type model struct {
	vocabulary *text.Vocabulary
	words      *space.Words
	themes     int
}

// corpus is the texts a model is fitted on.
type corpus struct {
	builder text.Builder
	names   map[uint64]text.Phrase // of words and pairs
}

// add appends n texts, each of one or more parts. kind gives a text's type, "" for
// none; a type is a feature like others. It may be nil.
func (c *corpus) add(extractors []*text.Extractor, n int, parts func(i int) []string, kind func(i int) string) {
	names := make([]map[uint64]text.Phrase, len(extractors))
	for i, x := range extractors {
		names[i] = map[uint64]text.Phrase{}
		x.OnlyWords, x.Name = false, func(h uint64, p text.Phrase) { names[i][h] = p }
	}
	features := make([][]text.Feature, n)
	inParallel(extractors, n, func(x *text.Extractor, i int) {
		features[i] = append(features[i], x.Features(parts(i)...)...)
		if kind != nil {
			features[i] = text.AddKind(features[i], kind(i))
		}
	})
	for _, f := range features {
		c.builder.Add(f)
	}
	for i, x := range extractors {
		x.Name = nil
		for h, p := range names[i] {
			c.names[h] = p
		}
	}
}

// fitted is a model and where the corpus's texts fell.
type fitted struct {
	model
	matrix *space.CSR
	counts *space.CSR
	of     []int // theme of each text; -1 for one without any known feature
}

// fit partitions the texts into k themes, or, where k is 0, into as many as there
// seem to be. Themes are numbered by size, largest first.
func (c *corpus) fit(k int) *fitted {
	n := c.builder.Rows()
	v := c.builder.Vocabulary(rarest(n), commonest(n))
	f := &fitted{matrix: c.builder.Matrix(v, 1), counts: c.builder.Counts(v)}
	f.vocabulary = v
	all := &space.Collection{Even: f.matrix, Rare: c.builder.Matrix(v, rarer), Counts: f.counts}
	if k == 0 {
		k = space.Number(all, seed)
	}
	f.of, f.themes = space.Partition(all, k, seed)
	for i := range f.of {
		if f.matrix.Start[i] == f.matrix.Start[i+1] {
			f.of[i] = -1
		}
	}
	f.order()
	f.words = space.NewWords(f.counts, f.of, f.themes)
	return f
}

// order numbers the themes by size; ties go to the one met first. Themes without
// a text are dropped.
func (f *fitted) order() {
	size, first := make([]int, f.themes), make([]int, f.themes)
	for i, t := range f.of {
		if t < 0 {
			continue
		}
		if size[t] == 0 {
			first[t] = i
		}
		size[t]++
	}
	list := make([]int, 0, f.themes)
	for t, n := range size {
		if n > 0 {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b int) int { return cmp.Or(size[b]-size[a], first[a]-first[b]) })
	place := make([]int, f.themes)
	for p, t := range list {
		place[t] = p
	}
	for i, t := range f.of {
		if t >= 0 {
			f.of[i] = place[t]
		}
	}
	f.themes = len(list)
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

// assigner gives new texts their theme. It is not safe for concurrent use.
type assigner struct {
	*model
	cols   []int32
	counts []float32
	scores []float32
}

func (m *model) assigner() *assigner {
	return &assigner{model: m, scores: make([]float32, m.themes)}
}

// assign is the theme of a text with these features and the share of its words
// that speak for it; -1 if none of them is known.
func (a *assigner) assign(features []text.Feature) (theme int, like float32) {
	a.cols, a.counts = a.vocabulary.Words(features, a.cols[:0], a.counts[:0])
	theme = a.words.Assign(a.cols, a.counts, a.scores)
	if theme < 0 {
		return -1, 0
	}
	return theme, a.words.Like(a.cols, a.counts, theme)
}
