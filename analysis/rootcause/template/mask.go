package template

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
		case b|0x20 >= 'a' && b|0x20 <= 'z', b == '_', b >= 0x80:
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
// templates apart. It scans bytes once; nothing is compiled.
func mask(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if classes[s[i]]&inWord == 0 {
			dst = append(dst, s[i])
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
		w := s[i:j]
		if seen&isDigit == 0 && !hexWord(w) || seen&isDigit != 0 && (isCode(w) || isVersion(w) || isName(w)) {
			dst = append(dst, w...)
		} else {
			dst = maskWord(dst, w)
		}
		i = j
	}
	return dst
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
