package file

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"plaint/internal/record"
)

// rawRow is one row before it is split and mapped. Either cells is set, or raw
// is still to be decoded and split.
type rawRow struct {
	line   int64
	raw    []byte
	cells  []string
	extra  []record.Field // values of columns that the header does not have
	code   record.Code    // set if the row cannot be read at all
	detail string
}

// size is how many bytes of text the row holds.
func (r *rawRow) size() int {
	n := len(r.raw)
	if r.raw == nil {
		for _, c := range r.cells {
			n += len(c)
		}
	}
	for _, f := range r.extra {
		n += len(f.Name) + len(f.Value)
	}
	return n
}

// rows is a stream of rows; next returns io.EOF after the last.
type rows interface {
	next() (rawRow, error)
}

const (
	blockSize = 1 << 20
	// maxRowLines bounds what a stray quote costs: no honest cell has more.
	maxRowLines  = 2000
	tooManyLines = -2
)

// csvRows splits delimited text into rows. A row ends at a line break outside
// quotes; a quote opens only at the start of a field and closes only before a
// delimiter or a line break, as most exporters write and most readers expect.
// Rows point into blocks that are never written again.
type csvRows struct {
	r         io.Reader
	delimiter byte
	block     []byte
	pos       int
	end       int
	eof       bool
	err       error
	line      int64 // lines consumed
	plain     bool  // quotes mean nothing
}

func newCSVRows(r io.Reader, delimiter byte) *csvRows {
	return &csvRows{r: r, delimiter: delimiter}
}

// more reads on, keeping what is unread; it reports whether bytes came.
func (c *csvRows) more() bool {
	if c.eof {
		return false
	}
	unread := c.block[c.pos:c.end]
	next := make([]byte, len(unread)+blockSize)
	copy(next, unread)
	n, err := io.ReadFull(c.r, next[len(unread):])
	c.block, c.pos, c.end = next, 0, len(unread)+n
	if err != nil {
		c.eof = true
		if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
			c.err = err
		}
	}
	return n > 0
}

func (c *csvRows) next() (rawRow, error) {
	for {
		row, err := c.row()
		if err != nil || len(row.raw) > 0 || row.code != "" {
			return row, err
		}
	}
}

// row returns the next row without its line break; an empty one for a blank
// line.
func (c *csvRows) row() (rawRow, error) {
	scanned := 0 // bytes of this row already looked at
	for {
		unread := c.block[c.pos:c.end]
		n, lines, closed := rowEnd(unread, scanned, c)
		switch {
		case n > maxRow:
			return c.tooLong(n, lines), nil
		case n >= 0:
			return c.take(n, lines), nil
		case len(unread) > maxRow, n == tooManyLines:
			return c.skip(closed)
		case c.more():
			if closed {
				scanned = len(unread)
			}
			continue
		}
		if c.err != nil {
			return c.broken()
		}
		if c.pos == c.end {
			return rawRow{}, io.EOF
		}
		if !closed { // the file ends inside a quote: give up the first line only
			return c.skip(closed)
		}
	}
}

// broken ends an input that broke off: first with the half row before the
// break, which nobody may take for a whole one, then with the error.
func (c *csvRows) broken() (rawRow, error) {
	if c.pos < c.end {
		row := rawRow{line: c.line + 1, code: "cut_off", raw: bytes.Clone(c.block[c.pos:min(c.end, c.pos+keptRaw)])}
		c.pos = c.end
		return row, nil
	}
	err := c.err
	c.err = nil
	return rawRow{}, err
}

func (c *csvRows) take(n int, lines int64) rawRow {
	raw := c.block[c.pos : c.pos+n]
	c.pos += n
	row := rawRow{line: c.line + 1, raw: bytes.TrimRight(raw, "\r\n")}
	c.line += lines
	return row
}

// tooLong refuses a row that is whole and longer than may be: where it ends must
// not hang on how much of the input was read at a time.
func (c *csvRows) tooLong(n int, lines int64) rawRow {
	kept, _, _ := bytes.Cut(c.block[c.pos:c.pos+keptRaw], []byte("\n"))
	row := rawRow{line: c.line + 1, code: "row_too_long", raw: bytes.Clone(kept)}
	c.pos += n
	c.line += lines
	return row
}

