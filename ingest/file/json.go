package file

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"plaint/internal/record"
)

// jsonRows yields the objects of a JSON text, one row each: the elements of a
// top-level array, objects one after the other (NDJSON), or the elements of
// the first array of objects inside one object ({"tickets":[…]}). Elements are
// cut out byte by byte, so that one endless element costs no memory.
type jsonRows struct {
	r      *bufio.Reader
	line   int64
	opened bool // inside the array, or past the first object
	depth  int  // brackets to skip before elements start: 0 NDJSON, 1 array, 2 wrapped
	header []string
	at     map[string]int
	end    bool
	lines  *csvRows // NDJSON: a row is a line, whatever is in it
}

func newJSONRows(r io.Reader, depth int, header []string) *jsonRows {
	j := &jsonRows{r: bufio.NewReaderSize(r, 256<<10), depth: depth, header: header, at: map[string]int{}}
	for i, h := range header {
		j.at[h] = i
	}
	return j
}

func (j *jsonRows) next() (rawRow, error) {
	if j.end {
		return rawRow{}, io.EOF
	}
	if j.lines != nil {
		row, err := j.lines.line1()
		if err == nil && row.code == "" {
			j.fill(&row)
		}
		return row, err
	}
	if !j.opened {
		j.opened = true
		if err := j.open(); err != nil {
			return rawRow{}, err
		}
	}
	row := rawRow{}
	raw, long, err := j.element()
	if err != nil {
		return rawRow{}, err
	}
	row.line = j.line
	j.line++
	row.raw = raw
	if long {
		row.code = "row_too_long"
		row.raw = raw[:min(len(raw), keptRaw)]
		return row, nil
	}
	j.fill(&row)
	return row, nil
}

// fill takes the row's object apart.
func (j *jsonRows) fill(row *rawRow) {
	if !utf8.Valid(row.raw) {
		row.code = "invalid_utf8"
		return
	}
	fields, err := flatten(row.raw)
	if err != nil {
		row.code, row.detail = "bad_json", short(err.Error())
		return
	}
	row.cells = make([]string, len(j.header))
	for _, f := range fields {
		if i, ok := j.at[f.Name]; ok && row.cells[i] == "" { // a name may stand twice
			row.cells[i] = f.Value
		} else if f.Value != "" || j.header == nil { // without a header it is the names that count
			row.extra = append(row.extra, f)
		}
	}
}

// open moves to the first element.
func (j *jsonRows) open() error {
	j.line = 1
	for d := 0; d < j.depth; {
		b, err := j.r.ReadByte()
		if err != nil {
			return j.stop(err)
		}
		switch {
		case b == '[' && (j.depth == 1 || d == 1):
			if j.depth == 1 {
				return nil
			}
			d++
			if next, _ := j.peekByte(); next != '{' { // an array of something else
				d--
			}
		case b == '{' && d == 0:
			d = 1
		}
	}
	return nil
}

func (j *jsonRows) stop(err error) error {
	j.end = true
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// peekByte is the next byte that is no space.
func (j *jsonRows) peekByte() (byte, error) {
	for {
		b, err := j.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b, j.r.UnreadByte()
		}
	}
}

// element cuts out the next object, or the value that stands in an array where an
// object should. What is neither is returned up to its line's end. Both are
// refused.
func (j *jsonRows) element() (raw []byte, long bool, err error) {
	for {
		b, err := j.peekByte()
		if err != nil {
			return nil, false, j.stop(err)
		}
		switch {
		case b == ',':
			if _, err := j.r.ReadByte(); err != nil {
				return nil, false, j.stop(err)
			}
		case b == ']' && j.depth > 0:
			return nil, false, j.stop(io.EOF)
		case b == '{', j.depth > 0 && (b == '[' || b == '"'):
			return j.value()
		default:
			return j.junk()
		}
	}
}

func (j *jsonRows) junk() ([]byte, bool, error) {
	var out []byte
	for {
		b, err := j.r.ReadByte()
		if err == io.EOF && len(out) > 0 {
			return out, false, nil
		}
		if err != nil {
			return nil, false, j.stop(err)
		}
		if b == '\n' || (j.depth > 0 && (b == ',' || b == ']')) {
			if b == ']' {
				j.end = true
			}
			return out, false, nil
		}
		if len(out) < keptRaw {
			out = append(out, b)
		}
	}
}

