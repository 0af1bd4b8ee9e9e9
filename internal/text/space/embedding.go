package space

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Settings of vectors from elsewhere.
const (
	enough     = 1.01 // how much more of the words groups must tell with vectors than without
	judges     = 4    // partitions by which that is measured
	same       = 1e-3 // a vector that is no farther from the mean is the mean
	persuasion = 8    // what a vector at the centre of a group says for it: so many nats times the root of the text's words
)

// Embed gives the collection a second view: vectors of the texts that somebody
// else made, of one length, nil for a text without one. It reports whether they
// count; where they do not, all is as without them.
//
// Whether they count is found without a truth. What a text is about shows in all
// of its words: k groups made of half of the words and the vectors must tell more
// of the other half (Information, less what groups of the same sizes tell by
// chance) than groups made of half of the words alone. Of all words it cannot be
// told: groups made of them tell most of them, also where vectors know better.
func (c *Collection) Embed(vectors [][]float32, k int, seed uint64) bool {
	c.plain = &Collection{Even: c.Even, Rare: c.Rare, Counts: c.Counts}
	near := principal(vectors, fine, seed)
	if k < 2 || !slices.ContainsFunc(near.Data, func(x float32) bool { return x != 0 }) {
		return false
	}
	part := c.plain.some(someRows)
	half, other := part.Even.everySecond(0), part.Even.everySecond(1).Transpose()
	without := &Collection{Even: half}
	with := &Collection{Even: half, near: near.pick(sample(near.Rows, someRows))}
	if with.tells(other, k, seed) < enough*without.tells(other, k, seed) {
		return false
	}
	*c = Collection{Even: c.Even, Rare: c.Rare, Counts: c.Counts, near: near, plain: c.plain}
	return true
}

// tells is how much more k groups tell of features than chance would.
func (c *Collection) tells(features *CSR, k int, seed uint64) float64 {
	v := c.ofEven(seed)
	rows := beside(v.reduced.first(fine), v.places(k))
	mixed := rand.New(rand.NewPCG(seed, 0x6a09e667)).Perm(rows.Rows)
	sum := 0.0
	for s := range uint64(judges) {
		g := Group(rows, k, 1, seed+s)
		chance := make([]int, len(g.Of))
		for i, t := range g.Of {
			chance[mixed[i]] = t
		}
		sum += Information(features, g.Of, g.Centroids.Rows) - Information(features, chance, g.Centroids.Rows)
	}
	return sum / judges
}

// everySecond is the matrix of every second column from one on, rows at unit
// length.
func (m *CSR) everySecond(from int32) *CSR {
	out := NewCSR(m.Cols)
	for i := range m.Rows {
		cols, vals := m.Row(i)
		for k, c := range cols {
			if c%2 == from {
				out.Col, out.Val = append(out.Col, c), append(out.Val, vals[k])
			}
		}
		Normalize(out.Val[out.Start[i]:])
		out.End()
	}
	return out
}

// withoutVectors is the collection by its words alone.
func (c *Collection) withoutVectors() *Collection {
	if c.plain != nil {
		return c.plain
	}
	return c
}

// principal is the vectors' places along their dims strongest directions about
// their mean, at unit length; zero for a text without a vector. The directions
// are learnt from some of the rows (as Reduce learns them).
func principal(vectors [][]float32, dims int, seed uint64) *Dense {
	var have []int
	for i, v := range vectors {
		if len(v) > 0 {
			have = append(have, i)
		}
	}
	if len(have) == 0 {
		return NewDense(len(vectors), 0)
	}
	cols := len(vectors[have[0]])
	mean := make([]float32, cols)
	for _, i := range have {
		addScaled(mean, 1/float32(len(have)), vectors[i])
	}
	some := NewDense(min(len(have), someRows), cols)
	for k, i := range sample(len(have), someRows) {
		copy(some.Row(k), vectors[have[i]])
		addScaled(some.Row(k), -1, mean)
	}
	turn := some.directions(dims, seed)
	out := NewDense(len(vectors), turn.Cols)
	inBlocks(out.Rows, func(_, from, to int) {
		row := make([]float32, cols)
		for i := from; i < to; i++ {
			if len(vectors[i]) == 0 {
				continue
			}
			copy(row, vectors[i])
			addScaled(row, -1, mean)
			if Dot(row, row) < same*same {
				continue
			}
			for k, v := range row {
				addScaled(out.Row(i), v, turn.Row(k))
			}
			Normalize(out.Row(i))
		}
	})
	return out
}

