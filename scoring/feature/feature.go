// Package feature holds what a model looks at: columns of numbers and of
// categories, and their bins, the only thing that the models of this room see.
package feature

import "math"

// Column is one input of a model: a value for each row.
type Column struct {
	Name   string
	Group  string    // columns of one group are told as one reason
	Values []float64 // NaN is missing; of categories, the place in Levels
	Levels []string  // the categories; nil for numbers
	Sign   int8      // 1 or -1: more of it may only raise or only lower a score; 0 is free
}

// Table is a set of columns of one length.
type Table struct {
	Columns []Column
}

// Rows is the length of the columns.
func (t *Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return len(t.Columns[0].Values)
}

// Row copies the values of a row into out, which has room for every column.
func (t *Table) Row(i int, out []float64) {
	for j := range t.Columns {
		out[j] = t.Columns[j].Values[i]
	}
}

// Number makes a column of numbers.
func Number(name, group string, values []float64) Column {
	return Column{Name: name, Group: group, Values: values}
}

// Missing is the value of what is not known.
func Missing() float64 { return math.NaN() }