// skip refuses the line at which an endless row starts and goes on behind it.
func (c *csvRows) skip(closed bool) (rawRow, error) {
	row := rawRow{line: c.line + 1, code: "row_too_long"}
	kept := c.block[c.pos:min(c.end, c.pos+keptRaw)]
	if i := bytes.IndexByte(c.block[c.pos:c.end], '\n'); !closed && (i >= 0 || c.end-c.pos <= maxRow) {
		if i < 0 {
			i = c.end - c.pos
		}
		row.code, kept = "unclosed_quote", c.block[c.pos:c.pos+i] // the line is whole
	}
	kept, _, _ = bytes.Cut(kept, []byte("\n"))
	row.raw = bytes.Clone(kept)
	for {
		if i := bytes.IndexByte(c.block[c.pos:c.end], '\n'); i >= 0 {
			c.pos += i + 1
			break
		}
		c.pos = c.end
		if !c.more() {
			break
		}
	}
	c.line++
	return row, nil
}

// rowEnd finds the end of the row at the start of b, its line break included:
// its length and how many lines it spans, or -1 if it is not in b; closed says
// whether b ends outside quotes. Without a quote in the line this is one
// search for the line break.
func rowEnd(b []byte, from int, c *csvRows) (n int, lines int64, closed bool) {
	nl := bytes.IndexByte(b[from:], '\n')
	if nl >= 0 {
		nl += from
	}
	first := b
	if nl >= 0 {
		first = b[:nl+1]
	}
	if c.plain || bytes.IndexByte(first, '"') < 0 {
		if nl >= 0 {
			return nl + 1, 1, true
		}
		if c.eof && c.err == nil && len(b) > 0 {
			return len(b), 1, true
		}
		return -1, 0, true
	}
	return quotedEnd(b, c.delimiter, c.eof && c.err == nil)
}

func quotedEnd(b []byte, delimiter byte, eof bool) (n int, lines int64, closed bool) {
	quoted, start := false, true
	lines = 1
	for i := 0; i < len(b); i++ {
		ch := b[i]
		switch {
		case quoted:
			if ch == '\n' {
				if lines++; lines > maxRowLines {
					return tooManyLines, lines, false
				}
			}
			if ch != '"' {
				continue
			}
			if i+1 < len(b) && b[i+1] == '"' {
				i++
				continue
			}
			if i+1 == len(b) && !eof {
				return -1, 0, false
			}
			if i+1 == len(b) || b[i+1] == delimiter || b[i+1] == '\n' || b[i+1] == '\r' {
				quoted = false
			}
		case ch == '\n':
			return i + 1, lines, true
		case ch == delimiter:
			start = true
			continue
		case ch == '"' && start:
			quoted = true
		}
		start = false
	}
	if eof && !quoted {
		return len(b), lines, true
	}
	return -1, 0, !quoted
}

// splitRow splits a decoded row into cells, appended to out.
func splitRow(s string, delimiter byte, out []string) []string {
	if strings.IndexByte(s, '"') < 0 {
		for {
			i := strings.IndexByte(s, delimiter)
			if i < 0 {
				return append(out, s)
			}
			out = append(out, s[:i])
			s = s[i+1:]
		}
	}
	for {
		cell, rest, more := nextCell(s, delimiter)
		out = append(out, cell)
		if !more {
			return out
		}
		s = rest
	}
}

func nextCell(s string, delimiter byte) (cell, rest string, more bool) {
	if s == "" || s[0] != '"' {
		i := strings.IndexByte(s, delimiter)
		if i < 0 {
			return s, "", false
		}
		return s[:i], s[i+1:], true
	}
	doubled := false
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		if i+1 == len(s) || s[i+1] == delimiter {
			cell = s[1:i]
			if doubled {
				cell = strings.ReplaceAll(cell, `""`, `"`)
			}
			if i+1 == len(s) {
				return cell, "", false
			}
			return cell, s[i+2:], true
		}
	}
	i := strings.IndexByte(s, delimiter)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// detectDelimiter picks the delimiter that splits the first lines into the
// most columns, the same number in most of them.
func detectDelimiter(sample string) byte {
	lines := strings.Split(sample, "\n")
	if len(lines) > 30 {
		lines = lines[:30]
	}
	best, bestScore := byte(','), 0
	for _, d := range []byte{',', '\t', ';', '|'} {
		counts := map[int]int{}
		for _, l := range lines {
			if n := len(splitRow(strings.TrimRight(l, "\r"), d, nil)); n > 1 {
				counts[n]++
			}
		}
		for n, k := range counts {
			if score := k * min(n, 12); score > bestScore {
				best, bestScore = d, score
			}
		}
	}
	return best
}

// split splits the rows of delimited text into cells.
type split struct {
	rows      *csvRows
	delimiter byte
}

func (s *split) next() (rawRow, error) {
	row, err := s.rows.next()
	if err == nil && row.code == "" {
		row.cells = splitRow(string(row.raw), s.delimiter, nil)
	}
	return row, err
}
