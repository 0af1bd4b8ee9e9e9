package store

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

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
