package identity

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// pattern is a comparison in all fields and how many pairs had it.
type pattern struct {
	levels uint64
	pairs  float64
}

// estimateU counts levels in pairs at random, nearly all of which are of
// different people; the first level is counted in full.
func (m *Model) estimateU() {
	n := int64(m.table.rows)
	const parts = 16
	counts := [parts][][levels]float64{}
	parallel(parts, func(part int) {
		counts[part] = make([][levels]float64, len(m.fields))
		rng := rand.New(rand.NewPCG(3, uint64(part)))
		for range randomPairs / parts {
			a, b := rng.Int64N(n), rng.Int64N(n-1)
			if b >= a {
				b++
			}
			for i, f := range m.fields {
				counts[part][i][m.table.level(f.col, int32(a), int32(b))]++
			}
		}
	})
	for i, f := range m.fields {
		total := 0.
		for l := 1; l <= len(levelNames[f.col.kind]); l++ {
			for part := range counts {
				f.u[l] += counts[part][i][l]
			}
			f.u[l] += .5
			total += f.u[l]
		}
		exact := 0.
		for _, c := range f.col.count {
			exact += float64(c) * float64(c-1)
		}
		p := float64(f.col.present)
		exact = max(exact/(p*max(p-1, 1)), 1/(p*p))
		rest := total - f.u[same]
		for l := range f.u {
			f.u[l] *= (1 - exact) / rest
		}
		f.u[same] = exact
		f.u[missing] = 0
	}
}

const (
	randomPairs   = 400_000
	sessionPairs  = 100_000.
	sessionRounds = 40
)

// session is one round of expectation and maximisation on the pairs of one rule.
type session struct {
	fixed    uint32 // fields of the rule: they agree by choice and teach nothing
	patterns []pattern
	m        [][levels]float64
	matches  float64 // pairs of the same person among the rule's
	share    float64 // of all its pairs
	odd      bool
	trust    float64 // what it weighs beside other sessions
	total    float64 // pairs of the same person in the table, as far as it can tell
	agree    [][4]float64
	seen     [][4]float64
}

// estimateM runs a session for each rule and averages what they say of a field.
// A session counts by the pairs of the same person that it has seen and by how
// pure it is: where few pairs are of the same person, the two kinds that come
// apart may be others (families, common names).
func (m *Model) estimateM(most float64) {
	sessions := make([]*session, len(m.rules))
	parallel(len(m.rules), func(i int) { sessions[i] = m.learn(&m.rules[i], most) })
	m.estimatePrior(sessions)
	for i, f := range m.fields {
		var sum [levels]float64
		var agree, seen [4]float64
		for _, s := range sessions {
			if s.fixed>>i&1 == 1 || s.trust == 0 {
				continue
			}
			for l := range sum {
				sum[l] += s.m[i][l] * s.trust
			}
			for k := range agree {
				agree[k] += s.agree[i][k] * s.share * s.share
				seen[k] += s.seen[i][k] * s.share * s.share
			}
		}
		m.average(i, f, sum)
		for k := range agree {
			if seen[k] > 5 {
				m.agree[i][k] = agree[k] / seen[k]
			}
		}
	}
}

// average sets m from what sessions saw; a field that all rules hold keeps what
// is usual for its kind.
func (m *Model) average(i int, f *field, sum [levels]float64) {
	n, total := len(levelNames[f.col.kind]), 0.
	for l := 1; l <= n; l++ {
		total += sum[l]
	}
	if total == 0 {
		f.m = firstM(f.col.kind)
		return
	}
	for l := 1; l <= n; l++ {
		f.m[l] = sum[l] / total
	}
}

func firstM(k Kind) (m [levels]float64) {
	n := len(levelNames[k])
	rest := 1 - firstAgree[k]
	for l := 2; l <= n; l++ {
		m[l] = rest / float64(n-1)
	}
	m[same] = firstAgree[k]
	return m
}

// learn compares a sample of a rule's pairs and separates the two kinds.
func (m *Model) learn(r *rule, most float64) *session {
	s := &session{}
	for _, k := range r.keys {
		s.fixed |= 1 << k.field
	}
	b := m.block(r)
	total := 0
	for k := range len(b.start) - 1 {
		c := int(b.start[k+1] - b.start[k])
		total += c * (c - 1) / 2
	}
	counts, examples := map[uint64]float64{}, map[uint64][][2]int32{}
	rng := rand.New(rand.NewPCG(5, uint64(total)))
	keep := min(1, most/float64(max(total, 1)))
	pairs([]*blocks{b}, 0, 0, len(b.start)-1, func(x, y int32) {
		if keep < 1 && rng.Float64() >= keep {
			return
		}
		p := m.compare(x, y)
		counts[p]++
		if len(examples[p]) < 20 {
			examples[p] = append(examples[p], [2]int32{x, y})
		}
	})
	for p, n := range counts {
		s.patterns = append(s.patterns, pattern{p, n})
	}
	slices.SortFunc(s.patterns, func(a, b pattern) int { return cmp.Compare(a.levels, b.levels) })
	m.maximise(s, true)
	if s.odd = m.implausible(s); s.odd {
		m.maximise(s, false)
	}
	s.share = s.matches / max(float64(total)*keep, 1)
	m.watchKeys(s, examples)
	s.matches /= keep
	return s
}

