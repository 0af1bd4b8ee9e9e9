package rootcause

import (
	"math"

	"plaint/internal/text"
)

// Settings of clustering alone.
const (
	clusterDims   = 200
	clusterStarts = 6
	// manyClusters is from how many clusters on rows are joined with their places in
	// the graph of neighbours: banking77, 77 of them, gains; cfpb_1000, 5 of them,
	// falls from NMI .38 to .18.
	manyClusters = 30
)

// Clustering is a partition of texts.
type Clustering struct {
	Of     []int    // cluster of each text; -1 for one without any known word
	Labels []string // of each cluster
}

// Cluster puts texts into k clusters, or, where k is 0, into as many as there
// are. It is a function of the texts in their order alone.
func Cluster(texts []string, k int) Clustering {
	c := &corpus{names: map[uint64]text.Phrase{}}
	x := text.NewExtractor()
	x.Name = func(h uint64, p text.Phrase) { c.names[h] = p }
	for _, t := range texts {
		c.builder.Add(x.Features(t))
	}
	c.kinds = make([]int32, len(texts))
	var f *fitted
	if k == 0 {
		f = c.fit()
	} else {
		f = c.fitExactly(k)
	}
	out := Clustering{Of: f.of}
	for _, terms := range f.labels(c.names) {
		out.Labels = append(out.Labels, label(terms))
	}
	for i := range out.Of {
		if f.matrix.Start[i] == f.matrix.Start[i+1] {
			out.Of[i] = -1
		}
	}
	return out
}

// fitExactly groups the texts into k themes.
func (c *corpus) fitExactly(k int) *fitted {
	n := c.builder.Rows()
	v := c.builder.Vocabulary(rarest(n), commonest(n))
	f := &fitted{matrix: c.builder.Matrix(v)}
	f.vocabulary = v
	f.basis = text.Reduce(f.matrix, clusterDims, seed)
	f.rows = text.Project(f.matrix, f.basis)
	if k >= manyClusters {
		f.rows = text.Spectral(f.rows, k, max(1, int(math.Sqrt(float64(n)))/2), seed)
	}
	g := text.Group(f.rows, k, clusterStarts, seed)
	f.parts, f.of, f.themes = g.Centroids, g.Of, g.Centroids.Rows
	return f
}
