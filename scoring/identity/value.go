package identity

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"plaint/internal/text"
	"plaint/scoring/identity/pinyin"
	"plaint/scoring/identity/written"
)

// form is a value as it is compared.
type form struct {
	main  []uint16  // folded characters without what stands between words
	parts [3]uint16 // of a date: year, month, day
	other []uint16  // a name's words in order of the alphabet, by sound for a Chinese name; a mail's part before the @
	grams []uint32  // sorted pairs of characters of a text
	keys  [3]uint64 // what rows are also brought together by, 0 for none
	num   float64
}

// absent are ways to write that there is no value.
var absent = map[string]bool{"": true, "na": true, "n/a": true, "nan": true, "null": true, "none": true, "nil": true, "-": true, "--": true, "?": true,
	"unknown": true, "\\n": true, "无": true, "空": true, "未知": true, "不详": true, "暂无": true, "#n/a": true, "<na>": true}

// isAbsent says whether a cell holds no value.
func isAbsent(s string) bool {
	return len(s) == 0 || len(s) <= 8 && absent[strings.ToLower(s)]
}

// letter folds a character, but keeps digits: 0 for what stands between words.
func letter(r rune) uint16 {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return uint16(r)
		case r >= 'A' && r <= 'Z':
			return uint16(r) + 'a' - 'A'
		}
		return 0
	case r >= 0xFF10 && r <= 0xFF19:
		return uint16(r - 0xFF10 + '0')
	}
	return uint16(text.Fold(r))
}

// words splits a value into folded words. Marks above letters go; a Chinese
// stretch is one word.
func words(s string) [][]uint16 {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			s = norm.NFKD.String(s)
			break
		}
	}
	var out [][]uint16
	open := false
	for _, r := range s {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' {
			continue // o'brien is obrien
		}
		f := letter(r)
		if f == 0 {
			open = false
			continue
		}
		if !open {
			out = append(out, make([]uint16, 0, 12))
			open = true
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}

func han(c uint16) bool { return c >= 0x3400 && c <= 0x9FFF }

// hash mixes characters; never 0.
func hash(seed uint64, s []uint16) uint64 {
	h := seed ^ 0xCBF29CE484222325
	for _, c := range s {
		h = (h ^ uint64(c)) * 0x100000001B3
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
	return (hi ^ lo) | 1
}

// formOfCell is formOf for a cell as it is read.
func formOfCell(k Kind, cell string) (form, bool) {
	cell = strings.TrimSpace(cell)
	if isAbsent(cell) {
		return form{}, false
	}
	return formOf(k, cell)
}

// formOf brings a value of a kind into the form in which it is compared; ok is
// false if nothing is left of it.
func formOf(k Kind, s string) (f form, ok bool) {
	w := words(s)
	for _, x := range w {
		f.main = append(f.main, x...)
	}
	if len(f.main) == 0 {
		return f, false
	}
	switch k {
	case Name:
		f.name(w)
	case Date:
		f.date(s)
	case Phone:
		if d := written.Phone(s); d != "" {
			f.main = utf16s(d)
		}
		f.halves()
	case Code:
		f.halves()
	case Mail:
		f.mail(s)
	case Text:
		f.text(w)
	case Number:
		f.num, _ = written.Number(s)
	}
	return f, true
}

// name keeps how a name sounds: Chinese characters by their syllables, Latin
// letters by their first letter and the consonants that follow. Words and
// syllables stand in the order of the alphabet: which comes first is a custom.
func (f *form) name(w [][]uint16) {
	if syllables := pinyin.Syllables(f.main); syllables != nil {
		slices.Sort(syllables)
		f.keys[2] = hash(3, utf16s(strings.Join(syllables, " ")))
	}
	if len(w) > 1 {
		slices.SortFunc(w, slices.Compare)
		f.other = slices.Concat(w...)
		if f.keys[2] == 0 {
			f.keys[2] = hash(4, f.other)
		}
	}
	f.keys[0] = f.keys[2]
	if !han(f.main[0]) {
		f.keys[0] = hash(1, consonants(f.main))
	}
	f.keys[1] = hash(2, f.main[:min(len(f.main), 3)])
}

func utf16s(s string) []uint16 {
	out := make([]uint16, 0, len(s))
	for _, r := range s {
		out = append(out, uint16(r))
	}
	return out
}

// soundAlike gives consonants that are mistaken for each other one letter, as in
// Soundex (Russell 1918); vowels, h, w and y have none.
var soundAlike = [26]uint16{'b' - 'a': 1, 'f' - 'a': 1, 'p' - 'a': 1, 'v' - 'a': 1, 'c' - 'a': 2, 'g' - 'a': 2, 'j' - 'a': 2, 'k' - 'a': 2,
	'q' - 'a': 2, 's' - 'a': 2, 'x' - 'a': 2, 'z' - 'a': 2, 'd' - 'a': 3, 't' - 'a': 3, 'l' - 'a': 4, 'm' - 'a': 5, 'n' - 'a': 5, 'r' - 'a': 6}

func consonants(s []uint16) []uint16 {
	out := append(make([]uint16, 0, 4), s[0])
	var last uint16
	for i, c := range s {
		var code uint16
		if c >= 'a' && c <= 'z' {
			code = soundAlike[c-'a']
		}
		if code != 0 && code != last && i > 0 {
			if out = append(out, code); len(out) == 4 {
				break
			}
		}
		last = code
	}
	return out
}

func (f *form) date(s string) {
	y, m, d, ok := written.Date(s)
	if !ok {
		return // compared by its characters
	}
	f.parts = [3]uint16{uint16(y), uint16(m), uint16(d)}
	f.main = f.main[:0]
	for _, x := range []int{y / 1000, y / 100, y / 10, y, m / 10, m, d / 10, d} {
		f.main = append(f.main, uint16('0'+x%10))
	}
	f.keys = [3]uint64{hash(1, f.main[:6]), hash(2, f.main[4:]), hash(3, []uint16{f.parts[0], f.parts[2]})}
}

// halves brings codes together by their first and last half.
func (f *form) halves() {
	if n := len(f.main); n >= 4 {
		f.keys[0], f.keys[1] = hash(1, f.main[:(n+1)/2]), hash(2, f.main[n/2:])
	}
}

func (f *form) mail(s string) {
	local, _, _ := strings.Cut(s, "@")
	for _, w := range words(local) {
		f.other = append(f.other, w...)
	}
	if len(f.other) >= 3 {
		f.keys[0], f.keys[1] = hash(1, f.other), hash(2, f.other[:3])
	}
}

// text keeps the pairs of neighbouring characters; texts are brought together by
// how they begin, how they end and their longest word.
func (f *form) text(w [][]uint16) {
	for i, c := range f.main[:len(f.main)-1] {
		f.grams = append(f.grams, uint32(c)<<16|uint32(f.main[i+1]))
	}
	slices.Sort(f.grams)
	f.grams = slices.Compact(f.grams)
	n := len(f.main)
	f.keys[0], f.keys[1] = hash(1, f.main[:min(n, 6)]), hash(2, f.main[max(0, n-6):])
	if long := slices.MaxFunc(w, func(a, b []uint16) int { return len(a) - len(b) }); len(w) > 1 && len(long) >= 4 {
		f.keys[2] = hash(3, long)
	}
}
