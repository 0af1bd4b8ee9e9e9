package otlp

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

func (c *cursor) integer() (int64, error) {
	raw := c.number()
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return 0, malformed("intValue: %s is no integer", clip(raw))
	}
	return n, nil
}

// appendValue writes a value as plain JSON.
func appendValue(out []byte, c *cursor, depth int) ([]byte, error) {
	if depth > mostDepth {
		return out, malformed("values lie deeper than %d in each other", mostDepth)
	}
	from := len(out)
	if c.null() {
		return append(out, "null"...), nil
	}
	err := c.object("a value", func(key string) (err error) {
		before := len(out)
		if out, err = appendMember(out, c, key, depth); len(out) > before {
			out = append(out[:from], out[before:]...) // the last counts
		}
		return err
	})
	if len(out) == from {
		out = append(out, "null"...)
	}
	return out, err
}

// appendMember writes what a member of a value stands for; nothing, if it is
// none that we know.
func appendMember(out []byte, c *cursor, key string, depth int) ([]byte, error) {
	switch key {
	case "stringValue", "string_value":
		s, err := c.text()
		return appendText(out, s), err
	case "boolValue", "bool_value":
		raw := c.raw()
		if raw != "true" && raw != "false" {
			return out, malformed("boolValue: %s is neither true nor false", clip(raw))
		}
		return append(out, raw...), nil
	case "intValue", "int_value":
		n, err := c.integer()
		return strconv.AppendInt(out, n, 10), err
	case "doubleValue", "double_value":
		v, err := c.double()
		return appendDouble(out, v, true), err
	case "bytesValue", "bytes_value":
		b, err := c.bytes()
		return append(appendBase64(append(out, '"'), b), '"'), err
	case "arrayValue", "array_value":
		return appendJSONList(out, c, '[', ']', func(out []byte) ([]byte, error) { return appendValue(out, c, depth+1) })
	case "kvlistValue", "kvlist_value":
		return appendJSONList(out, c, '{', '}', func(out []byte) ([]byte, error) { return appendPair(out, c, depth+1) })
	}
	c.raw()
	return out, nil
}

func (c *cursor) double() (float64, error) {
	switch raw := c.number(); raw {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	default:
		v, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return 0, malformed("doubleValue: %s is no number", clip(raw))
		}
		return v, nil
	}
}

func (c *cursor) bytes() (string, error) {
	s, err := c.text()
	if err != nil {
		return "", err
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return "", malformed("bytesValue is no base64")
	}
	return string(b), nil
}

func appendJSONList(out []byte, c *cursor, open, end byte, f func([]byte) ([]byte, error)) ([]byte, error) {
	out = append(out, open)
	first := true
	err := c.object("a list", func(key string) error {
		if key != "values" {
			c.raw()
			return nil
		}
		return c.array(key, func() (err error) {
			if !first {
				out = append(out, ',')
			}
			first = false
			out, err = f(out)
			return err
		})
	})
	return append(out, end), err
}

func appendPair(out []byte, c *cursor, depth int) ([]byte, error) {
	name, from := "", len(out)
	value := []byte("null")
	err := c.object("an attribute", func(key string) (err error) {
		switch key {
		case "key":
			name, err = c.text()
		case "value":
			value, err = appendValue(nil, c, depth)
		default:
			c.raw()
		}
		return err
	})
	return append(append(appendText(out[:from], name), ':'), value...), err
}
