package rootcause

import "plaint/internal/text"

// labTexts are the texts that clusters are found among; others are assigned.
const labTexts = 24000

// Clustering is a partition of texts.
type Clustering struct {
	Of     []int    // cluster of each text; -1 for one without any known word
	Labels []string // of each cluster
}

// Cluster puts texts into k clusters, or, where k is 0, into as many as there
// seem to be. words is nil for the program's own lexicon. It is a function of the
// texts in their order alone.
func Cluster(texts []string, k int, words *text.Lexicon) Clustering {
	x := newExtractors(words)
	c := &corpus{names: map[uint64]text.Phrase{}}
	rows := spread(len(texts), labTexts)
	for from := 0; from < len(rows); from += readRows {
		chunk := rows[from:min(from+readRows, len(rows))]
		c.add(x, len(chunk), func(i int) []string { return texts[chunk[i] : chunk[i]+1] }, nil)
	}
	f := c.fit(k)
	out := Clustering{Of: make([]int, len(texts))}
	for _, terms := range f.labels(c.names) {
		out.Labels = append(out.Labels, label(terms))
	}
	assignAll(x, &f.model, texts, out.Of)
	for i, row := range rows {
		out.Of[row] = f.of[i]
	}
	return out
}

// spread is most of n rows at equal distances.
func spread(n, most int) []int {
	rows := make([]int, min(n, most))
	for i := range rows {
		rows[i] = int(int64(i) * int64(n) / int64(len(rows)))
	}
	return rows
}

// assignAll gives each text its cluster.
func assignAll(x []*text.Extractor, m *model, texts []string, of []int) {
	assigners := map[*text.Extractor]*assigner{}
	for _, e := range x {
		e.OnlyWords, e.Name = true, nil
		assigners[e] = m.assigner()
	}
	inParallel(x, len(texts), func(e *text.Extractor, i int) {
		of[i], _ = assigners[e].assign(e.Features(texts[i]))
	})
}
