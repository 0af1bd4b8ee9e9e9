package layout

import "strings"

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

var months = set("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

var weekdays = set("mon", "tue", "wed", "thu", "fri", "sat", "sun")

var zones = set("UTC", "GMT", "CST", "CET", "CEST", "EST", "EDT", "PST", "PDT", "HKT", "SGT", "JST", "BST", "IST", "MST", "MDT", "AM", "PM", "上午", "下午")

// isTime reports a date, a time, both, the name of a month or a day, a zone, or
// seconds since 1970.
func isTime(w string) bool {
	w = bare(w)
	if w == "" {
		return false
	}
	if w[0] > '9' || w[0] < '0' {
		return isTimeWord(w)
	}
	if strings.Contains(w, "年") {
		w = strings.TrimSuffix(strings.NewReplacer("年", "-", "月", "-", "日", " ").Replace(w), " ")
	}
	if rest, ok := date(w); ok {
		return rest == "" || len(rest) > 4 && strings.IndexByte("T -_:", rest[0]) >= 0 && clock(rest[1:], true)
	}
	return clock(w, false) || epoch(w)
}

func isTimeWord(w string) bool {
	if zones[w] {
		return true
	}
	if w[0] == '+' && len(w) >= 5 && len(w) <= 6 {
		return digits(w[1:]) >= 2
	}
	if len(w) == 5 && strings.IndexByte("IWEFD", w[0]) >= 0 && digits(w[1:]) == 4 {
		return true // W0105 of glog
	}
	if len(w) < 3 || len(w) > 9 || w[0] < 'A' || w[0] > 'Z' {
		return false
	}
	w3 := strings.ToLower(w[:3])
	return len(w) == 3 && (months[w3] || weekdays[w3])
}

// date cuts 2005.06.03, 17/06/09, 10/Oct/2000, 20171223 off a text.
func date(s string) (rest string, ok bool) {
	a := digits(s)
	if a == 8 && (s[0] == '2' && s[1] == '0' || s[0] == '1' && s[1] == '9') && s[4] <= '1' && s[6] <= '3' {
		return s[8:], true
	}
	if a == 0 || a > 4 || a == 3 || a == len(s) || strings.IndexByte("-/.", s[a]) < 0 {
		return "", false
	}
	sep, rest := s[a], s[a+1:]
	b := digits(rest)
	if b == 0 && len(rest) > 3 && months[strings.ToLower(rest[:3])] {
		b = 3
	}
	if b == 0 || b > 3 || b == 3 && digits(rest) == 3 || b == len(rest) || rest[b] != sep {
		return "", false
	}
	rest = rest[b+1:]
	c := digits(rest)
	if a == 4 && c > 0 && c <= 2 || c == 4 && a <= 2 || a == 2 && b >= 2 && c == 2 && (sep != '.' || c == len(rest) || rest[c] != '.') {
		return rest[c:], true
	}
	return "", false
}

// clock reports a time of day, with its fraction and zone. Behind a date its
// parts may be parted by dots or hyphens.
func clock(s string, dated bool) bool {
	h := digits(s)
	if h == 0 || h > 2 || h+1 >= len(s) || s[h] != ':' && (!dated || s[h] != '.' && s[h] != '-') {
		return false
	}
	sep := s[h]
	m := digits(s[h+1:])
	if m > 2 || m < 2 && !dated || m == 0 {
		return false
	}
	s = s[h+1+m:]
	if len(s) > 2 && s[0] == sep {
		n := digits(s[1:])
		if n == 0 || n > 2 {
			return false
		}
		s = s[1+n:]
		if len(s) > 1 && strings.IndexByte(".,:", s[0]) >= 0 && digits(s[1:]) > 0 {
			s = s[1+digits(s[1:]):]
		}
	}
	switch {
	case s == "", s == "Z", s == "z", zones[strings.TrimSpace(s)]:
		return true
	case s[0] == '+' || s[0] == '-':
		n := digits(s[1:])
		return n == len(s)-1 && (n == 4 || n == 2) || n == 2 && len(s) == 6 && s[3] == ':'
	}
	return len(s) == 2 && s[1]|0x20 == 'm' && (s[0]|0x20 == 'a' || s[0]|0x20 == 'p')
}

// epoch reports seconds since 1970, or thousandths, millionths, billionths of
// them, between 2001 and 2033.
func epoch(s string) bool {
	n := digits(s)
	if n < 10 || s[0] != '1' || n < len(s) && (s[n] != '.' || n != 10 || n+1+digits(s[n+1:]) != len(s)) {
		return false
	}
	return n == 10 || n == 13 || n == 16 || n == 19
}
