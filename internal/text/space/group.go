package space

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Grouping is a partition of rows of unit length.
type Grouping struct {
	Centroids *Dense // of unit length
	Of        []int  // group of each row
	Objective float64
	near      []float32 // how alike each row is to its centroid
	next      []float32 // how alike it is at most to any other
	drift     []float32 // how far each centroid moved last; nil before it did
}

// Group partitions rows of unit length into at most k groups.
//
// Method: spherical k-means (Dhillon, Modha 2001) with greedy k-means++ seeds
// (Arthur, Vassilvitskii 2007, section 7), the best of several starts. Rows that
// cannot have changed are passed over (bounds of Hamerly 2010: a product with a
// row of unit length changes by no more than the centroid moved). Ties go to the
// lower number. Empty groups are dropped.
func Group(rows *Dense, k, starts int, seed uint64) *Grouping {
	k = min(k, rows.Rows)
	list := make([]*Grouping, starts)
	together(starts, func(s int) {
		random := rand.New(rand.NewPCG(seed, uint64(s)))
		g := &Grouping{Centroids: seeds(rows, k, random), Of: make([]int, rows.Rows), near: make([]float32, rows.Rows), next: make([]float32, rows.Rows)}
		g.settle(rows)
		list[s] = g
	})
	var best *Grouping
	for _, g := range list {
		if best == nil || g.Objective > best.Objective+1e-9 {
			best = g
		}
	}
	if best == nil || k == 0 {
		return &Grouping{Centroids: NewDense(0, rows.Cols), Of: make([]int, rows.Rows)}
	}
	best.dropEmpty()
	return best
}

// seeds draws centroids far from each other: of four candidates drawn by
// squared distance, the one that leaves the least distance.
func seeds(rows *Dense, k int, random *rand.Rand) *Dense {
	const candidates = 4
	out := NewDense(k, rows.Cols)
	if k == 0 {
		return out
	}
	first := random.IntN(rows.Rows)
	copy(out.Row(0), rows.Row(first))
	far := gaps{of: make([]float32, rows.Rows), sums: make([]float64, blocks(rows.Rows))}
	for i := range far.of {
		far.of[i] = float32(math.Inf(1))
	}
	left := make([]gaps, candidates)
	for c := range left {
		left[c] = gaps{of: make([]float32, rows.Rows), sums: make([]float64, blocks(rows.Rows))}
	}
	far.after(rows, []int{first}, left[:1])
	far, left[0] = left[0], far
	drawn := make([]int, candidates)
	for c := 1; c < k; c++ {
		for d := range drawn {
			drawn[d] = far.draw(random)
		}
		far.after(rows, drawn, left)
		least := 0
		for d := range left {
			if left[d].total() < left[least].total() {
				least = d
			}
		}
		copy(out.Row(c), rows.Row(drawn[least]))
		far, left[least] = left[least], far
	}
	return out
}

// gaps are the rows' distances to the nearest centroid, and their sums in each
// block.
type gaps struct {
	of   []float32
	sums []float64
}

// after sets what the gaps are once each of the drawn rows alone is a centroid as
// well.
func (g gaps) after(rows *Dense, drawn []int, to []gaps) {
	inBlocks(rows.Rows, func(block, lo, hi int) {
		for d, c := range drawn {
			sum, centroid := 0.0, rows.Row(c)
			for i := lo; i < hi; i++ {
				gap := min(max(1-Dot(rows.Row(i), centroid), 0), g.of[i])
				to[d].of[i] = gap
				sum += float64(gap)
			}
			to[d].sums[block] = sum
		}
	})
}

func (g gaps) total() float64 {
	total := 0.0
	for _, s := range g.sums {
		total += s
	}
	return total
}

// draw draws a row by its gap.
func (g gaps) draw(random *rand.Rand) int {
	at := random.Float64() * g.total()
	block := 0
	for block < len(g.sums)-1 && at >= g.sums[block] {
		at -= g.sums[block]
		block++
	}
	last := min((block+1)*blockRows, len(g.of))
	for i := block * blockRows; i < last; i++ {
		if at -= float64(g.of[i]); at < 0 {
			return i
		}
	}
	return last - 1
}

// settle moves rows and centroids until fewer than one row in a thousand moves.
func (g *Grouping) settle(rows *Dense) {
	const rounds = 30
	for round := range rounds {
		moved := g.assign(rows)
		if round > 0 && moved*1000 < rows.Rows {
			return
		}
		g.recentre(rows)
	}
}

