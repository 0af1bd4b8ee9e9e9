package file

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"plaint/internal/record"
)

// KeptObject is the Header of a refusal whose Raw is one JSON object with at
// least these names, read as NDJSON of a source.
func KeptObject(source string, names []string) []byte {
	return kept{Format: NDJSON, Encoding: "utf-8", Source: source, Header: names}.header()
}

// KeptLine is the Header of a refusal whose Raw is a plain log line.
func KeptLine(source, line string) []byte {
	return kept{Format: Lines, Encoding: "utf-8", Form: 1 + formOf(line), Source: source}.header()
}

func (k kept) header() []byte {
	out, err := json.Marshal(k)
	if err != nil {
		return nil // strings and numbers: it does not fail
	}
	return out
}

// formOf is the first form that fits a line, without the stack trace behind it;
// -1 if none does.
func formOf(line string) int {
	first, _, _ := strings.Cut(line, "\n")
	for i, f := range logForms {
		if f.MatchString(first) {
			return i
		}
	}
	return -1
}

// LineDecoder turns the lines of a log that grows into records as Plan does with
// those of a file, but that the form is chosen for each line: what a line becomes
// must not depend on when it was read. It is not safe for concurrent use.
type LineDecoder struct {
	by  []*worker // by form, the last is for lines of none
	row record.Batch
}

// NewLineDecoder reads a log of that name.
func NewLineDecoder(name string, o Options) (*LineDecoder, error) {
	o.As, o.Profile = record.Logs, ""
	d := &LineDecoder{}
	for i := range len(logForms) + 1 {
		p := &Plan{Input: name, Format: Lines, Encoding: "utf-8", opt: o, in: &input{name: name}, settled: newSettled()}
		if i < len(logForms) {
			p.form = logForms[i]
		}
		if err := p.choose(slices.Clone(logHeader)); err != nil {
			return nil, err
		}
		d.by = append(d.by, &worker{p: p, m: p.Mapping.NewMapper(), decode: newDecoder("utf-8"), kept: p.keep()})
	}
	return d, nil
}

// split takes a line apart by the first form that fits it.
func (d *LineDecoder) split(line string) (*worker, []string) {
	i := formOf(line)
	if i < 0 {
		return d.by[len(d.by)-1], parseLine(nil, line)
	}
	return d.by[i], parseLine(logForms[i], line)
}

// Append decodes a line, with the lines of a stack trace behind it, and appends
// its record, or its refusal, to b.
func (d *LineDecoder) Append(b *record.Batch, m Message) {
	r := rawRow{line: m.Line, raw: m.Body}
	w := d.by[len(d.by)-1]
	switch {
	case len(r.raw) > maxRow:
		r.raw, r.code = r.raw[:keptRaw], "row_too_long"
	case !utf8.Valid(r.raw):
		r.code = "invalid_utf8"
	default:
		w, r.cells = d.split(string(r.raw))
	}
	b.Profile = cmp.Or(b.Profile, w.m.Profile.Name)
	reuse(&d.row)
	w.row(&d.row, &r)
	stamp(&d.row, m.Seen)
	join(b, &d.row)
}
