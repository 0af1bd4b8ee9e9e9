package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	duckdb "github.com/marcboeker/go-duckdb"

	"plaint/internal/record"
)

// chunkRows is how many rows are handed to the engine at a time: a whole batch.
// Of smaller pieces the engine makes small row groups, which it writes twice:
// at the commit and again, merged, at the next checkpoint (measured: 5 µs more
// for each row, and the file grows to twice its size).
const chunkRows = 1 << 20

// column says how one value of a row reaches an Arrow builder.
type column[T any] struct {
	name string
	typ  arrow.DataType
	put  func(b array.Builder, r *T)
	size func(r *T) int // bytes of a text, so that room is made once
}

var micros = &arrow.TimestampType{Unit: arrow.Microsecond}

func text[T any](name string, get func(*T) string) column[T] {
	return column[T]{name, arrow.BinaryTypes.String, func(b array.Builder, r *T) {
		if v := get(r); v != "" {
			b.(*array.StringBuilder).Append(v)
		} else {
			b.AppendNull()
		}
	}, func(r *T) int { return len(get(r)) }}
}

func whole[T any](name string, get func(*T) int64) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Int64, func(b array.Builder, r *T) {
		b.(*array.Int64Builder).Append(get(r))
	}, nil}
}

func hash[T any](name string, get func(*T) uint64) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Uint64, func(b array.Builder, r *T) {
		if v := get(r); v != 0 {
			b.(*array.Uint64Builder).Append(v)
		} else {
			b.AppendNull()
		}
	}, nil}
}

// identity is a hash column that keeps zero as a value.
func identity[T any](name string, get func(*T) uint64) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Uint64, func(b array.Builder, r *T) {
		b.(*array.Uint64Builder).Append(get(r))
	}, nil}
}

func small[T any](name string, get func(*T) uint8) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Uint8, func(b array.Builder, r *T) {
		b.(*array.Uint8Builder).Append(get(r))
	}, nil}
}

func float[T any](name string, get func(*T) float64) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Float64, func(b array.Builder, r *T) {
		b.(*array.Float64Builder).Append(get(r))
	}, nil}
}

func number[T any](name string, get func(*T) record.Number) column[T] {
	return column[T]{name, arrow.PrimitiveTypes.Float64, func(b array.Builder, r *T) {
		if v := get(r); v.Valid {
			b.(*array.Float64Builder).Append(v.Value)
		} else {
			b.AppendNull()
		}
	}, nil}
}

func when[T any](name string, get func(*T) time.Time) column[T] {
	return column[T]{name, micros, func(b array.Builder, r *T) {
		if v := get(r); !v.IsZero() {
			b.(*array.TimestampBuilder).Append(arrow.Timestamp(v.UnixMicro()))
		} else {
			b.AppendNull()
		}
	}, nil}
}

func flag[T any](name string, get func(*T) bool) column[T] {
	return column[T]{name, arrow.FixedWidthTypes.Boolean, func(b array.Builder, r *T) {
		b.(*array.BooleanBuilder).Append(get(r))
	}, nil}
}

func tri[T any](name string, get func(*T) record.Tri) column[T] {
	return column[T]{name, arrow.FixedWidthTypes.Boolean, func(b array.Builder, r *T) {
		if v := get(r); v != record.Unknown {
			b.(*array.BooleanBuilder).Append(v == record.Yes)
		} else {
			b.AppendNull()
		}
	}, nil}
}

func raw[T any](name string, get func(*T) []byte) column[T] {
	return column[T]{name, arrow.BinaryTypes.Binary, func(b array.Builder, r *T) {
		if v := get(r); v != nil {
			b.(*array.BinaryBuilder).Append(v)
		} else {
			b.AppendNull()
		}
	}, nil}
}

func texts[T any](name string, get func(*T) []string) column[T] {
	return column[T]{name, arrow.ListOf(arrow.BinaryTypes.String), func(b array.Builder, r *T) {
		list := b.(*array.ListBuilder)
		v := get(r)
		if len(v) == 0 {
			list.AppendNull()
			return
		}
		list.Append(true)
		for _, s := range v {
			list.ValueBuilder().(*array.StringBuilder).Append(s)
		}
	}, nil}
}

