package file

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/text/transform"

	"plaint/ingest/mail"
	"plaint/ingest/profile"
	"plaint/internal/record"
)

// kept says how a refused row was read, so that it can be read again without its
// file. It stands, as JSON, where the row's header is kept. The row itself is
// kept with its original bytes; one of a workbook, Parquet or Arrow file, which
// has no bytes of its own, as a JSON object of header and value, one line.
type kept struct {
	Format    Format   `json:"format"`
	Encoding  string   `json:"encoding,omitempty"`
	Delimiter string   `json:"delimiter,omitempty"`
	Form      int      `json:"form,omitempty"`    // of a log line, from 1
	Source    string   `json:"source,omitempty"`  // the user's choice
	Profile   string   `json:"profile,omitempty"` // the user's own file
	Header    []string `json:"header,omitempty"`
	Parts     bool     `json:"parts,omitempty"` // of a message: a JSON object of its parts, not its bytes
}

func (p *Plan) keep() []byte { return p.keptAs(false) }

func (p *Plan) keptAs(parts bool) []byte {
	k := kept{Parts: parts, Format: p.Format, Encoding: p.Encoding, Source: p.opt.Source, Header: p.Mapping.Header, Form: 1 + slices.Index(logForms, p.form)}
	if p.Format == JSON || p.Format == NDJSON {
		k.Encoding = "utf-8" // decoded before it is taken apart
	}
	if p.Format == CSV {
		k.Delimiter = string(rune(p.Delimiter))
	}
	if profile.IsFile(p.opt.Profile) {
		k.Profile = p.opt.Profile
	}
	out, err := json.Marshal(k)
	if err != nil {
		return nil // strings and numbers: it does not fail
	}
	return out
}

// wide reports rows that are decoded from UTF-16 before they are cut.
func (p *Plan) wide() bool {
	return strings.HasPrefix(p.Encoding, "utf-16") && (p.Format == CSV || p.Format == Lines)
}

// encode gives back the original bytes of a row that was decoded on the way.
func encode(name string, b []byte) []byte {
	if encodings[name] == nil {
		return b
	}
	out, _, err := transform.Bytes(encodings[name].NewEncoder(), b)
	if err != nil {
		return b
	}
	if strings.HasPrefix(name, "utf-16") { // the encoder marks the byte order
		return bytes.TrimPrefix(bytes.TrimPrefix(out, []byte{0xFF, 0xFE}), []byte{0xFE, 0xFF})
	}
	return out
}

// tableRow writes cells as one JSON object of strings. Bytes that are no UTF-8
// stay as they are, so that the row is refused for them again.
func tableRow(header, cells []string) []byte {
	out := []byte{'{'}
	for i, c := range cells {
		if i > 0 {
			out = append(out, ',')
		}
		name := ""
		if i < len(header) {
			name = header[i]
		}
		out = appendText(append(appendText(out, name), ':'), c)
	}
	return append(out, '}')
}

