package file

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// Message is one JSON object of a stream: a queue's message, a posted record, a
// line that was taken apart.
type Message struct {
	Body []byte
	Line int64 // its place in the stream, from 1: sequence, offset, number
	// Seen tells rows without an id apart, see record.Seen. Of a stream that
	// says where each message stands, it is salted with that place.
	Seen *record.Seen
}

// Decoder turns the messages of one stream into records as Plan does with the
// rows of a file: the same profiles, the same checks, the same refusals. What a
// message becomes depends on the message alone. It is not safe for concurrent
// use.
type Decoder struct {
	input string
	opt   Options
	by    map[string]*worker // by the names in a message
	json  *jsonRows
	row   record.Batch // of one message
	names int          // bytes of the keys of by
}

// How many sets of names are remembered, and how many bytes of names: a stream has
// a few, a hostile one ever new ones.
const (
	mostShapes = 512
	mostNames  = 1 << 20
)

// NewDecoder reads a stream of that name. o.As or o.Profile must say what the
// messages are; a *UsageError says what is wrong with them.
func NewDecoder(input string, o Options) (*Decoder, error) {
	if o.Profile != "" {
		if _, err := profile.Find(o.Profile); err != nil {
			return nil, err
		}
	}
	return &Decoder{input: input, opt: o, by: map[string]*worker{}, json: newJSONRows(bytes.NewReader(nil), 0, nil)}, nil
}

// Append decodes a message and appends its record, or its refusal, to b.
func (d *Decoder) Append(b *record.Batch, m Message) {
	r := rawRow{line: m.Line, raw: m.Body}
	if problem := d.take(&r); problem != nil {
		b.Refused = append(b.Refused, d.refusal(&r, problem, nil))
		return
	}
	w, problem := d.worker(&r)
	if problem != nil {
		b.Refused = append(b.Refused, d.refusal(&r, problem, nil))
		return
	}
	if b.Profile == "" {
		b.Profile = w.m.Profile.Name
	}
	reuse(&d.row)
	w.row(&d.row, &r)
	stamp(&d.row, m.Seen)
	join(b, &d.row)
}

// take makes cells of a message, its names in r.extra's order.
func (d *Decoder) take(r *rawRow) *profile.Problem {
	switch {
	case len(r.raw) > maxRow:
		r.raw = r.raw[:keptRaw]
		return &profile.Problem{Code: "row_too_long"}
	case !utf8.Valid(r.raw):
		return &profile.Problem{Code: "invalid_utf8"}
	}
	fields, err := flatten(r.raw)
	if err != nil {
		return &profile.Problem{Code: "bad_json", Detail: short(err.Error())}
	}
	if len(fields) == 0 {
		return &profile.Problem{Code: "bad_json", Detail: "an object without names"}
	}
	r.extra = fields
	return nil
}

// worker finds the worker for the names of a row and puts the row's values in
// its order.
func (d *Decoder) worker(r *rawRow) (*worker, *profile.Problem) {
	fields := r.extra
	var key strings.Builder
	for _, f := range fields {
		key.WriteString(f.Name)
		key.WriteByte(0)
	}
	w := d.by[key.String()]
	if w == nil {
		var problem *profile.Problem
		if w, problem = d.newWorker(fields); problem != nil {
			return nil, problem
		}
		if len(d.by) >= mostShapes || d.names+key.Len() > mostNames {
			clear(d.by)
			d.names = 0
		}
		if key.Len() <= mostNames/64 {
			d.by[key.String()] = w
			d.names += key.Len()
		}
	}
	r.cells, r.extra = w.cells[:0], nil
	header := w.m.Header
	if len(header) == len(fields) {
		for _, f := range fields {
			r.cells = append(r.cells, f.Value)
		}
		w.cells = r.cells
		return w, nil
	}
	for _, h := range header { // a name stands twice: the first value counts
		i := slices.IndexFunc(fields, func(f record.Field) bool { return f.Name == h && f.Value != "" })
		v := ""
		if i >= 0 {
			v = fields[i].Value
		}
		r.cells = append(r.cells, v)
	}
	w.cells = r.cells
	return w, nil
}

func (d *Decoder) newWorker(fields []record.Field) (*worker, *profile.Problem) {
	p := &Plan{Input: d.input, Format: NDJSON, Encoding: "utf-8", opt: d.opt, in: &input{name: d.input}, settled: newSettled()}
	var header []string
	var void []bool
	for _, f := range fields {
		if i := slices.Index(header, f.Name); i >= 0 {
			void[i] = void[i] && f.Value == ""
			continue
		}
		header, void = append(header, f.Name), append(void, f.Value == "")
	}
	if err := p.choose(header, void...); err != nil {
		e, ok := err.(*Error)
		if !ok {
			return nil, &profile.Problem{Code: "no_profile", Detail: short(err.Error())}
		}
		return nil, &profile.Problem{Code: e.Code, Detail: e.Detail}
	}
	return &worker{p: p, m: p.Mapping.NewMapper(), decode: newDecoder("utf-8"), kept: p.keep()}, nil
}

// refusal is of a message that no profile has seen.
func (d *Decoder) refusal(r *rawRow, problem *profile.Problem, header []byte) record.Refusal {
	return record.Refusal{Kind: d.opt.As, Input: d.input, Profile: d.opt.Profile, Line: r.line, Code: problem.Code,
		Column: problem.Column, Detail: short(problem.Detail), Raw: bytes.Clone(r.raw), Header: header}
}
