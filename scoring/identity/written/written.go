// Package written reads dates, telephone numbers and numbers as people write them.
package written

import (
	"strconv"
	"strings"
)

// Date reads a date in the usual orders: year first, or day and month
// before the year (day first where it can be), with or without marks between
// them, with month names or 年月日.
func Date(s string) (year, month, day int, ok bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "T")
	var n [8]int
	var width [8]int
	k, open := 0, false
	for i := 0; i < len(s) && k <= 3; i++ {
		c := s[i]
		if c < '0' || c > '9' {
			open = false
			continue
		}
		if !open {
			k++
			open = true
		}
		if k <= 3 {
			n[k-1], width[k-1] = n[k-1]*10+int(c-'0'), width[k-1]+1
		}
	}
	name := monthName(s)
	switch {
	case k >= 3 && width[0] == 4:
		year, month, day = n[0], n[1], n[2]
	case k >= 3 && width[2] == 4:
		year, month, day = n[2], n[1], n[0]
	case k == 1 && width[0] == 8:
		year, month, day = n[0]/10000, n[0]/100%100, n[0]%100
	case k == 2 && name > 0 && width[1] == 4:
		year, month, day = n[1], name, n[0]
	case k == 2 && name > 0 && width[0] == 4:
		year, month, day = n[0], name, n[1]
	default:
		return 0, 0, 0, false
	}
	if month > 12 && day <= 12 {
		month, day = day, month
	}
	return year, month, day, year >= 1000 && year < 2200 && month <= 99 && day <= 99
}

func monthName(s string) int {
	at := strings.IndexFunc(s, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
	if at < 0 || len(s) < at+3 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(s[at:at+3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return i/3 + 1
}

// PlainDate says that a date is one beyond doubt: its month and day exist.
func PlainDate(s string) bool {
	y, m, d, ok := Date(s)
	return ok && y >= 1000 && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// callingCodes are the codes of countries that are cut off a number written with
// + or 00; the rest is left as it is.
var callingCodes = []string{"852", "853", "886", "971", "966", "86", "65", "60", "66", "62", "63", "84", "81", "82", "61", "64", "44", "33", "49", "39", "34", "31", "91", "92", "55", "52", "7", "1"}

// Phone gives the digits of a telephone number without country code and trunk
// zeros, "" if there are none.
func Phone(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		}
	}
	d := b.String()
	foreign := strings.HasPrefix(strings.TrimSpace(s), "+") || strings.HasPrefix(s, "＋")
	if !foreign && strings.HasPrefix(d, "00") {
		d, foreign = d[2:], true
	}
	if foreign || len(d) == 13 && strings.HasPrefix(d, "86") {
		for _, c := range callingCodes {
			if rest, ok := strings.CutPrefix(d, c); ok && len(rest) >= 7 {
				d = rest
				break
			}
		}
	}
	if t := strings.TrimLeft(d, "0"); len(t) >= 7 {
		d = t
	}
	return d
}

// LooksPhone says whether a value is written as a number to call.
func LooksPhone(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= '０' && r <= '９':
			digits++
		case !strings.ContainsRune("+-() ./＋（）－", r):
			return false
		}
	}
	return digits >= 7 && digits <= 15
}

// Number reads a number, with commas between thousands.
func Number(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(s), ",", ""), 64)
	return v, err == nil
}
