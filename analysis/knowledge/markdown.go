package knowledge

import (
	"regexp"
	"strings"
)

var (
	heading  = regexp.MustCompile(`^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$`)
	question = regexp.MustCompile(`^(?:\*\*)?(?:Q|问|问题)\s*[:：.]\s*(.+?)(?:\*\*)?$`)
	answer   = regexp.MustCompile(`^(?:\*\*)?(?:A|答|答案|回答)\s*[:：.](?:\*\*)?\s*(.*)$`)
)

// isMarkdown is whether a text has headings, or lines that are marked as
// questions.
func isMarkdown(s string) bool {
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		if heading.MatchString(line) || question.MatchString(line) {
			return true
		}
	}
	return false
}

// readMarkdown takes each heading with a text below it as a question; so the
// heading of a chapter, below which another one comes at once, is none.
func readMarkdown(s string) ([]Entry, error) {
	var list []Entry
	var e Entry
	var body strings.Builder
	var err error
	end := func() {
		e.Answer = strings.TrimSpace(body.String())
		if e.Answer != "" && err == nil {
			list, err = keep(list, e)
		}
		e = Entry{}
		body.Reset()
	}
	n, fence := 0, false
	for line := range strings.Lines(s) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		asked := ""
		if g := heading.FindStringSubmatch(line); g != nil && !fence {
			asked = g[2]
		} else if g := question.FindStringSubmatch(line); g != nil && !fence {
			asked = g[1]
		}
		switch g := answer.FindStringSubmatch(line); {
		case asked != "":
			end()
			e = Entry{Question: strings.Trim(asked, "* "), Line: n}
		case g != nil:
			body.WriteString(g[1] + "\n")
		default:
			body.WriteString(line + "\n")
		}
	}
	end()
	return list, err
}
