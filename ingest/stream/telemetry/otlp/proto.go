package otlp

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields by their tags: number and wire type. A known number with another wire
// type is an unknown field, as for every protobuf parser.
const (
	bytesOf = int(protowire.BytesType)

	requestResourceLogs = 1<<3 | bytesOf
	logsResource        = 1<<3 | bytesOf
	logsScopeLogs       = 2<<3 | bytesOf
	resourceAttributes  = 1<<3 | bytesOf
	scopeLogsScope      = 1<<3 | bytesOf
	scopeLogsRecords    = 2<<3 | bytesOf
	scopeName           = 1<<3 | bytesOf
	scopeVersion        = 2<<3 | bytesOf
	scopeAttributes     = 3<<3 | bytesOf

	recordTime       = 1<<3 | int(protowire.Fixed64Type)
	recordNumber     = 2<<3 | int(protowire.VarintType)
	recordText       = 3<<3 | bytesOf
	recordBody       = 5<<3 | bytesOf
	recordAttributes = 6<<3 | bytesOf
	recordTrace      = 9<<3 | bytesOf
	recordSpan       = 10<<3 | bytesOf
	recordObserved   = 11<<3 | int(protowire.Fixed64Type)
	recordEvent      = 12<<3 | bytesOf

	pairKey   = 1<<3 | bytesOf
	pairValue = 2<<3 | bytesOf

	valueString = 1<<3 | bytesOf
	valueBool   = 2<<3 | int(protowire.VarintType)
	valueInt    = 3<<3 | int(protowire.VarintType)
	valueDouble = 4<<3 | int(protowire.Fixed64Type)
	valueArray  = 5<<3 | bytesOf
	valuePairs  = 6<<3 | bytesOf
	valueBytes  = 7<<3 | bytesOf
	listValues  = 1<<3 | bytesOf
)

func (d *builder) protobuf(s string) error {
	return each(s, requestResourceLogs, "the request", d.resourceLogs)
}

// resourceLogs reads the resource before the records, wherever it stands.
func (d *builder) resourceLogs(s string) error {
	d.resource.reset()
	err := each(s, logsResource, "resource_logs", func(r string) error {
		return each(r, resourceAttributes, "resource", func(a string) error { return d.pair(&d.resource, a) })
	})
	if err != nil {
		return err
	}
	return each(s, logsScopeLogs, "resource_logs", d.scopeLogs)
}

func (d *builder) scopeLogs(s string) error {
	d.scope.reset()
	if err := each(s, scopeLogsScope, "scope_logs", d.scopeOf); err != nil {
		return err
	}
	if err := d.share(); err != nil {
		return err
	}
	return each(s, scopeLogsRecords, "scope_logs", d.logRecord)
}

func (d *builder) scopeOf(s string) error {
	w := wire{s: s}
	for w.next() {
		switch w.tag {
		case scopeName:
			d.scope.attribute("otel.scope.name", w.b)
		case scopeVersion:
			d.scope.attribute("otel.scope.version", w.b)
		case scopeAttributes:
			if err := d.pair(&d.scope, w.b); err != nil {
				return err
			}
		}
	}
	return w.end("scope")
}

func (d *builder) logRecord(s string) error {
	e := &d.e
	e.reset()
	w := wire{s: s}
	var err error
	for err == nil && w.next() {
		switch w.tag {
		case recordTime:
			e.time = w.n
		case recordObserved:
			e.observed = w.n
		case recordNumber:
			e.number = int32(w.n)
		case recordText:
			e.text = w.b
		case recordBody:
			e.body, err = d.value(w.b)
		case recordAttributes:
			err = d.pair(&e.part, w.b)
		case recordTrace:
			e.trace = hexID(w.b)
		case recordSpan:
			e.span = hexID(w.b)
		case recordEvent:
			e.event = w.b
		}
	}
	if err != nil {
		return err
	}
	if err := w.end("a log record"); err != nil {
		return err
	}
	return d.add()
}

// pair reads one attribute.
func (d *builder) pair(p *part, s string) error {
	key, value, err := cutPair(s)
	if err != nil {
		return err
	}
	text, err := d.value(value)
	if err != nil {
		return err
	}
	p.attribute(key, text)
	return nil
}

func cutPair(s string) (key, value string, err error) {
	w := wire{s: s}
	for w.next() {
		switch w.tag {
		case pairKey:
			key = w.b
		case pairValue:
			value = w.b
		}
	}
	return key, value, w.end("an attribute")
}

// value is an AnyValue as a text: a string as it is, lists and maps as JSON.
func (d *builder) value(s string) (string, error) {
	w, err := chosen(s)
	if err != nil {
		return "", err
	}
	switch w.tag {
	case 0:
		return "", nil
	case valueString:
		return w.b, nil
	case valueInt:
		return strconv.FormatInt(int64(w.n), 10), nil
	case valueBytes:
		d.buf = appendBase64(d.buf[:0], w.b)
	case valueDouble:
		d.buf = appendDouble(d.buf[:0], math.Float64frombits(w.n), false)
	default:
		d.buf, err = appendWire(d.buf[:0], w, 1)
	}
	return string(d.buf), err
}

// chosen is the member of a value that counts: the last.
func chosen(s string) (last wire, err error) {
	w := wire{s: s}
	for w.next() {
		switch w.tag {
		case valueString, valueBool, valueInt, valueDouble, valueArray, valuePairs, valueBytes:
			last = w
		}
	}
	return last, w.end("a value")
}

// appendWire writes a value as JSON.
func appendWire(out []byte, v wire, depth int) ([]byte, error) {
	if depth > mostDepth {
		return out, malformed("values lie deeper than %d in each other", mostDepth)
	}
	switch v.tag {
	case valueString:
		return appendText(out, v.b), nil
	case valueBool:
		return strconv.AppendBool(out, v.n != 0), nil
	case valueInt:
		return strconv.AppendInt(out, int64(v.n), 10), nil
	case valueDouble:
		return appendDouble(out, math.Float64frombits(v.n), true), nil
	case valueBytes:
		return append(appendBase64(append(out, '"'), v.b), '"'), nil
	case valueArray:
		return appendList(out, v.b, '[', ']', func(out []byte, s string) ([]byte, error) {
			inner, err := chosen(s)
			if err != nil {
				return out, err
			}
			return appendWire(out, inner, depth+1)
		})
	case valuePairs:
		return appendList(out, v.b, '{', '}', func(out []byte, s string) ([]byte, error) {
			key, value, err := cutPair(s)
			if err != nil {
				return out, err
			}
			inner, err := chosen(value)
			if err != nil {
				return out, err
			}
			return appendWire(append(appendText(out, key), ':'), inner, depth+1)
		})
	}
	return append(out, "null"...), nil
}

func appendList(out []byte, s string, open, end byte, f func([]byte, string) ([]byte, error)) ([]byte, error) {
	out = append(out, open)
	first := true
	err := each(s, listValues, "a list", func(v string) (err error) {
		if !first {
			out = append(out, ',')
		}
		first = false
		out, err = f(out, v)
		return err
	})
	return append(out, end), err
}
