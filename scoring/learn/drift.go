package learn

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"plaint/internal/record"
	"plaint/scoring/model"
)

// profileAt are the shares at which values are cut: parts of equal mass, and the
// tail, since most signals are zero nearly always.
var profileAt = []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98}

// Score is the name of the profile of the scores.
const Score = "score"

// profile says how signals and scores lay in the data.
func (d *Data) profile(m *model.Model) []model.Profile {
	all := make([]int32, len(d.Rows))
	for i := range all {
		all[i] = int32(i)
	}
	return d.profileOf(m, all)
}

func (d *Data) profileOf(m *model.Model, rows []int32) (out []model.Profile) {
	for j, name := range d.Names {
		out = append(out, profileOf(name, d.values(j, rows)))
	}
	return append(out, profileOf(Score, d.scores(m, rows)))
}

func (d *Data) values(signal int, rows []int32) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = float64(d.Signals(i)[signal])
	}
	return out
}

func (d *Data) scores(m *model.Model, rows []int32) []float64 {
	j, _ := m.Over(d.names)
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = j.Again(d.Signals(i), nil, record.Protection{}).Score
	}
	return out
}

// profileOf cuts values into parts of about equal mass; a value that is heavier
// than a part is a part of its own.
func profileOf(name string, values []float64) model.Profile {
	v := slices.Sorted(slices.Values(values))
	p := model.Profile{Name: name}
	for _, k := range profileAt {
		if len(v) == 0 {
			break
		}
		c := v[int(k*float64(len(v)))]
		if n := len(p.Cuts); c < v[len(v)-1] && (n == 0 || c > p.Cuts[n-1]) {
			p.Cuts = append(p.Cuts, c)
		}
	}
	p.Shares = shares(p.Cuts, values)
	return p
}

// shares of values at or below each cut and above the one before.
func shares(cuts, values []float64) []float64 {
	out := make([]float64, len(cuts)+1)
	for _, v := range values {
		out[sort.SearchFloat64s(cuts, v)]++
	}
	for k := range out {
		out[k] = math.Round(out[k]/max(float64(len(values)), 1)*1e6) / 1e6
	}
	return out
}

// Moved says how far a signal or the scores have moved since a model was trained.
type Moved struct {
	Name string  `json:"name"`
	PSI  float64 `json:"psi"`  // population stability index: above .1 look, above .25 act
	KS   float64 `json:"ks"`   // greatest distance of the distributions, at the cuts
	Cuts int     `json:"cuts"` // between the parts that were compared
}

// Drift compares the rows from a moment on with the window that a model was
// trained on: the signals and scores that have moved, the furthest first. A model
// without a card has none.
func (d *Data) Drift(m *model.Model, from time.Time) []Moved {
	if m.Card == nil {
		return nil
	}
	return d.Moved(m, m.Card.Profile, from)
}

// Profile says how signals and scores lay in the rows before a moment.
func (d *Data) Profile(m *model.Model, before time.Time) (list []model.Profile, n int) {
	var rows []int32
	for i := range d.Rows {
		if d.Rows[i].At.Before(before) {
			rows = append(rows, int32(i))
		}
	}
	return d.profileOf(m, rows), len(rows)
}

// Moved compares the rows from a moment on with what they were, the furthest
// first.
func (d *Data) Moved(m *model.Model, before []model.Profile, from time.Time) []Moved {
	var rows []int32
	for i := range d.Rows {
		if !d.Rows[i].At.Before(from) {
			rows = append(rows, int32(i))
		}
	}
	var out []Moved
	for _, p := range before {
		var v []float64
		if j := slices.Index(d.Names, p.Name); j >= 0 {
			v = d.values(j, rows)
		} else if p.Name == Score {
			v = d.scores(m, rows)
		}
		if len(v) > 0 {
			out = append(out, moved(p, shares(p.Cuts, v)))
		}
	}
	slices.SortStableFunc(out, func(a, b Moved) int { return cmp.Compare(b.PSI, a.PSI) })
	return out
}

func moved(p model.Profile, now []float64) Moved {
	const little = 1e-4 // of an empty part
	m := Moved{Name: p.Name, Cuts: len(p.Cuts)}
	before, after := 0., 0.
	for k := range now {
		e, a := max(p.Shares[k], little), max(now[k], little)
		m.PSI += (a - e) * math.Log(a/e)
		before, after = before+p.Shares[k], after+now[k]
		m.KS = max(m.KS, math.Abs(before-after))
	}
	return m
}
