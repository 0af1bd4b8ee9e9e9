package template

import (
	"strings"
	"unicode/utf8"
)

// units belong to the number before them: 3 KB and 12 bytes are values of one
// kind.
var units = set("B", "KB", "kB", "MB", "GB", "byte", "bytes", "ms", "s", "sec", "secs", "second", "seconds", "min", "minutes", "hours")

// dates are words of a time that is written out.
var dates = set("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

// owners are words behind which a name follows: whose it is does not make
// another kind of line.
var owners = set("user", "customer", "account", "户")

func set(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

const punctuation = "()[]{}<>,;:.\"' " + glue

// glue at the beginning of a token says that no blank stood before it, where a
// blank would be written: between Chinese characters and words of letters.
const glue = "\x01"

// shape cuts a masked message into tokens. Variables side by side, with their
// units and what explains them in brackets, become one, so that lists of any
// length and values with and without a unit have the same shape.
func shape(masked string) []string {
	fields := strings.Fields(masked)
	if wide(masked) {
		fields = characters(fields)
	}
	out := fields[:0]
	for _, t := range fields {
		variable := len(out) > 0 && out[len(out)-1] == wildcard
		constant := strings.ReplaceAll(t, wildcard, "")
		masked := len(constant) < len(t)
		switch {
		case masked && !hasWord(constant), t == "()",
			variable && t[0] == '(' && t[len(t)-1] == ')' && (masked || strings.IndexByte(t, '.') > 0):
			for len(out) > 0 && dates[out[len(out)-1]] {
				out = out[:len(out)-1]
			}
			if len(out) == 0 || out[len(out)-1] != wildcard {
				out = append(out, wildcard)
			}
		case variable && units[strings.Trim(t, punctuation)]:
		default:
			out = append(out, t)
		}
	}
	return out
}

func hasWord(s string) bool {
	for i := range len(s) {
		if classes[s[i]]&inWord != 0 {
			return true
		}
	}
	return false
}

// stem is a name without its one digit: eth0 and eth1 are two of a kind.
func stem(token string) string {
	if w := strings.Trim(token, punctuation); isName(w) {
		return w[:len(w)-1]
	}
	return token
}

// space is a dotted or slashed name up to its last member, "" for other words.
func space(token string) string {
	for i := len(token) - 2; i > 0; i-- {
		if c := token[i]; (c == '.' || c == '/' || c == '@') && classes[token[i-1]]&inWord != 0 && classes[token[i+1]]&inWord != 0 {
			return token[:i+1]
		}
	}
	return ""
}

// keyOf is "key=" of "key=value", "" of other tokens.
func keyOf(token string) string {
	if i := strings.IndexByte(token, '='); i > 0 {
		return token[:i+1]
	}
	return ""
}

// mostWords is how many words may stand in one place of a template and still be
// words of it; with more, the place is a variable.
const mostWords = 4

// areWords reports whether the few values of a place tell kinds of lines apart
// (VM started, VM stopped) rather than being values of a variable: hosts, files,
// numbered things, values of keys. Members of one namespace may.
func areWords(values map[string]bool) bool {
	if len(values) > mostWords {
		return false
	}
	stems, spaces, plain := map[string]bool{}, map[string]bool{}, false
	for v := range values {
		w := strings.Trim(v, punctuation)
		if k := keyOf(v); strings.Contains(v, wildcard) || k != "" && !isCode(strings.Trim(v[len(k):], punctuation)) ||
			k == "" && strings.ContainsAny(v, "0123456789") && !isName(w) && !isCode(w) {
			return false
		}
		stems[stem(v)] = true
		if s := space(v); s != "" {
			spaces[s] = true
		} else {
			plain = true
		}
	}
	return len(stems) == len(values) && (len(spaces) == 0 || len(spaces) == 1 && !plain)
}

// wide reports signs beyond ASCII.
func wide(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return true
		}
	}
	return false
}

// han reports characters of scripts that put no blanks between words, and their
// punctuation.
func han(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFF00 && r <= 0xFFEF
}

// characters makes a token of every Chinese character: without blanks there are
// no words to compare, and a dictionary knows little of what services write.
func characters(fields []string) []string {
	out := make([]string, 0, 4*len(fields))
	last := "" // in the field before, or in this
	put := func(t string, first bool) {
		beside := isHan(last) && isHan(t)
		last = t
		switch {
		case first && beside:
			t = " " + t
		case !first && !beside && t != wildcard && out[len(out)-1] != wildcard:
			t = glue + t
		}
		out = append(out, t)
	}
	for _, f := range fields {
		from := 0
		for i, r := range f {
			if !han(r) {
				continue
			}
			if i > from {
				put(f[from:i], from == 0)
			}
			from = i + utf8.RuneLen(r)
			put(f[i:from], i == 0)
		}
		if from < len(f) {
			put(f[from:], from == 0)
		}
	}
	return out
}

// isHan reports a token that is one Chinese character.
func isHan(token string) bool {
	token = strings.TrimLeft(token, " "+glue)
	r, n := utf8.DecodeRuneInString(token)
	return n == len(token) && han(r)
}

// joined writes tokens as a text: without blanks between Chinese characters and
// beside their variables, and with one wildcard for several in a row there, so
// that names of two and of three characters are the same variable.
func joined(tokens []string) string {
	var out []byte
	last, hanLast, hanBefore := "", false, false // hanBefore: before the wildcards that came last
	for i, t := range tokens {
		h := isHan(t)
		if t == wildcard && last == wildcard && hanBefore {
			continue
		}
		if t == wildcard && last != wildcard {
			hanBefore = hanLast
		}
		beside := h && (hanLast || last == wildcard) || hanLast && t == wildcard
		if i > 0 && !beside && t[:1] != glue {
			out = append(out, ' ')
		}
		out = append(out, strings.TrimPrefix(t, glue)...)
		last, hanLast = t, h
	}
	return string(out)
}