func (g *Grouping) assign(rows *Dense) (moved int) {
	n := blocks(rows.Rows)
	moves, sums := make([]int, n), make([]float64, n)
	far := farthest(g.drift)
	inBlocks(rows.Rows, func(block, from, to int) {
		for i := from; i < to; i++ {
			if g.drift == nil || !g.stays(rows, i, far) {
				c, s, next := nearestTwo(rows.Row(i), g.Centroids)
				if c != g.Of[i] {
					moves[block]++
				}
				g.Of[i], g.near[i], g.next[i] = c, s, next
			}
			sums[block] += float64(g.near[i])
		}
	})
	g.Objective = 0
	for b := range n {
		moved += moves[b]
		g.Objective += sums[b]
	}
	return moved
}

// rounding is more than single precision can be wrong by in a product.
const rounding = 1e-5

// stays looks whether row i is still nearest to its centroid for sure. far are
// the two that moved most.
func (g *Grouping) stays(rows *Dense, i int, far [2]int) bool {
	own := g.Of[i]
	g.near[i] = Dot(rows.Row(i), g.Centroids.Row(own))
	moved := far[0]
	if moved == own {
		moved = far[1]
	}
	g.next[i] += g.drift[moved]
	return g.near[i] > g.next[i]+rounding
}

// farthest are the two centroids that moved most.
func farthest(drift []float32) (two [2]int) {
	for c, d := range drift {
		switch {
		case d > drift[two[0]]:
			two = [2]int{c, two[0]}
		case c > 0 && (two[1] == two[0] || d > drift[two[1]]):
			two[1] = c
		}
	}
	return two
}

// nearestTwo is Nearest and the next largest product.
func nearestTwo(row []float32, centroids *Dense) (best int, most, next float32) {
	best, most, next = -1, float32(math.Inf(-1)), float32(math.Inf(-1))
	for c := range centroids.Rows {
		switch s := Dot(row, centroids.Row(c)); {
		case s > most:
			best, most, next = c, s, most
		case s > next:
			next = s
		}
	}
	return best, most, next
}

// Nearest is the row of centroids with the largest inner product, and that
// product; -1 if there are none.
func Nearest(row []float32, centroids *Dense) (int, float32) {
	best, most := -1, float32(math.Inf(-1))
	for c := range centroids.Rows {
		if s := Dot(row, centroids.Row(c)); s > most {
			best, most = c, s
		}
	}
	return best, most
}

// recentre moves each centroid to the mean of its rows, one without rows to the
// row that is worst off where it is.
func (g *Grouping) recentre(rows *Dense) {
	was := slices.Clone(g.Centroids.Data)
	clear(g.Centroids.Data)
	size := make([]int, g.Centroids.Rows)
	for _, c := range g.Of {
		size[c]++
	}
	for c, n := range size {
		if n > 0 {
			continue
		}
		worst := -1
		for i, s := range g.near {
			if size[g.Of[i]] > 1 && (worst < 0 || s < g.near[worst]) {
				worst = i
			}
		}
		if worst >= 0 {
			size[g.Of[worst]]--
			size[c]++
			g.Of[worst], g.near[worst], g.next[worst] = c, 1, float32(math.Inf(1))
		}
	}
	for i, c := range g.Of {
		addScaled(g.Centroids.Row(c), 1, rows.Row(i))
	}
	g.drift = make([]float32, g.Centroids.Rows)
	for c := range g.drift {
		now, before := g.Centroids.Row(c), was[c*rows.Cols:(c+1)*rows.Cols]
		Normalize(now)
		addScaled(before, -1, now)
		g.drift[c] = float32(math.Sqrt(float64(Dot(before, before))))
	}
}

func (g *Grouping) dropEmpty() {
	place, kept := compact(g.Of, g.Centroids.Rows)
	for c, to := range place {
		if to >= 0 {
			copy(g.Centroids.Row(to), g.Centroids.Row(c))
		}
	}
	g.Centroids.Rows, g.Centroids.Data = kept, g.Centroids.Data[:kept*g.Centroids.Cols]
}

// compact renumbers the groups that have members from 0, keeping their order,
// and says what has become of each: -1 for an empty one.
func compact(of []int, groups int) (place []int, kept int) {
	place = make([]int, groups)
	for c := range place {
		place[c] = -1
	}
	for _, c := range of {
		place[c] = 0
	}
	for c, p := range place {
		if p == 0 {
			place[c] = kept
			kept++
		}
	}
	for i, c := range of {
		of[i] = place[c]
	}
	return place, kept
}
