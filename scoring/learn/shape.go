package learn

import (
	"math"
	"slices"
	"sort"

	"plaint/scoring/feature"
	"plaint/scoring/glass"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// curves trains, and writes what came of it as a model.
func (t *trainer) curves() { t.shapes(t.fit(t.b.learn, 0)) }

// shapes gives every signal of the parent a shape: the curve that was learned,
// the parent's where nothing could be learned, none where it is ignored. What
// protects is never learned: quiet times do not teach what an outage does, so
// that it stays what people set it to.
func (t *trainer) shapes(g *glass.Model) {
	m := t.m
	m.Base = g.Intercept
	for k := range t.d.Names {
		name := t.d.Names[k]
		at := slices.Index(t.use, k)
		switch {
		case at >= 0:
			s, zero := curve(&g.Bins[at], &g.Terms[at])
			m.Base += zero
			m.Signals = append(m.Signals, s)
		case slices.Contains(t.o.Ignore, name) && !signal.Protective[name]:
			m.Signals = append(m.Signals, model.Unused(name))
		default:
			m.Signals = append(m.Signals, t.o.Parent.Signals[slices.Index(t.o.Parent.SignalNames(), name)])
		}
	}
	m.Base = round(m.Base)
}

// curve is a term as a shape that gives nothing for a value of zero, and what it
// gave for that: a reason then says what a signal adds to a complaint without it.
// Neighbouring steps that became equal are one.
func curve(b *feature.Bins, t *glass.Term) (model.Shape, float64) {
	s := model.Shape{Signal: b.Name}
	zero := t.Scores[1+sort.SearchFloat64s(b.Cuts, 0)]
	for k := range len(b.Cuts) + 1 { // bin 0 is of missing values, which no signal has
		v, rows := round(t.Scores[k+1]-zero), int(t.Rows[k+1])
		if n := len(s.Steps) - 1; n >= 0 && s.Steps[n] == v {
			s.Rows[n] += rows
			s.Errors[n] = max(s.Errors[n], round(t.Errors[k+1]))
			continue
		}
		if k > 0 {
			s.Cuts = append(s.Cuts, b.Cuts[k-1])
		}
		s.Steps, s.Errors, s.Rows = append(s.Steps, v), append(s.Errors, round(t.Errors[k+1])), append(s.Rows, rows)
	}
	return s, zero
}

// round to what a person can read; a score is no more exact than that.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
