package tabular

import (
	"math"
)

// Leak is a column that gives the label away, or would not be known in time.
type Leak struct {
	Column string `json:"column"`
	Reason string `json:"reason"` // a code: leak_row_number, leak_name_order, leak_later, leak_only_bad, leak_only_good, leak_same, leak_outcome
}

// Settings of the search, the same for all tables.
const (
	leastLabels  = 50  // fewer labels of a kind are no evidence
	tooGood      = .99 // AUROC of one column alone
	pureShare    = .985
	pureBad      = .2 // of the rows of a kind that a filled-in column covers
	expectedBad  = 15 // bad rows that chance would put among those that are filled in
	orderSigmas  = 6
	laterShare   = .98
	outcomeAUROC = .75
)

// check looks at the columns that would be features. bad holds the labels of the
// rows a model would learn from, NaN for all others; times is nil without a column
// of time.
type check struct {
	bad   []float64
	times *Column
	share float64 // of bad rows
	least float64 // labels of the rarer kind
}

// Leaks finds the columns that a model must not see. times may be nil.
func Leaks(columns []*Column, bad []float64, times *Column) []Leak {
	c := &check{bad: bad, times: times}
	n, s := 0., 0.
	for _, b := range bad {
		if !math.IsNaN(b) {
			n, s = n+1, s+b
		}
	}
	c.share, c.least = s/n, min(s, n-s)
	found := make([]string, len(columns))
	for j := range columns {
		found[j] = c.reason(columns[j])
	}
	var out []Leak
	for j, r := range found {
		if r != "" {
			out = append(out, Leak{columns[j].Name, r})
		}
	}
	return out
}

// reason why a column leaks, "" if it does not.
func (c *check) reason(x *Column) string {
	switch {
	case x.Kind == Constant || x.Kind == Parts:
		return ""
	case c.later(x):
		return "leak_later"
	}
	if x.Kind == Number || x.Kind == Name {
		if r := c.names(x); r != "" || x.Kind == Name && !outcome(x.Name) {
			return r
		}
	}
	if c.least < leastLabels {
		return ""
	}
	if r := c.filled(x); r != "" {
		return r
	}
	switch a := c.alone(x); {
	case a >= tooGood:
		return "leak_same"
	case outcome(x.Name) && (x.Kind == Time || a >= outcomeAUROC):
		return "leak_outcome"
	}
	return ""
}

// later tells whether a column holds times, or numbers on the same clock, that lie
// after the time of their own rows.
func (c *check) later(x *Column) bool {
	if c.times == nil || x == c.times || x.Kind != Number && x.Kind != Time {
		return false
	}
	var n, after, same, st, sx, stt, sxx, stx float64
	for i, v := range x.Numbers {
		if t := c.times.Numbers[i]; !math.IsNaN(v) {
			n++
			if v >= t {
				after++
			}
			if v == t {
				same++
			}
			st, sx, stt, sxx, stx = st+t, sx+v, stt+t*t, sxx+v*v, stx+t*v
		}
	}
	if n < leastLabels || same > n/2 || after < laterShare*n {
		return false
	}
	r := (stx/n - st/n*sx/n) / math.Sqrt((stt/n-st/n*st/n)*(sxx/n-sx/n*sx/n))
	return r > .5 || x.Kind == Time && c.times.Kind == Time
}

// names tells whether a column only names rows: a row number or another number that
// no two rows share, though chance would have it, or a name by whose order bad rows
// lie together.
func (c *check) names(x *Column) string {
	order := x.order()
	if len(order) < 2*leastLabels {
		return ""
	}
	whole, twice := x.Kind == Number, 0
	for k, i := range order {
		v := x.Numbers[i]
		whole = whole && v == math.Trunc(v)
		if k > 0 && x.Kind == Number && v == x.Numbers[order[k-1]] {
			twice++
		}
	}
	if x.Kind == Number {
		n := float64(len(order))
		span := x.Numbers[order[len(order)-1]] - x.Numbers[order[0]]
		if !whole || twice*1000 > len(order) {
			return ""
		}
		if span <= 4*n { // a number for every row, or nearly
			return "leak_row_number"
		}
		if span > n*n/20 && !identifier(x.Name) {
			return ""
		}
	}
	if c.together(order) {
		return "leak_name_order"
	}
	return ""
}
