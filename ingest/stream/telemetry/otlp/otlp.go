// Package otlp turns OpenTelemetry log records, in protobuf or in JSON, into log
// lines. The message types that are generated for Go are not used: they refuse a
// whole request for one broken text, know no hexadecimal ids in JSON, and cost
// several times the work.
package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plaint/ingest/file"
	"plaint/internal/record"
)

// Limits of one request.
const (
	mostDepth      = 32   // values in values
	mostAttributes = 1000 // of one record, those of its resource and scope included
	lineCost       = 512  // bytes of memory of a record, without its texts
	fieldCost      = 48   // the same of an attribute
	usual          = 256  // bytes of a record in protobuf: where the list of records begins
)

// ErrMalformed marks a request that is not what OTLP says. Nothing of it is kept.
var ErrMalformed = errors.New("this is no OTLP logs request")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Options are how a request is decoded.
type Options struct {
	Input  string // the stream's name
	Source string // the system that the records come from
	// Grow is asked for memory before it is taken, in bytes. Its error ends the
	// decoding and is returned. A few bytes of a request may stand for many: each
	// record carries its resource's attributes.
	Grow func(bytes int) error
}

// Protobuf appends the records of an ExportLogsServiceRequest to b, each as a log
// line or as a refusal. On an error b holds part of them.
func Protobuf(b *record.Batch, body []byte, o Options) error {
	d := newBuilder(b, o)
	b.Logs = slices.Grow(b.Logs, len(body)/usual)
	return d.protobuf(string(body))
}

// JSON is Protobuf for the JSON encoding.
func JSON(b *record.Batch, body []byte, o Options) error {
	d := newBuilder(b, o)
	b.Logs = slices.Grow(b.Logs, len(body)/(2*usual))
	return d.json(body)
}

// profileName is the profile by which a refused record is read again.
const profileName = "logs"

// builder puts records together from what a decoder finds.
type builder struct {
	o      Options
	b      *record.Batch
	seen   record.Seen
	header []byte // of refusals
	line   int64

	resource, scope part
	base            []record.Field // attributes of both without a word of ours, by name
	baseCost        int
	e               entry
	room            []record.Field // what records' attributes are cut from
	buf             []byte
}

func newBuilder(b *record.Batch, o Options) *builder {
	if b.Profile == "" {
		b.Profile = profileName
	}
	return &builder{o: o, b: b}
}

// share prepares what the records of a scope have in common.
func (d *builder) share() error {
	d.scope.inherit(&d.resource)
	if err := d.grow(fieldCost * (len(d.resource.rest) + len(d.scope.rest))); err != nil { // scopes without records are work too
		return err
	}
	d.base = named(append(slices.Clone(d.resource.rest), d.scope.rest...))
	d.baseCost = lineCost + fieldCost*len(d.base)
	for _, f := range d.base {
		d.baseCost += len(f.Name) + len(f.Value)
	}
	return d.grow(d.baseCost)
}

func (d *builder) grow(n int) error {
	if d.o.Grow == nil {
		return nil
	}
	return d.o.Grow(n)
}

// named orders fields by name, which a record may have once: the last is the
// innermost and keeps it, the first is the resource's, and more than two are not
// allowed in OTLP.
func named(fields []record.Field) []record.Field {
	slices.SortStableFunc(fields, byName)
	out, twice := fields[:0], false
	for i := 0; i < len(fields); {
		end := i + 1
		for end < len(fields) && fields[end].Name == fields[i].Name {
			end++
		}
		last := fields[end-1]
		if end > i+1 {
			out, twice = append(out, record.Field{Name: "resource." + fields[i].Name, Value: fields[i].Value}), true
		}
		out = append(out, last)
		i = end
	}
	if !twice {
		return out
	}
	slices.SortStableFunc(out, byName)
	for i := 1; i < len(out); i++ {
		if out[i].Name == out[i-1].Name { // resource, scope and record have it
			out[i].Name = "scope." + strings.TrimPrefix(out[i].Name, "resource.")
		}
	}
	slices.SortStableFunc(out, byName)
	return out
}

