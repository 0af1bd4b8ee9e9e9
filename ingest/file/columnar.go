package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"context"
)

// arrowRows yields the rows of Arrow records as text.
type arrowRows struct {
	reader interface {
		Next() bool
		Record() arrow.Record
		Err() error
	}
	close  func()
	schema *arrow.Schema
	rec    arrow.Record
	i      int
	line   int64
}

func (a *arrowRows) header() []string {
	out := make([]string, a.schema.NumFields())
	for i, f := range a.schema.Fields() {
		out[i] = f.Name
	}
	return out
}

// next guards against the decoder: a crafted file makes it panic.
func (a *arrowRows) next() (row rawRow, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_columnar", fmt.Sprint(r)}
		}
	}()
	for a.rec == nil || a.i == int(a.rec.NumRows()) {
		if !a.reader.Next() {
			if err := a.reader.Err(); err != nil && !errors.Is(err, io.EOF) {
				return rawRow{}, &Error{"bad_columnar", short(err.Error())}
			}
			return rawRow{}, io.EOF
		}
		a.rec, a.i = a.reader.Record(), 0
	}
	a.line++
	row = rawRow{line: a.line, cells: make([]string, a.rec.NumCols())}
	for c, col := range a.rec.Columns() {
		row.cells[c] = cellText(col, a.i)
	}
	a.i++
	return row, nil
}

func cellText(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return ""
	}
	switch c := col.(type) {
	case *array.String:
		return string([]byte(c.Value(i)))
	case *array.LargeString:
		return string([]byte(c.Value(i)))
	case *array.Binary:
		return string(c.Value(i))
	case *array.Timestamp:
		t := c.DataType().(*arrow.TimestampType)
		return c.Value(i).ToTime(t.Unit).UTC().Format(time.RFC3339Nano)
	case *array.Date32:
		return c.Value(i).ToTime().Format(time.DateOnly)
	case *array.Date64:
		return c.Value(i).ToTime().Format(time.RFC3339)
	case *array.Dictionary:
		return cellText(c.Dictionary(), c.GetValueIndex(i))
	}
	return col.ValueStr(i)
}

func openParquet(path string) (a *arrowRows, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_columnar", fmt.Sprint(r)}
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	p, err := file.NewParquetReader(f)
	if err != nil {
		return nil, errors.Join(&Error{"bad_columnar", short(err.Error())}, f.Close())
	}
	r, err := pqarrow.NewFileReader(p, pqarrow.ArrowReadProperties{BatchSize: 4096}, memory.DefaultAllocator)
	if err != nil {
		return nil, errors.Join(&Error{"bad_columnar", short(err.Error())}, p.Close())
	}
	records, err := r.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, errors.Join(&Error{"bad_columnar", short(err.Error())}, p.Close())
	}
	return &arrowRows{reader: records, schema: records.Schema(), close: func() { records.Release(); p.Close() }}, nil
}

func openArrow(path string, stream bool) (a *arrowRows, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_columnar", fmt.Sprint(r)}
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	if stream {
		r, err := ipc.NewReader(f)
		if err != nil {
			return nil, errors.Join(&Error{"bad_columnar", short(err.Error())}, f.Close())
		}
		return &arrowRows{reader: r, schema: r.Schema(), close: func() { r.Release(); f.Close() }}, nil
	}
	r, err := ipc.NewFileReader(f)
	if err != nil {
		return nil, errors.Join(&Error{"bad_columnar", short(err.Error())}, f.Close())
	}
	return &arrowRows{reader: &ipcFile{r: r}, schema: r.Schema(), close: func() { r.Close(); f.Close() }}, nil
}

// ipcFile walks the record batches of an Arrow file in order.
type ipcFile struct {
	r   *ipc.FileReader
	i   int
	rec arrow.Record
	err error
}

func (f *ipcFile) Next() bool {
	if f.i >= f.r.NumRecords() {
		return false
	}
	f.rec, f.err = f.r.Record(f.i)
	f.i++
	return f.err == nil
}

func (f *ipcFile) Record() arrow.Record { return f.rec }
func (f *ipcFile) Err() error           { return f.err }
