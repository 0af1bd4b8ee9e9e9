// Package identity finds the rows of a table that speak of one person or firm,
// without labels: what a match is worth in each column is learnt from the table.
//
// Method: Fellegi, Sunter 1969, by expectation maximisation, with the frequency
// of values.
package identity

import (
	"math"
	"slices"
)

const (
	mostFields = 15 // a comparison is packed into four bits a field
	levels     = 8
)

// field is a column in use: how often its levels are met among rows of the same
// person (m) and of different people (u), and what that weighs.
type field struct {
	col    *column
	m, u   [levels]float64
	weight [levels]float64 // log2 of m over u, 0 for missing
	tf     []float64       // by value: the weight of sharing it
	given  []given         // what it weighs where other fields agree
	twins  float64         // rows of the same person that share a row's value, on average
}

// Model is what was learned of a table: a Fellegi-Sunter model (Fellegi, Sunter
// 1969) with the levels of each column, term frequencies (Winkler 1989) and the
// rules that bring rows together.
type Model struct {
	table   *Table
	fields  []*field
	agree   [][4]float64 // chance that a key agrees, rows of the same person
	rules   []rule
	choice  []rule  // all rules there could be
	matches float64 // pairs of the same person, estimated
	prior   float64 // log2 odds that two rows at random are of the same person
}

// firstAgree are chances to start with, by kind: the value is the same.
var firstAgree = [...]float64{Category: .95, Name: .8, Date: .85, Code: .85, Phone: .85, Mail: .8, Text: .65, Number: .8}

func newModel(t *Table) *Model {
	m := &Model{table: t}
	for _, c := range t.columns {
		if !c.used {
			continue
		}
		f := &field{col: c}
		m.fields = append(m.fields, f)
	}
	if len(m.fields) > mostFields { // keep those that tell the most
		order := slices.Clone(m.fields)
		slices.SortStableFunc(order, func(a, b *field) int {
			return int(1000 * (telling(b.col, t.rows) - telling(a.col, t.rows)))
		})
		for _, f := range order[mostFields:] {
			f.col.used, f.col.why = false, "too_many"
		}
		m.fields = slices.DeleteFunc(m.fields, func(f *field) bool { return !f.col.used })
	}
	for _, f := range m.fields {
		a := firstAgree[f.col.kind]
		m.agree = append(m.agree, [4]float64{a, 1 - .4*(1-a), 1 - .5*(1-a), 1 - .6*(1-a)})
	}
	return m
}

// telling is how much agreement in a column says: where it is there, in bits.
func telling(c *column, rows int) float64 {
	sum := 0.
	for _, n := range c.count {
		sum += float64(n) * float64(n)
	}
	p := float64(c.present)
	return p / float64(rows) * math.Log2(p*p/max(sum, 1))
}

// compare packs the levels of a pair.
func (m *Model) compare(a, b int32) uint64 {
	var out uint64
	a, b = min(a, b), max(a, b)
	for i, f := range m.fields {
		out |= uint64(m.table.level(f.col, a, b)) << (4 * i)
	}
	return out
}

// fit learns the model. Rules and agreement depend on each other: the second
// round chooses rules by what the first has learned.
func (m *Model) fit() {
	m.estimateU()
	for round := range 2 {
		m.chooseRules()
		m.estimateM(sessionPairs / float64(2-round))
		m.setWeights()
	}
	m.dependOn()
	m.choice = nil
}

// Reason is what one column says of two records.
type Reason struct {
	Column string
	Level  string  // of agreement: "same", "one_digit_or_swapped", "missing"
	Bits   float64 // evidence for the same person, below 0 against
	Rarity float64 // of Bits, how much is due to a rare (or, below 0, common) value
	Shared float64 // of Bits, how much is taken off as other columns that agree say it already
}

// Prior is the evidence before any column was looked at: the log2 odds that two
// records at random are of the same person.
func (m *Model) Prior() float64 { return m.prior }

// explain lists the columns in the table's order. Prior and all Bits add up to
// the evidence.
func (m *Model) explain(a, b int32) []Reason {
	a, b = min(a, b), max(a, b)
	agree := uint32(0)
	for i, f := range m.fields {
		if m.table.level(f.col, a, b) == same {
			agree |= 1 << i
		}
	}
	var out []Reason
	for _, f := range m.fields {
		l := m.table.level(f.col, a, b)
		value := f.col.codes[a]
		r := Reason{Column: f.col.name, Level: "missing", Bits: f.bits(l, value, agree)}
		if l != missing {
			r.Level = levelNames[f.col.kind][l-1]
			alone := f.bits(l, value, 0)
			r.Shared = r.Bits - alone
			r.Rarity = alone - f.weight[l]
		}
		out = append(out, r)
	}
	return out
}

// Column says what was found out about a column.
type Column struct {
	Name     string  `json:"name"`
	Kind     string  `json:"kind,omitempty"`
	LeftOut  string  `json:"left_out,omitempty"` // why it is not compared
	Distinct int     `json:"distinct,omitempty"`
	Same     float64 `json:"same,omitempty"`   // chance of the same value, same person
	Chance   float64 `json:"chance,omitempty"` // chance of the same value, different people
}

// Columns says what each column was taken for.
func (m *Model) Columns() []Column {
	var out []Column
	for _, c := range m.table.columns {
		x := Column{Name: c.name, LeftOut: c.why}
		if c.used {
			x.Kind, x.Distinct = c.kind.String(), len(c.forms)
		}
		for _, f := range m.fields {
			if f.col == c {
				x.Same, x.Chance = f.m[same], f.u[same]
			}
		}
		out = append(out, x)
	}
	return out
}

// Rules names the columns by which rows were brought together.
func (m *Model) Rules() [][]string {
	var out [][]string
	for _, r := range m.rules {
		var names []string
		for _, k := range r.keys {
			names = append(names, m.fields[k.field].col.name)
		}
		out = append(out, names)
	}
	return out
}
