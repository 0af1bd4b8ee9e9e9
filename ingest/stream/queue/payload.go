package queue

import (
	"bytes"
	"encoding/json"
	"iter"
)

// mostRows is how many rows one message may hold; what stands behind them is
// one more, and is refused.
const mostRows = 100_000

// rows cuts a message into its rows: the elements of a JSON array, the lines of
// NDJSON, or the message itself. A row is valid until the next one, and need not
// be JSON: whatever is none is a row as well, to be refused. An empty array has
// no rows; an empty message is one, for nobody can say what it was to mean.
func rows(message []byte) iter.Seq[[]byte] {
	message = bytes.TrimPrefix(message, []byte("\ufeff"))
	text := bytes.TrimSpace(message)
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		return func(yield func([]byte) bool) { elements(text, yield) }
	case isLines(text):
		return func(yield func([]byte) bool) { lines(text, yield) }
	case message == nil:
		message = []byte{} // a refusal keeps its bytes, be there none
	}
	return func(yield func([]byte) bool) { yield(message) }
}

// isLines tells NDJSON from an object that is written over many lines: its
// first line is a value by itself.
func isLines(text []byte) bool {
	i := bytes.IndexByte(text, '\n')
	return i >= 0 && json.Valid(text[:i])
}

func lines(text []byte, yield func([]byte) bool) {
	for n := 0; len(text) > 0; {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if n == mostRows {
			line, rest = text, nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if !yield(line) {
				return
			}
			n++
		}
		text = rest
	}
}

// elements yields those of an array up to its end or its first fault, and then
// the rest as it stands.
func elements(text []byte, yield func([]byte) bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	rest := func(from int64) []byte {
		if r := bytes.Trim(text[from:], ", \t\r\n"); r != nil {
			return r
		}
		return []byte{}
	}
	if _, err := d.Token(); err != nil {
		yield(text)
		return
	}
	var row json.RawMessage
	for n := 0; d.More(); n++ {
		before := d.InputOffset()
		if n == mostRows || d.Decode(&row) != nil {
			yield(rest(before))
			return
		}
		if !yield(row) {
			return
		}
	}
	if _, err := d.Token(); err != nil { // cut off behind an element
		yield(rest(d.InputOffset()))
		return
	}
	if behind := rest(d.InputOffset()); len(behind) > 0 {
		yield(behind)
	}
}