func appendText(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = fmt.Appendf(out, "\\u%04x", c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

// Replayable reports whether a refusal is a whole row, and not a whole input or
// the beginning of something endless.
func Replayable(r *record.Refusal) bool {
	return r.Line > 0 && r.Code != "cut_off" && r.Code != "row_too_long" && r.Code != "mail_too_long" && r.Code != "mail_bomb"
}

// keptOf finds out how refused rows of one Header were read.
func keptOf(rows []record.Refusal) kept {
	var k kept
	head := rows[0].Header
	if json.Unmarshal(head, &k) == nil && k.Format != "" {
		return k
	}
	// Kept by an earlier version: the header's line, and nothing for the rest.
	sample := append(bytes.Clone(head), '\n')
	for i := range min(len(rows), 200) {
		sample = append(append(sample, rows[i].Raw...), '\n')
	}
	k.Encoding = detectEncoding(sample, false)
	switch {
	case len(head) > 0:
		text, _ := newDecoder(k.Encoding).text(head)
		d := detectDelimiter(text)
		k.Format, k.Delimiter, k.Header = CSV, string(rune(d)), splitRow(text, d, nil)
	case bytes.HasPrefix(rows[0].Raw, []byte("{")):
		k.Format = NDJSON
	default:
		k.Format, k.Form = Lines, 1+slices.Index(logForms, bestLogForm(strings.Split(string(sample[1:]), "\n")))
	}
	return k
}

// Replay plans to read refused rows again, all of one input, profile and Header.
// Nothing is detected: the rows are read as they were, but by the profile and
// source of o where it names one. The error is a *UsageError or an *Error.
func Replay(rows []record.Refusal, o Options) (*Plan, error) {
	k := keptOf(rows)
	o.Profile, o.Source = cmp.Or(o.Profile, k.Profile, rows[0].Profile), cmp.Or(o.Source, k.Source)
	p := &Plan{Input: rows[0].Input, Format: k.Format, Encoding: k.Encoding, opt: o, again: rows, settled: newSettled()}
	if p.Encoding != "" {
		if _, ok := encodings[p.Encoding]; !ok {
			return nil, &UsageError{Code: "err_encoding", Pairs: []any{"name", p.Encoding}}
		}
	}
	if k.Delimiter != "" {
		p.Delimiter = k.Delimiter[0]
	}
	if k.Form > 0 && k.Form <= len(logForms) {
		p.form = logForms[k.Form-1]
	}
	for i := range rows {
		p.Size += int64(len(rows[i].Raw))
	}
	p.in = &input{name: p.Input, size: p.Size, read: new(atomic.Int64)}
	switch {
	case p.Format == Lines:
		k.Header = logHeader
	case p.Format == Mail:
		return p, p.choose(mail.Columns())
	case k.Header == nil:
		k.Header, _, _, _ = jsonHeader(newAgain(&Plan{Format: NDJSON, again: rows}), len(rows)) // from memory: it does not fail
	}
	return p, p.choose(slices.Clone(k.Header))
}

// again yields refused rows anew.
type again struct {
	p    *Plan
	i    int
	json *jsonRows
	mail *mailTaker
}

func newAgain(p *Plan) *again {
	a := &again{p: p}
	var header []string
	if p.Mapping != nil {
		header = p.Mapping.Header
	}
	a.json = newJSONRows(bytes.NewReader(nil), 0, header)
	if p.Format == Mail {
		a.mail = newMailTaker(p.Mapping)
	}
	return a
}

func (a *again) next() (rawRow, error) {
	if a.i == len(a.p.again) {
		return rawRow{}, io.EOF
	}
	r := &a.p.again[a.i]
	a.i++
	row := rawRow{line: r.Line, raw: r.Raw}
	if a.p.wide() {
		decoded, _, err := transform.Bytes(encodings[a.p.Encoding].NewDecoder(), r.Raw)
		if err != nil {
			row.code = "invalid_encoding"
			return row, nil
		}
		row.raw = decoded
	}
	switch a.p.Format {
	case JSON, NDJSON:
		a.json.fill(&row)
	case CSV:
		if n, _, _ := quotedEnd(row.raw, a.p.Delimiter, true); n != len(row.raw) {
			row.code = "unclosed_quote"
		}
	case Mail:
		a.mail.again(&row)
	case XLSX, Parquet, Arrow:
		fillTable(&row)
	}
	return row, nil
}

// fillTable takes a row of tableRow apart, cell by cell. It may hold any bytes:
// they pass the decoder as the first 256 characters.
func fillTable(row *rawRow) {
	chars := make([]rune, len(row.raw))
	for i, b := range row.raw {
		chars[i] = rune(b)
	}
	fields, err := flatten([]byte(string(chars)))
	if err != nil {
		row.code, row.detail = "bad_json", short(err.Error())
		return
	}
	row.cells = make([]string, len(fields))
	for i, f := range fields {
		cell := make([]byte, 0, len(f.Value))
		for _, r := range f.Value {
			cell = append(cell, byte(r))
		}
		row.cells[i] = string(cell)
	}
}

// Export writes refused rows of one input, profile and Header as a file that can
// be mended and loaded: delimited text and log lines with their original bytes,
// everything else as NDJSON. name is what the file is best called, args are the
// options to load it with.
func Export(rows []record.Refusal) (name string, data []byte, args []string) {
	k := keptOf(rows)
	name = (&input{name: rows[0].Input}).base()
	by := cmp.Or(k.Profile, rows[0].Profile)
	args = []string{"--profile", by}
	if k.Format == Lines {
		args = []string{"--as", record.Logs.String()} // with a profile they would be a table
	}
	if p, err := profile.Find(by); err == nil { // the file's new name must not become the source
		args = append(args, "--source", p.Match(k.Header, name, k.Source).Source)
	}
	if k.Format == Mail && !k.Parts {
		return strings.TrimSuffix(name, filepath.Ext(name)) + ".mbox", exportMail(rows), args
	}
	if k.Format == CSV || k.Format == Lines {
		if k.Encoding != "utf-8" {
			args = append(args, "--encoding", k.Encoding)
		}
		return strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"), k.text(rows), args
	}
	var out bytes.Buffer
	for i := range rows {
		start := out.Len()
		if json.Compact(&out, rows[i].Raw) != nil { // broken: for a person to mend
			out.Truncate(start)
			out.Write(rows[i].Raw)
		}
		out.WriteByte('\n')
	}
	return strings.TrimSuffix(name, filepath.Ext(name)) + ".ndjson", out.Bytes(), args
}

// text puts header and rows together in their encoding.
func (k *kept) text(rows []record.Refusal) []byte {
	var out []byte
	switch k.Encoding {
	case "utf-16le":
		out = []byte{0xFF, 0xFE}
	case "utf-16be":
		out = []byte{0xFE, 0xFF}
	}
	end := encode(k.Encoding, []byte("\n"))
	if k.Format == CSV {
		quoted := make([]string, len(k.Header))
		for i, h := range k.Header {
			if strings.ContainsAny(h, "\"\r\n"+k.Delimiter) {
				h = `"` + strings.ReplaceAll(h, `"`, `""`) + `"`
			}
			quoted[i] = h
		}
		out = append(append(out, encode(k.Encoding, []byte(strings.Join(quoted, k.Delimiter)))...), end...)
	}
	for i := range rows {
		out = append(append(out, rows[i].Raw...), end...)
	}
	return out
}
