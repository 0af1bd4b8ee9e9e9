package identity

import (
	"strings"
	"sync"
)

// column holds one column by its distinct values.
type column struct {
	name    string
	kind    Kind
	used    bool
	why     string      // why it is not used
	codes   []int32     // row to value, -1 for none
	forms   []form      // by value
	exact   []uint64    // by value: hash of the folded characters
	count   []int32     // by value: rows that hold it
	present int         // rows that hold any
	partner int         // the column whose values are mistaken for this one's, -1 for none
	keys    [4][]uint64 // by value: what rows are brought together by; the first is exact

}

// Table holds the rows to link, column by column, each distinct value once. It
// is filled with Add and used by Link.
type Table struct {
	columns []*column
	raw     []*dictionary
	rows    int
	batch   [][]string
	arena   []byte
}

// dictionary numbers the distinct values of a column as they were written.
type dictionary struct {
	number map[string]int32
	values []string
	codes  []int32
}

const batchRows = 8192

// NewTable returns an empty table with the columns' names.
func NewTable(columns []string) *Table {
	t := &Table{}
	for _, name := range columns {
		t.columns = append(t.columns, &column{name: name, partner: -1})
		t.raw = append(t.raw, &dictionary{number: map[string]int32{}})
	}
	return t
}

// Add appends a row, one cell for each column. Cells are copied.
func (t *Table) Add(cells []string) {
	start := len(t.arena)
	for _, c := range cells {
		t.arena = append(t.arena, c...)
	}
	all := string(t.arena[start:])
	t.arena = t.arena[:start]
	row := make([]string, len(t.columns))
	for i := range row {
		row[i], all = all[:len(cells[i])], all[len(cells[i]):]
	}
	t.batch = append(t.batch, row)
	t.rows++
	if len(t.batch) == batchRows {
		t.flush()
	}
}

// Rows is how many rows there are.
func (t *Table) Rows() int { return t.rows }

// flush numbers the values of the rows that wait, the columns side by side.
func (t *Table) flush() {
	batch := t.batch
	parallel(len(t.raw), func(c int) {
		d := t.raw[c]
		for _, row := range batch {
			v := strings.TrimSpace(row[c])
			if isAbsent(v) {
				d.codes = append(d.codes, -1)
				continue
			}
			n, ok := d.number[v]
			if !ok {
				n = int32(len(d.values))
				v = strings.Clone(v)
				d.number[v] = n
				d.values = append(d.values, v)
			}
			d.codes = append(d.codes, n)
		}
	})
	t.batch = t.batch[:0]
}

// settle finds the columns' kinds and folds their values.
func (t *Table) settle() {
	t.flush()
	parallel(len(t.raw), func(c int) {
		col, d := t.columns[c], t.raw[c]
		d.number = nil
		col.kind, col.why = kindOf(d, t.rows)
		if col.used = col.why == ""; col.used {
			col.fold(d)
		}
		t.raw[c] = nil
	})
	t.dropRepeated()
	t.pairColumns()
	for _, c := range t.columns {
		if c.used {
			c.settleKeys()
		}
	}
}

// fold turns the values as written into folded ones, of which there are fewer.
func (c *column) fold(d *dictionary) {
	number := make(map[uint64]int32, len(d.values))
	to := make([]int32, len(d.values))
	for i, v := range d.values {
		f, ok := formOf(c.kind, v)
		if !ok {
			to[i] = -1
			continue
		}
		h := hash(0, f.main)
		n, known := number[h]
		if !known {
			n = int32(len(c.forms))
			number[h] = n
			c.forms, c.exact, c.count = append(c.forms, f), append(c.exact, h), append(c.count, 0)
		}
		to[i] = n
	}
	c.codes = d.codes
	for i, code := range c.codes {
		if code >= 0 {
			code = to[code]
			c.codes[i] = code
		}
		if code >= 0 {
			c.count[code]++
			c.present++
		}
	}
}

// dropRepeated leaves out a column that only repeats others: the same agreement
// would count twice. A column repeats others if what stands in them makes up
// nearly all of it in most rows (full name beside first name and surname).
func (t *Table) dropRepeated() {
	step := max(t.rows/2000, 1)
	for c, whole := range t.columns {
		if !whole.used || whole.kind != Name && whole.kind != Text {
			continue
		}
		covered, seen := 0., 0
		for row := 0; row < t.rows; row += step {
			if whole.codes[row] < 0 {
				continue
			}
			seen++
			covered += t.coverage(c, row)
		}
		if seen > 0 && covered >= .6*float64(seen) {
			whole.used, whole.why = false, "repeats_others"
		}
	}
}

// coverage is the share of a value that stands in other name and text columns of
// the row as whole values, 0 where less than most of it does.
func (t *Table) coverage(c, row int) float64 {
	rest := string16(t.columns[c].forms[t.columns[c].codes[row]].main)
	full := len(rest)
	for o, other := range t.columns {
		if o == c || !other.used || other.kind != Name && other.kind != Text || other.codes[row] < 0 {
			continue
		}
		part := string16(other.forms[other.codes[row]].main)
		if len(part) >= 2 && (len(part) < full || o < c) {
			rest = strings.Replace(rest, part, "", 1)
		}
	}
	if len(rest)*10 > full*3 {
		return 0
	}
	return 1
}

func string16(s []uint16) string {
	b := make([]byte, 0, 2*len(s))
	for _, c := range s {
		b = append(b, byte(c>>8), byte(c))
	}
	return string(b)
}

// pairColumns finds columns whose values get mixed up: they share words. First
// name and surname, two lines of an address.
func (t *Table) pairColumns() {
	best := make([]int, len(t.columns))
	for a := range t.columns {
		best[a] = -1
		most := .01
		for b := range t.columns {
			if a != b {
				if s := t.shared(a, b); s > most {
					best[a], most = b, s
				}
			}
		}
	}
	for a, b := range best {
		if b >= 0 && best[b] == a {
			t.columns[a].partner = b
		}
	}
}

// shared is the share of rows of one column whose value is also one of another
// column of its kind.
func (t *Table) shared(a, b int) float64 {
	x, y := t.columns[a], t.columns[b]
	if !x.used || !y.used || x.kind != y.kind || x.kind != Name && x.kind != Text || x.present == 0 {
		return 0
	}
	in := make(map[uint64]struct{}, len(y.exact))
	for _, h := range y.exact {
		in[h] = struct{}{}
	}
	n := 0
	for i, h := range x.exact {
		if _, ok := in[h]; ok {
			n += int(x.count[i])
		}
	}
	return float64(n) / float64(x.present)
}

// settleKeys gathers the keys of the values.
func (c *column) settleKeys() {
	c.keys[0] = c.exact
	for k := 1; k < len(c.keys); k++ {
		c.keys[k] = make([]uint64, len(c.forms))
		for i := range c.forms {
			c.keys[k][i] = c.forms[i].keys[k-1]
		}
	}
}

// parallel calls f for 0 to n-1 on all processors.
func parallel(n int, f func(i int)) {
	var wait sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range min(n, workers()) {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	wait.Wait()
}
