package cluster

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
	return f.words.Like(cols, counts, f.all[row], f.of[row])
}
