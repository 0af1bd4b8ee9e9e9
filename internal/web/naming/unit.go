package naming

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"plaint/internal/text"
)

// unit is the least that names are compared by: a stretch of letters, a stretch
// of digits, or one character of a script that puts no blanks between words.
type unit struct {
	hash     uint64 // of the folded letters
	letters  int
	word     int // the number of its word: ' and - join units into one
	from, to int // bytes of the text
	kind     kind
}

type kind int

const (
	sign kind = iota
	letter
	digit
	alone // a character of a script without blanks
	mark  // belongs to the letter before it
	nothing
)

func kindOf(r rune) kind {
	switch {
	case r <= unicode.MaxASCII && unicode.IsLetter(r):
		return letter
	case r <= unicode.MaxASCII && !unicode.IsDigit(r), r == 'ʼ', r == 'ʻ':
		return sign
	case unicode.IsDigit(r):
		return digit
	case unicode.Is(unicode.M, r):
		return mark
	case unicode.Is(unicode.Cf, r):
		return nothing
	case !unicode.IsLetter(r):
		return sign
	case r == 'ー', unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return alone
	}
	return letter
}

// unitsOf cuts a text in NFC. What stands between units is forgotten, so that
// any sign may stand between the words of a name.
func unitsOf(s string) []unit {
	out := make([]unit, 0, 4)
	last, joined := sign, false
	for i, r := range s {
		k := kindOf(r)
		switch {
		case k == nothing, k == mark && last == sign:
			continue
		case k == sign:
			joined = (joined || last != sign) && r != ' ' && strings.ContainsRune("'’‘ʼʻ＇-‐‑", r)
			last = sign
			continue
		case k == mark:
			k = last
		case k != last || k == alone:
			word := 0
			if n := len(out); n > 0 {
				word = out[n-1].word
				if last == sign && !joined {
					word++
				}
			}
			out = append(out, unit{word: word, from: i, kind: k})
		}
		u := &out[len(out)-1]
		size := len(string(r))
		u.fold(s[i:i+size], r)
		u.to, last, joined = i+size, k, false
	}
	return out
}

// fold adds a character in the form in which all its ways of writing are one:
// without case, accents, width and the difference of ı and i.
func (u *unit) fold(s string, r rune) {
	if r > unicode.MaxASCII {
		if parts := norm.NFKD.PropertiesString(s).Decomposition(); parts != nil {
			for _, r := range string(parts) {
				u.add(r)
			}
			return
		}
	}
	u.add(r)
}

func (u *unit) add(r rune) {
	switch {
	case r <= unicode.MaxASCII:
		r = unicode.ToLower(r)
	case unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r):
		return // an accent; the vowel signs of a script have its name
	case r == 'ß':
		u.add('s')
		r = 's'
	case r >= 0x4E00 && r <= 0x9FFF:
		r = text.Fold(r) // traditional and simplified are one
	default:
		r = unicode.ToLower(unicode.ToUpper(r)) // by way of the upper case: ı and ς
	}
	u.hash = mix(u.hash, uint64(r))
	u.letters++
}

// mix adds a number to a hash, which tells orders apart.
func mix(h, x uint64) uint64 {
	h = (h ^ x ^ 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9
	return h ^ h>>29
}

// hashOf is the hash of a run of units.
func hashOf(run []unit) (h uint64) {
	for _, u := range run {
		h = mix(h, u.hash)
	}
	return h
}

// wordsOf are the words of a run of units.
func wordsOf(run []unit) (out [][]unit) {
	from := 0
	for i := range run {
		if i+1 == len(run) || run[i+1].word != run[i].word {
			out = append(out, run[from:i+1])
			from = i + 1
		}
	}
	return out
}

func lettersOf(run []unit) (n int) {
	for _, u := range run {
		n += u.letters
	}
	return n
}
