// Package markup makes text of HTML: what a person would read of it.
package markup

import (
	"strings"

	"golang.org/x/net/html"
)

// mark stands at the beginning of a line that is quoted. No text keeps it.
const mark = "\x01"

// Plain is the text of HTML: no markup, no scripts, a line for each block.
func Plain(s string) string { return text(s, false) }

// Letter is Plain with "> " before each line inside a blockquote, as mail
// programs mark what they quote.
func Letter(s string) string {
	lines := strings.Split(text(s, true), "\n")
	for i, l := range lines {
		if strings.Contains(l, mark) {
			lines[i] = strings.TrimRight("> "+strings.TrimSpace(strings.ReplaceAll(l, mark, "")), " ")
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func text(s string, quotes bool) string {
	z := html.NewTokenizer(strings.NewReader(s))
	w := &writer{quotes: quotes}
	for {
		switch z.Next() {
		case html.ErrorToken:
			return tidy(w.out.String())
		case html.TextToken:
			w.text(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			w.start(string(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
}

type writer struct {
	out    strings.Builder
	hidden int  // depth of what is not shown
	quotes bool // are marked
	quoted int  // depth of blockquotes
}

func (w *writer) text(b []byte) {
	if w.hidden > 0 {
		return
	}
	if !w.quotes {
		w.out.Write(b)
		return
	}
	s := strings.ReplaceAll(string(b), mark, "")
	if w.quoted > 0 {
		s = strings.ReplaceAll(s, "\n", "\n"+mark)
	}
	w.out.WriteString(s)
}

func (w *writer) line() {
	w.out.WriteByte('\n')
	if w.quotes && w.quoted > 0 {
		w.out.WriteString(mark)
	}
}

func (w *writer) start(name string) {
	switch name {
	case "script", "style", "head", "title":
		w.hidden++
	case "blockquote":
		w.quoted++
		w.line()
	case "br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol":
		w.line()
	case "td", "th":
		w.out.WriteByte(' ')
	}
}

func (w *writer) end(name string) {
	switch name {
	case "script", "style", "head", "title":
		w.hidden = max(0, w.hidden-1)
	case "blockquote":
		w.quoted = max(0, w.quoted-1)
		w.line()
	case "p", "div", "tr", "h1", "h2", "h3", "h4":
		w.line()
	}
}

// tidy makes one space of many, and one empty line of many.
func tidy(s string) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		l = strings.Join(strings.Fields(l), " ")
		if l != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, l)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
