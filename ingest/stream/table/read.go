package table

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// reader is one session of a source.
type reader struct {
	c          *Settings
	server     server
	to         stream.Sink
	db         session
	decode     *file.Decoder
	columns    []column
	cursor, id int    // places among columns
	kept       mark   // the position
	began      bool   // there is one
	recent     recent // rows that were handed over and are read again
	object     []byte
}

// mark says what a position belongs to and how far it reaches.
type mark struct {
	Of      string `json:"of"`
	Cursor  string `json:"cursor"`
	Columns string `json:"columns,omitempty"`
	at      int64
}

func (r *reader) run(ctx context.Context) (err error) {
	if r.decode, err = r.c.Decoder(); err != nil {
		return err
	}
	dsn, err := r.c.DSN.Value() // read each time, so that it can be renewed
	if err != nil {
		return fmt.Errorf("dsn: %w", err)
	}
	if r.db, err = r.server.connect(ctx, dsn); err != nil {
		return err
	}
	defer r.db.close()
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.place(ctx); err != nil {
		return err
	}
	r.recent = newRecent()
	r.to.Meter.Connected()
	r.warnVoid(ctx)
	for {
		if err := r.scan(ctx); err != nil {
			return err
		}
		t := time.NewTimer(r.c.Every)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// look finds the columns, and cursor and id among them.
func (r *reader) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	columns, err := r.db.look(ctx, lookText(r.c, r.server))
	if err != nil {
		return fmt.Errorf("look at the columns: %w", err)
	}
	r.columns = columns
	find := func(name string) int {
		return slices.IndexFunc(columns, func(c column) bool { return c.name == name })
	}
	if r.cursor = find(r.c.Cursor); r.cursor < 0 {
		return fmt.Errorf("%w: there is no column %q to be the cursor; there are: %s", stream.ErrRefused, r.c.Cursor, names(columns))
	}
	if r.id = find(r.c.ID); r.id < 0 {
		return fmt.Errorf("%w: there is no column %q to be the id; there are: %s", stream.ErrRefused, r.c.ID, names(columns))
	}
	if !columns[r.cursor].ordered() {
		return fmt.Errorf("%w: the column %q cannot be the cursor: it is neither a whole number nor a time", stream.ErrRefused, r.c.Cursor)
	}
	if k := columns[r.id].kind; k != integer && k != text {
		return fmt.Errorf("%w: the column %q cannot be the id: it is neither a whole number nor a text", stream.ErrRefused, r.c.ID)
	}
	return nil
}

func names(columns []column) string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return strings.Join(out, ", ")
}

// of says what a position belongs to.
func (r *reader) of() string {
	what := r.c.Table
	if what == "" {
		what = "query"
	}
	return what + " by " + r.c.Cursor
}

// place finds where reading goes on. What was another table, or another cursor,
// is read from its start: its rows are known by their identity.
func (r *reader) place(ctx context.Context) error {
	p, ok, err := r.to.Position(ctx, r.c.Name)
	if err != nil {
		return fmt.Errorf("find the position of %s: %w", r.c.Name, err)
	}
	if !ok {
		return nil
	}
	var m mark
	if json.Unmarshal([]byte(p.Mark), &m) != nil || m.Of != r.of() {
		r.to.Log.Warn("another table or cursor was read under this name; it is read from its start", "was", m.Of, "is", r.of())
		return nil
	}
	if m.at, ok = r.columns[r.cursor].at(m.Cursor); !ok {
		r.to.Log.Warn("the cursor has another type than before; the table is read from its start", "cursor", r.c.Cursor)
		return nil
	}
	for _, old := range strings.Split(m.Columns, ", ") {
		if old != "" && !slices.ContainsFunc(r.columns, func(c column) bool { return c.name == old }) {
			r.to.Log.Warn("a column is gone; rows come without it from now on", "column", old, "of", r.of())
		}
	}
	r.kept, r.began = m, true
	return nil
}

// looking is how long it may take to look for rows that would never be read.
const looking = 10 * time.Second

