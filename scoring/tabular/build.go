package tabular

import (
	"math"
	"math/rand/v2"
	"slices"

	"plaint/scoring/feature"
	"plaint/scoring/neighbour"
	"plaint/scoring/past"
)

// features of all rows.
func (p *plan) features() *feature.Table {
	t := &feature.Table{}
	for _, c := range p.own {
		t.Columns = append(t.Columns, p.column(c))
	}
	own := slices.Clone(t.Columns)
	if p.r.Edges != nil {
		t.Columns = append(t.Columns, p.ties(own)...)
	}
	switch {
	case len(p.entities) == 0:
	case p.times != nil:
		t.Columns = append(t.Columns, p.histories(own)...)
	default:
		t.Columns = append(t.Columns, p.shared()...)
	}
	return t
}

// column makes a column to a feature. A time beside a time of the row is its age.
func (p *plan) column(c *Column) feature.Column {
	if c.Kind == Category {
		v := make([]float64, len(c.texts))
		for i, w := range c.texts {
			if v[i] = float64(w); w < 0 {
				v[i] = math.NaN()
			}
		}
		return feature.Column{Name: c.Name, Group: c.Name, Values: v, Levels: c.words}
	}
	if c.Kind == Time && p.times != nil && p.times.Kind == Time {
		v := make([]float64, len(c.Numbers))
		for i := range v {
			v[i] = (p.times.Numbers[i] - c.Numbers[i]) / 86400
		}
		return feature.Number(c.Name+" (days before)", c.Name, v)
	}
	return feature.Number(c.Name, c.Name, c.Numbers)
}

// ties are the features from edges.
func (p *plan) ties(own []feature.Column) []feature.Column {
	g := neighbour.New(p.t.Rows(), p.r.Edges)
	if p.times != nil {
		g = g.Before(p.times.Numbers)
		return append(g.Features(own, nil), g.PastRates(p.bad, p.times.Numbers, p.r.Delay)...)
	}
	shared := g.Shared()
	var closeness []float64
	if shared != nil {
		closeness = g.Closeness(shared)
	}
	out := g.Features(own, shared)
	first := slices.Concat(own, out)
	return slices.Concat(out, g.Rates(p.learn, closeness, p.r.Seed), p.stacked(g, first, closeness))
}

// mostAmounts bounds the numbers that are compared with an entity's history.
const mostAmounts = 4

// histories are the features from entities in time.
func (p *plan) histories(own []feature.Column) []feature.Column {
	e := &past.Events{Times: p.times.Numbers, Bad: p.bad, Delay: p.r.Delay}
	for _, c := range p.entities {
		e.Entities = append(e.Entities, past.Entity{Name: c.Name, Codes: c.Codes()})
	}
	for _, c := range own {
		if c.Levels == nil && len(e.Amounts) < mostAmounts && distinct(c.Values, 10) {
			e.Amounts = append(e.Amounts, c)
		}
	}
	return e.Features()
}

// distinct tells whether there are more than n different numbers.
func distinct(values []float64, n int) bool {
	seen := map[float64]bool{}
	for _, v := range values {
		if !math.IsNaN(v) {
			if seen[v] = true; len(seen) > n {
				return true
			}
		}
	}
	return false
}

// shared are the features from entities of a table without time: how many rows
// have the value, and how many of them, outside the row's tenth of the labels, are
// bad.
func (p *plan) shared() []feature.Column {
	const folds, pseudo = 10, 4
	random := rand.New(rand.NewPCG(p.r.Seed, 2))
	fold := make([]int, p.t.Rows())
	for i := range fold {
		fold[i] = random.IntN(folds)
	}
	var out []feature.Column
	for _, c := range p.entities {
		codes := c.Codes()
		most := int(slices.Max(codes)) + 1
		n, known, bad := make([]float64, most), make([][folds]float64, most), make([][folds]float64, most)
		for i, x := range codes {
			if x < 0 {
				continue
			}
			n[x]++
			if b := p.learn[i]; !math.IsNaN(b) {
				known[x][fold[i]]++
				bad[x][fold[i]] += b
			}
		}
		prior := mean(p.learn)
		count, rate := make([]float64, len(codes)), make([]float64, len(codes))
		for i, x := range codes {
			count[i], rate[i] = math.NaN(), math.NaN()
			if x < 0 {
				continue
			}
			var k, s float64
			for f := range folds {
				if f != fold[i] || math.IsNaN(p.learn[i]) {
					k, s = k+known[x][f], s+bad[x][f]
				}
			}
			count[i], rate[i] = math.Log(n[x]), (s+pseudo*prior)/(k+pseudo)
		}
		out = append(out, feature.Number(c.Name+": rows", c.Name, count), feature.Number(c.Name+": bad rows", c.Name, rate))
	}
	return out
}

// mean of the numbers that are known.
func mean(v []float64) float64 {
	s, n := 0., 0.
	for _, x := range v {
		if !math.IsNaN(x) {
			s, n = s+x, n+1
		}
	}
	return s / n
}
