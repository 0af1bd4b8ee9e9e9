package rootcause

// wildcard stands for what varies between lines of one template.
const wildcard = "<*>"

// mask appends the message to dst with its variables as wildcards: numbers,
// amounts, times, addresses, hex, identifiers. Error codes ("PG-5041") and
// versions of paths ("/v3/") stay, since they tell templates apart. It scans
// bytes once; nothing is compiled.
func mask(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if !wordByte(s[i]) {
			dst = append(dst, s[i])
			i++
			continue
		}
		j, digits := i, 0
		for j < len(s) && (wordByte(s[j]) || j+1 < len(s) && inside(s[j]) && wordByte(s[j+1])) {
			if s[j] >= '0' && s[j] <= '9' {
				digits++
			}
			j++
		}
		if digits == 0 && !hexWord(s[i:j]) || isCode(s[i:j]) || isVersion(s[i:j]) {
			dst = append(dst, s[i:j]...)
		} else {
			dst = maskWord(dst, s[i:j])
		}
		i = j
	}
	return dst
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

// inside may stand within a word: dates, times, amounts, addresses, uuids.
func inside(c byte) bool { return c == '-' || c == '.' || c == ':' || c == ',' }

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
		if (s[k] < '0' || s[k] > '9') && (k > i+1 || s[k] < 'A' || s[k] > 'Z') {
			return false
		}
	}
	return true
}

func isVersion(s string) bool { return len(s) == 2 && s[0]|0x20 == 'v' && s[1] >= '0' && s[1] <= '9' }

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
	if from >= 2 && from < len(s) && (inside(s[from]) || s[from-1] == '_') {
		if inside(s[from]) {
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
		plain = s[k] >= '0' && s[k] <= '9' || s[k] == '.' || s[k] == ','
	}
	dst = append(dst, wildcard...)
	if plain {
		dst = append(dst, s[to:]...)
	}
	return dst
}