// directions are the dims strongest directions of the rows, as columns.
func (d *Dense) directions(dims int, seed uint64) *Dense {
	const oversample = 12
	t := d.transposed()
	y := d.times(normal(d.Cols, min(dims+oversample, d.Rows, d.Cols), rand.New(rand.NewPCG(seed, 0x2545f491)))).orthonormal()
	if y.Cols == 0 { // all rows are the same
		return NewDense(d.Cols, 0)
	}
	y = d.times(t.times(y)).orthonormal()
	b := t.times(y)
	_, vectors := eigen(b.gram(), inverseRoot)
	top := NewDense(vectors.Rows, min(dims, vectors.Cols))
	for i := range top.Rows {
		copy(top.Row(i), vectors.Row(i))
	}
	return b.times(top)
}

func (d *Dense) transposed() *Dense {
	out := NewDense(d.Cols, d.Rows)
	for i := range d.Rows {
		for j, v := range d.Row(i) {
			out.Row(j)[i] = v
		}
	}
	return out
}

func (d *Dense) pick(rows []int) *Dense {
	out := NewDense(len(rows), d.Cols)
	for k, i := range rows {
		copy(out.Row(k), d.Row(i))
	}
	return out
}

// joined is rows beside their vectors, both of one length, turned so that the
// strongest directions of both come first.
func (c *Collection) joined(rows *Dense) *Dense {
	if c.near == nil {
		return rows
	}
	both := NewDense(rows.Rows, rows.Cols+c.near.Cols)
	for i := range both.Rows {
		row := both.Row(i)
		copy(row, rows.Row(i))
		Normalize(row[:rows.Cols])
		copy(row[rows.Cols:], c.near.Row(i))
	}
	_, turn := eigen(both.gram(), asIs)
	top := NewDense(turn.Rows, min(fine, turn.Cols))
	for i := range top.Rows {
		copy(top.Row(i), turn.Row(i))
	}
	return both.times(top)
}

// refine is the refinement by words, to whose likelihood the vectors add how near
// a text is to a group's centre.
func (c *Collection) refine(of []int, groups int) {
	if c.near == nil {
		c.refineByWords(of, groups)
		return
	}
	for range rounds {
		if moved := c.move(of, groups); moved*1000 < len(of) {
			return
		}
	}
}

// move puts every text into the group that its words and its vector speak for.
func (c *Collection) move(of []int, groups int) (moved int) {
	words, centre := NewWords(c.Counts, of, groups), NewDense(groups, c.near.Cols)
	for i, g := range of {
		addScaled(centre.Row(g), 1, c.near.Row(i))
	}
	for g := range groups {
		Normalize(centre.Row(g))
	}
	moves := make([]int, blocks(len(of)))
	inBlocks(len(of), func(block, from, to int) {
		scores := make([]float32, groups)
		for i := from; i < to; i++ {
			cols, counts := c.Counts.Row(i)
			if words.Assign(cols, counts, scores) < 0 {
				continue // no known word: it keeps its group
			}
			length := float32(0)
			for _, n := range counts {
				length += n
			}
			best := 0
			for g := range scores {
				scores[g] += persuasion * float32(math.Sqrt(float64(length))) * Dot(c.near.Row(i), centre.Row(g))
				if scores[g] > scores[best] {
					best = g
				}
			}
			if best != of[i] {
				of[i] = best
				moves[block]++
			}
		}
	})
	for _, n := range moves {
		moved += n
	}
	return moved
}
