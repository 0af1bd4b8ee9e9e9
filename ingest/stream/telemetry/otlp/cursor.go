package otlp

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cursor walks over a JSON text that is known to be well formed.
type cursor struct {
	s  string
	at int
}

func (c *cursor) peek() byte {
	for c.at < len(c.s) {
		switch b := c.s[c.at]; b {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return b
		}
	}
	return 0
}

// raw is the next value as it is written.
func (c *cursor) raw() string {
	first := c.peek()
	from, depth := c.at, 0
	for c.at < len(c.s) {
		switch c.s[c.at] {
		case '"':
			c.quoted()
			if depth == 0 {
				return c.s[from:c.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return c.s[from:c.at] // a number before the end of a list
			}
			if depth == 0 {
				c.at++
				return c.s[from:c.at]
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 && first != '{' && first != '[' {
				return c.s[from:c.at]
			}
		}
		c.at++
	}
	return c.s[from:c.at]
}

// quoted is what stands between the quotes of the next string.
func (c *cursor) quoted() (inside string, escaped bool) {
	from := c.at + 1
	for c.at = from; c.at < len(c.s); c.at++ {
		switch c.s[c.at] {
		case '\\':
			escaped = true
			c.at++
		case '"':
			c.at++
			return c.s[from : c.at-1], escaped
		}
	}
	return "", false // cannot be: it is well formed
}

// null skips a null, which is as good as nothing.
func (c *cursor) null() bool {
	if c.peek() != 'n' {
		return false
	}
	c.at += len("null")
	return true
}

// text reads a string. One without escapes costs nothing.
func (c *cursor) text() (string, error) {
	if c.peek() != '"' {
		return "", malformed("%s is no string", clip(c.raw()))
	}
	from := c.at
	inside, escaped := c.quoted()
	if !escaped {
		return inside, nil
	}
	var out strings.Builder
	if unescape(&out, inside) {
		return out.String(), nil
	}
	var s string // half a surrogate: as the library mends it
	if err := json.Unmarshal([]byte(c.s[from:c.at]), &s); err != nil {
		return "", malformed("a string: %v", err)
	}
	return s, nil
}

// unescape writes a string without its escapes, its other bytes as they are, so
// that broken ones are seen; ok is false for code points in two halves.
func unescape(out *strings.Builder, s string) (ok bool) {
	out.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			out.WriteString(s)
			return true
		}
		out.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, err := strconv.ParseUint(s[:4], 16, 16)
			if err != nil || r >= 0xD800 && r < 0xE000 {
				return false
			}
			out.WriteRune(rune(r))
			s = s[4:]
			continue
		}
		out.WriteByte(c)
	}
}

// object calls f for each member that is not null; f reads its value.
func (c *cursor) object(what string, f func(key string) error) error {
	if c.peek() != '{' {
		return malformed("%s is no object", what)
	}
	c.at++
	for {
		switch c.peek() {
		case '}':
			c.at++
			return nil
		case ',':
			c.at++
			continue
		}
		key, err := c.text()
		if err != nil {
			return err
		}
		c.peek() // the colon
		c.at++
		if c.null() {
			continue
		}
		if err := f(key); err != nil {
			return err
		}
	}
}

// array calls f for each element; f reads it.
func (c *cursor) array(what string, f func() error) error {
	if c.peek() != '[' {
		return malformed("%s is no array", what)
	}
	c.at++
	for {
		switch c.peek() {
		case ']':
			c.at++
			return nil
		case ',':
			c.at++
			continue
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// number is a number, which may stand in quotes.
func (c *cursor) number() string {
	return strings.Trim(c.raw(), `"`)
}

func clip(s string) string { return strings.ToValidUTF8(short(s), "?") }

func (c *cursor) nanos(what string) (uint64, error) {
	raw := c.number()
	n, err := strconv.ParseUint(raw, 10, 64)
	if err != nil {
		return 0, malformed("%s: %s is no time", what, clip(raw))
	}
	return n, nil
}