// implausible says whether a session has separated something else than people:
// records of one person agree at least a little in most columns. Families and
// namesakes do not, and where nobody stands twice there is nothing else to find.
func (m *Model) implausible(s *session) bool {
	differ, n := 0, 0
	for i, f := range m.fields {
		if s.fixed>>i&1 == 0 {
			n++
			if s.m[i][len(levelNames[f.col.kind])] > .5 {
				differ++
			}
		}
	}
	return differ*2 > n
}

// maximise is EM for m and the share of the same person, u as it is (Winkler
// 1988, Jaro 1989); for the share alone, with what is usual for m, if learn is
// false.
func (m *Model) maximise(s *session, learn bool) {
	s.m = make([][levels]float64, len(m.fields))
	for i, f := range m.fields {
		s.m[i] = firstM(f.col.kind)
	}
	total := 0.
	for _, p := range s.patterns {
		total += p.pairs
	}
	share := .1
	for range sessionRounds {
		next := make([][levels]float64, len(m.fields))
		s.matches = 0
		for _, p := range s.patterns {
			w := p.pairs * m.chance(s, p.levels, share)
			s.matches += w
			for i := range m.fields {
				next[i][p.levels>>(4*i)&15] += w
			}
		}
		share = min(max(s.matches/max(total, 1), 1e-6), .999)
		for i, f := range m.fields {
			if !learn {
				break
			}
			n, sum := len(levelNames[f.col.kind]), 0.
			for l := 1; l <= n; l++ {
				next[i][l] += .3
				sum += next[i][l]
			}
			for l := 1; l <= n; l++ {
				s.m[i][l] = next[i][l] / sum
			}
		}
	}
}

// chance is the chance that a pair of a session is of the same person.
func (m *Model) chance(s *session, p uint64, share float64) float64 {
	odds := share / (1 - share)
	for i, f := range m.fields {
		if l := p >> (4 * i) & 15; l != missing && s.fixed>>i&1 == 0 {
			odds *= s.m[i][l] / f.u[l]
		}
	}
	return odds / (1 + odds)
}

// watchKeys counts how often the keys of fields outside the rule agree in pairs
// of the same person.
func (m *Model) watchKeys(s *session, examples map[uint64][][2]int32) {
	s.agree, s.seen = make([][4]float64, len(m.fields)), make([][4]float64, len(m.fields))
	total := 0.
	for _, p := range s.patterns {
		total += p.pairs
	}
	share := min(max(s.matches/max(total, 1), 1e-6), .999)
	for _, p := range s.patterns {
		w := p.pairs * m.chance(s, p.levels, share) / float64(len(examples[p.levels]))
		for _, e := range examples[p.levels] {
			for i, f := range m.fields {
				x, y := f.col.codes[e[0]], f.col.codes[e[1]]
				if x < 0 || y < 0 {
					continue
				}
				for k, of := range f.col.keys {
					if of[x] == 0 || of[y] == 0 {
						continue
					}
					s.seen[i][k] += w
					if of[x] == of[y] {
						s.agree[i][k] += w
					}
				}
			}
		}
	}
}

// estimatePrior asks each session for the pairs of the same person in the whole
// table: those that it saw, divided by the share of them that its rule can see.
// The median counts, by purity; a session that says far more has taken something
// else for the same person and is not listened to.
func (m *Model) estimatePrior(sessions []*session) {
	agree := m.imagine()
	for i, s := range sessions {
		covered := 0.
		for c := range chances {
			all := 1.
			for _, k := range m.rules[i].keys {
				all *= float64(agree[k][c/64] >> (c % 64) & 1)
			}
			covered += all
		}
		s.total = s.matches * chances / max(covered*m.rules[i].reach, 1)
		if s.matches >= 1 {
			s.trust = s.matches * s.share * s.share
			if s.odd {
				s.trust *= .001 // better than nothing
			}
		}
	}
	m.matches = max(1, medianTotal(sessions))
	for _, s := range sessions {
		if s.total > 2.5*m.matches {
			s.trust = 0
		}
	}
	n := float64(m.table.rows)
	share := min(max(m.matches/(n*(n-1)/2), 1e-14), .5)
	m.prior = math.Log2(share / (1 - share))
}

func medianTotal(sessions []*session) float64 {
	list := slices.Clone(sessions)
	slices.SortFunc(list, func(a, b *session) int { return int(math.Copysign(1, a.total-b.total)) })
	all, sum := 0., 0.
	for _, s := range list {
		all += s.share * min(s.trust, 1)
	}
	for _, s := range list {
		if sum += s.share * min(s.trust, 1); sum*2 >= all {
			return s.total
		}
	}
	return 0
}
