// Package tabular screens the rows of any table for fraud: it finds out what the
// columns hold, refuses those that give the label away, makes features of rows, ties
// and histories, trains, calibrates and tells reasons.
package tabular

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind of a column.
type Kind string

// The kinds. Parts holds train, val and test and is no feature; a Name is different
// in (almost) every row and is none either.
const (
	Number   Kind = "number"
	Category Kind = "category"
	Time     Kind = "time"
	Name     Kind = "name"
	Parts    Kind = "parts"
	Constant Kind = "constant"
)

// Column of a table as it was read.
type Column struct {
	Name    string
	Kind    Kind
	Numbers []float64 // by row; NaN where there is no number; of times, seconds since 1970
	texts   []int32   // by row, place in words; -1 for numbers and nothing
	words   []string
	known   map[string]int32
	filled  int
}

// Table is what was read.
type Table struct {
	Columns []*Column
	rows    int
}

// NewTable makes an empty table.
func NewTable(names []string) *Table {
	t := &Table{}
	for _, n := range names {
		t.Columns = append(t.Columns, &Column{Name: n, known: map[string]int32{}})
	}
	return t
}

// Rows is how many were added.
func (t *Table) Rows() int { return t.rows }

// Column by its name; nil if there is none.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Add adds a row: a cell for each column.
func (t *Table) Add(cells []string) {
	for j, c := range t.Columns {
		c.add(cells[j])
	}
	t.rows++
}

// nothing are words for no value.
func nothing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "无", "空":
		return true
	}
	return false
}

func (c *Column) add(cell string) {
	cell = strings.TrimSpace(cell)
	number, text := math.NaN(), int32(-1)
	if !nothing(cell) {
		c.filled++
		if v, ok := numberOf(cell); ok {
			number = v
		} else {
			text = c.word(cell)
		}
	}
	c.Numbers, c.texts = append(c.Numbers, number), append(c.texts, text)
}

// numberOf reads a number: 1200, -1.5e3, 1,200.50, $1,200, ¥1,200.
func numberOf(cell string) (float64, bool) {
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil && grouped.MatchString(cell) {
		cell = strings.Map(func(r rune) rune {
			if r == '-' || r == '.' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, cell)
		v, err = strconv.ParseFloat(cell, 64)
	}
	return v, err == nil && !math.IsInf(v, 0) && !strings.ContainsAny(cell, "xXpP_")
}

// grouped is an amount as people write it: a sign of money before it, or digits
// by threes.
var grouped = regexp.MustCompile(`^-?(?:[$€£¥￥] ?\d+|[$€£¥￥]? ?\d{1,3}(?:,\d{3})+)(?:\.\d+)?$`)

func (c *Column) word(cell string) int32 {
	if at, ok := c.known[cell]; ok {
		return at
	}
	cell = strings.Clone(cell)
	c.known[cell] = int32(len(c.words))
	c.words = append(c.words, cell)
	return int32(len(c.words) - 1)
}

// Cell is what stands in a row, "" for nothing.
func (c *Column) Cell(row int) string {
	switch {
	case c.texts[row] >= 0:
		return c.words[c.texts[row]]
	case math.IsNaN(c.Numbers[row]):
		return ""
	}
	return strconv.FormatFloat(c.Numbers[row], 'f', -1, 64)
}

// Settle finds out what each column holds, when all rows are added.
func (t *Table) Settle() {
	for _, c := range t.Columns {
		c.settle()
	}
}

func (c *Column) settle() {
	numbers := 0
	for _, v := range c.Numbers {
		if !math.IsNaN(v) {
			numbers++
		}
	}
	switch texts := c.filled - numbers; {
	case c.filled == 0:
		c.Kind = Constant
	case texts*50 <= c.filled: // a word among numbers is no number
		c.Kind = Number
		if c.same() {
			c.Kind = Constant
		}
	case numbers == 0 && c.parts():
		c.Kind = Parts
	case numbers == 0 && c.times():
		c.Kind = Time
	default:
		c.Kind = Category
		c.toWords()
		if len(c.words) > 50 && len(c.words)*2 > c.filled {
			c.Kind = Name
		} else if len(c.words) == 1 && c.filled == len(c.Numbers) {
			c.Kind = Constant
		}
	}
}

// same tells whether all rows hold one number.
func (c *Column) same() bool {
	for _, v := range c.Numbers {
		if v != c.Numbers[0] {
			return false
		}
	}
	return true
}

// parts tells whether a column parts the rows for training.
func (c *Column) parts() bool {
	for _, w := range c.words {
		if partOf(w) == 0 {
			return false
		}
	}
	return len(c.words) > 1
}

// toWords makes the numbers of a column words too.
func (c *Column) toWords() {
	for i, v := range c.Numbers {
		if !math.IsNaN(v) {
			c.texts[i] = c.word(strconv.FormatFloat(v, 'f', -1, 64))
			c.Numbers[i] = math.NaN()
		}
	}
}

// layouts of times that are told apart.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
	"2006/01/02 15:04:05", "2006/01/02", "2006/1/2 15:04:05", "2006/1/2", "02.01.2006 15:04:05", "02.01.2006", "02/01/2006", "01/02/2006 15:04:05", "01/02/2006", "2006年1月2日", "2006-01"}

// times reads a column of times, if it is one: all words have one layout.
func (c *Column) times() bool {
	for _, l := range layouts {
		if _, err := time.Parse(l, c.words[0]); err != nil {
			continue
		}
		values := make([]float64, len(c.words))
		read := !slices.ContainsFunc(c.words, func(w string) bool {
			at, err := time.Parse(l, w)
			values[c.known[w]] = float64(at.UnixMilli()) / 1000
			return err != nil
		})
		if !read {
			continue
		}
		for i, w := range c.texts {
			if w >= 0 {
				c.Numbers[i] = values[w]
			}
		}
		return true
	}
	return false
}

// Codes numbers the values of a column, the same for the same; -1 for nothing.
func (c *Column) Codes() []int32 {
	out := make([]int32, len(c.Numbers))
	codes := map[float64]int32{}
	for i, v := range c.Numbers {
		switch {
		case c.texts[i] >= 0:
			out[i] = c.texts[i]
		case math.IsNaN(v):
			out[i] = -1
		default:
			at, ok := codes[v]
			if !ok {
				at = int32(len(c.words) + len(codes))
				codes[v] = at
			}
			out[i] = at
		}
	}
	return out
}