// value cuts out an object, an array or a string.
func (j *jsonRows) value() (raw []byte, long bool, err error) {
	depth, inText, escaped := 0, false, false
	for {
		b, err := j.r.ReadByte()
		if err == io.EOF && len(raw) > 0 {
			j.end = true
			return raw, long, nil // cut off: refused as bad JSON
		}
		if err != nil {
			return nil, false, j.stop(err)
		}
		if b == '\n' && inText && (j.depth == 0 || depth == 0) {
			return raw, long, nil // a line break never stands in a JSON text: give up this line
		}
		if len(raw) <= maxRow {
			raw = append(raw, b)
		} else {
			long = true
		}
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped, inText = b == '\\', b != '"'
		case b == '"':
			inText = true
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		}
		if depth == 0 && !inText {
			return raw, long, nil
		}
	}
}

// flatten turns an object into named values, in order: null is "", nested
// objects become a.b, arrays of objects a.0.b for their first element and JSON for the whole,
// other arrays values joined by ';'. Below five levels the rest stays JSON.
func flatten(raw []byte) ([]record.Field, error) {
	if !json.Valid(raw) {
		return nil, whyInvalid(raw)
	}
	v := bytes.TrimLeft(raw, jsonSpace)
	if v[0] != '{' {
		return nil, errors.New("not an object")
	}
	out := flattenObject(v, "", 1, make([]record.Field, 0, 16))
	if len(out) > maxColumns {
		return nil, errors.New("more than " + strconv.Itoa(maxColumns) + " values")
	}
	return out, nil
}

const jsonSpace = " \t\r\n"

func whyInvalid(raw []byte) error {
	var v json.RawMessage
	err := json.Unmarshal(raw, &v)
	if err != nil && strings.HasSuffix(err.Error(), "after top-level value") {
		return errors.New("more than one object in a row")
	}
	return err
}

// jsonWalk goes through a text that is known to be valid.
type jsonWalk struct{ rest []byte }

// space moves to the next byte that says something.
func (w *jsonWalk) space() {
	for len(w.rest) > 0 && (w.rest[0] == ':' || w.rest[0] == ',' || strings.IndexByte(jsonSpace, w.rest[0]) >= 0) {
		w.rest = w.rest[1:]
	}
}

// value cuts off the next value as it is written.
func (w *jsonWalk) value() []byte {
	w.space()
	n := jsonEnd(w.rest)
	v := w.rest[:n]
	w.rest = w.rest[n:]
	return v
}

// jsonEnd is the length of the value at the beginning of a valid text.
func jsonEnd(b []byte) int {
	switch b[0] {
	case '"':
		return stringEnd(b)
	case '{', '[':
		depth := 0
		for i := 0; i < len(b); i++ {
			switch b[i] {
			case '"':
				i += stringEnd(b[i:]) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return len(b)
	}
	if n := bytes.IndexAny(b, ",]} \t\r\n"); n >= 0 {
		return n
	}
	return len(b)
}

func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// jsonText is what a string says.
func jsonText(v []byte) string {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(v, &s) // it is valid
	return s
}

func flattenObject(v []byte, prefix string, level int, out []record.Field) []record.Field {
	w := jsonWalk{v[1:]}
	for {
		w.space()
		if len(w.rest) == 0 || w.rest[0] == '}' {
			return out
		}
		name := jsonText(w.value())
		if prefix != "" {
			name = prefix + name
		}
		out = flattenValue(w.value(), name, level, out)
	}
}

func flattenValue(v []byte, name string, level int, out []record.Field) []record.Field {
	switch v[0] {
	case '{':
		if level < 5 {
			return flattenObject(v, name+".", level+1, out)
		}
	case '[':
		return flattenArray(v, name, level, out)
	case '"':
		return append(out, record.Field{Name: name, Value: jsonText(v)})
	case 'n':
		return append(out, record.Field{Name: name})
	}
	return append(out, record.Field{Name: name, Value: string(v)})
}

func flattenArray(v []byte, name string, level int, out []record.Field) []record.Field {
	w := jsonWalk{v[1:]}
	var parts []string
	for first := true; ; first = false {
		w.space()
		if len(w.rest) == 0 || w.rest[0] == ']' {
			break
		}
		e := w.value()
		if first && (e[0] == '{' || e[0] == '[') {
			var whole bytes.Buffer
			_ = json.Compact(&whole, v) // spaces make no other record; it is valid
			out = append(out, record.Field{Name: name, Value: whole.String()})
			if level < 5 && e[0] == '{' {
				return flattenValue(e, name+".0", level+1, out)
			}
			return out
		}
		switch e[0] {
		case '"':
			parts = append(parts, jsonText(e))
		case 'n':
			parts = append(parts, "")
		default:
			parts = append(parts, string(e))
		}
	}
	if parts == nil {
		return out
	}
	return append(out, record.Field{Name: name, Value: strings.Join(parts, ";")})
}

func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
