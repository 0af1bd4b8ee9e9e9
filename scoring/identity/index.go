package identity

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// Index says of one record at a time who it is, by a model learned before. Adding
// a record never changes which entity another one has: what a new record speaks
// for joining is told and left to a person. It is safe for concurrent use.
//
// An Index takes over the table of its model.
type Index struct {
	mu      sync.Mutex
	m       *Model
	entity  []int32
	members map[int32][]int32 // rows of each entity
	next    int32
	rules   []*postings // key to rows
	values  []*postings // of each column: hash to value
}

// Match is who a record is.
type Match struct {
	Row    int32   // its place, for Explain
	Entity int32   // an entity from before, or the next new number
	New    bool    // nobody known
	Best   int32   // the row it is most like, -1 if there is none
	Bits   float64 // evidence with Best, prior included
	Others []int32 // entities that it would fit as well: perhaps the same person
}

// NewIndex prepares a model and what Link found for records to come.
func NewIndex(m *Model, entity []int32) *Index {
	x := &Index{m: m, entity: slices.Clone(entity), members: map[int32][]int32{}}
	for row, e := range entity {
		x.members[e] = append(x.members[e], int32(row))
		x.next = max(x.next, e+1)
	}
	x.rules, x.values = make([]*postings, len(m.rules)), make([]*postings, len(m.table.columns))
	parallel(len(x.rules), func(i int) {
		x.rules[i] = newPostings(m.table.rows, func(row int) uint64 { return m.rowKey(&m.rules[i], row) })
	})
	parallel(len(x.values), func(i int) {
		c := m.table.columns[i]
		x.values[i] = newPostings(len(c.exact), func(v int) uint64 { return c.exact[v] })
	})
	return x
}

// Match says who a record is, without keeping it. Its Row is no longer there
// afterwards.
func (x *Index) Match(cells []string) Match {
	x.mu.Lock()
	defer x.mu.Unlock()
	undo := x.put(cells)
	out := x.find()
	undo()
	return out
}

// Add keeps a record, one cell for each column of the table, and says who it is.
func (x *Index) Add(cells []string) Match {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.put(cells)
	out := x.find()
	t := x.m.table
	for i, c := range t.columns {
		if !c.used {
			continue
		}
		if v := c.codes[out.Row]; v >= 0 {
			if c.count[v] == 1 {
				x.values[i].add(c.exact[v], v)
			}
		}
	}
	for i, p := range x.rules {
		if k := x.m.rowKey(&x.m.rules[i], int(out.Row)); k != 0 {
			p.add(k, out.Row)
		}
	}
	x.entity = append(x.entity, out.Entity)
	x.members[out.Entity] = append(x.members[out.Entity], out.Row)
	x.next = max(x.next, out.Entity+1)
	return out
}

// put appends a row to the table and gives the way back.
func (x *Index) put(cells []string) (undo func()) {
	t := x.m.table
	sizes := make([]int, len(t.columns))
	for i, c := range t.columns {
		sizes[i] = len(c.forms)
		if c.used {
			x.putCell(c, x.values[i], cells[i])
		}
	}
	t.rows++
	for _, f := range x.m.fields {
		if v := f.col.codes[t.rows-1]; v >= 0 {
			f.tf = append(f.tf, make([]float64, len(f.col.count)-len(f.tf))...)
			f.setRarity(int(v))
		}
	}
	return func() {
		t.rows--
		for _, f := range x.m.fields {
			c := f.col
			v := c.codes[t.rows]
			c.codes = c.codes[:t.rows]
			if v < 0 {
				continue
			}
			c.present--
			c.count[v]--
			f.setRarity(int(v))
			n := sizes[slices.Index(t.columns, c)]
			c.forms, c.exact, c.count, f.tf = c.forms[:n], c.exact[:n], c.count[:n], f.tf[:n]
			for k := range c.keys {
				c.keys[k] = c.keys[k][:n]
			}
			c.keys[0] = c.exact
		}
	}
}

