// Package text turns Chinese and English text into what can be compared:
// folded characters, tokens, shingle sketches and vectors. It needs no model
// and gives the same answer on every machine.
package text

import (
	"sync"
	"unicode"

	"github.com/longbridgeapp/opencc"
)

// foldTable maps every character of the basic plane to its folded form, 0 to
// drop it: full width to half width, traditional to simplified, upper to lower
// case, every digit to '0', and no punctuation, spaces or marks.
var foldTable = sync.OnceValue(func() *[1 << 16]uint16 {
	var t [1 << 16]uint16
	simplify, err := opencc.New("t2s")
	if err != nil {
		panic("text: the embedded conversion table: " + err.Error()) // part of the program, not input
	}
	for r := rune(0); r < 1<<16; r++ {
		t[r] = uint16(foldSlow(r, simplify))
	}
	return &t
})

func foldSlow(r rune, simplify *opencc.OpenCC) rune {
	if r >= 0xFF01 && r <= 0xFF5E {
		r -= 0xFEE0
	}
	switch {
	case unicode.IsDigit(r):
		return '0'
	case !unicode.IsLetter(r):
		return 0
	case r >= 0x4E00 && r <= 0x9FFF:
		s, err := simplify.Convert(string(r))
		if err != nil {
			return r
		}
		out := []rune(s)
		if len(out) != 1 || out[0] >= 1<<16 {
			return r
		}
		return out[0]
	}
	if l := unicode.ToLower(r); l < 1<<16 {
		return l
	}
	return r
}

// Fold gives a character's folded form, 0 if it is to be dropped.
func Fold(r rune) rune {
	if r < 0 || r >= 1<<16 {
		return 0
	}
	return rune(foldTable()[r])
}

// Language guesses the language of a text from its script and, for Latin
// script, from its commonest words: an ISO 639-1 code, "" if there are too few
// letters to tell. Latin script counts by the word, since one Han character
// says about half as much as a Latin word: a text of both is Chinese when it
// has at least half as many Han characters as Latin words.
func Language(s string) string {
	var han, kana, hangul, cyrillic, arabic, latin, words, seen int
	inWord := false
	for _, r := range s {
		wasWord := inWord
		inWord = false
		switch {
		case r < 0x80:
			if r|0x20 < 'a' || r|0x20 > 'z' {
				continue
			}
			latin++
			inWord = true
		case r >= 0x4E00 && r <= 0x9FFF, r >= 0x3400 && r <= 0x4DBF:
			han++
		case r >= 0x3040 && r <= 0x30FF:
			kana++
		case r >= 0xAC00 && r <= 0xD7AF:
			hangul++
		case r >= 0x0400 && r <= 0x04FF:
			cyrillic++
		case r >= 0x0600 && r <= 0x06FF:
			arabic++
		case r >= 0xC0 && r <= 0x24F:
			latin++
			inWord = true
		default:
			continue
		}
		if inWord && !wasWord {
			words++
		}
		if seen++; seen == 120 {
			break
		}
	}
	total := han + kana + hangul + cyrillic + arabic + latin
	switch {
	case total < 2:
		return ""
	case kana*5 > total:
		return "ja"
	case hangul*4 > total:
		return "ko"
	case han > 0 && han*2 >= words:
		return "zh"
	case cyrillic*2 > total:
		return "ru"
	case arabic*2 > total:
		return "ar"
	}
	return "en"
}
