package identity

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
)

func workers() int { return runtime.GOMAXPROCS(0) }

const (
	rarest    = .3  // others with a value that is met once
	leastSeen = 3   // a level met as often counts half
	keepEdges = -3. // bits, prior included: pairs that are remembered
)

// setWeights turns m and u into weights. u was counted over all rows, some pairs
// of which are of the same person: their share is taken out. A level that was
// hardly ever met says little.
func (m *Model) setWeights() {
	n := float64(m.table.rows)
	share := m.matches / (n * (n - 1) / 2)
	for _, f := range m.fields {
		for l := 1; l <= len(levelNames[f.col.kind]); l++ {
			u := max((f.u[l]-share*f.m[l])/(1-share), .02*f.u[l], 1e-9)
			seen := m.matches*f.m[l] + randomPairs*f.u[l]
			f.weight[l] = math.Log2(max(f.m[l], 1e-6)/u) * seen / (seen + leastSeen)
		}
		f.twins = 2 * m.matches / n * f.m[same] * float64(f.col.present) / n
		f.tf = make([]float64, len(f.col.count))
		for v := range f.tf {
			f.setRarity(v)
		}
	}
}

// setRarity weighs the sharing of one value (term frequency, Winkler 1989). Of
// the rows that hold it, as many are of the same person as a row has others of
// the same person with its value (twins).
func (f *field) setRarity(v int) {
	others := max(float64(f.col.count[v])-1-f.twins, rarest)
	f.tf[v] = math.Log2(f.m[same] * float64(f.col.present) / others)
}

// weight is the evidence, in bits, that two rows are of the same person, without
// the prior.
func (m *Model) weight(a, b int32) float64 {
	var level [mostFields]uint8
	a, b = min(a, b), max(a, b)
	agree := uint32(0)
	for i, f := range m.fields {
		level[i] = m.table.level(f.col, a, b)
		if level[i] == same {
			agree |= 1 << i
		}
	}
	w := 0.
	for i, f := range m.fields {
		w += f.bits(level[i], f.col.codes[a], agree)
	}
	return w
}

// bits is what a field says at a level, the value where it is the same, and the
// other fields that agree.
func (f *field) bits(level uint8, value int32, agree uint32) float64 {
	w := f.weight[level]
	if level == same {
		w = f.tf[value]
	}
	for i := range f.given {
		if g := &f.given[i]; agree&g.fields == g.fields {
			w = min(w, g.weight[level])
		}
	}
	return w
}

// given is what a field weighs where other fields agree. People who share a name
// have similar mail addresses, those who share an address have one surname, those
// of one city have its postcodes: such agreement says less than it would alone.
type given struct {
	fields uint32
	weight [levels]float64
}

const (
	givenPairs = 20_000
	mostKnown  = .3 // share of the same person above which the rest cannot be seen
	leastMore  = 3  // times as often as among all: less is taken for chance
)

// dependOn measures, for fields that agree alone and for pairs of names, how often
// the levels of later fields are met among different people who agree there. What
// pairs of the same person add to that is known: how many they are and m. Fields
// depend only on commoner ones, so that nothing is discounted twice.
func (m *Model) dependOn() {
	var conditions []rule
	for i, f := range m.fields {
		f.given = nil
		conditions = append(conditions, rule{keys: []keyRef{{uint8(i), 0}}})
		for j, g := range m.fields[:i] {
			if f.col.kind == Name && g.col.kind == Name && len(conditions) < 2*mostFields {
				conditions = append(conditions, rule{keys: []keyRef{{uint8(j), 0}, {uint8(i), 0}}})
			}
		}
	}
	seen := make([][][levels]float64, len(conditions))
	parallel(len(conditions), func(i int) { seen[i] = m.levelsGiven(&conditions[i]) })
	for i, levels := range seen {
		if levels == nil {
			continue
		}
		at, most := uint32(0), 0.
		for _, k := range conditions[i].keys {
			at |= 1 << k.field
			most = max(most, telling(m.fields[k.field].col, m.table.rows))
		}
		for j, f := range m.fields {
			if at>>j&1 == 0 && telling(f.col, m.table.rows) >= most {
				f.depend(at, &levels[j])
			}
		}
	}
}

// levelsGiven is the share of each level of each field among different people who
// agree in some fields, nil if there are too few of them to tell.
func (m *Model) levelsGiven(r *rule) [][levels]float64 {
	b := m.blockUpTo(r, math.MaxInt)
	sums := make([]float64, len(b.start))
	for k := range len(b.start) - 1 {
		c := float64(b.start[k+1] - b.start[k])
		sums[k+1] = sums[k] + c*(c-1)/2
	}
	total, known := sums[len(sums)-1], m.matches
	for _, k := range r.keys {
		f := m.fields[k.field]
		there := float64(f.col.present) / float64(m.table.rows)
		known *= f.m[same] * there * there
	}
	if total < 200 || known > mostKnown*total {
		return nil
	}
	out := make([][levels]float64, len(m.fields))
	rng := rand.New(rand.NewPCG(17, uint64(total)))
	for range givenPairs {
		k := sort.SearchFloat64s(sums[1:], rng.Float64()*total)
		rows := b.rows[b.start[k]:b.start[k+1]]
		x, y := rng.IntN(len(rows)), rng.IntN(len(rows)-1)
		if y >= x {
			y++
		}
		for i, f := range m.fields {
			out[i][m.table.level(f.col, rows[x], rows[y])]++
		}
	}
	for i, f := range m.fields {
		there := givenPairs - out[i][missing]
		for l := 1; l < levels; l++ {
			out[i][l] = (out[i][l] - known/total*f.m[l]*there) / max((1-known/total)*there, 1)
			if out[i][l]*there < 5 {
				out[i][l] = 0
			}
		}
	}
	return out
}

// depend notes the levels that are clearly more frequent than among all.
func (f *field) depend(at uint32, share *[levels]float64) {
	g := given{fields: at}
	some := false
	for l := range g.weight {
		g.weight[l] = math.Inf(1)
		if l != missing && f.weight[l] > 0 && share[l] > leastMore*f.u[l] {
			g.weight[l] = max(math.Log2(f.m[l]/share[l]), 0)
			some = true
		}
	}
	if some {
		f.given = append(f.given, g)
	}
}

// edge is a pair of rows that may be of the same person, prior included.
type edge struct {
	a, b   int32
	weight float32
}

// candidates scores all pairs the rules bring together (all pairs there are, if
// they are few) and keeps those that are not hopeless.
func (m *Model) candidates() []edge {
	n := m.table.rows
	if float64(n)*float64(n-1)/2 <= pairBudget(n) {
		return m.gather(n, func(row int, each func(a, b int32)) {
			for b := row + 1; b < n; b++ {
				each(int32(row), int32(b))
			}
		})
	}
	all := make([]*blocks, len(m.rules))
	parallel(len(all), func(i int) { all[i] = m.block(&m.rules[i]) })
	var out []edge
	for i, b := range all {
		const slice = 512
		out = append(out, m.gather((len(b.start)-1+slice-1)/slice, func(part int, each func(a, b int32)) {
			pairs(all, i, part*slice, min((part+1)*slice, len(b.start)-1), each)
		})...)
	}
	return out
}

func (m *Model) gather(parts int, of func(part int, each func(a, b int32))) []edge {
	found := make([][]edge, parts)
	parallel(parts, func(i int) {
		of(i, func(a, b int32) {
			if w := m.prior + m.weight(a, b); w > keepEdges {
				found[i] = append(found[i], edge{min(a, b), max(a, b), float32(w)})
			}
		})
	})
	return slices.Concat(found...)
}
