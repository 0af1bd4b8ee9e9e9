package boost

import (
	"math"
	"math/rand/v2"
	"slices"

	"plaint/scoring/feature"
)

// Shape is what forests may look like. Steps, shares and stopping are the same for
// all (see the constants).
type Shape struct {
	Forests int                 // that are averaged
	Leaves  int                 // most of a tree
	Depth   int                 // most cuts between root and leaf
	Share   float64             // of the features that a tree may look at
	Bins    int                 // most of a feature
	Pairs   bool                // no more than two features on the way to any leaf, and one held monotone alone
	Allowed func(a, b int) bool // with Pairs: which two may meet; nil: any
	Quick   bool                // bigger steps, fewer trees: for a first look
	Trees   int                 // so many, without looking at held rows; 0: as many as help
	Seed    uint64
}

// Challenger is the shape of trees without a limit to what may meet.
func Challenger(seed uint64) Shape {
	return Shape{Forests: 6, Leaves: 31, Depth: 6, Share: .3, Bins: 64, Seed: seed}
}

// Settings that are one for all tables.
const (
	slow          = .05 // of what a tree finds, that much is taken; more where many rows say it
	fast          = .2
	slowRows      = 6000 // rows up to which it is slow; from there it grows with their root
	ridge         = 5    // added to the weight of a leaf
	leafRows      = 20   // fewest rows of a leaf
	rowShare      = .7   // of the rows a tree is grown on
	leastFeatures = 6    // that a tree may look at
	maxTrees      = 1200
	patience      = 50      // trees without progress before it ends
	held          = .15     // share of the rows that end a forest
	forestRows    = 300_000 // most rows of a forest: it learns nothing from more of them that the next does not see
)

// Data is a binned table with its truth, for several trainings.
type Data struct {
	Bins  []feature.Bins
	Cells [][]uint8 // by feature and row of the table
	Bad   []float32 // 1 for a bad row, 0 for a good one
	Rows  []int32   // to learn from; both kinds are among them
	Valid []int32   // that decide when to stop
	Later bool      // Valid alone decides, as it lies behind Rows in time; else also rows that a forest holds out
}

// Bin prepares a table. rows are those to learn from and valid those that decide
// when to stop, which may be none.
func Bin(t *feature.Table, bad []float32, rows, valid []int32, bins int) *Data {
	d := &Data{Bad: bad, Rows: rows, Valid: valid, Bins: make([]feature.Bins, len(t.Columns)), Cells: make([][]uint8, len(t.Columns))}
	feature.Parallel(len(t.Columns), func(j int) {
		d.Bins[j] = feature.Fit(&t.Columns[j], rows, bad, bins)
		d.Cells[j] = d.Bins[j].Bin(&t.Columns[j])
	})
	return d
}

// Train grows the forests of a shape. The same input gives the same model on any
// number of processors.
func (d *Data) Train(s Shape) *Model {
	m := &Model{Bins: d.Bins, Forests: make([]Forest, s.Forests)}
	feature.Parallel(s.Forests, func(k int) {
		random := rand.New(rand.NewPCG(s.Seed, uint64(k)))
		in, out := d.part(random)
		m.Forests[k] = newWork(d, &s, in, random).grow(out)
	})
	return m
}

// part draws the rows a forest learns from and those that end it.
func (d *Data) part(random *rand.Rand) (in, out []int32) {
	all := slices.Clone(d.Rows)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if d.Later {
		return sorted(all[:min(int((1-held)*float64(len(all))), forestRows)]), d.Valid
	}
	n := min(len(all)-max(1, int(held*float64(len(all)))), forestRows)
	in, out = all[:n], all[n:min(len(all), n+max(1, int(held*float64(n))))]
	out = append(slices.Clone(out), d.Valid...)
	return sorted(in), sorted(out)
}

func sorted(rows []int32) []int32 {
	slices.Sort(rows)
	return rows
}

// grow adds trees until the held rows gain nothing more.
func (w *work) grow(out []int32) Forest {
	in, bad := w.rows, w.d.Bad
	f := Forest{Base: LogOdds(in, bad)}
	heldScore := make([]float64, len(out))
	for i := range heldScore {
		heldScore[i] = f.Base
	}
	for _, r := range in {
		w.score[r] = f.Base
	}
	least, best := loss(out, bad, heldScore), 0
	for len(f.Trees) < w.most() && (w.shape.Trees > 0 || len(f.Trees)-best < patience) {
		for _, r := range in {
			p := 1 / (1 + math.Exp(-w.score[r]))
			w.g[r], w.h[r] = float32(float64(bad[r])-p), float32(p*(1-p))
		}
		t := w.tree()
		for _, r := range w.rest {
			w.score[r] += t.value(w.d.Cells, r)
		}
		for i, r := range out {
			heldScore[i] += t.value(w.d.Cells, r)
		}
		f.Trees = append(f.Trees, t)
		if w.shape.Trees > 0 {
			best = len(f.Trees)
		} else if l := loss(out, bad, heldScore); l < least-1e-7 {
			least, best = l, len(f.Trees)
		}
	}
	f.Trees = f.Trees[:best]
	return f
}

// rate of learning: the more rows there are, the less noise is in what a tree finds,
// and the fewer and larger steps do as well.
func rate(s *Shape, rows int) float64 {
	r := max(slow, min(fast, slow*math.Sqrt(float64(rows)/slowRows)))
	if s.Quick {
		r = max(r, min(fast, 2*r))
	}
	return r
}

// most trees of a forest.
func (w *work) most() int {
	if w.shape.Trees > 0 {
		return w.shape.Trees
	}
	return maxTrees
}

// Trees is the mean number of trees of a forest, at least one.
func (m *Model) Trees() int {
	n := 0
	for _, f := range m.Forests {
		n += len(f.Trees)
	}
	return max(1, n/len(m.Forests))
}

// LogOdds of the share of bad rows, never infinite.
func LogOdds(rows []int32, bad []float32) float64 {
	s := 0.
	for _, r := range rows {
		s += float64(bad[r])
	}
	p := (s + .5) / (float64(len(rows)) + 1)
	return math.Log(p / (1 - p))
}

// loss is the mean log loss.
func loss(rows []int32, bad []float32, score []float64) float64 {
	l := 0.
	for i, f := range score {
		if bad[rows[i]] > 0 {
			f = -f
		}
		l += max(f, 0) + math.Log1p(math.Exp(-math.Abs(f)))
	}
	return l / float64(len(score))
}
