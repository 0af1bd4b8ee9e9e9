package layout

import (
	"encoding/json"
	"fmt"
	"strings"
)

// messageKeys are the usual names of what a line says, the most telling first.
var messageKeys = []string{"message", "msg", "MESSAGE", "@message", "short_message", "log", "body", "text", "event", "textPayload", "消息", "内容"}

// jsonForm takes the value of one key of a JSON object.
type jsonForm struct{ key string }

func (f jsonForm) String() string { return fmt.Sprintf("{%q: <Content>}", f.key) }

func (f jsonForm) content(line string) (out string, ok bool) {
	eachJSON(line, func(key, value string) bool {
		if key != f.key {
			return true
		}
		out, ok = strings.TrimRight(plainJSON(value), "\r\n"), true
		return false
	})
	if !ok {
		return line, false
	}
	return out, true
}

// plainJSON is the text of a JSON value.
func plainJSON(value string) string {
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var s string
	if json.Unmarshal([]byte(value), &s) != nil {
		return value[1 : len(value)-1]
	}
	return s
}

// eachJSON calls f with the members of the object that a line begins with, until
// f wants no more; ok is false if the line is none.
func eachJSON(line string, f func(key, value string) bool) (ok bool) {
	at := skipBlank(line, 0)
	if at == len(line) || line[at] != '{' {
		return false
	}
	for at = skipBlank(line, at+1); at < len(line) && line[at] == '"'; at = skipBlank(line, at+1) {
		end := quoteEnd(line, at)
		if end < 0 {
			return false
		}
		colon := skipBlank(line, end)
		if colon == len(line) || line[colon] != ':' {
			return false
		}
		from := skipBlank(line, colon+1)
		to := valueEnd(line, from)
		if to <= from {
			return false
		}
		if !f(line[at+1:end-1], line[from:to]) {
			return true
		}
		if at = skipBlank(line, to); at == len(line) || line[at] != ',' {
			break
		}
	}
	return at < len(line) && line[at] == '}'
}

func skipBlank(s string, at int) int {
	for at < len(s) && (blank(s[at]) || s[at] == '\r') {
		at++
	}
	return at
}

// quoteEnd is the place behind the quote that closes the one at a place.
func quoteEnd(s string, at int) int {
	for i := at + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// valueEnd is the place behind a JSON value.
func valueEnd(s string, at int) int {
	deep := 0
	for i := at; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := quoteEnd(s, i)
			if end < 0 || deep == 0 {
				return end
			}
			i = end - 1
		case '{', '[':
			deep++
		case '}', ']', ',':
			if deep == 0 {
				return len(strings.TrimRight(s[:i], " \t"))
			}
			if s[i] != ',' {
				if deep--; deep == 0 {
					return i + 1
				}
			}
		}
	}
	return -1
}

func isJSON(lines []string) bool {
	return most(lines, func(l string) bool {
		return len(l) > 1 && l[0] == '{' && eachJSON(l, func(_, _ string) bool { return true })
	})
}

// learnJSON takes the key with a usual name, else the one whose texts have the
// most words.
func learnJSON(lines []string) form {
	met, words := map[string]int{}, map[string]int{}
	for _, l := range lines {
		eachJSON(l, func(k, v string) bool {
			met[k]++
			if v[0] == '"' {
				words[k] += strings.Count(v, " ")
			}
			return true
		})
	}
	best := ""
	for _, k := range messageKeys {
		if met[k]*2 > len(lines) {
			return jsonForm{k}
		}
	}
	for k, n := range words {
		if best == "" || n > words[best] || n == words[best] && k < best {
			best = k
		}
	}
	return jsonForm{best}
}

// logfmtForm takes the value of one key of key=value pairs. Without a key for it
// the content is all pairs but the time and the level, which are variables alike.
type logfmtForm struct{ key string }

func (f logfmtForm) String() string { return f.key + "=<Content>" }

func (f logfmtForm) content(line string) (string, bool) {
	for at := 0; at < len(line); {
		key, from, to := pairAt(line, at)
		if key == f.key && to > from {
			return plainJSON(line[from:to]), true
		}
		at = skipBlank(line, to)
	}
	return line, false
}

// pairAt reads key=value at a place; key is "" of a bare word.
func pairAt(line string, at int) (key string, from, to int) {
	i := at
	for i < len(line) && !blank(line[i]) && line[i] != '=' {
		if line[i] == '"' {
			return "", at, wordEnd(line, i)
		}
		i++
	}
	if i == len(line) || line[i] != '=' {
		return "", at, max(i, at+1)
	}
	from = i + 1
	if from < len(line) && line[from] == '"' {
		if end := quoteEnd(line, from); end > 0 {
			return line[at:i], from, end
		}
	}
	return line[at:i], from, wordEnd(line, from)
}

func wordEnd(line string, at int) int {
	for at < len(line) && !blank(line[at]) {
		at++
	}
	return at
}

func isLogfmt(lines []string) bool {
	return most(lines, func(l string) bool {
		pairs, bare := 0, 0
		for at := 0; at < len(l); {
			key, _, to := pairAt(l, at)
			if key != "" {
				pairs++
			} else if bare++; at == 0 {
				return false
			}
			at = skipBlank(l, to)
		}
		return pairs >= 2 && bare*4 <= pairs
	})
}

// learnLogfmt finds the key of the message; none has a line that is pairs alone.
func learnLogfmt(lines []string) form {
	met := map[string]int{}
	for _, l := range lines {
		for at := 0; at < len(l); {
			key, _, to := pairAt(l, at)
			met[key]++
			at = skipBlank(l, to)
		}
	}
	for _, k := range messageKeys {
		if met[k]*2 > len(lines) {
			return logfmtForm{k}
		}
	}
	return wholeForm{}
}

// wholeForm takes the line as it is: pairs of keys and values are masked well.
type wholeForm struct{}

func (wholeForm) content(line string) (string, bool) { return line, true }
func (wholeForm) String() string                     { return "<Content>" }

// rfc5424 is the header of syslog: <34>1 time host app process id [data] text.
type rfc5424 struct{}

func (rfc5424) String() string {
	return "<<Priority>>1 <Time> <Host> <Component> <Process> <Id> [<Data>] <Content>"
}

func (rfc5424) content(line string) (string, bool) {
	at := priorityEnd(line)
	if at == 0 {
		return line, false
	}
	for range 6 { // version, time, host, app, process, id
		at = skipBlank(line, wordEnd(line, at))
	}
	for at < len(line) && line[at] == '[' {
		end := groupEnd(line, at)
		if end == 0 {
			end = wordEnd(line, at)
		}
		at = end
	}
	if at < len(line) && line[at] == '-' {
		at++
	}
	return strings.TrimPrefix(line[skipBlank(line, at):], "\ufeff"), true
}

// priorityEnd is the place behind "<34>" where a version follows, else 0.
func priorityEnd(line string) int {
	if len(line) < 5 || line[0] != '<' {
		return 0
	}
	n := 1 + digits(line[1:])
	if n == 1 || n > 4 || n+2 >= len(line) || line[n] != '>' || line[n+1] != '1' || line[n+2] != ' ' {
		return 0
	}
	return n + 1
}

func is5424(lines []string) bool {
	return most(lines, func(l string) bool { return priorityEnd(l) > 0 })
}
