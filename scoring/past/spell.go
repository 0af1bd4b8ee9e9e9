package past

import (
	"math"

	"plaint/scoring/feature"
)

// Spells is the group of what is added up over the entities of a row.
const Spells = "spells"

// What is believed of bad spells, one for all tables. Other lengths (.1, 1), shares
// (.02) and rates (.7) made no difference that could be told from chance; nor did
// a mean over 48 of them weighed by what they foretold.
const (
	spellLength = .3  // mean, as a share of the time the table spans
	spellShare  = .05 // of the time that a thing spends in spells
	spellBad    = .5  // chance that a spell makes a row bad
	spellBase   = .3  // of the average: rows that are bad without any
)

// spells follow a hidden state of each thing: now and then it falls into a bad
// spell, in which many of its rows are bad, and comes out of it again. The belief
// is a filter of a hidden Markov chain (Rabiner 1989). A row names several things
// and is bad by any of them (noisy or, Pearl 1988), so that what one of them
// explains is not held against the others: a customer whose bad payments all went
// to one bad merchant is not what was bad.
type spells struct {
	e      *Events
	span   float64
	prior  []float64
	things [][]belief // by entity and code
	good   []float64  // for each entity and row of a batch: the chance that nothing else makes it bad
}

// belief that a thing was in a bad spell at the time of its newest known label.
type belief struct {
	known  bool
	at, in float64
}

// spells gives a column for each entity, the chance that by it the row is bad, and,
// where there are several, one that adds them up.
func (e *Events) spells(order []int32, prior []float64, span float64) []feature.Column {
	s := &spells{e: e, prior: prior, span: span}
	var out []feature.Column
	for _, c := range e.Entities {
		s.things = append(s.things, make([]belief, c.most()+1))
		out = append(out, feature.Number(c.Name+": bad spell", c.Name, unknown(len(order))))
	}
	sum := feature.Number("bad spells", Spells, make([]float64, len(order)))
	arrived := 0
	for _, i := range order {
		t := e.Times[i]
		for e.Times[order[arrived]]+e.Delay < t {
			to := arrived + 1
			for e.Times[order[to]] == e.Times[order[arrived]] { // t ends it
				to++
			}
			s.arrive(order[arrived:to])
			arrived = to
		}
		for k, c := range e.Entities {
			if code := c.Codes[i]; code >= 0 {
				p := spellBad * s.ahead(&s.things[k][code], t)
				out[k].Values[i] = p
				sum.Values[i] -= math.Log1p(-p)
			}
		}
	}
	if len(out) > 1 {
		out = append(out, sum)
	}
	return out
}

// ahead is the belief that a thing is in a spell at a time after its newest label.
func (s *spells) ahead(b *belief, t float64) float64 {
	if !b.known {
		return spellShare
	}
	const fade = 1 / (spellLength * (1 - spellShare)) // beginnings and ends together
	return spellShare + (b.in-spellShare)*math.Exp(-fade*(t-b.at)/s.span)
}

// arrive takes in the labels of rows of one time. They are weighed by what was
// believed before all of them, so that their order changes nothing.
func (s *spells) arrive(rows []int32) {
	s.good = s.good[:0]
	for _, i := range rows {
		for k := range s.e.Entities {
			s.good = append(s.good, s.without(i, k))
		}
	}
	n := len(s.e.Entities)
	for j, i := range rows {
		bad := s.e.Bad[i]
		if math.IsNaN(bad) {
			continue
		}
		for k, c := range s.e.Entities {
			code := c.Codes[i]
			if code < 0 {
				continue
			}
			b := &s.things[k][code]
			in, out := (1-spellBad)*s.good[j*n+k], s.good[j*n+k] // chances of a good row
			if bad == 1 {
				in, out = 1-in, 1-out
			}
			before := s.ahead(b, s.e.Times[i])
			*b = belief{true, s.e.Times[i], before * in / (before*in + (1-before)*out)}
		}
	}
}

// without is the chance that a row is good as far as all but one of its things go.
func (s *spells) without(i int32, but int) float64 {
	good := 1 - spellBase*s.prior[i]
	for k, c := range s.e.Entities {
		if code := c.Codes[i]; k != but && code >= 0 {
			good *= 1 - spellBad*s.ahead(&s.things[k][code], s.e.Times[i])
		}
	}
	return good
}
