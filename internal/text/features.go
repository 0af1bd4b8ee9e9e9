package text

import (
	"cmp"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// The feature families. Each is brought to unit length on its own before they
// are joined, or the many character runs would drown the few words.
const (
	words = iota
	pairs
	grams
	kinds // what a record says of itself, outside its text
	families
)

// familyWeight halves the pairs (measured on banking77 with the same method).
var familyWeight = [families]float64{1, .5, 1, .5}

// Feature is one feature of a text and how often it occurs in it. The two
// lowest bits of the hash are its family.
type Feature struct {
	Hash  uint64
	Count int32
}

// AddKind adds the type that a record carries beside its text, "" for none.
// Features stay in order.
func AddKind(features []Feature, kind string) []Feature {
	if kind == "" {
		return features
	}
	f := Feature{hashText(9, kind)&^3 | kinds, 1}
	at, _ := slices.BinarySearchFunc(features, f.Hash, func(x Feature, h uint64) int { return cmp.Compare(x.Hash, h) })
	return slices.Insert(features, at, f)
}

// Extractor turns texts into features: words and entities, pairs of
// neighbouring words, and runs of characters (two and three Chinese
// characters; three to five letters within a word, edges marked). It is not
// safe for concurrent use.
type Extractor struct {
	tokenizer *Tokenizer
	tokens    []Token
	hashes    []uint64
	out       []Feature
	runes     []rune

	// OnlyWords leaves pairs and runs of characters out.
	OnlyWords bool
}

// NewExtractor returns an extractor.
func NewExtractor() *Extractor { return &Extractor{tokenizer: NewTokenizer()} }

func hashText(seed uint64, s string) uint64 {
	h := seed ^ 0xCBF29CE484222325
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 0x100000001B3
	}
	hi, lo := bits.Mul64(h, 0x9E3779B97F4A7C15)
	return hi ^ lo
}

// Features returns the texts' features, ordered by hash. The slice is valid
// until the next call.
func (x *Extractor) Features(texts ...string) []Feature {
	x.tokens, x.hashes = x.tokens[:0], x.hashes[:0]
	for _, t := range texts {
		x.tokens = x.tokenizer.Tokens(x.tokens, t)
	}
	x.wordsAndPairs()
	if !x.OnlyWords {
		x.grams()
	}
	slices.Sort(x.hashes)
	x.out = x.out[:0]
	for i, h := range x.hashes {
		if i > 0 && h == x.hashes[i-1] {
			x.out[len(x.out)-1].Count++
			continue
		}
		x.out = append(x.out, Feature{h, 1})
	}
	return x.out
}

// Tokens are those of the texts whose features were asked for last, valid until
// the next call.
func (x *Extractor) Tokens() []Token { return x.tokens }

func (x *Extractor) grams() {
	x.hanGrams()
	for i := range x.tokens {
		if t := &x.tokens[i]; t.Kind == Word && !t.Han {
			x.latinGrams(t.Text)
		}
	}
}

func (x *Extractor) add(h uint64, family int) { x.hashes = append(x.hashes, h&^3|uint64(family)) }

// wordsAndPairs leaves single stop words out, and pairs of nothing else.
func (x *Extractor) wordsAndPairs() {
	for i := range x.tokens {
		t := &x.tokens[i]
		if t.Kind == Break {
			continue
		}
		h := hashText(1, t.Text)
		if t.Kind != Stop {
			x.add(h, words)
		}
		if i == 0 || x.tokens[i-1].Kind == Break || x.OnlyWords {
			continue
		}
		p := &x.tokens[i-1]
		if p.Kind == Stop && t.Kind == Stop {
			continue
		}
		x.add(hashText(hashText(1, p.Text), t.Text), pairs)
	}
}

// hanGrams takes the runs of two and three characters within each stretch of
// Chinese words.
func (x *Extractor) hanGrams() {
	var a, b rune
	for i := range x.tokens {
		t := &x.tokens[i]
		if !t.Han {
			a, b = 0, 0
			continue
		}
		for _, r := range t.Text {
			if b != 0 {
				two := uint64(b)<<16 | uint64(r&0xFFFF)
				x.add(mix(two), grams)
				if a != 0 {
					x.add(mix(uint64(a)<<32|two), grams)
				}
			}
			a, b = b, r
		}
	}
}

func (x *Extractor) latinGrams(w string) {
	x.runes = append(x.runes[:0], '_')
	for len(w) > 0 {
		r, n := utf8.DecodeRuneInString(w)
		x.runes = append(x.runes, r)
		w = w[n:]
	}
	x.runes = append(x.runes, '_')
	for n := 3; n <= 5; n++ {
		for i := 0; i+n <= len(x.runes); i++ {
			h := uint64(n)
			for _, r := range x.runes[i : i+n] {
				h = (h ^ uint64(r)) * 0x9E3779B97F4A7C15
				h ^= h >> 29
			}
			x.add(mix(h), grams)
		}
	}
}

func mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)
	return (hi ^ lo) * 0xC2B2AE3D27D4EB4F
}
