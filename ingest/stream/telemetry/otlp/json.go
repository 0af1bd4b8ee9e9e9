package otlp

import (
	"encoding/json"
	"strconv"
	"strings"
)

func (d *builder) json(body []byte) error {
	if !json.Valid(body) {
		return malformed("broken JSON")
	}
	c := &cursor{s: string(body)}
	return c.object("the request", func(key string) error {
		if key != "resourceLogs" && key != "resource_logs" {
			c.raw()
			return nil
		}
		return c.array(key, func() error { return d.jsonResource(c) })
	})
}

// jsonResource reads the resource before the records, wherever it stands.
func (d *builder) jsonResource(c *cursor) error {
	d.resource.reset()
	read := func(c *cursor, key string) error {
		return c.array(key, func() error { return d.jsonScope(c) })
	}
	return headFirst(c, "resource", [2]string{"scopeLogs", "scope_logs"}, read, func(key string) error {
		return d.jsonAttributes(c, key, &d.resource)
	})
}

func (d *builder) jsonScope(c *cursor) error {
	d.scope.reset()
	shared := false
	read := func(c *cursor, key string) error {
		if !shared {
			shared = true
			if err := d.share(); err != nil {
				return err
			}
		}
		return c.array(key, func() error { return d.jsonRecord(c) })
	}
	return headFirst(c, "scope", [2]string{"logRecords", "log_records"}, read, func(key string) error {
		if key != "name" && key != "version" {
			return d.jsonAttributes(c, key, &d.scope)
		}
		s, err := c.text()
		d.scope.attribute("otel.scope."+key, s)
		return err
	})
}

// headFirst reads an object with a head, whose members are given to member, and
// lists under either of two names. Lists before the head wait for it.
func headFirst(c *cursor, head string, lists [2]string, read func(*cursor, string) error, member func(string) error) error {
	seen := false
	var waiting []cursor
	err := c.object(head+"Logs", func(key string) error {
		switch {
		case key == head:
			seen = true
			return c.object(key, member)
		case key != lists[0] && key != lists[1]:
			c.raw()
		case seen:
			return read(c, key)
		default:
			waiting = append(waiting, *c)
			c.raw()
		}
		return nil
	})
	for i := range waiting {
		if err == nil {
			err = read(&waiting[i], lists[0])
		}
	}
	return err
}

func (d *builder) jsonRecord(c *cursor) error {
	e := &d.e
	e.reset()
	err := c.object("a log record", func(key string) (err error) {
		switch key {
		case "timeUnixNano", "time_unix_nano":
			e.time, err = c.nanos(key)
		case "observedTimeUnixNano", "observed_time_unix_nano":
			e.observed, err = c.nanos(key)
		case "severityNumber", "severity_number":
			err = e.severity(c.number())
		case "severityText", "severity_text":
			e.text, err = c.text()
		case "body":
			e.body, err = d.jsonValue(c)
		case "traceId", "trace_id":
			e.trace, err = c.id()
		case "spanId", "span_id":
			e.span, err = c.id()
		case "eventName", "event_name":
			e.event, err = c.text()
		default:
			err = d.jsonAttributes(c, key, &e.part)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.add()
}

// severity takes a number, or the enumeration's name for it, which OTLP does not
// allow and some exporters write.
func (e *entry) severity(raw string) error {
	if name, ok := strings.CutPrefix(raw, "SEVERITY_NUMBER_"); ok {
		word := strings.TrimRight(name, "0123456789")
		place := strings.Index("TRACE DEBUG INFO  WARN  ERROR FATAL ", word+" ")
		if place >= 0 && place%6 == 0 {
			e.number = int32(place/6*4 + 1)
		}
		return nil
	}
	n, err := strconv.ParseInt(raw, 10, 32)
	if err != nil {
		return malformed("severityNumber: %s is no number", clip(raw))
	}
	e.number = int32(n)
	return nil
}

// id is a hexadecimal id, "" for one of zeroes.
func (c *cursor) id() (string, error) {
	s, err := c.text()
	if err != nil || strings.Trim(s, "0") == "" {
		return "", err
	}
	if strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return "", malformed("the id %s is not hexadecimal", clip(s))
	}
	return strings.ToLower(s), nil
}

// jsonAttributes reads a member if it is the attributes.
func (d *builder) jsonAttributes(c *cursor, key string, p *part) error {
	if key != "attributes" {
		c.raw()
		return nil
	}
	return c.array(key, func() error {
		name, value := "", ""
		err := c.object("an attribute", func(key string) (err error) {
			switch key {
			case "key":
				name, err = c.text()
			case "value":
				value, err = d.jsonValue(c)
			default:
				c.raw()
			}
			return err
		})
		if err == nil {
			p.attribute(name, value)
		}
		return err
	})
}

// jsonValue is an AnyValue as a text, the same as of protobuf.
func (d *builder) jsonValue(c *cursor) (text string, err error) {
	err = c.object("a value", func(key string) error {
		switch key {
		case "stringValue", "string_value":
			text, err = c.text()
			return err
		case "intValue", "int_value":
			n, err := c.integer()
			text = strconv.FormatInt(n, 10)
			return err
		}
		d.buf, err = appendMember(d.buf[:0], c, key, 1)
		text = string(d.buf)
		if key == "bytesValue" || key == "bytes_value" || key == "doubleValue" || key == "double_value" {
			text = strings.Trim(text, `"`)
		}
		return err
	})
	return text, err
}
