package file

import (
	"fmt"
	"io"
	"os"

	"github.com/xuri/excelize/v2"
)

// xlsxRows streams the first sheet that has rows. Values are raw: a date is
// Excel's day number, which the date columns know how to read.
type xlsxRows struct {
	book *excelize.File
	rows *excelize.Rows
	line int64
}

func openXLSX(path string) (x *xlsxRows, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{"bad_workbook", fmt.Sprint(r)}
		}
	}()
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	if info.Size() > maxWorkbook {
		return nil, &Error{"workbook_too_large", fmt.Sprintf("%d bytes; save it as CSV", info.Size())}
	}
	limit := max(bombFloor, bombRatio*info.Size())
	book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true, UnzipSizeLimit: limit, UnzipXMLSizeLimit: min(limit, 16<<20)})
	if err != nil {
		return nil, &Error{"bad_workbook", short(err.Error())}
	}
	for _, sheet := range book.GetSheetList() {
		r, err := book.Rows(sheet)
		if err == nil && r.Next() {
			r.Close()
			if r, err = book.Rows(sheet); err == nil {
				return &xlsxRows{book: book, rows: r}, nil
			}
		}
	}
	book.Close()
	return nil, &Error{"empty_file", path}
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
