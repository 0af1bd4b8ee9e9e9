package layout

import "strings"

// column is one field of a header.
type column struct {
	kind kind   // kindText: any token
	like string // the token that was last found to be of the kind by looking closely
}

// header is how the lines of a file begin, learned from them. What is not met in
// a line is left out, so that a line loses no more than what looks like the
// header of the others. It is used by one goroutine at a time.
type header struct {
	columns []column
	start   int // the column that says that a line begins a record
}

// longestName bounds a name with blanks in it before ": ".
const longestName = 60

// content is what follows a line's header; ok is false if the line does not begin
// as others do.
func (h *header) content(line string) (content string, ok bool) {
	at := 0
	for i := range h.columns {
		c := &h.columns[i]
		if next := c.quick(line, at); next > 0 {
			at = next
			continue
		}
		f := fieldAt(line, at)
		if c.kind != kindText && f.kind != c.kind {
			if i <= h.start {
				return line, false
			}
			if end := far(line, f.from, c.kind); end > 0 {
				at = end
				continue
			}
			if c.kind == kindLevel && f.kind == kindText && f.to-f.from < 10 {
				at = f.next
			}
			continue
		}
		if f.kind == kindNone {
			return line[at:], i > h.start
		}
		at = f.next
		if c.kind == kindTime || c.kind == kindLevel {
			c.like = line[f.from:f.to]
		}
	}
	return line[at:], true
}

// quick is the end of a column that looks as in the lines before, digits aside,
// without a close look; 0 if it does not.
func (c *column) quick(line string, at int) int {
	switch c.kind {
	case kindNumber:
		if at += digits(line[at:]); at == len(line) || at > 0 && line[at-1] == ' ' {
			return 0
		}
	case kindTime, kindLevel:
		if c.like == "" || len(line) <= at+len(c.like) || !alike(line[at:], c.like) {
			return 0
		}
		at += len(c.like)
	case kindText, kindName:
		from := at
		for at < len(line) && ends[line[at]] == 0 {
			at++
		}
		if at == from || at == len(line) || line[at] != ' ' || c.kind == kindName && (line[at-1] != ':' || at-from < 2 || line[from]|0x20 < 'a' || line[from]|0x20 > 'z') {
			return 0
		}
	case kindSign:
		if at++; at >= len(line) || line[at-1] != '-' {
			return 0
		}
	case kindGroup:
		if at == len(line) || line[at] != '[' {
			return 0
		}
		if at = groupEnd(line, at); at == 0 || at == len(line) {
			return 0
		}
	default:
		return 0
	}
	if line[at] != ' ' {
		return 0
	}
	for at < len(line) && line[at] == ' ' {
		at++
	}
	if at == len(line) || line[at] == '|' || line[at] == '\t' {
		return 0
	}
	return at
}

// ends are signs that end a token, or make it a special one; 0xEF begins a wide
// colon.
var ends = [256]uint8{' ': 1, '\t': 1, '|': 1, '[': 1, '(': 1, '<': 1, '"': 1, 0xEF: 1}

// alike reports whether a line goes on with a token like another: digits where
// it has digits, the same signs elsewhere.
func alike(line, token string) bool {
	for i := range len(token) {
		a, b := line[i], token[i]
		if a != b && (a < '0' || a > '9' || b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// far finds the end of a name, or of what stands before a hyphen, of several
// words: "syslogd 1.4.1: restart", "chrome.exe *64 - closed".
func far(line string, at int, k kind) int {
	end := ": "
	if k == kindSign {
		end = " - "
	} else if k != kindName {
		return 0
	}
	near := line[at:min(len(line), at+longestName)]
	i := strings.Index(near, end)
	if i < 0 || strings.Count(near[:i], " ") > 2 || strings.ContainsAny(near[:i], "=,;\"") {
		return 0
	}
	return at + i + len(end)
}

// String writes the header as a format.
func (h *header) String() string {
	var out strings.Builder
	for _, c := range h.columns {
		switch c.kind {
		case kindTime:
			out.WriteString("<Time> ")
		case kindLevel:
			out.WriteString("<Level> ")
		case kindName:
			out.WriteString("<Component>: ")
		case kindGroup:
			out.WriteString("[<Field>] ")
		case kindNumber:
			out.WriteString("<Number> ")
		case kindSign:
			out.WriteString("- ")
		default:
			out.WriteString("<Field> ")
		}
	}
	return out.String() + "<Content>"
}