func (r *reader) warnVoid(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, looking)
	defer cancel()
	if r.c.Query != "" {
		return // its condition leaves them out already
	}
	found := false
	err := r.db.each(ctx, voidText(r.c, r.server), nil, nil, func([][]byte) (bool, error) { found = true; return false, nil })
	if err == nil && found {
		r.to.Log.Warn("rows without a cursor or an id are never read", "cursor", r.c.Cursor, "id", r.c.ID)
	}
}

// scan reads all rows from the overlap before the position on.
func (r *reader) scan(ctx context.Context) error {
	cursor, id := r.columns[r.cursor], r.columns[r.id]
	from := r.server.least(cursor)
	if r.began {
		var err error
		if from, err = r.c.before(cursor, r.kept.at); err != nil {
			return err
		}
		if at, ok := cursor.at(from); ok {
			r.recent.forget(at)
		}
	}
	behind, last, limit := false, "", r.c.Batch
	for {
		s := page(r.c, r.server, cursor, id, behind, limit)
		p, err := r.page(ctx, s, from, last)
		if err != nil {
			return err
		}
		if err := r.keep(ctx, p); err != nil {
			return err
		}
		if p.rows < limit && !p.full {
			r.to.Meter.Behind(0)
			return nil
		}
		if p.full { // large rows: fewer of them
			limit = max(1, p.rows)
		}
		behind, from, last = true, p.cursor, p.id
	}
}

// leaf is a page of rows on its way.
type leaf struct {
	batch      record.Batch
	rows       int
	full       bool // ended by its size
	cursor, id string
	bytes      int
	fresh      []seenRow // of batch
	reach      mark
	reached    bool
}

func (r *reader) page(ctx context.Context, s statement, from, last string) (*leaf, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p := &leaf{batch: record.Batch{Input: r.c.Name}, reach: r.kept, reached: r.began}
	r.to.Meter.Received(time.Now())
	args := make([]arg, len(s.args))
	for i, which := range s.args {
		args[i] = arg{r.columns[r.cursor], from}
		if which == 1 {
			args[i] = arg{r.columns[r.id], last}
		}
	}
	err := r.db.each(ctx, s.text, args, r.columns, func(values [][]byte) (bool, error) {
		r.take(p, values)
		p.full = p.bytes >= batchBytes
		return !p.full, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rows from %s %s on: %w", r.c.Cursor, from, err)
	}
	return p, nil
}

// take adds a row to the page, unless it is one that was handed over before.
func (r *reader) take(p *leaf, values [][]byte) {
	p.rows++
	p.cursor, p.id = string(values[r.cursor]), string(values[r.id])
	r.object = object(r.object[:0], r.columns, values)
	p.bytes += len(r.object)
	at, ok := r.columns[r.cursor].at(p.cursor)
	if !ok {
		at = math.MaxInt64 // infinity; what lies before all is not read again
	} else if (!p.reached || at >= p.reach.at) && r.columns[r.cursor].place(at, time.Now()) {
		p.reach, p.reached = mark{Cursor: p.cursor, at: at}, true
	}
	row := r.recent.row(p.id, r.object, at)
	if r.recent.has(row) {
		return
	}
	p.fresh = append(p.fresh, row)
	r.decode.Append(&p.batch, file.Message{Body: r.object, Line: max(1, at), Seen: &record.Seen{Salt: r.c.Name + "#" + p.id}})
}

// keep admits a page's new rows with how far they reach.
func (r *reader) keep(ctx context.Context, p *leaf) error {
	if len(p.fresh) == 0 {
		r.to.Meter.Received(time.Time{})
		if p.reach.Cursor == r.kept.Cursor {
			return nil
		}
	}
	if p.reached {
		p.reach.Of, p.reach.Columns = r.of(), names(r.columns)
		text, err := json.Marshal(p.reach)
		if err != nil {
			return fmt.Errorf("write the position: %w", err)
		}
		p.batch.Positions = []record.Position{{Input: r.c.Name, Offset: p.reach.at, Mark: string(text)}}
	}
	if _, err := r.to.Admit(ctx, &p.batch); err != nil {
		return fmt.Errorf("keep the rows up to %s %s: %w", r.c.Cursor, p.cursor, err)
	}
	r.kept, r.began = p.reach, p.reached
	for _, row := range p.fresh {
		r.recent.add(row)
	}
	return nil
}
