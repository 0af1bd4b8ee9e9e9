package columnar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// pageBuffer is how much of a Parquet column is read at a time. Without it the
// reader holds a row group's columns whole, and twice.
const pageBuffer = 64 << 10

// decode writes the header and the rows of a file, and how it ended: well, or
// with a fault behind the rows that could be read. The error is of writing.
func decode(src ipc.ReadAtSeeker, form Form, w *writer) error {
	err := guarded(func() error { return copyRows(src, form, w) })
	var f *Fault
	switch {
	case err == nil:
		return w.end()
	case errors.As(err, &f):
		return w.fault(f)
	}
	return err
}

// guarded makes a fault of a decoder's panic. What a file can do beyond that,
// such as wanting all memory there is, ends the process.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = bad(r)
		}
	}()
	return f()
}

func bad(reason any) *Fault { return &Fault{Code: Damaged, Detail: fmt.Sprint(reason)} }

func copyRows(src ipc.ReadAtSeeker, form Form, w *writer) error {
	records, err := open(src, form)
	if err != nil {
		return bad(err)
	}
	if err := w.header(records.Schema()); err != nil {
		return err
	}
	for records.Next() {
		rec := records.Record()
		for i := range int(rec.NumRows()) {
			if err := w.row(rec.Columns(), i); err != nil {
				return err
			}
		}
		// The next records may be the process's last.
		if err := w.flush(); err != nil {
			return err
		}
	}
	if err := records.Err(); err != nil && !errors.Is(err, io.EOF) {
		return bad(err)
	}
	return nil
}

// records are read one after the other; the process ends with the last of them,
// so that nothing has to be given back.
type records interface {
	Schema() *arrow.Schema
	Next() bool
	Record() arrow.Record
	Err() error
}

func open(src ipc.ReadAtSeeker, form Form) (records, error) {
	switch form {
	case Parquet:
		props := parquet.NewReaderProperties(memory.DefaultAllocator)
		props.BufferedStreamEnabled, props.BufferSize = true, pageBuffer
		p, err := file.NewParquetReader(src, file.WithReadProps(props))
		if err != nil {
			return nil, err
		}
		r, err := pqarrow.NewFileReader(p, pqarrow.ArrowReadProperties{BatchSize: 4096}, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		return r.GetRecordReader(context.Background(), nil, nil)
	case Stream:
		return ipc.NewReader(src)
	}
	r, err := ipc.NewFileReader(src)
	return &ipcFile{r: r}, err
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

func (f *ipcFile) Schema() *arrow.Schema { return f.r.Schema() }
func (f *ipcFile) Record() arrow.Record  { return f.rec }
func (f *ipcFile) Err() error            { return f.err }

// cellText is a view of the record's memory, where it can be.
func cellText(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return ""
	}
	switch c := col.(type) {
	case *array.String:
		return c.Value(i)
	case *array.LargeString:
		return c.Value(i)
	case *array.Binary:
		return c.ValueString(i)
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
