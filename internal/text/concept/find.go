package concept

import (
	"strings"

	"plaint/internal/text"
)

// Find appends the concepts that the tokens name, in their order and as often
// as they are named. English phrases are looked for by the stems of their
// words, Chinese ones by their characters, whatever words the text was cut
// into; the longest comes first and takes its words with it. A concept of one
// character is found only where that is a word of its own. It costs a few
// look-ups a word.
func (t *Table) Find(dst []ID, tokens []text.Token) []ID {
	var r run
	for i := range tokens {
		k := &tokens[i]
		switch {
		case k.Kind == text.Break || k.Kind == text.Amount:
			dst = t.flush(dst, &r)
		case k.Han:
			if len(r.stems) > 0 {
				dst = t.flush(dst, &r)
			}
			r.addHan(k.Text)
		case letters(k.Text):
			if len(r.runes) > 0 {
				dst = t.flush(dst, &r)
			}
			r.addWords(k.Text)
		}
	}
	return t.flush(dst, &r)
}

// run is neighbouring words of one script.
type run struct {
	stems []uint64
	runes []rune
	alone []bool // of each character: it is a word of its own
}

func (r *run) addHan(s string) {
	from := len(r.runes)
	for _, c := range s {
		r.runes, r.alone = append(r.runes, c), append(r.alone, false)
	}
	if len(r.runes) == from+1 {
		r.alone[from] = true
	}
}

func (r *run) addWords(s string) {
	for s != "" {
		word, rest, _ := strings.Cut(s, "-")
		if word != "" {
			r.stems = append(r.stems, stemHash(word))
		}
		s = rest
	}
}

func (t *Table) flush(dst []ID, r *run) []ID {
	for i := 0; i < len(r.stems); {
		ids, n := t.words(r.stems[i:])
		dst = append(dst, ids...)
		i += max(n, 1)
	}
	for i := 0; i < len(r.runes); {
		ids, n := t.han(r.runes[i:], r.alone[i])
		dst = append(dst, ids...)
		i += max(n, 1)
	}
	r.stems, r.runes, r.alone = r.stems[:0], r.runes[:0], r.alone[:0]
	return dst
}

// words is the longest phrase at the beginning of the stems.
func (t *Table) words(stems []uint64) (ids []ID, n int) {
	most := min(int(t.begins[stems[0]]), len(stems))
	h := uint64(wordSeed)
	for i := range most {
		h = chain(h, stems[i])
		if found := t.phrases[h]; found != nil {
			ids, n = found, i+1
		}
	}
	return ids, n
}

// han is the longest word at the beginning of the characters.
func (t *Table) han(runes []rune, alone bool) (ids []ID, n int) {
	h := uint64(hanSeed)
	if alone {
		if found := t.phrases[chain(h, uint64(runes[0]))]; found != nil {
			ids, n = found, 1
		}
	}
	if len(runes) < 2 {
		return ids, n
	}
	most := min(int(t.opens[opening(runes[0], runes[1])]), len(runes))
	for i := range most {
		h = chain(h, uint64(runes[i]))
		if found := t.phrases[h]; i > 0 && found != nil {
			ids, n = found, i+1
		}
	}
	return ids, n
}