func (x *Index) putCell(c *column, known *postings, cell string) {
	v := int32(-1)
	if f, ok := formOfCell(c.kind, cell); ok {
		h := hash(0, f.main)
		if list := known.of(h, 1); len(list) > 0 {
			v = list[0]
		} else {
			v = int32(len(c.forms))
			c.forms, c.exact, c.count = append(c.forms, f), append(c.exact, h), append(c.count, 0)
			c.keys[0] = c.exact
			for k := 1; k < len(c.keys); k++ {
				c.keys[k] = append(c.keys[k], f.keys[k-1])
			}
		}
		c.count[v]++
		c.present++
	}
	c.codes = append(c.codes, v)
}

// find looks for the entity of the last row.
func (x *Index) find() Match {
	m := x.m
	row := int32(m.table.rows - 1)
	out := Match{Row: row, Entity: x.next, New: true, Best: -1}
	var found []edge
	seen := map[int32]bool{row: true}
	for i, p := range x.rules {
		k := m.rowKey(&m.rules[i], int(row))
		if k == 0 {
			continue
		}
		for _, other := range p.of(k, largestBlock) {
			if !seen[other] {
				seen[other] = true
				if w := m.prior + m.weight(other, row); w > 0 {
					found = append(found, edge{other, row, float32(w)})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b edge) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.a, b.a)) })
	asked := map[int32]bool{}
	for _, e := range found {
		entity := x.entity[e.a]
		if asked[entity] {
			continue
		}
		asked[entity] = true
		switch {
		case !m.mayJoin([]int32{row}, x.members[entity], float64(e.weight)):
		case out.New:
			out.Entity, out.New, out.Best, out.Bits = entity, false, e.a, float64(e.weight)
		default:
			out.Others = append(out.Others, entity)
		}
	}
	return out
}

// Entity is the entity of a row.
func (x *Index) Entity(row int32) int32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.entity[row]
}

// Explain says column by column why two records are or are not of the same
// person. Together with Model.Prior the bits add up to the evidence.
func (x *Index) Explain(a, b int32) []Reason {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.m.explain(a, b)
}

// Rows are the records of an entity, in order.
func (x *Index) Rows(entity int32) []int32 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.members[entity])
}

// mostShown bounds the records that are looked at for the weakest edge.
const mostShown = 300

// Weakest is the edge that an entity hangs on: the weakest of those that hold its
// records together best (a maximum spanning tree, Prim 1957), prior included. ok
// is false for an entity of one record.
func (x *Index) Weakest(entity int32) (a, b int32, bits float64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.members[entity]
	rows = rows[:min(len(rows), mostShown)]
	if len(rows) < 2 {
		return -1, -1, 0, false
	}
	best, to := make([]float64, len(rows)), make([]int32, len(rows))
	for i := range best {
		best[i], to[i] = x.m.prior+x.m.weight(rows[0], rows[i]), rows[0]
	}
	bits = math.Inf(1)
	in := make([]bool, len(rows))
	in[0] = true
	for range len(rows) - 1 {
		next := -1
		for i := range rows {
			if !in[i] && (next < 0 || best[i] > best[next]) {
				next = i
			}
		}
		in[next] = true
		if best[next] < bits {
			a, b, bits = to[next], rows[next], best[next]
		}
		for i := range rows {
			if w := x.m.prior + x.m.weight(rows[next], rows[i]); !in[i] && w > best[i] {
				best[i], to[i] = w, rows[next]
			}
		}
	}
	return a, b, bits, true
}

// postings finds places by a key: a sorted list made once, and what came later.
type postings struct {
	keys  []uint64
	rows  []int32
	later map[uint64][]int32
}

func newPostings(n int, key func(i int) uint64) *postings {
	list := make([]entry, 0, n)
	for i := range n {
		if k := key(i); k != 0 {
			list = append(list, entry{k, int32(i)})
		}
	}
	sortEntries(list)
	p := &postings{make([]uint64, len(list)), make([]int32, len(list)), map[uint64][]int32{}}
	for i, e := range list {
		p.keys[i], p.rows[i] = e.key, e.row
	}
	return p
}

func (p *postings) add(key uint64, row int32) { p.later[key] = append(p.later[key], row) }

// of gives the places of a key, none if there are more than most.
func (p *postings) of(key uint64, most int) []int32 {
	from, ok := slices.BinarySearch(p.keys, key)
	to := from
	for ok && to < len(p.keys) && p.keys[to] == key && to-from <= most {
		to++
	}
	if to-from+len(p.later[key]) > most {
		return nil
	}
	return append(slices.Clip(p.rows[from:to]), p.later[key]...)
}
