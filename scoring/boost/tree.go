package boost

import (
	"math"
	"math/rand/v2"
	"slices"
)

// work is what a forest needs while it grows.
type work struct {
	d      *Data
	shape  *Shape
	rate   float64
	random *rand.Rand
	rows   []int32   // all of the forest
	g, h   []float32 // gradient (truth less probability) and its weight, by row of the table
	order  []int32   // rows of the tree, those of a node side by side
	rest   []int32   // rows of the forest that are not of the tree
	score  []float64
	spare  []int32
	near   [][2]float32 // g and h of a node's rows
	looked []int        // features this tree may look at
	free   [][]bin
}

// bin is a cell of a histogram.
type bin struct{ g, h, n float64 }

func (b bin) plus(x bin) bin { return bin{b.g + x.g, b.h + x.h, b.n + x.n} }
func (b bin) less(x bin) bin { return bin{b.g - x.g, b.h - x.h, b.n - x.n} }

// open is a node that may still be cut.
type open struct {
	at, depth int
	from, to  int   // its rows in order
	hist      []bin // of the looked at features, one after the other
	sum       bin
	path      [2]int  // features on the way to it, from 1; with Pairs
	low, high float64 // between which its value must be, for features held monotone
	best      cut
}

// cut is a way to part the rows of a node.
type cut struct {
	gain    float64
	feature int // place in looked
	at      int
	right   bool // missing values go to the right
	left    bin  // sums of the left side
}

func newWork(d *Data, s *Shape, in []int32, random *rand.Rand) *work {
	return &work{d: d, shape: s, rate: rate(s, len(in)), random: random, rows: in, g: make([]float32, len(d.Bad)), h: make([]float32, len(d.Bad)), score: make([]float64, len(d.Bad))}
}

// tree grows a tree leaf by leaf, the most gainful cut first, and adds it to the
// scores of the rows it was grown on.
func (w *work) tree() Tree {
	w.draw()
	t := Tree{{Feature: -1}}
	root := &open{to: len(w.order), hist: w.histogram(0, len(w.order)), low: math.Inf(-1), high: math.Inf(1)}
	for _, b := range root.hist[:w.d.Bins[w.looked[0]].Count()] {
		root.sum = root.sum.plus(b)
	}
	w.find(root)
	nodes := []*open{root}
	for len(nodes) < w.shape.Leaves {
		best := 0
		for i, o := range nodes {
			if o.best.gain > nodes[best].best.gain {
				best = i
			}
		}
		if nodes[best].best.gain <= 0 {
			break
		}
		a, b := w.split(&t, nodes[best])
		nodes[best] = a
		nodes = append(nodes, b)
	}
	for _, o := range nodes {
		v := w.rate * o.value(o.sum)
		t[o.at].Value = v
		for _, r := range w.order[o.from:o.to] {
			w.score[r] += v
		}
		w.free = append(w.free, o.hist)
	}
	return t
}

// value of a leaf with such sums at the place of the node.
func (o *open) value(b bin) float64 { return min(max(b.g/(b.h+ridge), o.low), o.high) }

// draw picks the rows and the features of a tree.
func (w *work) draw() {
	w.order, w.rest = w.order[:0], w.rest[:0]
	var bits uint64
	for i, r := range w.rows {
		if i%4 == 0 { // a draw is enough for four rows
			bits = w.random.Uint64()
		}
		if float64(bits&0xffff) < rowShare*(1<<16) {
			w.order = append(w.order, r)
		} else {
			w.rest = append(w.rest, r)
		}
		bits >>= 16
	}
	n := len(w.d.Cells)
	take := min(n, max(leastFeatures, int(math.Ceil(w.shape.Share*float64(n)))))
	w.looked = w.random.Perm(n)[:take]
	slices.Sort(w.looked)
	w.free = nil
}

// histogram sums the rows of a node by bin of each feature.
func (w *work) histogram(from, to int) []bin {
	out := w.empty()
	rows := w.order[from:to]
	w.near = w.near[:0]
	for _, r := range rows { // side by side, as every feature wants them in this order
		w.near = append(w.near, [2]float32{w.g[r], w.h[r]})
	}
	at := 0
	for _, j := range w.looked {
		size := w.d.Bins[j].Count()
		cells, hist := w.d.Cells[j], out[at:at+size]
		for i, r := range rows {
			b, x := &hist[cells[r]], w.near[i]
			b.g += float64(x[0])
			b.h += float64(x[1])
			b.n++
		}
		at += size
	}
	return out
}

