package file

import (
	"context"
	"fmt"
	"io"
	"strings"

	"plaint/ingest/profile"
)

// Table reads the rows of one file as they are: no profile, no words of ours. The
// file may be CSV and its kin, xlsx, JSON, NDJSON, Parquet or Arrow, packed or
// not; of an archive the first member is read.
type Table struct {
	Columns []string
	rows    rows
	close   func()
}

// OpenTable looks for the header and stops behind it. An *Error says why a file
// is no table.
func OpenTable(ctx context.Context, path string) (*Table, error) {
	p, done, err := planOf(path)
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
	return &Table{Columns: p.Mapping.Header, rows: r, close: func() { stop(); done() }}, nil
}

func planOf(path string) (*Plan, func(), error) {
	ins, done, err := inputs(path)
	if err != nil {
		return nil, nil, err
	}
	if len(ins) == 0 {
		done()
		return nil, nil, &Error{"empty_file", path}
	}
	return &Plan{Input: ins[0].name, Size: ins[0].size, in: ins[0], settled: newSettled(), asIs: true}, done, nil
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
	for len(cells) < len(t.Columns) {
		cells = append(cells, "")
	}
	return cells[:len(t.Columns)], nil
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
func TextLines(path string, each func(line string) error) error {
	p, done, err := planOf(path)
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
