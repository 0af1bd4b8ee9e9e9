package cluster

import "plaint/internal/text"

// Settings of clusters of a file.
const (
	labTexts = 24000 // texts of a language that clusters are found among; others are assigned
	readRows = 16384 // texts whose features are held at a time
	apartMin = 100   // texts of a language that have clusters of their own
	apartMax = 1000  // clusters up to which languages are told apart
)

// Clustering is a partition of texts.
type Clustering struct {
	Of     []int    // cluster of each text; -1 for one without any known word
	Labels []string // of each cluster

	Embedded [Languages]bool // in which languages vectors count
}

// Vectors makes vectors of texts, in their order, all of one length; nil for a
// text that has none.
type Vectors func(texts []string) ([][]float32, error)

// Texts puts texts into k clusters, or, where k is 0, into as many as there
// seem to be. Where there are Chinese texts and others, each language is clustered
// apart, and clusters with one cause are one. words is nil for the program's own
// lexicon. It is a function of the texts in their order alone.
func Texts(texts []string, k int, words *text.Lexicon) Clustering {
	out, _ := TextsBy(texts, k, words, nil) // only vectors can fail
	return out
}

// TextsBy is Texts with vectors of the texts that clusters are found among; nil
// is none. The error is that of vectors.
func TextsBy(texts []string, k int, words *text.Lexicon, vectors Vectors) (Clustering, error) {
	x := NewExtractors(words)
	language, rows := languages(texts, k)
	corpora := NewCorpora(x)
	var of [Languages][]int
	for l := range rows {
		for _, i := range spread(len(rows[l]), labTexts) {
			of[l] = append(of[l], rows[l][i])
		}
		for from := 0; from < len(of[l]); from += readRows {
			chunk := of[l][from:min(from+readRows, len(of[l]))]
			s := Source{Rows: len(chunk), Parts: func(i int) []string { return texts[chunk[i] : chunk[i]+1] }}
			if err := s.take(vectors); err != nil {
				return Clustering{}, err
			}
			corpora[l].Add(x, s)
		}
	}
	m := Fit(corpora, k)
	out := Clustering{Of: make([]int, len(texts)), Labels: m.labels(), Embedded: m.Embedded()}
	m.Assigner().Assign(x, len(texts), func(i int) (int, []string) { return language[i], texts[i : i+1] },
		func(i int, t int64, _ float32) { out.Of[i] = int(t) })
	for l := range of {
		for i, row := range of[l] {
			out.Of[row] = m.Of[l][i]
		}
	}
	return out, nil
}

// take asks for the vectors of texts of one part each.
func (s *Source) take(vectors Vectors) error {
	if vectors == nil {
		return nil
	}
	texts := make([]string, s.Rows)
	for i := range texts {
		texts[i] = s.Parts(i)[0]
	}
	list, err := vectors(texts)
	if err == nil {
		s.Vector = func(i int) []float32 { return list[i] }
	}
	return err
}

// labels name each theme in the language of most of its texts.
func (m *Model) labels() []string {
	var n [Languages][]int
	for l := range m.Of {
		n[l] = make([]int, len(m.Themes))
		for _, t := range m.Of[l] {
			if t >= 0 {
				n[l][t]++
			}
		}
	}
	out := make([]string, len(m.Themes))
	for t := range out {
		l := Chinese
		if n[Other][t] > n[Chinese][t] {
			l = Other
		}
		if p := m.Themes[t].Parts[l]; p != nil {
			out[t] = Label(p.Terms)
		}
	}
	return out
}

// languages tells Chinese texts from others, where there are enough of both.
func languages(texts []string, k int) (of []int, rows [Languages][]int) {
	of = make([]int, len(texts))
	for i, s := range texts {
		of[i] = Other
		if text.Language(s) == "zh" {
			of[i] = Chinese
		}
		rows[of[i]] = append(rows[of[i]], i)
	}
	if len(rows[Chinese]) >= apartMin && len(rows[Other]) >= apartMin && k <= apartMax {
		return of, rows
	}
	rows = [Languages][]int{}
	for i := range of {
		of[i] = Other
		rows[Other] = append(rows[Other], i)
	}
	return of, rows
}

// spread is most of n rows at equal distances.
func spread(n, most int) []int {
	rows := make([]int, min(n, most))
	for i := range rows {
		rows[i] = int(int64(i) * int64(n) / int64(len(rows)))
	}
	return rows
}