// empty gives a histogram of zeros.
func (w *work) empty() []bin {
	if n := len(w.free); n > 0 {
		out := w.free[n-1]
		w.free = w.free[:n-1]
		clear(out)
		return out
	}
	size := 0
	for _, j := range w.looked {
		size += w.d.Bins[j].Count()
	}
	return make([]bin, size)
}

// find looks for the best cut of a node.
func (w *work) find(o *open) {
	if o.depth >= w.shape.Depth || o.sum.n < 2*leafRows {
		return
	}
	at := 0
	for k, j := range w.looked {
		size := w.d.Bins[j].Count()
		if w.may(o, j) {
			w.scan(o, k, o.hist[at:at+size])
		}
		at += size
	}
}

// may tells whether a node may be cut by a feature.
func (w *work) may(o *open, j int) bool {
	a, b := o.path[0]-1, o.path[1]-1
	switch {
	case !w.shape.Pairs || a < 0 || j == a || j == b:
		return true
	case b >= 0 || w.d.Bins[a].Sign != 0 || w.d.Bins[j].Sign != 0:
		return false
	}
	return w.shape.Allowed == nil || w.shape.Allowed(a, j)
}

// scan tries the cuts of one feature, missing values on either side.
func (w *work) scan(o *open, k int, hist []bin) {
	sign := float64(w.d.Bins[w.looked[k]].Sign)
	whole := worth(o.sum)
	for _, right := range [2]bool{false, true} {
		var l bin
		for c := range hist[:len(hist)-1] {
			if c > 0 || !right {
				l = l.plus(hist[c])
			}
			if l.n < leafRows {
				continue
			}
			r := o.sum.less(l)
			if r.n < leafRows {
				break
			}
			gain := worth(l) + worth(r) - whole
			if gain > o.best.gain+1e-9 && sign*(o.value(r)-o.value(l)) >= 0 {
				o.best = cut{gain, k, c, right, l}
			}
		}
		if hist[0].n == 0 {
			return
		}
	}
}

func worth(b bin) float64 { return b.g * b.g / (b.h + ridge) }

// split cuts a node. The smaller side's histogram is counted, the other's is what
// is left.
func (w *work) split(t *Tree, o *open) (*open, *open) {
	j := w.looked[o.best.feature]
	left := int32(len(*t))
	(*t)[o.at] = Node{Feature: int32(j), Cut: uint8(o.best.at), Right: o.best.right, Left: left}
	*t = append(*t, Node{Feature: -1}, Node{Feature: -1})
	mid := w.partition(o, &(*t)[o.at])
	a, b := *o, *o
	a.at, a.to, a.sum = int(left), mid, o.best.left
	b.at, b.from, b.sum = int(left)+1, mid, o.sum.less(o.best.left)
	w.bound(o, &a, &b, j)
	small, large := &a, &b
	if b.sum.n < a.sum.n {
		small, large = &b, &a
	}
	small.hist, large.hist = w.histogram(small.from, small.to), o.hist
	for i, s := range small.hist {
		large.hist[i] = large.hist[i].less(s)
	}
	w.find(&a)
	w.find(&b)
	return &a, &b
}

// bound says what the two sides of a cut by feature j have come by, and keeps all
// below them apart where the feature is held monotone.
func (w *work) bound(o, a, b *open, j int) {
	for _, x := range [2]*open{a, b} {
		x.depth, x.best = o.depth+1, cut{}
		if x.path[0] == 0 {
			x.path[0] = j + 1
		} else if x.path[0] != j+1 && x.path[1] == 0 {
			x.path[1] = j + 1
		}
	}
	middle := (o.value(a.sum) + o.value(b.sum)) / 2
	switch w.d.Bins[j].Sign {
	case 1:
		a.high, b.low = middle, middle
	case -1:
		a.low, b.high = middle, middle
	}
}

// partition brings the rows of the left side to the front, both in their order.
func (w *work) partition(o *open, n *Node) int {
	cells := w.d.Cells[n.Feature]
	w.spare = w.spare[:0]
	at := o.from
	for _, r := range w.order[o.from:o.to] {
		if n.Next(cells[r]) == n.Left {
			w.order[at] = r
			at++
		} else {
			w.spare = append(w.spare, r)
		}
	}
	copy(w.order[at:o.to], w.spare)
	return at
}