func byName(a, b record.Field) int { return cmp.Compare(a.Name, b.Name) }

// add ends a record: it becomes a log line or a refusal.
func (d *builder) add() error {
	e := &d.e
	d.line++
	e.inherit(&d.scope)
	e.extra("event_name", e.event)
	e.extra("span_id", e.span)
	l := record.LogLine{Service: e.service, Host: e.host, Customer: e.customer.id, Trace: e.trace, Message: cmp.Or(e.body, e.event)}
	l.Source, l.Line = d.o.Source, d.line
	e.level(&l)
	e.when(&l)
	cost := d.baseCost + len(l.Message) + fieldCost*len(e.rest)
	for _, f := range e.rest {
		cost += len(f.Name) + len(f.Value)
	}
	if err := d.grow(cost); err != nil {
		return err
	}
	e.check("severity_text", e.text)
	e.check("event_name", e.event)
	e.check("body", e.body)
	if n := len(d.base) + len(e.rest); n > mostAttributes {
		e.fault("too_many_columns", "attributes")
	}
	if l.Message == "" {
		e.fault("empty_record", "body")
	}
	l.Extra = d.merge(e.rest)
	if e.bad.code != "" {
		return d.refuse(&l)
	}
	l.Stamp(&d.seen)
	d.b.Logs = append(d.b.Logs, l)
	return nil
}

// merge puts the record's own fields among those it shares, by name.
func (d *builder) merge(own []record.Field) []record.Field {
	n := len(d.base) + len(own)
	if n == 0 {
		return nil
	}
	if cap(d.room)-len(d.room) < n {
		d.room = make([]record.Field, 0, max(n, 4096))
	}
	at := len(d.room)
	if len(own) > 1 {
		slices.SortStableFunc(own, byName)
	}
	base, twice := d.base, false
	for len(base) > 0 && len(own) > 0 {
		switch c := cmp.Compare(base[0].Name, own[0].Name); {
		case c <= 0:
			d.room, base, twice = append(d.room, base[0]), base[1:], twice || c == 0
		default:
			d.room, own = append(d.room, own[0]), own[1:]
		}
	}
	d.room = append(append(d.room, base...), own...)
	out := d.room[at:len(d.room):len(d.room)]
	for i := 1; i < len(out) && !twice; i++ {
		twice = out[i-1].Name == out[i].Name
	}
	if twice {
		return named(out)
	}
	return out
}

// refuse keeps a record as a JSON object under the names by which the profile
// knows them.
func (d *builder) refuse(l *record.LogLine) error {
	if d.header == nil {
		d.header = file.KeptObject(d.o.Source, names[:])
	}
	bad, raw := &d.e.bad, d.object(l)
	d.b.Refused = append(d.b.Refused, record.Refusal{Kind: record.Logs, Input: d.o.Input, Profile: profileName, Line: l.Line,
		Code: bad.code, Column: strings.ToValidUTF8(short(bad.column), "?"), Detail: bad.detail, Raw: raw, Header: d.header})
	return d.grow(len(raw))
}

// names are the profile's words for what a record holds, as in object.
var names = [...]string{"time", "service", "host", "level", "message", "trace", "customer"}

func (d *builder) object(l *record.LogLine) []byte {
	when := ""
	switch n := cmp.Or(d.e.time, d.e.observed); {
	case l.Time.Known():
		when = l.Time.Time.Format(time.RFC3339Nano)
	case n > 0:
		when = fmt.Sprint(n)
	}
	out := []byte{'{'}
	for i, v := range [len(names)]string{when, l.Service, l.Host, l.Level, l.Message, l.Trace, l.Customer} {
		out = appendField(out, record.Field{Name: names[i], Value: v})
	}
	for _, f := range l.Extra {
		out = appendField(out, f)
	}
	out[len(out)-1] = '}'
	return out
}

func appendField(out []byte, f record.Field) []byte {
	return append(appendText(append(appendText(out, f.Name), ':'), f.Value), ',')
}

func short(s string) string {
	if len(s) > 80 {
		return s[:80]
	}
	return s
}
