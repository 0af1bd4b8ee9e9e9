package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

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

// column says how the values of rows reach an Arrow builder. Columns are filled
// whole, and a column without any value costs next to nothing: many of an
// export's columns are empty.
type column[T any] struct {
	name string
	typ  arrow.DataType
	fill func(b array.Builder, rows []T)
}

var micros = &arrow.TimestampType{Unit: arrow.Microsecond}

// fixed is a column of values of one size; ok says whether a row has one.
func fixed[T, V any](name string, typ arrow.DataType, add func(b array.Builder, v []V, valid []bool), get func(*T) (V, bool)) column[T] {
	return column[T]{name, typ, func(b array.Builder, rows []T) {
		values, valid := make([]V, len(rows)), make([]bool, len(rows))
		some := false
		for i := range rows {
			values[i], valid[i] = get(&rows[i])
			some = some || valid[i]
		}
		if !some {
			b.AppendNulls(len(rows))
			return
		}
		add(b, values, valid)
	}}
}

func text[T any](name string, get func(*T) string) column[T] {
	return column[T]{name, arrow.BinaryTypes.String, func(b array.Builder, rows []T) {
		total := 0
		for i := range rows {
			total += len(get(&rows[i]))
		}
		if total == 0 {
			b.AppendNulls(len(rows))
			return
		}
		sb := b.(*array.StringBuilder)
		sb.Reserve(len(rows))
		sb.ReserveData(total)
		for i := range rows {
			if v := get(&rows[i]); v != "" {
				sb.Append(v)
			} else {
				sb.AppendNull()
			}
		}
	}}
}

func whole[T any](name string, get func(*T) int64) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Int64, func(b array.Builder, v []int64, valid []bool) {
		b.(*array.Int64Builder).AppendValues(v, valid)
	}, func(r *T) (int64, bool) { return get(r), true })
}

func addUint64(b array.Builder, v []uint64, valid []bool) {
	b.(*array.Uint64Builder).AppendValues(v, valid)
}

func hash[T any](name string, get func(*T) uint64) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Uint64, addUint64, func(r *T) (uint64, bool) {
		v := get(r)
		return v, v != 0
	})
}

// identity is a hash column that keeps zero as a value.
func identity[T any](name string, get func(*T) uint64) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Uint64, addUint64, func(r *T) (uint64, bool) { return get(r), true })
}

func small[T any](name string, get func(*T) uint8) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Uint8, func(b array.Builder, v []uint8, valid []bool) {
		b.(*array.Uint8Builder).AppendValues(v, valid)
	}, func(r *T) (uint8, bool) { return get(r), true })
}

func addFloat64(b array.Builder, v []float64, valid []bool) {
	b.(*array.Float64Builder).AppendValues(v, valid)
}

func float[T any](name string, get func(*T) float64) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Float64, addFloat64, func(r *T) (float64, bool) { return get(r), true })
}

func number[T any](name string, get func(*T) record.Number) column[T] {
	return fixed(name, arrow.PrimitiveTypes.Float64, addFloat64, func(r *T) (float64, bool) {
		v := get(r)
		return v.Value, v.Valid
	})
}

func when[T any](name string, get func(*T) time.Time) column[T] {
	return fixed(name, micros, func(b array.Builder, v []arrow.Timestamp, valid []bool) {
		b.(*array.TimestampBuilder).AppendValues(v, valid)
	}, func(r *T) (arrow.Timestamp, bool) {
		v := get(r)
		if v.IsZero() {
			return 0, false
		}
		return arrow.Timestamp(v.UnixMicro()), true
	})
}

func addBool(b array.Builder, v, valid []bool) { b.(*array.BooleanBuilder).AppendValues(v, valid) }

func flag[T any](name string, get func(*T) bool) column[T] {
	return fixed(name, arrow.FixedWidthTypes.Boolean, addBool, func(r *T) (bool, bool) { return get(r), true })
}

func tri[T any](name string, get func(*T) record.Tri) column[T] {
	return fixed(name, arrow.FixedWidthTypes.Boolean, addBool, func(r *T) (bool, bool) {
		v := get(r)
		return v == record.Yes, v != record.Unknown
	})
}

func raw[T any](name string, get func(*T) []byte) column[T] {
	return column[T]{name, arrow.BinaryTypes.Binary, func(b array.Builder, rows []T) {
		for i := range rows {
			if v := get(&rows[i]); v != nil {
				b.(*array.BinaryBuilder).Append(v)
			} else {
				b.AppendNull()
			}
		}
	}}
}

func texts[T any](name string, get func(*T) []string) column[T] {
	return column[T]{name, arrow.ListOf(arrow.BinaryTypes.String), func(b array.Builder, rows []T) {
		list := b.(*array.ListBuilder)
		values := list.ValueBuilder().(*array.StringBuilder)
		for i := range rows {
			v := get(&rows[i])
			if len(v) == 0 {
				list.AppendNull()
				continue
			}
			list.Append(true)
			for _, s := range v {
				values.Append(s)
			}
		}
	}}
}

// floats is a column of lists; zeros at the end are left out.
func floats[T any](name string, get func(*T) []float32) column[T] {
	return column[T]{name, arrow.ListOf(arrow.PrimitiveTypes.Float32), func(b array.Builder, rows []T) {
		list := b.(*array.ListBuilder)
		values := list.ValueBuilder().(*array.Float32Builder)
		for i := range rows {
			v := get(&rows[i])
			for len(v) > 0 && v[len(v)-1] == 0 {
				v = v[:len(v)-1]
			}
			list.Append(true)
			values.AppendValues(v, nil)
		}
	}}
}

// rowReader turns rows into Arrow records as the engine asks for them.
type rowReader[T any] struct {
	refs    atomic.Int64
	columns []column[T]
	schema  *arrow.Schema
	builder *array.RecordBuilder
	rows    []T
	current arrow.Record
	peeked  bool // current was built ahead of Next
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

// insert appends rows to a table whose columns are exactly these, in order.
// It must run inside a transaction: outside one, an appender commits on its
// own and a failed Close stores nothing silently.
func insert[T any](ctx context.Context, s *Store, table string, columns []column[T], rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	reader := newRowReader(columns, rows)
	defer reader.discard()
	if err := s.makeRoom(ctx, table, reader.peek()); err != nil {
		return err
	}
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
