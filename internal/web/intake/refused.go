package intake

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// unnamed takes out a detail that only names the input: a body has no name that
// its sender knows, and where it lay is nobody's business.
func unnamed(x *record.Refusal, path string) {
	if x.Detail == x.Input || path != "" && strings.Contains(x.Detail, path) {
		x.Detail = ""
	}
}

// longestID is the most that is told of a refused row's id.
const longestID = 200

// ids finds the ids of refused rows, so that a client knows its own again.
type ids struct {
	header, profile string // of the row before: rows of one body mostly share them
	kept            struct {
		Format, Delimiter string
		Header            []string
	}
	column int // of the id, -1 if there is none
}

// of is the id of a refused row, "" where it cannot be told.
func (s *ids) of(x *record.Refusal) string {
	s.find(x)
	id := ""
	switch raw := bytes.TrimLeft(x.Raw, " \t\r\n"); {
	case x.Line == 0:
	case bytes.HasPrefix(raw, []byte("{")):
		name := "id"
		if s.column >= 0 {
			name = s.kept.Header[s.column]
		}
		id = member(raw, name)
	case s.column >= 0 && s.kept.Format == "csv":
		id = s.cell(x)
	}
	if len(id) > longestID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
		return ""
	}
	return id
}

// find looks for the column of the id as the row's profile does.
func (s *ids) find(x *record.Refusal) {
	if s.profile == x.Profile && s.header == string(x.Header) && s.kept.Header != nil {
		return
	}
	*s = ids{header: string(x.Header), profile: x.Profile, column: -1}
	if json.Unmarshal(x.Header, &s.kept) != nil {
		return
	}
	if p, err := profile.Find(x.Profile); err == nil {
		s.column = slices.Index(p.Match(slices.Clone(s.kept.Header), x.Input, "").Words, "id")
	}
}

// cell is the id in a row of delimited text. In one of another width than the
// header only the first cell is surely where it belongs.
func (s *ids) cell(x *record.Refusal) string {
	switch x.Code {
	case "unclosed_quote", "cut_off", "row_too_long":
		return ""
	}
	r := csv.NewReader(bytes.NewReader(x.Raw))
	r.Comma, _ = utf8.DecodeRuneInString(s.kept.Delimiter)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	cells, err := r.Read()
	if err != nil || s.column > 0 && len(cells) != len(s.kept.Header) || s.column >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[s.column])
}

// member is a member of an object by its name, a.b of the object in a. What
// stands before a fault of the text is found all the same.
func member(raw []byte, name string) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	for d.More() {
		key, err := d.Token()
		var v json.RawMessage
		if err != nil || d.Decode(&v) != nil {
			return ""
		}
		inner, within := strings.CutPrefix(name, key.(string)+".")
		switch {
		case key == name && text(v) != "":
			return text(v)
		case within && v[0] == '{':
			return member(v, inner)
		}
	}
	return ""
}

// text is a string or a number as text.
func text(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(v, &n) == nil {
		return n.String()
	}
	return ""
}
