package layout

import "strings"

// kind is what a field of a line's beginning looks like.
type kind uint8

const (
	kindNone   kind = iota // the line is over
	kindText               // one token that says nothing of itself
	kindWord               // letters only, small ones at the end
	kindQuoted             // "…"
	kindSign               // - or --- or : or *
	kindNumber             // 148, 03-17
	kindGroup              // [main], (main), <34>
	kindName               // sshd[24200]:  org.apache.A:  main.go:12]
	kindLevel              // INFO, [error], W
	kindTime               // a date, a time, a month, seconds since 1970
	kinds
)

// strong kinds are seldom met at one place of every line unless it is a header.
func (k kind) strong() bool { return k >= kindGroup }

// longestGroup bounds what may stand in brackets at a line's beginning.
const longestGroup = 300

// field is a token at the beginning of a line.
type field struct {
	kind     kind
	from, to int
	next     int  // where the next field begins
	wide     bool // two blanks, a tab or a bar behind it
	bar      bool // a bar behind it
}

// fieldAt cuts the field that begins at or behind at.
func fieldAt(line string, at int) field {
	for at < len(line) && blank(line[at]) {
		at++
	}
	if at == len(line) {
		return field{from: at, to: at, next: at}
	}
	f := field{from: at}
	f.to, f.kind = tokenEnd(line, at)
	f.next = f.to
	for f.next < len(line) && blank(line[f.next]) {
		f.next++
	}
	f.wide = f.next > f.to+1 || f.next > f.to && line[f.to] == '\t'
	if f.next < len(line) && line[f.next] == '|' && (f.next+1 == len(line) || line[f.next+1] != '|') {
		f.wide, f.bar = true, true
		for f.next++; f.next < len(line) && blank(line[f.next]); {
			f.next++
		}
	}
	return f
}

// tokenEnd is the end of the token at a place, and its kind.
func tokenEnd(line string, at int) (int, kind) {
	switch line[at] {
	case '[', '(', '<':
		if end := groupEnd(line, at); end > 0 {
			return end, groupKind(line[at+1 : end-1])
		}
	case '"':
		if i := strings.IndexByte(line[at+1:], '"'); i >= 0 {
			return at + i + 2, kindQuoted
		}
	case '|':
		return at, kindText // an empty field
	}
	if at > 0 && (line[at-1] == ':' || line[at-1] == '/') {
		if end := gluedName(line, at); end > 0 {
			return end, kindName
		}
	}
	end := at
	for end < len(line) && !blank(line[end]) && line[end] != '|' {
		if c := line[end]; (c == ':' || c == '/') && end-at <= 11 && end+1 < len(line) && !blank(line[end+1]) && isLevel(line[at:end]) {
			return end + 1, kindLevel // ERROR:root:text, D/Tag: text
		}
		if line[end] == wideColon[0] && end > at && strings.HasPrefix(line[end:], wideColon) {
			return end + len(wideColon), kindName
		}
		end++
	}
	return end, wordKind(line[at:end])
}

const wideColon = "："

// gluedName is the end of a name behind a level without a blank: root: of
// ERROR:root:text, Tag( 17): of D/Tag( 17): text; 0 if there is none.
func gluedName(line string, at int) int {
	i := strings.IndexByte(line[at:min(len(line), at+longestName)], ':')
	if i <= 0 {
		return 0
	}
	if b := strings.IndexByte(line[at:at+i], ' '); b >= 0 && line[at+b-1] != '(' {
		return 0
	}
	return at + i + 1
}

// groupEnd is the place behind the bracket that closes the one at a place, and
// behind a colon after it; 0 if there is none near.
func groupEnd(line string, at int) int {
	open := line[at]
	closing := open + 2
	if open == '(' {
		closing = ')'
	}
	deep := 0
	for i := at; i < min(len(line), at+longestGroup); i++ {
		switch line[i] {
		case open:
			deep++
		case closing:
			if deep--; deep == 0 {
				if i+2 < len(line) && line[i+1] == ':' && blank(line[i+2]) {
					return i + 2
				}
				return i + 1
			}
		}
	}
	return 0
}

func groupKind(inner string) kind {
	inner = strings.TrimSpace(strings.TrimSuffix(inner, "]"))
	first, rest, _ := strings.Cut(inner, " ")
	second, _, _ := strings.Cut(rest, " ")
	switch {
	case isTime(first), second != "" && isTime(second) && (isNumber(first) || first[0] == '-'):
		return kindTime
	case isLevel(inner):
		return kindLevel
	case seconds(first): // [   12.345678] of a kernel
		return kindTime
	}
	return kindGroup
}

// seconds reports digits, a dot and six digits.
func seconds(s string) bool {
	a, b, ok := strings.Cut(s, ".")
	return ok && len(b) == 6 && digits(a) == len(a) && digits(b) == 6
}

// wordKind is the kind of a token without brackets around it.
func wordKind(w string) kind {
	last := w[len(w)-1]
	switch {
	case w[0] >= '0' && w[0] <= '9' || w[0] == '-':
		if isTime(w) {
			return kindTime
		}
		if isNumber(w) {
			return kindNumber
		}
	case isLevel(bare(w)):
		return kindLevel
	case isTime(w):
		return kindTime
	}
	if len(w) > 1 && (last == ':' || last == ']' && strings.IndexByte(w, '[') < 0) && hasLetter(w) {
		return kindName
	}
	letters, signs := 0, 0
	for i := range len(w) {
		switch c := w[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= 0x80:
			letters++
		case (c < '0' || c > '9') && c != '_':
			signs++
		}
	}
	switch {
	case signs == len(w):
		return kindSign
	case letters == len(w) && (last >= 'a' || last >= 0x80):
		return kindWord
	}
	return kindText
}

func set(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// bare is a token without the signs behind it.
func bare(w string) string {
	for len(w) > 0 && (w[len(w)-1] == ',' || w[len(w)-1] == ':' || w[len(w)-1] == ';') {
		w = w[:len(w)-1]
	}
	return w
}

func hasLetter(w string) bool {
	for i := range len(w) {
		if c := w[i]; c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
			return true
		}
	}
	return false
}

// isNumber reports digits, also two runs of them: 12, -1, 03-17, 12345#0:
func isNumber(w string) bool {
	w = strings.TrimPrefix(bare(w), "-")
	n := digits(w)
	if n == len(w) || n == 0 {
		return n > 0
	}
	return strings.IndexByte("-/.#", w[n]) >= 0 && n+1 < len(w) && n+1+digits(w[n+1:]) == len(w)
}

var levels = set("emerg", "emergency", "alert", "crit", "critical", "error", "err", "errors", "warn", "warning", "notice", "info", "information",
	"informational", "debug", "trace", "fine", "finer", "finest", "severe", "fatal", "panic", "verbose", "fail", "failure", "failed", "success", "config", "log", "hint",
	"detail", "statement", "note", "system", "dbg", "inf", "wrn", "ftl", "vrb", "trc", "eror", "debug1", "debug2", "debug3", "信息", "警告", "错误", "调试", "严重", "致命", "通知", "跟踪")

// isLevel reports a word that says how grave a line is: INFO, info, Info, W.
func isLevel(w string) bool {
	if len(w) == 1 {
		return strings.IndexByte("VDIWEFTC", w[0]) >= 0
	}
	if len(w) < 3 || len(w) > 13 {
		return false
	}
	var low [16]byte
	for i := range len(w) {
		c := w[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	return levels[string(low[:len(w)])]
}
