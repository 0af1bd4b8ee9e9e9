// Package pinyin gives the syllables of Chinese names without tones.
//
// The table holds the characters that names are made of, some fourteen hundred; a
// character that reads differently in a surname (曾 zeng, 单 shan, 解 xie) is
// listed as it reads there.
package pinyin

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed syllables.txt
var source string

type tables struct {
	of        map[uint16]string // character to syllable
	syllables map[string]bool
}

var table = sync.OnceValue(func() *tables {
	t := &tables{make(map[uint16]string, 4096), map[string]bool{}}
	for line := range strings.Lines(source) {
		syllable, characters, _ := strings.Cut(strings.TrimSpace(line), " ")
		t.syllables[syllable] = true
		for _, r := range characters {
			if _, known := t.of[uint16(r)]; !known {
				t.of[uint16(r)] = syllable
			}
		}
	}
	return t
})

const (
	mostCharacters = 4 // of a Chinese name: 欧阳娜娜
	longest        = 6 // letters of a syllable: zhuang
)

// Syllables gives the syllables of a folded name: of two to four Chinese
// characters, or of Latin letters that can be read as two to four syllables. It
// gives nil for all other names, and where a character is not in the table.
func Syllables(name []uint16) []string {
	if len(name) < 2 {
		return nil
	}
	if name[0] >= 0x3400 && name[0] <= 0x9FFF {
		return ofCharacters(name)
	}
	if len(name) < 4 || len(name) > mostCharacters*longest {
		return nil
	}
	var b strings.Builder
	for _, c := range name {
		if c < 'a' || c > 'z' {
			return nil
		}
		b.WriteByte(byte(c))
	}
	return split(b.String(), mostCharacters)
}

func ofCharacters(name []uint16) []string {
	if len(name) > mostCharacters {
		return nil
	}
	out := make([]string, 0, len(name))
	for _, c := range name {
		s, ok := table().of[c]
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// split reads letters as syllables, the longest first.
func split(letters string, most int) []string {
	if most == 0 {
		return nil
	}
	for n := min(longest, len(letters)); n > 0; n-- {
		if !table().syllables[letters[:n]] {
			continue
		}
		if n == len(letters) {
			return []string{letters}
		}
		if rest := split(letters[n:], most-1); rest != nil {
			return append([]string{letters[:n]}, rest...)
		}
	}
	return nil
}