func floats[T any](name string, get func(*T) []float32) column[T] {
	return column[T]{name, arrow.ListOf(arrow.PrimitiveTypes.Float32), func(b array.Builder, r *T) {
		list := b.(*array.ListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.Float32Builder).AppendValues(get(r), nil)
	}, nil}
}

// rowReader turns rows into Arrow records as the engine asks for them.
type rowReader[T any] struct {
	refs    atomic.Int64
	columns []column[T]
	schema  *arrow.Schema
	builder *array.RecordBuilder
	rows    []T
	current arrow.Record
}

func newRowReader[T any](columns []column[T], rows []T) *rowReader[T] {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	r := &rowReader[T]{columns: columns, schema: schema, rows: rows,
		builder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
	r.refs.Store(1)
	return r
}

func (r *rowReader[T]) Retain()               { r.refs.Add(1) }
func (r *rowReader[T]) Schema() *arrow.Schema { return r.schema }
func (r *rowReader[T]) Record() arrow.Record  { return r.current }
func (r *rowReader[T]) Err() error            { return nil }

func (r *rowReader[T]) Release() {
	if r.refs.Add(-1) == 0 {
		r.discard()
	}
}

// discard lets go of everything. The driver never tells an exported reader that
// its view is gone (go-duckdb 1.8 frees the stream without releasing it), so
// that without this every batch would stay in memory for ever.
func (r *rowReader[T]) discard() {
	r.drop()
	r.rows, r.columns = nil, nil
	if r.builder != nil {
		r.builder.Release()
		r.builder = nil
	}
}

func (r *rowReader[T]) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *rowReader[T]) Next() bool {
	r.drop()
	if len(r.rows) == 0 {
		return false
	}
	n := min(len(r.rows), chunkRows)
	for i, c := range r.columns {
		b := r.builder.Field(i)
		if n > 1 {
			b.Reserve(n)
			r.room(c, b, n)
		}
		for j := range r.rows[:n] {
			c.put(b, &r.rows[j])
		}
	}
	r.rows = r.rows[n:]
	r.current = r.builder.NewRecord()
	return true
}

// room reserves the bytes of a text column.
func (r *rowReader[T]) room(c column[T], b array.Builder, n int) {
	sb, ok := b.(*array.StringBuilder)
	if !ok || c.size == nil || c.name == "extra" { // extra is rendered: asking its size costs as much
		return
	}
	total := 0
	for j := range r.rows[:n] {
		total += c.size(&r.rows[j])
	}
	sb.ReserveData(total)
}

// appenderRows is the number of rows up to which the engine's row appender is
// faster than planning an insert from an Arrow view.
const appenderRows = 256

// insert appends rows to a table whose columns are exactly these, in order.
// It must run inside a transaction: outside one, an appender commits on its
// own and a failed Close stores nothing silently.
func insert[T any](ctx context.Context, s *Store, table string, columns []column[T], rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	reader := newRowReader(columns, rows)
	defer reader.discard()
	if len(rows) <= appenderRows {
		return s.appendRecord(table, reader)
	}
	return s.insertView(ctx, table, reader)
}

// insertView reads an Arrow view with `select *` and nothing else: with a
// projection or a filter DuckDB 1.1 returns wrong rows from an Arrow view
// (duckdb/duckdb#17012). The driver makes the view in the file's catalogue, so
// it is dropped in the same transaction: nobody can read it later.
func (s *Store) insertView(ctx context.Context, table string, reader array.RecordReader) error {
	release, err := s.arrow.RegisterView(reader, "incoming")
	if err != nil {
		return fmt.Errorf("hand rows to %s: %w", table, err)
	}
	defer release()
	if err := s.exec(ctx, "insert into "+table+" select * from incoming"); err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	if err := s.exec(ctx, "drop view incoming"); err != nil {
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

// extraJSON renders the columns without a word of ours as one JSON object, or
// "" if there are none.
func extraJSON(fields []record.Field) string {
	if len(fields) == 0 {
		return ""
	}
	out := make([]byte, 0, 32*len(fields))
	for i, f := range fields {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		out = append(out, sep)
		out = appendJSON(append(appendJSON(out, f.Name), ':'), f.Value)
	}
	return string(append(out, '}'))
}

func appendJSON(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			b, err := json.Marshal(s)
			if err != nil { // a string always marshals
				return append(out, `""`...)
			}
			return append(out, b...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}
