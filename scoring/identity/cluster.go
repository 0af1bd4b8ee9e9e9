package identity

import (
	"cmp"
	"slices"
)

// Link finds which rows are of the same person: for each row a number of the
// entity, in the order in which they are first met. The table cannot be added to
// afterwards; an Index can.
func Link(t *Table) (*Model, []int32) {
	t.settle()
	m := newModel(t)
	if len(m.fields) == 0 || t.rows < 2 {
		return m, singles(t.rows)
	}
	m.fit()
	return m, m.cluster(m.candidates())
}

func singles(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// cluster joins rows by their edges, heaviest first, where the groups as wholes
// agree: greedy correlation clustering with average linkage, so that no single
// edge makes one of two people.
func (m *Model) cluster(edges []edge) []int32 {
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	g := &grouping{of: singles(m.table.rows), members: map[int32][]int32{}}
	for _, e := range edges {
		if e.weight <= 0 {
			break
		}
		a, b := g.of[e.a], g.of[e.b]
		if a != b && m.mayJoin(g.rows(a), g.rows(b), float64(e.weight)) {
			g.join(a, b)
		}
	}
	return g.number()
}

const (
	mostCross = 400 // pairs that are compared when two groups meet
	bestCount = .15 // share of the decision that the best edge has; the mean has the rest
	mostBits  = 40  // that one pair may say
)

// mayJoin says whether two groups are of the same person: the mean evidence over
// all pairs between them, those without an edge included, and a little of the
// best one, which helps a person whose records have little in common.
func (m *Model) mayJoin(a, b []int32, best float64) bool {
	if len(a) == 1 && len(b) == 1 {
		return true
	}
	all := len(a) * len(b)
	step := max(all/mostCross, 1)
	sum, n := 0., 0
	for i := 0; i < all; i += step {
		sum += min(max(m.weight(a[i%len(a)], b[i/len(a)]), -mostBits), mostBits)
		n++
	}
	return bestCount*best+(1-bestCount)*(m.prior+sum/float64(n)) > 0
}

// grouping holds which rows are together. A group alone has no list.
type grouping struct {
	of      []int32
	members map[int32][]int32
}

func (g *grouping) rows(e int32) []int32 {
	if list, ok := g.members[e]; ok {
		return list
	}
	return []int32{e}
}

// join puts the smaller group into the larger.
func (g *grouping) join(a, b int32) {
	x, y := g.rows(a), g.rows(b)
	if len(x) < len(y) {
		a, b, x, y = b, a, y, x
	}
	for _, r := range y {
		g.of[r] = a
	}
	g.members[a] = append(x, y...)
	delete(g.members, b)
}

// number numbers the groups in the order of their first rows.
func (g *grouping) number() []int32 {
	seen := map[int32]int32{}
	out := make([]int32, len(g.of))
	for i, e := range g.of {
		n, ok := seen[e]
		if !ok {
			n = int32(len(seen))
			seen[e] = n
		}
		out[i] = n
	}
	return out
}
