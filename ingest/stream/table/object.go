package table

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// object writes a row as one JSON object, by the names of its columns.
func object(out []byte, columns []column, values [][]byte) []byte {
	out = append(out, '{')
	for i, v := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = quoted(out, []byte(columns[i].name))
		out = append(out, ':')
		out = value(out, columns[i].kind, columns[i].item, v)
	}
	return append(out, '}')
}

// value writes one value. Bytes have no meaning in a record: their hash and
// number tell them apart.
func value(out []byte, k, item kind, v []byte) []byte {
	switch {
	case v == nil:
		return append(out, "null"...)
	case k == integer || k == number:
		if json.Valid(v) && v[0] != '"' {
			return append(out, v...)
		}
	case k == boolean && len(v) > 0:
		return strconv.AppendBool(out, v[0] == 't' || v[0] == '1')
	case k == document && json.Valid(v):
		return append(out, v...)
	case k == octets:
		sum := sha256.Sum256(v)
		return quoted(out, fmt.Appendf(nil, "sha256:%s %d", hex.EncodeToString(sum[:]), len(v)))
	case k == list:
		if whole, rest, err := array(nil, item, v, 0); err == nil && len(rest) == 0 {
			return append(out, whole...)
		}
	}
	return quoted(out, v)
}

// quoted writes text as JSON. Bytes that are no UTF-8 stay as they are, so that
// the row is refused for them and not quietly changed.
func quoted(out, s []byte) []byte {
	out = append(out, '"')
	for _, c := range s {
		switch {
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

var errArray = errors.New("this is no array")

// mostNested is how deep PostgreSQL nests arrays.
const mostNested = 6

// array writes a PostgreSQL array, {1,"a b",NULL,{2}}, as a JSON array. rest is
// what follows it.
func array(out []byte, item kind, in []byte, depth int) (whole, rest []byte, err error) {
	if depth == 0 { // [0:2]={…} has bounds of its own
		if i := bytes.Index(in, []byte("={")); i > 0 && in[0] == '[' {
			in = in[i+1:]
		}
	}
	if len(in) < 2 || in[0] != '{' || depth >= mostNested {
		return nil, nil, errArray
	}
	out, in = append(out, '['), in[1:]
	for n := 0; ; n++ {
		if len(in) == 0 {
			return nil, nil, errArray
		}
		if in[0] == '}' {
			return append(out, ']'), in[1:], nil
		}
		if n > 0 {
			if in[0] != ',' || len(in) < 2 {
				return nil, nil, errArray
			}
			out, in = append(out, ','), in[1:]
		}
		if in[0] == '{' {
			if out, in, err = array(out, item, in, depth+1); err != nil {
				return nil, nil, err
			}
			continue
		}
		var v []byte
		if v, in, err = element(in); err != nil {
			return nil, nil, err
		}
		out = value(out, item, text, v)
	}
}

// element cuts one element off; it is nil for NULL.
func element(in []byte) (v, rest []byte, err error) {
	if in[0] != '"' {
		i := bytes.IndexAny(in, ",}")
		if i < 0 {
			return nil, nil, errArray
		}
		if string(in[:i]) == "NULL" {
			return nil, in[i:], nil
		}
		return in[:i], in[i:], nil
	}
	v = []byte{}
	for i := 1; i < len(in); i++ {
		switch {
		case in[i] == '"':
			return v, in[i+1:], nil
		case in[i] == '\\' && i+1 < len(in):
			i++
		}
		v = append(v, in[i])
	}
	return nil, nil, errArray
}
