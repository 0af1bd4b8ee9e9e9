// Package concept knows what complaints are about in more than one language: a
// table of some hundred concepts, each with its English words and its Chinese
// ones. Two texts without a word in common are near where they name the same
// concepts. It needs no model, and gives the same answer on every machine.
package concept

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"plaint/internal/text"
)

//go:embed concepts.txt
var embedded string

// ID is a concept of a table: its place, from 1. Of one table it is the same in
// every run; it is not to be stored, names are.
type ID uint16

const (
	longestWords = 6  // of an English phrase
	longestRunes = 8  // of a Chinese one
	parentShare  = .5 // what naming a kind of a concept says of the concept itself
	generalShare = .2 // the weight of a concept that stands in complaints of every kind
)

// Table is the concepts and the words for them. It is safe for use by many at
// once.
type Table struct {
	names   []string // of each ID, "" at 0
	parents []ID
	general []bool
	of      map[string]ID

	phrases map[uint64][]ID  // by the hash of stems, or of characters
	begins  map[uint64]uint8 // words of the longest phrase that begins with this stem
	opens   map[uint32]uint8 // characters of the longest word that opens with these two
}

// Default is the embedded table.
var Default = sync.OnceValue(func() *Table {
	t, err := parse(embedded)
	if err != nil {
		panic("concept: the embedded table: " + err.Error()) // part of the program, not input
	}
	return t
})

// For is the embedded table with the words that a lexicon adds: a word that is
// said to mean a phrase of the other language stands for that phrase's
// concepts; where the phrase has none, both make a concept of their own.
func For(l *text.Lexicon) *Table {
	pairs := l.Meanings()
	if len(pairs) == 0 {
		return Default()
	}
	t, err := parse(embedded)
	if err != nil {
		return Default() // it cannot fail: Default parsed the same text
	}
	tokens := text.NewTokenizer()
	for _, p := range pairs {
		ids := slices.Compact(t.Find(nil, tokens.Tokens(nil, p.Means)))
		if len(ids) == 0 {
			ids = []ID{t.add(p.Means, 0, false)}
			t.learn(p.Means, ids[0])
		}
		for _, id := range ids {
			t.learn(p.Word, id)
		}
	}
	return t
}

// Name is the identifier of a concept, such as "withdrawal/limit".
func (t *Table) Name(id ID) string {
	if int(id) >= len(t.names) {
		return ""
	}
	return t.names[id]
}

// Len is how many concepts the table has.
func (t *Table) Len() int { return len(t.names) - 1 }

func parse(s string) (*Table, error) {
	t := &Table{names: []string{""}, parents: []ID{0}, general: []bool{false}, of: map[string]ID{},
		phrases: map[uint64][]ID{}, begins: map[uint64]uint8{}, opens: map[uint32]uint8{}}
	for n, line := range strings.Split(s, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := t.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return t, nil
}

// line reads "id | english, … | 中文、…".
func (t *Table) line(line string) error {
	parts := strings.Split(line, "|")
	if len(parts) != 3 {
		return fmt.Errorf("%q has %d parts, not three", line, len(parts))
	}
	name, general := strings.CutPrefix(strings.TrimSpace(parts[0]), "~")
	parent := ID(0)
	if above, _, ok := strings.Cut(name, "/"); ok {
		if parent = t.of[above]; parent == 0 {
			return fmt.Errorf("%s: there is no concept %s before it", name, above)
		}
	}
	if t.of[name] != 0 {
		return fmt.Errorf("%s stands twice", name)
	}
	id := t.add(name, parent, general)
	for _, w := range strings.Split(parts[1], ",") {
		if !t.learn(w, id) {
			return fmt.Errorf("%s: %q is no phrase", name, w)
		}
	}
	for _, w := range strings.Split(parts[2], "、") {
		if !t.learn(w, id) {
			return fmt.Errorf("%s: %q is no word", name, w)
		}
	}
	return nil
}

func (t *Table) add(name string, parent ID, general bool) ID {
	id := ID(len(t.names))
	t.names, t.parents, t.general = append(t.names, name), append(t.parents, parent), append(t.general, general)
	t.of[name] = id
	return id
}

// learn adds one word or phrase to a concept. It is false for what cannot be
// found in a text: nothing, both scripts at once, or too long.
func (t *Table) learn(phrase string, id ID) bool {
	phrase = strings.TrimSpace(phrase)
	runes := []rune(phrase)
	if len(runes) == 0 {
		return false
	}
	if unicode.Is(unicode.Han, runes[0]) {
		return t.learnHan(runes, id)
	}
	words := strings.FieldsFunc(strings.ToLower(phrase), func(r rune) bool { return r == ' ' || r == '-' })
	if len(words) == 0 || len(words) > longestWords {
		return false
	}
	h, first := uint64(wordSeed), uint64(0)
	for i, w := range words {
		s := stemHash(w)
		if h = chain(h, s); i == 0 {
			first = s
		}
	}
	t.begins[first] = max(t.begins[first], uint8(len(words)))
	t.put(h, id)
	return true
}

func (t *Table) learnHan(runes []rune, id ID) bool {
	if len(runes) > longestRunes {
		return false
	}
	h := uint64(hanSeed)
	for i, r := range runes {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
		runes[i] = max(text.Fold(r), 1)
		h = chain(h, uint64(runes[i]))
	}
	if len(runes) > 1 {
		k := opening(runes[0], runes[1])
		t.opens[k] = max(t.opens[k], uint8(len(runes)))
	}
	t.put(h, id)
	return true
}

func (t *Table) put(h uint64, id ID) {
	if !slices.Contains(t.phrases[h], id) {
		t.phrases[h] = append(t.phrases[h], id)
	}
}

func opening(a, b rune) uint32 { return uint32(a)<<16 | uint32(b)&0xFFFF }

// letters is whether a token is of Latin letters, and so to be stemmed.
func letters(s string) bool { return len(s) > 0 && s[0] < utf8.RuneSelf }
