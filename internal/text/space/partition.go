package space

import (
	"math"
	"slices"
)

// Collection is the features of a collection of texts in three forms, rows in
// the same order.
type Collection struct {
	Even   *CSR // TF-IDF, rows at unit length
	Rare   *CSR // the same with rarer features weighing more
	Counts *CSR // counts of words

	even, rare *view
	part       *Collection // of some of its rows, in which groups are found
	plain      *Collection // without vectors; nil where none were given
	near       *Dense      // vectors from elsewhere, reduced; nil where there are none
}

// some is the collection of most rows at equal distances, or of all.
func (c *Collection) some(most int) *Collection {
	n := c.Even.Rows
	if n <= most {
		return c
	}
	if c.part == nil || c.part.Even.Rows != most {
		rows := sample(n, most)
		c.part = &Collection{Even: c.Even.Pick(rows), Rare: c.Rare.Pick(rows), Counts: c.Counts.Pick(rows)}
		if c.near != nil {
			c.part.near = c.near.pick(rows)
		}
	}
	return c.part
}

// view is one weighting of the features and what was made of it.
type view struct {
	features *CSR
	seed     uint64
	reduced  *Dense // to the fine space
	graph    *CSR   // of neighbours
	deep     *Dense // places in the graph
}

func (c *Collection) newView(m *CSR, seed uint64) *view {
	return &view{features: m, seed: seed, reduced: c.joined(Reduce(m, fine, seed))}
}

// ofEven and ofRare make each view once: to count the groups and to find them
// takes the same.
func (c *Collection) ofEven(seed uint64) *view {
	if c.even == nil || c.even.seed != seed {
		c.even = c.newView(c.Even, seed)
	}
	return c.even
}

func (c *Collection) ofRare(seed uint64) *view {
	if c.rare == nil || c.rare.seed != seed {
		c.rare = c.newView(c.Rare, seed)
	}
	return c.rare
}

// neighbourhood is the graph of neighbours.
func (v *view) neighbourhood() *CSR {
	if v.graph == nil {
		v.graph = adjacency(neighbours(v.features, v.reduced.first(coarse), v.reduced.first(fine), v.seed))
	}
	return v.graph
}

// places are the k first places of each row in the graph.
func (v *view) places(k int) *Dense {
	if graph := v.neighbourhood(); v.deep == nil || v.deep.Cols < min(k, graph.Rows) {
		v.deep = places(graph.normalised(), k, v.seed)
	}
	return v.deep.first(k)
}

// Settings of a partition.
const (
	fine      = 200 // dimensions of the fine space
	middle    = 100
	coarse    = 50
	starts    = 4      // k-means of each view
	mostRows  = 16000  // that are partitioned by likeness
	someRows  = 6000   // where there are more than that, the rest follows its words
	perGroup  = 150    // but at least so many for each group
	rowGroups = 500000 // rows times groups that all starts of a view may have

	leastStarts = 4 // k-means of each view; more where they cost little
	mostStarts  = 24
)

// Partition divides the texts into at most k groups and gives each text's.
//
// Method: partitions of several views (two weightings, three depths of the
// reduced space, the graph of neighbours), each by k-means from random starts.
// None of the views is best everywhere, and single runs differ by ten points of
// agreement; those that tell the most of the features are kept, and their
// consensus is refined by the words.
func Partition(c *Collection, k int, seed uint64) (of []int, groups int) {
	n := c.Even.Rows
	k = min(k, n)
	if k <= 1 {
		return make([]int, n), min(k, n)
	}
	rows := n
	if n > mostRows {
		rows = min(max(someRows, perGroup*k), mostRows)
	}
	part := c.some(rows)
	g := part.views(k, seed)
	part.refine(g.Of, g.Centroids.Rows)
	of, groups = g.Of, g.Centroids.Rows
	if rows < n {
		of = make([]int, n)
		NewWords(part.Counts, g.Of, groups).all(c.Counts, of)
		c.refine(of, groups)
	}
	_, groups = compact(of, groups)
	return of, groups
}

// clearer is how much more of the words groups must tell for being refined by all
// features without each text's own.
const clearer = 1.02

