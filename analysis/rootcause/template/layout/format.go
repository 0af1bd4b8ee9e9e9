package layout

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Format says how the lines of a system begin: '<Date> <Time> <Level> <Component>:
// <Content>', as logpai/logparser writes it. A field goes on to the first place
// where what follows it in the format is met; blanks stand for any number of
// them; a backslash makes a sign itself; one part (…)? may be missing. A format
// that says more is a regular expression with fields in it.
type Format struct {
	with, without []piece // of a format with a part that may be missing; without is nil otherwise
	shared        int     // fields before the part that may be missing
	content       int     // which field is the content
	pattern       *regexp.Regexp
	text          string
}

// String is the format as it was given.
func (f *Format) String() string { return f.text }

// piece is a field and what follows it; the first piece of a format may have no
// field.
type piece struct {
	field   bool
	content bool
	then    string // "" = to the end of the line
}

var fieldName = regexp.MustCompile(`<([A-Za-z][A-Za-z0-9_]*)>`)

// Parse reads a format. One without a field <Content> is an error.
func Parse(s string) (*Format, error) {
	if !strings.Contains(s, "<Content>") {
		return nil, errors.New("the format has no field <Content>")
	}
	before, group, after, optional := cutOptional(s)
	if !optional {
		if p, ok := pieces(s); ok {
			return &Format{with: p, text: s}, nil
		}
	} else if with, ok := pieces(before + group + after); ok {
		if without, ok := pieces(before + after); ok {
			return &Format{with: with, without: without, shared: len(fieldName.FindAllString(before, -1)), text: s}, nil
		}
	}
	return asPattern(s)
}

// cutOptional finds the one part (…)? of a format.
func cutOptional(s string) (before, group, after string, ok bool) {
	from, to := sign(s, '(', 0), -1
	if from >= 0 {
		to = sign(s, ')', from)
	}
	if to < 0 || to+1 == len(s) || s[to+1] != '?' || sign(s, '(', from+1) >= 0 {
		return "", "", "", false
	}
	return s[:from], s[from+1 : to], s[to+2:], true
}

// sign is the place of a sign that has no backslash before it, -1 if there is
// none.
func sign(s string, c byte, from int) int {
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case c:
			return i
		}
	}
	return -1
}

// pieces cuts a format that has fields and plain text alone; ok is false for any
// other.
func pieces(s string) (out []piece, ok bool) {
	at := piece{}
	flush := func() { out = append(out, at) }
	for s != "" {
		if m := fieldName.FindStringSubmatchIndex(s); m != nil && m[0] == 0 {
			if at.field && at.then == "" {
				return nil, false // two fields side by side
			}
			if at.field || at.then != "" {
				flush()
			}
			at = piece{field: true, content: s[m[2]:m[3]] == "Content"}
			s = s[m[1]:]
			continue
		}
		c := s[0]
		if c == '\\' && len(s) > 1 {
			s, c = s[1:], s[1]
			if c|0x20 >= 'a' && c|0x20 <= 'z' {
				return nil, false // a class of signs
			}
		} else if strings.IndexByte("()[]{}*+?|^$.", c) >= 0 {
			return nil, false
		}
		if c != ' ' || !strings.HasSuffix(at.then, " ") {
			at.then += string(c)
		}
		s = s[1:]
	}
	flush()
	return out, true
}

func asPattern(s string) (*Format, error) {
	expr := regexp.MustCompile(` +`).ReplaceAllString(s, `\s+`)
	expr = fieldName.ReplaceAllString(expr, `(?P<$1>.*?)`)
	p, err := regexp.Compile("^" + expr + "$")
	if err != nil {
		return nil, fmt.Errorf("read the format: %w", err)
	}
	return &Format{pattern: p, content: p.SubexpIndex("Content"), text: s}, nil
}

// Content is a line's content; ok is false if the line has another format.
func (f *Format) Content(line string) (content string, ok bool) {
	if f.pattern != nil {
		m := f.pattern.FindStringSubmatchIndex(line)
		if m == nil || m[2*f.content] < 0 {
			return "", false
		}
		return line[m[2*f.content]:m[2*f.content+1]], true
	}
	content, ends, ok := match(f.with, line, f.shared)
	if f.without == nil {
		return content, ok
	}
	other, otherEnds, otherOK := match(f.without, line, f.shared)
	if otherOK && (!ok || otherEnds < ends) {
		return other, true
	}
	return content, ok
}

// match lays pieces over a line; place adds up where the first fields end, so that
// of two ways to read a line the one is known in which they end first.
func match(pieces []piece, line string, first int) (content string, place int, ok bool) {
	at, fields := 0, 0
	for i, p := range pieces {
		if p.then == "" || i == len(pieces)-1 && p.then == " " {
			if p.content {
				content = line[at:]
			}
			return content, place, i == len(pieces)-1 || p.field
		}
		from, to := find(line, at, p.then)
		if from < 0 || !p.field && from > at {
			return "", 0, false
		}
		if p.content {
			content = line[at:from]
		}
		if p.field {
			if fields++; fields <= first {
				place += from
			}
		}
		at = to
	}
	return content, place, at == len(line)
}

// find is the first place of a text behind at; a blank stands for several.
func find(line string, at int, text string) (from, to int) {
	for from = at; from < len(line); from++ {
		if text[0] != ' ' {
			i := strings.IndexByte(line[from:], text[0])
			if i < 0 {
				return -1, -1
			}
			from += i
		}
		if to = covers(line, from, text); to >= 0 {
			return from, to
		}
	}
	return -1, -1
}

func covers(line string, at int, text string) int {
	for i := range len(text) {
		if text[i] != ' ' {
			if at == len(line) || line[at] != text[i] {
				return -1
			}
			at++
			continue
		}
		if at == len(line) || !blank(line[at]) {
			return -1
		}
		for at < len(line) && blank(line[at]) {
			at++
		}
	}
	return at
}

func blank(c byte) bool { return c == ' ' || c == '\t' }
