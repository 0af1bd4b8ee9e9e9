package table

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a column holds, as far as it matters here.
type kind uint8

const (
	text    kind = iota // and all that is written as text
	integer             // whole numbers of up to 64 bits
	number              // others
	boolean
	instant // a time with its zone; ours are in UTC
	wall    // a time without
	day
	document // JSON
	octets
	list // a PostgreSQL array
)

// column is one of a result.
type column struct {
	name string
	kind kind
	as   string // the type that an argument is cast to, where one is needed
	item kind   // of a list
}

var errChanged = errors.New("the columns changed since they were looked at")

// same compares the columns of a result with those that were looked at.
func same(want, got []column) error {
	if want != nil && !slices.Equal(want, got) {
		return errChanged
	}
	return nil
}

// ordered reports a column that can be a cursor.
func (c column) ordered() bool {
	return c.kind == integer || c.kind == instant || c.kind == wall || c.kind == day
}

// ahead is how far a time may lie in the future and still be a place to go on
// from. One row of the year 2099 must not hide all that come before it.
const ahead = 24 * time.Hour

// forms are how the databases write times.
var forms = []string{"2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999", time.DateOnly}

// at is a cursor's value as a number that orders as it does: itself, or
// microseconds since 1970. ok is false for a value that no place can be, such as
// infinity.
func (c column) at(v string) (n int64, ok bool) {
	if c.kind == integer {
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	for _, f := range forms {
		if t, err := time.Parse(f, v); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

// place reports whether reading may go on from a value.
func (c column) place(n int64, now time.Time) bool {
	return c.kind == integer || n <= now.Add(ahead).UnixMicro()
}

// before is the value that lies the overlap before another.
func (c *Settings) before(col column, n int64) (string, error) {
	d, ids, err := c.overlap()
	if err != nil {
		return "", err
	}
	if col.kind == integer {
		if n < math.MinInt64+ids {
			return strconv.FormatInt(math.MinInt64, 10), nil
		}
		return strconv.FormatInt(n-ids, 10), nil
	}
	t := time.UnixMicro(n).UTC().Add(-d)
	switch col.kind {
	case day:
		return t.Format(time.DateOnly), nil
	case instant:
		return t.Format("2006-01-02 15:04:05.000000") + col.zone(), nil
	}
	return t.Format("2006-01-02 15:04:05.000000"), nil
}

// zone is how UTC is written in an argument, "" where the session says it.
func (c column) zone() string {
	if c.as == "" {
		return ""
	}
	return "+00"
}

// statement is one select and the arguments of its places, in order: 0 is the
// cursor, 1 the id.
type statement struct {
	text string
	args []int
}

// builder writes the statements of a source. Names are quoted, values are
// arguments: nothing of the data is ever part of a text.
type builder struct {
	c          *Settings
	s          server
	cursor, id column
	out        strings.Builder
	args       []int
}

func (b *builder) arg(which int) {
	b.args = append(b.args, which)
	c := b.cursor
	if which == 1 {
		c = b.id
	}
	b.out.WriteString(b.s.place(len(b.args), c))
}

// from is what is read. Without a cursor nothing stands for it.
func (b *builder) from(look bool) {
	if b.c.Table != "" {
		for i, part := range strings.Split(b.c.Table, ".") {
			if i > 0 {
				b.out.WriteByte('.')
			}
			b.out.WriteString(b.s.quote(part))
		}
		return
	}
	b.out.WriteByte('(')
	rest := b.c.Query
	for {
		at := cursors.FindStringIndex(rest)
		if at == nil {
			break
		}
		place := at[1] - len(":cursor")
		b.out.WriteString(rest[:place])
		if look {
			b.out.WriteString("null")
		} else {
			b.arg(0)
		}
		rest = rest[at[1]:]
	}
	b.out.WriteString(rest + ") as plaint_rows")
}

// lookText asks for no rows, only for the columns.
func lookText(c *Settings, s server) string {
	b := &builder{c: c, s: s}
	b.out.WriteString("select * from ")
	b.from(true)
	b.out.WriteString(" limit 0")
	return b.out.String()
}

// page reads rows in the order of cursor and id: from a cursor on or, if behind,
// behind a row of that cursor and id.
func page(c *Settings, s server, cursor, id column, behind bool, limit int) statement {
	b := &builder{c: c, s: s, cursor: cursor, id: id}
	qc, qi := s.quote(cursor.name), s.quote(id.name)
	b.out.WriteString("select * from ")
	b.from(false)
	b.out.WriteString(" where " + qc + " >= ")
	b.arg(0)
	if behind { // the first condition is there for the index
		b.out.WriteString(" and (" + qc + " > ")
		b.arg(0)
		b.out.WriteString(" or " + qi + " > ")
		b.arg(1)
		b.out.WriteString(")")
	}
	b.out.WriteString(" and " + qi + " is not null")
	fmt.Fprintf(&b.out, " order by %s, %s limit %d", qc, qi, limit)
	return statement{b.out.String(), b.args}
}

// voidText looks for a row that would never be read.
func voidText(c *Settings, s server) string {
	b := &builder{c: c, s: s}
	b.out.WriteString("select * from ")
	b.from(true)
	b.out.WriteString(" where " + s.quote(c.Cursor) + " is null or " + s.quote(c.ID) + " is null limit 1")
	return b.out.String()
}
