// Package text turns Chinese and English text into what can be compared:
// folded characters, tokens, shingle sketches and vectors. It needs no model
// and gives the same answer on every machine.
package text

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/longbridgeapp/opencc"
	"golang.org/x/text/unicode/norm"
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

// unusual marks the characters of the basic plane that a text is rarely written
// with and that stand for others: ligatures, circled numbers, letters apart from
// their accents, syllables in parts, Chinese characters of the compatibility
// blocks. Full width is left to the folding.
var unusual = sync.OnceValue(func() *[1 << 16 / 64]uint64 {
	var t [1 << 16 / 64]uint64
	for r := rune(0xA0); r < 1<<16; r++ {
		if r >= 0xFF01 && r <= 0xFF5E || r >= 0xD800 && r < 0xE000 {
			continue
		}
		as := norm.NFKC.String(string(r))
		first, _ := utf8.DecodeRuneInString(as)
		letters := as != string(r) && (unicode.IsLetter(first) || unicode.IsDigit(first))
		if letters || r >= 0x300 && r < 0x370 || r >= 0x1100 && r < 0x1200 || r == 0x3099 || r == 0x309A {
			t[r>>6] |= 1 << (r & 63)
		}
	}
	return &t
})

// compose brings a text into the usual form (NFKC) where it holds characters of
// another. Most texts do not, and stay as they are.
func compose(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return s
	}
	table := unusual()
	for _, r := range s[i:] {
		if r < 1<<16 && table[r>>6]>>(r&63)&1 != 0 {
			return norm.NFKC.String(s)
		}
	}
	return s
}

// Characters that stand for two simplified ones; which, their neighbours tell.
// The table of single characters takes the rarer one.
const (
	authorBefore = "显顯名昭原专專论論编編卓遗遺译譯巨土合拙"
	authorAfter  = "名作称稱者述书書录錄"
	heavenAfter  = "坤隆卦县縣"
)

// manyForms writes 著 and 乾 as 着 and 干, but in words such as 显著 and 乾隆.
func manyForms(run []rune) {
	for i, r := range run {
		if r != '著' && r != '乾' {
			continue
		}
		before, after := rune(0), rune(0)
		if i > 0 {
			before = run[i-1]
		}
		if i+1 < len(run) {
			after = run[i+1]
		}
		switch {
		case r == '著' && !strings.ContainsRune(authorBefore, before) && !strings.ContainsRune(authorAfter, after):
			run[i] = '着'
		case r == '乾' && !strings.ContainsRune(heavenAfter, after):
			run[i] = '干'
		}
	}
}
