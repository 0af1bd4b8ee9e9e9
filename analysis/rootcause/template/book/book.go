// Package book keeps the templates of the log lines in the store: which there
// are, under numbers that stay, how many lines of each by the minute, and where
// those lines are.
//
// A run goes on from the one before and reads only lines that are new. What the
// miner knows is a function of the first line of each shape, in their order, so
// no state is kept but the numbers of such lines: they are read again, and the
// miner stands where it stood. Invariant: the lines read in any number of runs are
// grouped as in one.
package book

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"plaint/analysis/rootcause/template"
	"plaint/analysis/rootcause/template/layout"
	"plaint/internal/store"
)

// Book is the reading of the log lines of a store, up to one of them.
type Book struct {
	st      *store.Store
	started time.Time
	miner   *template.Miner
	shapes  []*Shape // by the number of their line
	reading int64    // its number
	before  int64    // the run that it goes on from, 0 if it begins
	from    int64    // lines up to here were read by earlier runs
	upto    int64
	lines   int64 // of all runs of the reading
	fresh   int64 // of this run
	keeping int64
	ends    map[string]*end
	kinds   []*Kind
	change  []Change
	last    struct{ service, level, scope string }
}

// Shape counts the lines of one shape.
type Shape struct {
	line            *template.Line
	service, level  string
	n               int64
	first, last     int64 // unix seconds, 0 = no line says when
	example, recent int64
	was             int64 // its template in the run before, 0 if it is new
	minutes         map[int64]*count
	template        int64
}

// count is of one minute.
type count struct {
	n           int64
	first, last int64 // seq
}

// noMinute is the minute of lines that tell no time.
const noMinute = -1 << 62

// page is how many lines are read at a time, since the driver holds a whole
// result in memory.
const page = 100000

const lineQuery = `select seq, coalesce(epoch_us(time) // 1000000, 0) as at, coalesce(service, '') as service, coalesce(level, '') as level,
	coalesce(host, '') as host, coalesce(message, '') as message from log_line where seq > ? and seq <= ? order by seq`

// Read goes on from the last run, or begins anew where it cannot: nothing was
// read yet, by another method, or lines were erased since. It reads most lines at
// most; Behind says whether there are more.
func Read(ctx context.Context, st *store.Store, most int64) (*Book, error) {
	b := &Book{st: st, started: st.Now(), ends: map[string]*end{}}
	if err := b.resume(ctx); err != nil {
		return nil, fmt.Errorf("go on reading the log lines: %w", err)
	}
	var last int64
	if err := st.QueryRow(ctx, "select coalesce(max(seq), 0) from log_line").Scan(&last); err != nil {
		return nil, fmt.Errorf("read the log lines: %w", err)
	}
	if err := b.look(ctx); err != nil {
		return nil, fmt.Errorf("read the log lines: %w", err)
	}
	for b.upto = b.from; b.upto < last && b.fresh < most; {
		to := min(b.upto+min(page, most-b.fresh), last)
		if err := b.each(ctx, b.upto, to, b.add); err != nil {
			return nil, fmt.Errorf("read the log lines: %w", err)
		}
		b.upto = to
	}
	b.settle()
	return b, b.name(ctx)
}

// row is one line of the store.
type row struct {
	seq, at                       int64
	service, level, host, message string
}

func (b *Book) each(ctx context.Context, from, to int64, f func(*row)) error {
	var r row
	return b.st.Each(ctx, lineQuery, func(rows *sql.Rows) error {
		if err := rows.Scan(&r.seq, &r.at, &r.service, &r.level, &r.host, &r.message); err != nil {
			return err
		}
		f(&r)
		return nil
	}, from, to)
}

// end is the last line of a service on a host, on which a stack trace goes on.
type end struct {
	joiner layout.Joiner
	shape  *template.Line
}

// mostEnds bounds the services and hosts whose traces are kept together.
const mostEnds = 10000

// find gives the shape of a line: its own, or that of the record which it goes on
// with.
func (b *Book) find(r *row, add func(scope, message string) *template.Line) (l *template.Line, own bool) {
	if r.message == "" {
		return add(b.scope(r), ""), true
	}
	key := r.service + "\x00" + r.host
	e := b.ends[key]
	if e == nil {
		if e = (&end{joiner: layout.Joiner{Indented: true}}); len(b.ends) < mostEnds {
			b.ends[key] = e
		}
	}
	if goesOn := e.joiner.Continues(r.message, false); goesOn && e.shape != nil {
		return e.shape, false
	}
	e.shape = add(b.scope(r), r.message)
	return e.shape, true
}

// scope is what lines of one template share, beside their text.
func (b *Book) scope(r *row) string {
	if b.last.service != r.service || b.last.level != r.level || b.last.scope == "" {
		b.last.service, b.last.level, b.last.scope = r.service, r.level, r.service+"\x00"+r.level
	}
	return b.last.scope
}

// look reads the lines before the first new one without counting them: a stack
// trace may have been cut there. One that was cut where this begins has no shape.
func (b *Book) look(ctx context.Context) error {
	const back = 1000
	if b.from == 0 {
		return nil
	}
	return b.each(ctx, max(0, b.from-back), b.from, func(r *row) { b.find(r, b.miner.Known) })
}

func (b *Book) add(r *row) {
	l, own := b.find(r, b.miner.Add)
	if l.Number == len(b.shapes) {
		b.shapes = append(b.shapes, &Shape{line: l, service: r.service, level: r.level, example: r.seq})
	}
	s := b.shapes[l.Number]
	b.lines, b.fresh = b.lines+1, b.fresh+1
	s.n++
	if own {
		s.recent = r.seq
	}
	minute := int64(noMinute)
	if r.at != 0 {
		if s.first == 0 || r.at < s.first {
			s.first = r.at
		}
		s.last = max(s.last, r.at)
		minute = floor(r.at, 60)
	}
	c := s.minutes[minute]
	if c == nil {
		if s.minutes == nil {
			s.minutes = map[int64]*count{}
		}
		c = &count{first: r.seq}
		s.minutes[minute] = c
	}
	c.n++
	c.last = r.seq
}

func floor(at, by int64) int64 { return at - ((at%by)+by)%by }

// Behind reports whether there are lines behind those that were read.
func (b *Book) Behind(ctx context.Context) (more bool, err error) {
	err = b.st.QueryRow(ctx, "select count(*) > 0 from log_line where seq > ?", b.upto).Scan(&more)
	return more, err
}
