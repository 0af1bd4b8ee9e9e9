package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"plaint/internal/record"
)

// startsJSON tells JSON from tables and log lines, which may begin with a
// bracket, too: an object, or an array up to its first object or its end.
func startsJSON(text string, truncated bool) bool {
	if strings.HasPrefix(text, "{") {
		return true
	}
	if !strings.HasPrefix(text, "[") {
		return false
	}
	d, comma := json.NewDecoder(strings.NewReader(text)), ""
	_, err := d.Token() // the bracket
	for err == nil && d.More() {
		rest, ok := strings.CutPrefix(strings.TrimLeft(text[d.InputOffset():], jsonSpace), comma)
		if ok && strings.HasPrefix(strings.TrimLeft(rest, jsonSpace), "{") {
			return true // whole or not: it is refused as an object
		}
		var v json.RawMessage
		err, comma = d.Decode(&v), ","
	}
	if err == nil {
		_, err = d.Token()
	}
	if err != nil {
		return truncated && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF))
	}
	return strings.TrimLeft(text[d.InputOffset():], jsonSpace) == "" // "[12] starting" is a line of a log
}

// jsonDepth looks at the beginning of a text and says where its rows are.
func jsonDepth(sample []byte) int {
	trimmed := bytes.TrimLeft(sample, " \t\r\n\ufeff")
	if bytes.HasPrefix(trimmed, []byte("[")) {
		return 1
	}
	d := json.NewDecoder(bytes.NewReader(trimmed))
	var first map[string]json.RawMessage
	if d.Decode(&first) != nil {
		// The first object does not end in the sample: rows are inside it if
		// an array of objects starts before it ends.
		if i := bytes.IndexByte(trimmed, '['); i >= 0 && bytes.HasPrefix(bytes.TrimLeft(trimmed[i+1:], " \t\r\n"), []byte("{")) && !bytes.Contains(trimmed[:i], []byte("}")) {
			return 2
		}
		return 0
	}
	if d.More() {
		return 0
	}
	for _, v := range first {
		if v = bytes.TrimLeft(v, " \t\r\n"); bytes.HasPrefix(v, []byte("[")) && bytes.HasPrefix(bytes.TrimLeft(v[1:], " \t\r\n"), []byte("{")) && len(first) <= 12 {
			return 2
		}
	}
	return 0
}

// jsonHeader is the union of the names in the first rows, those of nulls too, in
// order of their first appearance. A name that comes later finds its word when
// it comes. bad is the first row that cannot be read, if there is one.
func jsonHeader(j rows, sample int) (header []string, cells [][]string, bad *rawRow, err error) {
	at := map[string]int{}
	var seen [][]record.Field
	for len(seen) < sample {
		row, err := j.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, nil, err
		}
		if row.code != "" {
			if bad == nil {
				bad = &row
			}
			continue
		}
		seen = append(seen, row.extra)
		for _, f := range row.extra {
			if _, ok := at[f.Name]; !ok && len(header) < maxColumns {
				at[f.Name] = len(header)
				header = append(header, f.Name)
			}
		}
	}
	cells = make([][]string, len(seen))
	for i, fields := range seen {
		cells[i] = make([]string, len(header))
		for _, f := range fields {
			if k, ok := at[f.Name]; ok {
				cells[i][k] = f.Value
			}
		}
	}
	return header, cells, bad, nil
}
