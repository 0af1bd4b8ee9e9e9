package cluster

import "plaint/internal/text"

// Part is a theme's texts of one language.
type Part struct {
	Terms   []string // phrases that mark it, best first
	Example int      // the text nearest to their mean: a row of the corpus
}

// Theme is texts with one cause.
type Theme struct {
	Parts [Languages]*Part // nil where there is none
	Area  int
}

// Model is the themes of some corpora, and what it takes to give other texts
// theirs.
type Model struct {
	Themes []Theme
	Areas  [][Languages][]string // the phrases that mark each, by language
	Of     [Languages][]int      // theme of each text of the corpora; -1 for one without any known word
	fits   [Languages]*fitted    // nil without texts
	theme  [Languages][]int      // of each group
}

// Fit finds k themes, or, where k is 0, as many as there seem to be.
func Fit(corpora [Languages]*Corpus, k int) *Model {
	m := &Model{}
	for l, c := range corpora {
		if c.Rows() > 0 {
			m.fits[l] = c.fit(k)
		}
	}
	u := unite(corpora, m.fits)
	m.theme = u.of
	if k > 0 && u.themes > k {
		of, n := fewer(u.like, k)
		u.join(of, n)
	}
	of, n := areas(u.like)
	m.Themes, m.Areas = make([]Theme, u.themes), make([][Languages][]string, n)
	for t := range m.Themes {
		m.Themes[t].Area = of[t]
	}
	for l, f := range m.fits {
		if f != nil {
			m.name(l, corpora[l], f.within(u.of[l], u.themes), of)
		}
	}
	return m
}

// name finds words for the themes and areas, and each theme's example.
func (m *Model) name(l int, c *Corpus, g *grouping, area []int) {
	terms, example := c.labels(g), m.fits[l].nearest(g)
	for t, n := range g.sizes() {
		if n > 0 {
			m.Themes[t].Parts[l] = &Part{terms[t], example[t]}
		}
	}
	for a, terms := range c.labels(g.within(area, len(m.Areas))) {
		m.Areas[a][l] = terms
	}
	m.Of[l] = g.of
}

// Like is the share of a fitted text's words that speak for its theme.
func (m *Model) Like(l, row int) float32 {
	f := m.fits[l]
	if f.of[row] < 0 {
		return 0
	}
	cols, counts := f.counts.Row(row)
	return f.words.Like(cols, counts, f.of[row])
}

// Assign gives texts their themes: parts are a text's parts, such as subject and
// body, language its language; put is told the theme and the share of the text's
// words that speak for it, or -1 for a text without any known word. put is called
// by many at once, for each text once.
func (m *Model) Assign(x *Extractors, n int, parts func(i int) (language int, parts []string), put func(i, theme int, like float32)) {
	assigners := make([][Languages]*assigner, len(x.list))
	for w := range assigners {
		for l, f := range m.fits {
			if f != nil {
				assigners[w][l] = &assigner{fitted: f, scores: make([]float32, f.groups)}
			}
		}
	}
	x.each(n, true, func(worker int, e *text.Extractor, i int) {
		l, texts := parts(i)
		a := assigners[worker][l]
		if a == nil || texts == nil {
			return
		}
		t, like := a.assign(e.Features(texts...))
		if t >= 0 {
			t = m.theme[l][t]
		}
		put(i, t, like)
	})
}

// assigner gives texts of one language their group. It is not safe for concurrent
// use.
type assigner struct {
	*fitted
	cols   []int32
	counts []float32
	scores []float32
}

// assign is the group of a text with these features and the share of its words
// that speak for it; -1 if none of them is known.
func (a *assigner) assign(features []text.Feature) (group int, like float32) {
	a.cols, a.counts = a.vocabulary.Words(features, a.cols[:0], a.counts[:0])
	group = a.words.Assign(a.cols, a.counts, a.scores)
	if group < 0 {
		return -1, 0
	}
	return group, a.words.Like(a.cols, a.counts, group)
}
