package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	duckdb "github.com/marcboeker/go-duckdb"
)

// table is a table of the file, or of the writer's connection, that rows are
// appended to; these are all its columns, in order.
type table[T any] struct {
	name    string
	columns []column[T]
	schema  *arrow.Schema
}

func newTable[T any](name string, columns ...column[T]) *table[T] {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	return &table[T]{name, columns, arrow.NewSchema(fields, nil)}
}

func (t *table[T]) feed() (name string, f *feed) { return t.name, &feed{schema: t.schema} }

// tables are all that rows are appended to.
var tables = []interface{ feed() (string, *feed) }{complaintTable, eventTable, surveyTable, logTable, transactionTable, accountTable, levelTable,
	refusedTable, replayTable, decisionTable, shadowTable, memberTable, caseTable, entryTable, admissionTable, deliveryTable, stagedKeyTable, numberTable, embeddingTable}

// chunkRows is how many rows are handed to the engine at a time: a whole batch.
// Of smaller pieces the engine makes small row groups, which it writes twice:
// at the commit and again, merged, at the next checkpoint (measured: 5 µs more
// for each row, and the file grows to twice its size).
const chunkRows = 1 << 20

// rowReader turns rows into Arrow records as the engine asks for them.
type rowReader[T any] struct {
	columns []column[T]
	builder *array.RecordBuilder
	rows    []T
	current arrow.Record
	peeked  bool // current was built ahead of Next
}

func newRowReader[T any](t *table[T], rows []T) *rowReader[T] {
	return &rowReader[T]{columns: t.columns, rows: rows, builder: array.NewRecordBuilder(memory.DefaultAllocator, t.schema)}
}

func (r *rowReader[T]) Retain()               {}
func (r *rowReader[T]) Schema() *arrow.Schema { return r.builder.Schema() }
func (r *rowReader[T]) Record() arrow.Record  { return r.current }
func (r *rowReader[T]) Err() error            { return nil }

// Release lets go of everything.
func (r *rowReader[T]) Release() {
	r.drop()
	r.rows = nil
	r.builder.Release()
}

func (r *rowReader[T]) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

// peek builds the first record, which Next then gives.
func (r *rowReader[T]) peek() arrow.Record {
	r.Next()
	r.peeked = true
	return r.current
}

func (r *rowReader[T]) Next() bool {
	if r.peeked {
		r.peeked = false
		return true
	}
	r.drop()
	if len(r.rows) == 0 {
		return false
	}
	n := min(len(r.rows), chunkRows)
	for i, c := range r.columns {
		c.fill(r.builder.Field(i), r.rows[:n])
	}
	r.rows = r.rows[n:]
	r.current = r.builder.NewRecord()
	return true
}

// appenderRows is the number of rows up to which the engine's row appender is
// faster than planning an insert from an Arrow view.
const appenderRows = 256

// insert appends rows to a table. It must run inside a transaction: outside one, an appender commits on its
// own and a failed Close stores nothing silently.
func insert[T any](ctx context.Context, s *Store, t *table[T], rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	reader := newRowReader(t, rows)
	defer reader.Release()
	if err := s.makeRoom(ctx, t.name, reader.peek()); err != nil {
		return err
	}
	if len(rows) <= appenderRows {
		return s.appendRecord(t.name, reader)
	}
	return s.insertView(ctx, t.name, reader)
}

// feed is what the engine reads a table's new rows from: one Arrow view for as
// long as the engine is open. Neither the driver (go-duckdb 1.8) nor the engine
// lets go of all that belongs to a view when it is dropped: a view for each batch
// would cost some ten kilobytes for ever.
type feed struct {
	schema             *arrow.Schema
	array.RecordReader // of the rows at hand, nil between batches
}

func (f *feed) Schema() *arrow.Schema { return f.schema }
func (f *feed) Retain()               {}
func (f *feed) Release()              {}

// feedsName is what the database of the feeds is called. The file's own is called
// as the file is.
func (s *Store) feedsName() string {
	if strings.HasPrefix(strings.ToLower(filepath.Base(s.path)), "feeds") {
		return "fed"
	}
	return "feeds"
}

// openFeeds makes the views. They stand in a database in memory, beside the file:
// the driver would put them into the file's catalogue.
func (s *Store) openFeeds(ctx context.Context) (err error) {
	conn, err := s.connector.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, "use "+s.feedsName(), nil); err != nil {
		return err
	}
	a, err := duckdb.NewArrowFromConn(conn)
	if err != nil {
		return err
	}
	s.feeds = map[string]*feed{}
	for _, t := range tables {
		name, f := t.feed()
		if _, err := a.RegisterView(f, name); err != nil { // what it would release is in use until the end
			return fmt.Errorf("make the feed of %s: %w", name, err)
		}
		s.feeds[name] = f
	}
	return nil
}

// insertView reads an Arrow view with `select *` and nothing else: with a
// projection or a filter DuckDB 1.1 returns wrong rows from an Arrow view
// (duckdb/duckdb#17012).
func (s *Store) insertView(ctx context.Context, table string, reader array.RecordReader) error {
	f := s.feeds[table]
	f.RecordReader = reader
	defer func() { f.RecordReader = nil }()
	if err := s.exec(ctx, "insert into "+table+" select * from "+s.feedsName()+"."+table); err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

func (s *Store) appendRecord(table string, reader array.RecordReader) (err error) {
	appender, err := duckdb.NewAppenderFromConn(s.conn, "", table)
	if err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	// A failed Close must roll back: the caller does that on any error.
	defer func() { err = errors.Join(err, appender.Close()) }()
	for reader.Next() {
		rec := reader.Record()
		values := make([]driver.Value, rec.NumCols())
		for i := range int(rec.NumRows()) {
			for j, col := range rec.Columns() {
				values[j] = valueAt(col, i)
			}
			if err := appender.AppendRow(values...); err != nil {
				return fmt.Errorf("append to %s: %w", table, err)
			}
		}
	}
	return nil
}

// valueAt is the driver's value of one cell.
func valueAt(col arrow.Array, i int) driver.Value {
	if col.IsNull(i) {
		return nil
	}
	switch c := col.(type) {
	case *array.String:
		return c.Value(i)
	case *array.Int64:
		return c.Value(i)
	case *array.Uint64:
		return c.Value(i)
	case *array.Uint8:
		return c.Value(i)
	case *array.Float64:
		return c.Value(i)
	case *array.Float32:
		return c.Value(i)
	case *array.Boolean:
		return c.Value(i)
	case *array.Binary:
		return c.Value(i)
	case *array.Timestamp:
		return timeAt(c, i)
	case *array.List:
		from, to := c.ValueOffsets(i)
		list := make([]any, 0, to-from)
		for k := from; k < to; k++ {
			list = append(list, valueAt(c.ListValues(), int(k)))
		}
		return list
	}
	panic(fmt.Sprintf("store: no value for %T", col)) // a column kind without a case: a bug here
}
