package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"plaint/ingest/profile"
)

// Table reads the rows of one file as they are: no profile, no words of ours. The
// file may be CSV and its kin, xlsx, JSON, NDJSON, Parquet or Arrow, packed or
// not; of an archive the first member is read.
type Table struct {
	Columns []string
	Garbled int // rows so far whose bytes do not fit the file's encoding
	wide    bool
	rows    rows
	close   func()
}

// OpenTable looks for the header and stops behind it. An *Error says why a file
// is no table; it calls the file by a name, where it is given.
func OpenTable(ctx context.Context, path, name string) (*Table, error) {
	p, done, err := planOf(path, name)
	if err != nil {
		return nil, err
	}
	if err := p.inspect(); err != nil {
		done()
		return nil, err
	}
	r, stop, err := p.rows(ctx, p.in.read)
	if err != nil {
		done()
		return nil, err
	}
	if c, ok := r.(*csvRows); ok {
		r = &split{rows: c, delimiter: p.Delimiter}
	}
	return &Table{Columns: p.Mapping.Header, wide: encodings[p.Encoding] != nil, rows: r, close: func() { stop(); done() }}, nil
}

func planOf(path, name string) (*Plan, func(), error) {
	ins, done, err := inputs(path)
	var fault *Error
	if errors.As(err, &fault) && fault.Detail == path && name != "" {
		err = &Error{fault.Code, name}
	}
	if err != nil {
		return nil, nil, err
	}
	if len(ins) == 0 {
		done()
		return nil, nil, &Error{"empty_file", cmp.Or(name, path)}
	}
	return &Plan{Input: cmp.Or(name, ins[0].name), Size: ins[0].size, in: ins[0], settled: newSettled(), asIs: true}, done, nil
}

// Next gives the cells of the next row, as many as there are columns; they are
// valid until the next call. io.EOF is the end, an *Error a row that cannot be
// read.
func (t *Table) Next() ([]string, error) {
	row, err := t.rows.next()
	if err != nil {
		return nil, err
	}
	if row.code != "" {
		return nil, &Error{row.code, fmt.Sprintf("line %d: %s", row.line, short(row.detail))}
	}
	cells := row.cells
	if slices.ContainsFunc(cells, t.garbled) {
		t.Garbled++
	}
	for len(cells) < len(t.Columns) {
		cells = append(cells, "")
	}
	return cells[:len(t.Columns)], nil
}

// garbled reports a cell that could not be decoded.
func (t *Table) garbled(cell string) bool {
	return !utf8.ValidString(cell) || t.wide && strings.ContainsRune(cell, utf8.RuneError)
}

// Close ends the reading.
func (t *Table) Close() { t.close() }

// Column is the place of a column, by its name or, where no name is the same, by
// its name in other letters; -1 if there is none.
func (t *Table) Column(name string) int {
	for i, c := range t.Columns {
		if c == name {
			return i
		}
	}
	for i, c := range t.Columns {
		if strings.EqualFold(strings.TrimSpace(c), name) {
			return i
		}
	}
	return -1
}

// TextLines calls each for every line of a text file, unpacked and as UTF-8,
// without its line break. A line lives on.
func TextLines(path, name string, each func(line string) error) error {
	p, done, err := planOf(path, name)
	if err != nil {
		return err
	}
	defer done()
	sample, whole, err := p.sample()
	if err != nil {
		return err
	}
	p.Encoding = detectEncoding(sample, !whole)
	if knownBinary(sample) || looksBinary(sample) && !strings.HasPrefix(p.Encoding, "utf-16") {
		return &Error{"unknown_format", p.Input}
	}
	r, err := p.text(p.in.read)
	if err != nil {
		return err
	}
	defer r.Close()
	c := newCSVRows(r, noDelimiter)
	c.plain = true
	for {
		row, err := c.row()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(string(row.raw)); err != nil {
			return err
		}
	}
}

// asItIs is the mapping of a file without a profile.
func asItIs(header []string) *profile.Mapping { return &profile.Mapping{Header: header} }