// refineByWords refines by the words, or, where the groups then tell more of the
// words, by all features without each text's own. They do for headlines and
// letters, whose agreement with the truth gains up to eight points; they do not for
// questions of a few words on narrow subjects, where the graph of neighbours knows
// better than any word and moves too many would follow chance.
func (c *Collection) refineByWords(of []int, groups int) {
	other := slices.Clone(of)
	refine(c.Counts, of, groups)
	exchange(c.Even, other, groups)
	words := c.Counts.Transpose()
	if Information(words, other, groups) >= clearer*Information(words, of, groups) {
		copy(of, other)
	}
}

// sample is most of n rows at equal distances.
func sample(n, most int) []int {
	m := min(n, most)
	rows := make([]int, m)
	for i := range rows {
		rows[i] = int(int64(i) * int64(n) / int64(m))
	}
	return rows
}

// views is the consensus of the best partitions of all views.
func (c *Collection) views(k int, seed uint64) *Grouping {
	features := c.Even.Transpose()
	starts := uint64(min(max(rowGroups/(c.Even.Rows*k), leastStarts), mostStarts))
	type run struct {
		rows *Dense
		seed uint64
	}
	var runs []run
	of := func(rows *Dense, at uint64) {
		for s := range starts {
			runs = append(runs, run{rows, seed + at*starts + s})
		}
	}
	together(2, func(i int) { []func(uint64) *view{c.ofEven, c.ofRare}[i](seed).places(k) })
	for n, v := range []*view{c.ofEven(seed), c.ofRare(seed)} {
		at := uint64(n) * 8
		of(beside(v.reduced.first(fine), v.places(k)), at+3)
		if k < manyGroups {
			of(v.reduced.first(coarse), at)
			of(v.reduced.first(middle), at+1)
		}
		of(v.reduced.first(fine), at+2)
	}
	all := make([]candidate, len(runs))
	together(len(runs), func(i int) {
		g := Group(runs[i].rows, k, 1, runs[i].seed)
		all[i] = candidate{g.Of, g.Centroids.Rows, Information(features, g.Of, g.Centroids.Rows)}
	})
	return consensus(best(all), k, seed)
}

// manyGroups is from how many groups on the coarser views are left out: they
// were never among the best there and take as long.
const manyGroups = 40

// Number estimates how many groups there are.
//
// Method: the number, of a geometric row, at which k-means in the fine space
// and the graph has the largest modularity (Newman, Girvan 2004) at resolution
// two (Reichardt, Bornholdt 2006): at one, subjects fall together. Vectors from
// elsewhere do not count here: they make the graph smoother, and half as many
// groups are found.
func Number(c *Collection, seed uint64) int {
	const step, resolution, least, beyond = 1.15, 2, 3, 10
	c = c.withoutVectors().some(someRows)
	n := c.Even.Rows
	limit := int(2.6 * math.Sqrt(float64(n)))
	limit = min(limit, n/least)
	if limit < 2 {
		return 1
	}
	v := c.ofEven(seed)
	graph, near := v.neighbourhood(), v.reduced.first(fine)
	v.places(limit)
	number, largest := 1, 1-float64(resolution) // of one group
	for k := 2; k <= min(limit, 2*number+beyond); k = max(k+1, int(float64(k)*step)) {
		g := Group(beside(near, v.places(k)), k, 1, seed)
		if q := modularity(graph, g.Of, g.Centroids.Rows, resolution); q > largest {
			number, largest = k, q
		}
	}
	return number
}

// modularity is the share of edges within groups less what chance would put
// there, times resolution.
func modularity(graph *CSR, of []int, groups int, resolution float64) float64 {
	inside, all := 0.0, 0.0
	degree := make([]float64, groups)
	for i, d := range graph.degrees() {
		degree[of[i]] += d
		all += d
		cols, vals := graph.Row(i)
		for k, j := range cols {
			if of[j] == of[i] {
				inside += float64(vals[k])
			}
		}
	}
	if all == 0 {
		return 0
	}
	q := inside / all
	for _, d := range degree {
		q -= resolution * (d / all) * (d / all)
	}
	return q
}
