// Package layout finds the content of log lines: behind a header that is given as
// a format or learned from the lines themselves, in a field of JSON or logfmt;
// and it says which lines go on with the line before them.
package layout

import "strings"

// Layout says where the content of a file's lines is, learned from its first
// lines: behind a header, in a field of JSON or logfmt, or one within another.
// The nil Layout takes whole lines.
type Layout struct {
	form  form
	inner *Layout
}

// form is one way in which a line holds its content.
type form interface {
	content(line string) (string, bool)
	String() string
}

// mostNested is how many forms may lie in each other.
const mostNested = 3

// Detect learns the layout of lines; nil if they have none.
func Detect(lines []string) *Layout { return detect(lines[:min(len(lines), mostLearned)], mostNested) }

func detect(lines []string, deep int) *Layout {
	if deep == 0 || len(lines) == 0 {
		return nil
	}
	var f form
	switch {
	case isJSON(lines):
		f = learnJSON(lines)
	case isLogfmt(lines):
		f = learnLogfmt(lines)
	case is5424(lines):
		f = rfc5424{}
	default:
		h := learnHeader(lines)
		if h == nil {
			return nil
		}
		f = h
	}
	var contents []string
	for _, l := range lines {
		if c, ok := f.content(l); ok {
			contents = append(contents, c)
		}
	}
	out := &Layout{form: f}
	if _, plain := f.(*header); !plain {
		out.inner = detect(contents, deep-1)
	} else if isJSON(contents) || isLogfmt(contents) {
		out.inner = detect(contents, deep-1)
	}
	return out
}

// Content is a line's content; ok is false if the line begins otherwise than
// those that were learned from.
func (l *Layout) Content(line string) (content string, ok bool) {
	if l == nil {
		return line, true
	}
	content, ok = l.form.content(line)
	if !ok || l.inner == nil {
		return content, ok
	}
	if c, ok := l.inner.Content(content); ok {
		return c, true
	}
	return content, true
}

// String writes the layout as a format, as Parse reads it where it can.
func (l *Layout) String() string {
	if l == nil {
		return "<Content>"
	}
	s := l.form.String()
	if l.inner != nil {
		s = strings.Replace(s, "<Content>", "{"+l.inner.String()+"}", 1)
	}
	return s
}

func most(lines []string, is func(string) bool) bool {
	n, all := 0, 0
	for _, l := range lines {
		if l != "" {
			all++
			if is(l) {
				n++
			}
		}
	}
	return all > 0 && float64(n) >= .8*float64(all)
}
