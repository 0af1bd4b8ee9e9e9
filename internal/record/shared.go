package record

import (
	"strings"
	"unicode"
)

// Plain is a text as it is compared: letters and digits, in small letters, full-width
// digits like others. Of anything too short to be shared by chance nothing is left.
func Plain(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c >= '０' && c <= '９':
			return c - '０' + '0'
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			return unicode.ToLower(c)
		}
		return -1
	}, s)
	if len(s) < 5 {
		return ""
	}
	return s
}

// Contact is a telephone or mail as it is compared: Plain, and a Chinese mobile number
// without the country's prefix, which people write or leave out.
func Contact(s string) string {
	s = Plain(s)
	if digits(s) {
		s = strings.TrimPrefix(s, "00")
		if len(s) == 13 && strings.HasPrefix(s, "861") {
			s = s[2:]
		}
	}
	return s
}

// SameContact tells whether a messenger handle is the telephone or mail again: one
// thing must not tie twice.
func SameContact(contact, handle string) bool {
	handle = Plain(handle)
	return len(handle) >= 7 && (strings.HasPrefix(contact, handle) || strings.HasSuffix(contact, handle))
}

// Payout is a bank card or account as it is compared: without the blanks and dashes
// that digits are written in groups with.
func Payout(s string) string {
	s = strings.ToLower(strings.Map(func(c rune) rune {
		switch {
		case c >= '０' && c <= '９':
			return c - '０' + '0'
		case unicode.IsSpace(c):
			return -1
		}
		return c
	}, s))
	if plain := strings.ReplaceAll(s, "-", ""); digits(plain) {
		return plain
	}
	return s
}

// Device is the name of a device as it is compared.
func Device(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// digits tells whether a text is made of digits alone.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
