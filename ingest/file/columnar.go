package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/xuri/excelize/v2"

	"plaint/ingest/file/columnar"
)

// columnRows yields the rows of a Parquet or Arrow file.
type columnRows struct {
	*columnar.Rows
	line int64
}

// openColumns starts the decoder of a file, which ends with ctx.
func (p *Plan) openColumns(ctx context.Context) (*columnRows, error) {
	if p.in.path == "" {
		return nil, &Error{"columnar_in_archive", p.Input}
	}
	form := columnar.Arrow
	switch {
	case p.Format == Parquet:
		form = columnar.Parquet
	case p.stream:
		form = columnar.Stream
	}
	r, err := columnar.Open(ctx, p.in.path, form)
	if err != nil {
		return nil, columnFault(err)
	}
	return &columnRows{Rows: r}, nil
}

func (c *columnRows) next() (rawRow, error) {
	cells, err := c.Next()
	if err != nil {
		return rawRow{}, columnFault(err)
	}
	c.line++
	return rawRow{line: c.line, cells: cells}, nil
}

// columnFault makes a reason to refuse the input of what is wrong with its file.
func columnFault(err error) error {
	var f *columnar.Fault
	if errors.As(err, &f) {
		return &Error{f.Code, short(f.Detail)}
	}
	return err
}

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
