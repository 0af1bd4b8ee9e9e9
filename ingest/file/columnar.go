package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/xuri/excelize/v2"
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

func (p *Plan) columnar() (*arrowRows, error) {
	if p.in.path == "" {
		return nil, &Error{"columnar_in_archive", p.Input}
	}
	if p.Format == Parquet {
		return openParquet(p.in.path)
	}
	return openArrow(p.in.path, p.stream)
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

// xlsxRows streams the first sheet that has rows. Values are raw: a date is
// Excel's day number, which the date columns know how to read.
type xlsxRows struct {
	book *excelize.File
	rows *excelize.Rows
	line int64
	left []string // further sheets with rows, which are not read
}

// openXLSX opens a workbook, which may come out of an archive.
func openXLSX(in *input, read *atomic.Int64) (x *xlsxRows, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_workbook", fmt.Sprint(r)}
		}
	}()
	if in.size > maxWorkbook {
		return nil, &Error{"workbook_too_large", fmt.Sprintf("%d bytes; save it as CSV", in.size)}
	}
	r, err := in.open(read)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	limit := max(bombFloor, bombRatio*in.size)
	book, err := excelize.OpenReader(&capped{r: r}, excelize.Options{RawCellValue: true, UnzipSizeLimit: limit, UnzipXMLSizeLimit: min(limit, 16<<20)})
	if err != nil {
		var known *Error
		if errors.As(err, &known) {
			return nil, known
		}
		return nil, &Error{"bad_workbook", short(err.Error())}
	}
	for _, sheet := range book.GetSheetList() {
		r, err := book.Rows(sheet)
		if err != nil || !r.Next() {
			continue
		}
		r.Close()
		if x != nil {
			x.left = append(x.left, sheet)
		} else if r, err = book.Rows(sheet); err == nil {
			x = &xlsxRows{book: book, rows: r}
		}
	}
	if x != nil {
		return x, nil
	}
	book.Close()
	return nil, &Error{"empty_file", in.name}
}

// capped ends a workbook that is larger than its archive said.
type capped struct {
	r io.Reader
	n int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > maxWorkbook {
		return n, &Error{"workbook_too_large", fmt.Sprintf("more than %d bytes; save it as CSV", int64(maxWorkbook))}
	}
	return n, err
}

func (x *xlsxRows) next() (row rawRow, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_workbook", fmt.Sprint(r)}
		}
	}()
	for x.rows.Next() {
		x.line++
		cells, err := x.rows.Columns()
		if err != nil {
			return rawRow{}, &Error{"bad_workbook", short(err.Error())}
		}
		if len(cells) > 0 {
			return rawRow{line: x.line, cells: cells}, nil
		}
	}
	if err := x.rows.Error(); err != nil {
		return rawRow{}, &Error{"bad_workbook", short(err.Error())}
	}
	return rawRow{}, io.EOF
}

func (x *xlsxRows) close() {
	x.rows.Close()
	x.book.Close()
}
