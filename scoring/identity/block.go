package identity

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// keyRef is one key of one field: 0 the value itself, then what its kind makes
// of it.
type keyRef struct{ field, key uint8 }

// rule brings rows together that agree in all its keys.
type rule struct {
	keys  []keyRef
	cost  float64 // pairs it is expected to make
	reach float64 // share of the rows with its keys that are in no block too large
}

const (
	largestBlock = 200  // rows that agree by the hundred are told apart by another rule
	mostRules    = 14   // of a table
	chances      = 4096 // pairs of the same person that are imagined to choose rules
	ruleSample   = 25000
	leastGain    = .0004 // of the pairs of the same person, for one more rule
)

// pairBudget is how many pairs may be compared.
func pairBudget(rows int) float64 { return max(2e6, 14*float64(rows)) }

func (m *Model) rowKey(r *rule, row int) uint64 {
	h := uint64(len(r.keys))
	for _, k := range r.keys {
		col := m.fields[k.field].col
		code := col.codes[row]
		if code < 0 {
			return 0
		}
		v := col.keys[k.key][code]
		if v == 0 {
			return 0
		}
		h = mix(h ^ v ^ uint64(k.field)<<56)
	}
	return h
}

// chooseRules takes the rules that together bring the most pairs of the same
// person together for the fewest comparisons. Such pairs are imagined: two rows
// lend what is missing, and each key that is there agrees with the chance that
// was estimated for it. Half of the pairs have more errors and half have fewer,
// since errors come in heaps. Rules are taken greedily by what they add for what
// they cost (weighted set cover).
func (m *Model) chooseRules() {
	if m.choice == nil {
		m.choice = m.candidateRules()
		parallel(len(m.choice), func(i int) { m.choice[i].cost, m.choice[i].reach = m.ruleCost(&m.choice[i]) })
	}
	candidates := m.choice
	agree := m.imagine()
	covers := make([][]uint64, len(candidates))
	parallel(len(candidates), func(i int) {
		r := &candidates[i]
		covers[i] = make([]uint64, chances/64)
		rng := rand.New(rand.NewPCG(13, uint64(i)))
		for w := range covers[i] {
			covers[i][w] = agree[r.keys[0]][w] & thin(rng, r.reach)
		}
		for _, k := range r.keys[1:] {
			for w, x := range agree[k] {
				covers[i][w] &= x
			}
		}
	})
	covered := make([]uint64, chances/64)
	m.rules = nil
	for left := pairBudget(m.table.rows); len(m.rules) < mostRules; {
		best, most := -1, 0.
		for i := range candidates {
			gain := 0
			for w, x := range covers[i] {
				gain += bits.OnesCount64(x &^ covered[w])
			}
			if float64(gain) < leastGain*chances || candidates[i].cost > left {
				continue
			}
			if v := float64(gain) / (candidates[i].cost + .3*float64(m.table.rows)); v > most {
				best, most = i, v
			}
		}
		if best < 0 {
			return
		}
		left -= candidates[best].cost
		m.rules = append(m.rules, candidates[best])
		for w, x := range covers[best] {
			covered[w] |= x
		}
	}
}

// thin gives 64 bits of which a share is set.
func thin(rng *rand.Rand, share float64) (out uint64) {
	for i := range 64 {
		if rng.Float64() < share {
			out |= 1 << i
		}
	}
	return out
}

// candidateRules are all keys, all two keys of different fields, and three values.
func (m *Model) candidateRules() (out []rule) {
	var all []keyRef
	for f := range m.fields {
		for k, of := range m.fields[f].col.keys {
			if slices.ContainsFunc(of, func(h uint64) bool { return h != 0 }) {
				all = append(all, keyRef{uint8(f), uint8(k)})
			}
		}
	}
	for i, a := range all {
		out = append(out, rule{keys: []keyRef{a}})
		for j, b := range all[:i] {
			if b.field == a.field {
				continue
			}
			out = append(out, rule{keys: []keyRef{b, a}})
			if a.key != 0 || b.key != 0 {
				continue
			}
			for _, c := range all[:j] {
				if c.key == 0 && c.field != b.field {
					out = append(out, rule{keys: []keyRef{c, b, a}})
				}
			}
		}
	}
	return out
}

