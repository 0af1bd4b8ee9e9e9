package template

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
	content       int     // which field is the content
	pattern       *regexp.Regexp
}

// piece is a field and what follows it; the first piece of a format may have no
// field.
type piece struct {
	field   bool
	content bool
	then    string // "" = to the end of the line
}

var fieldName = regexp.MustCompile(`<([A-Za-z][A-Za-z0-9_]*)>`)

// ParseFormat reads a format. One without a field <Content> is an error.
func ParseFormat(s string) (*Format, error) {
	if !strings.Contains(s, "<Content>") {
		return nil, errors.New("the format has no field <Content>")
	}
	before, group, after, optional := cutOptional(s)
	if !optional {
		if p, ok := pieces(s); ok {
			return &Format{with: p}, nil
		}
	} else if with, ok := pieces(before + group + after); ok {
		if without, ok := pieces(before + after); ok {
			return &Format{with: with, without: without}, nil
		}
	}
	return asPattern(s)
}

// cutOptional finds the one part (…)? of a format.
func cutOptional(s string) (before, group, after string, ok bool) {
	from, to := strings.IndexByte(s, '('), strings.Index(s, ")?")
	if from < 0 || to < from || strings.Contains(s[from+1:to], "(") || strings.Contains(s[to+2:], "(") || from > 0 && s[from-1] == '\\' {
		return "", "", "", false
	}
	return s[:from], s[from+1 : to], s[to+2:], true
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
	return &Format{pattern: p, content: p.SubexpIndex("Content")}, nil
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
	content, place, ok := match(f.with, line)
	if f.without == nil {
		return content, ok
	}
	other, otherPlace, otherOK := match(f.without, line)
	if otherOK && (!ok || otherPlace < place) {
		return other, true
	}
	return content, ok
}

// match lays pieces over a line; place adds up where the fields end, so that of
// two ways to read a line the one is known whose fields end first.
func match(pieces []piece, line string) (content string, place int, ok bool) {
	at := 0
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
		if i < len(pieces)-1 {
			place += from
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
