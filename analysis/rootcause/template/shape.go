package template

import "strings"

// units belong to the number before them: 3 KB and 12 bytes are values of one
// kind.
var units = set("B", "KB", "kB", "MB", "GB", "byte", "bytes", "ms", "s", "sec", "secs", "second", "seconds", "min", "minutes", "hours")

// dates are words of a time that is written out.
var dates = set("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

// owners are words behind which a name follows: whose it is does not make
// another kind of line.
var owners = set("user", "customer", "account")

func set(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

const punctuation = "()[]{}<>,;:.\"'"

// shape cuts a masked message into tokens. Variables side by side, with their
// units and what explains them in brackets, become one, so that lists of any
// length and values with and without a unit have the same shape.
func shape(masked string) []string {
	fields := strings.Fields(masked)
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