// ruleCost estimates from a sample of rows how many pairs a rule makes, and how
// many of the rows are in blocks: those that are too large make none.
func (m *Model) ruleCost(r *rule) (cost, reach float64) {
	n := m.table.rows
	size := min(n, ruleSample)
	keys := make([]uint64, 0, size)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range size {
		row := i
		if size < n {
			row = rng.IntN(n)
		}
		if k := m.rowKey(r, row); k != 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	scale := float64(n) / float64(size)
	pairs, in := 0., 0.
	for i := 0; i < len(keys); {
		j := i + 1
		for j < len(keys) && keys[j] == keys[i] {
			j++
		}
		if c := float64(j - i); c <= max(largestBlock/scale, 2) {
			pairs += c * (c - 1) / 2
			in += c
		}
		i = j
	}
	return pairs * scale * scale, in / float64(max(len(keys), 1))
}

// imagine gives, for each key, in which of the imagined pairs it agrees.
func (m *Model) imagine() map[keyRef][]uint64 {
	out := map[keyRef][]uint64{}
	rng := rand.New(rand.NewPCG(11, 11))
	for f := range m.fields {
		for k := range m.fields[f].col.keys {
			out[keyRef{uint8(f), uint8(k)}] = make([]uint64, chances/64)
		}
	}
	for i := range chances {
		a, b := rng.IntN(m.table.rows), rng.IntN(m.table.rows)
		more := .5
		if i%2 == 0 {
			more = 1.8
		}
		for f := range m.fields {
			col := m.fields[f].col
			x, y := col.codes[a], col.codes[b]
			exact := 1 - min(.95, more*(1-m.agree[f][0]))
			equal := rng.Float64() < exact
			for k := range col.keys {
				chance := max(0, m.agree[f][k]-m.agree[f][0]) / max(1-m.agree[f][0], .01)
				agrees := equal || k > 0 && rng.Float64() < chance
				if agrees && x >= 0 && y >= 0 && col.keys[k][x] != 0 && col.keys[k][y] != 0 {
					out[keyRef{uint8(f), uint8(k)}][i/64] |= 1 << (i % 64)
				}
			}
		}
	}
	return out
}

// blocks holds the rows of one rule, those that agree side by side.
type blocks struct {
	keys  []uint64 // by row, 0 where the row is in no block
	rows  []int32
	start []int32 // of each block in rows, and the end
}

type entry struct {
	key uint64
	row int32
}

// sortEntries sorts by key, then row: spread by the first bits of the key, which
// are as good as random, into heaps of a few, which are then sorted.
func sortEntries(list []entry) {
	bits := max(bits.Len(uint(len(list)))-3, 1)
	shift := 64 - bits
	start := make([]int32, 1<<bits+1)
	for _, e := range list {
		start[e.key>>shift+1]++
	}
	for i := range 1 << bits {
		start[i+1] += start[i]
	}
	at, out := slices.Clone(start), make([]entry, len(list))
	for _, e := range list {
		out[at[e.key>>shift]] = e
		at[e.key>>shift]++
	}
	copy(list, out)
	for i := range 1 << bits {
		if heap := list[start[i]:start[i+1]]; len(heap) > 1 {
			slices.SortFunc(heap, func(x, y entry) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.row, y.row)) })
		}
	}
}

// block sorts the rows by a rule's key and drops blocks of one and of too many.
func (m *Model) block(r *rule) *blocks { return m.blockUpTo(r, largestBlock) }

func (m *Model) blockUpTo(r *rule, largest int) *blocks {
	b := &blocks{keys: make([]uint64, m.table.rows)}
	list := make([]entry, 0, m.table.rows)
	for row := range b.keys {
		if k := m.rowKey(r, row); k != 0 {
			list = append(list, entry{k, int32(row)})
		}
	}
	sortEntries(list)
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].key == list[i].key {
			j++
		}
		if j-i > 1 && j-i <= largest {
			b.start = append(b.start, int32(len(b.rows)))
			for _, e := range list[i:j] {
				b.rows = append(b.rows, e.row)
				b.keys[e.row] = e.key
			}
		}
		i = j
	}
	b.start = append(b.start, int32(len(b.rows)))
	return b
}

// pairs calls each for every pair of rows of some blocks that no rule before
// brings together.
func pairs(all []*blocks, of, from, to int, each func(a, b int32)) {
	b := all[of]
	for k := from; k < to; k++ {
		rows := b.rows[b.start[k]:b.start[k+1]]
		for i, x := range rows {
		next:
			for _, y := range rows[i+1:] {
				for _, before := range all[:of] {
					if h := before.keys[x]; h != 0 && h == before.keys[y] {
						continue next
					}
				}
				each(x, y)
			}
		}
	}
}
