package template

import "strings"

// wildcard stands for what varies between lines of one template.
const wildcard = "<*>"

// What a byte may be part of.
const (
	inWord  = 1 << iota // of a word
	isDigit             // 0 to 9
	inside              // may stand within a word: dates, times, amounts, addresses, uuids
)

var classes = func() (c [256]uint8) {
	for i := range c {
		b := byte(i)
		switch {
		case b >= '0' && b <= '9':
			c[i] = inWord | isDigit
		case b|0x20 >= 'a' && b|0x20 <= 'z', b == '_':
			c[i] = inWord
		case b == '-', b == '.', b == ':', b == ',':
			c[i] = inside
		}
	}
	return c
}()

// mask appends the message to dst with its variables as wildcards: numbers,
// amounts, times, addresses, hex, identifiers. Error codes ("PG-5041"), versions
// of paths ("/v3/") and names with one digit ("IPv6") stay, since they tell
// templates apart. Chinese characters end a word, so that the numbers between
// them are variables and they are not. It scans bytes once; nothing is compiled.
func mask(dst []byte, s string) []byte {
	copied := 0
	for i := 0; i < len(s); {
		if classes[s[i]]&inWord == 0 {
			i++
			continue
		}
		j, seen := i, uint8(0)
		for j < len(s) {
			c := classes[s[j]]
			if c&inWord == 0 && (c&inside == 0 || j+1 == len(s) || classes[s[j+1]]&inWord == 0) {
				break
			}
			seen |= c
			j++
		}
		if j+2 < len(s) && (s[j] == '@' || s[j] == ':' && s[j+1] == '/') {
			if end := nameEnd(s, i); end > 0 {
				dst = append(append(dst, s[copied:i]...), wildcard...)
				i, copied = end, end
				continue
			}
		}
		w := s[i:j]
		if seen&isDigit == 0 && !hexWord(w) || seen&isDigit != 0 && (isCode(w) || isVersion(w) || isName(w)) {
			i = j // as it stands
			continue
		}
		dst = maskWord(append(dst, s[copied:i]...), w)
		i, copied = j, j
	}
	return append(dst, s[copied:]...)
}

// nameEnd is the end of an address of the web or of mail that begins at a place,
// 0 if none does.
func nameEnd(s string, at int) int {
	i := at
	for i < len(s) && (classes[s[i]]&inWord != 0 || s[i] == '.' || s[i] == '-' || s[i] == '+') {
		i++
	}
	if i == at || i+2 >= len(s) {
		return 0
	}
	switch {
	case s[i] == ':' && s[i+1] == '/' && s[i+2] == '/':
		start := i + 3
		i = start
		for i < len(s) && s[i] > ' ' && strings.IndexByte("\"'<>)]},;", s[i]) < 0 && s[i] < 0x80 {
			i++
		}
		return trimmed(s, start, i)
	case s[i] == '@':
		dot := false
		for i++; i < len(s) && (classes[s[i]]&inWord != 0 || s[i] == '-' || s[i] == '.'); i++ {
			dot = dot || s[i] == '.' && i+1 < len(s) && classes[s[i+1]]&inWord != 0
		}
		if dot {
			return trimmed(s, at, i)
		}
	}
	return 0
}

// trimmed is an end without the signs that close a sentence, 0 if nothing stays.
func trimmed(s string, from, end int) int {
	for end > from && (s[end-1] == '.' || s[end-1] == ',' || s[end-1] == ':') {
		end--
	}
	if end == from {
		return 0
	}
	return end
}

// isCode reports two to six capitals, a hyphen and up to five digits.
func isCode(s string) bool {
	i := 0
	for i < len(s) && s[i] >= 'A' && s[i] <= 'Z' {
		i++
	}
	if i < 2 || i > 6 || i >= len(s)-1 || s[i] != '-' || len(s)-i > 7 {
		return false
	}
	for k := i + 1; k < len(s); k++ {
		if classes[s[k]]&isDigit == 0 && (k > i+1 || s[k] < 'A' || s[k] > 'Z') {
			return false
		}
	}
	return true
}

func isVersion(s string) bool { return len(s) == 2 && s[0]|0x20 == 'v' && classes[s[1]]&isDigit != 0 }

// isName reports letters, two at least, and one digit: IPv6, SOCKS5, eth0.
func isName(s string) bool {
	last := len(s) - 1
	if last < 2 || classes[s[last]]&isDigit == 0 {
		return false
	}
	for i := range last {
		if s[i]|0x20 < 'a' || s[i]|0x20 > 'z' {
			return false
		}
	}
	return true
}

// hexWord reports eight or more hexadecimal letters without a digit.
func hexWord(s string) bool {
	if len(s) < 8 {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'f' {
			return false
		}
	}
	return true
}

// maskWord keeps a leading word before a separator ("sms-3") and a short unit
// at the end ("20ms"); the rest is a variable.
func maskWord(dst []byte, s string) []byte {
	from := 0
	for from < len(s) && (s[from]|0x20 >= 'a' && s[from]|0x20 <= 'z' || s[from] == '_') {
		from++
	}
	if from >= 2 && from < len(s) && (classes[s[from]]&inside != 0 || s[from-1] == '_') {
		if classes[s[from]]&inside != 0 {
			from++
		}
		dst = append(dst, s[:from]...)
	} else {
		from = 0
	}
	to := len(s)
	for to > from && s[to-1] >= 'a' && s[to-1] <= 'z' {
		to--
	}
	plain := to > from && len(s)-to <= 2
	for k := from; k < to && plain; k++ {
		plain = classes[s[k]]&isDigit != 0 || s[k] == '.' || s[k] == ','
	}
	dst = append(dst, wildcard...)
	if plain {
		dst = append(dst, s[to:]...)
	}
	return dst
}
