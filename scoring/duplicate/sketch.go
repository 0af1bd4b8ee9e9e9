package duplicate

import (
	"math/bits"
	"unicode/utf8"

	"plaint/internal/text"
)

const (
	bins      = 40   // anchors of a text, at most
	mostGrams = 4096 // of a text: what comes after them is not compared
	leastSize = 96   // twelve Chinese characters or twenty letters: less says nothing of where it comes from
)

// The runs of characters that are hashed, for Chinese and its neighbours and for
// letters. Grams are compared; anchors, longer and so rarer, find what to compare.
const (
	hanGram, letterGram     = 3, 5
	hanAnchor, letterAnchor = 5, 8
	hanSize, letterSize     = 8, 5
)

// Sketch is a text as it is compared: what an Add needs, made apart so that many
// can be made at a time.
type Sketch struct {
	whole   uint64   // hash of all folded characters
	grams   []uint32 // one at each character; the lowest bit is set for those of characters
	anchors []uint32
	size    int
	kind    uint8 // 0 where most is of characters, 1 of letters
}

// Sketcher makes sketches. It is not safe for concurrent use.
type Sketcher struct {
	chars []uint16
	bins  [bins]uint64
}

// NewSketcher returns a sketcher.
func NewSketcher() *Sketcher { return &Sketcher{} }

// Sketch folds a text (traditional to simplified, full width to half, no case, no
// punctuation, a run of digits to one) and hashes its runs of characters. Its
// anchors are the least hash of each of 40 bins: one-permutation hashing (Li,
// Owen, Zhang 2012). Empty bins stay empty: an anchor is a run that both texts
// have, and an empty bin is none, so there is nothing to densify.
func (s *Sketcher) Sketch(t string) Sketch {
	s.fold(t)
	var out Sketch
	for _, c := range s.chars {
		out.size += sizeOf(c)
	}
	if out.size*2 < len(s.chars)*(hanSize+letterSize) {
		out.kind = 1
	}
	out.whole = hash(s.chars)
	s.grams(&out)
	for i := range s.bins {
		s.bins[i] = 0
	}
	for i := range s.chars {
		n := letterAnchor
		if wide(s.chars[i]) {
			n = hanAnchor
		}
		if i+n > len(s.chars) {
			break
		}
		h := ^hash(s.chars[i:i+n]) | 1 // the greatest of the turned: 0 is none
		bin, _ := bits.Mul64(h<<32, bins)
		s.bins[bin] = max(s.bins[bin], h)
	}
	for _, h := range s.bins {
		if h != 0 {
			out.anchors = append(out.anchors, uint32(h>>16))
		}
	}
	return out
}

func (s *Sketcher) fold(t string) {
	s.chars = s.chars[:0]
	for len(t) > 0 {
		r, n := utf8.DecodeRuneInString(t)
		t = t[n:]
		f := uint16(text.Fold(r))
		if f == 0 || f == '0' && len(s.chars) > 0 && s.chars[len(s.chars)-1] == '0' {
			continue
		}
		s.chars = append(s.chars, f)
	}
}

// wide says whether a character says about as much as a word does.
func wide(c uint16) bool { return c >= 0x2E80 }

func sizeOf(c uint16) int {
	if wide(c) {
		return hanSize
	}
	return letterSize
}

func (s *Sketcher) grams(out *Sketch) {
	out.grams = make([]uint32, 0, min(len(s.chars), mostGrams))
	for i := range s.chars[:min(len(s.chars), mostGrams)] {
		n, flag := letterGram, uint32(0)
		if wide(s.chars[i]) {
			n, flag = hanGram, 1
		}
		if i+n > len(s.chars) {
			break
		}
		out.grams = append(out.grams, uint32(hash(s.chars[i:i+n])>>32)&^1|flag)
	}
}

func hash(s []uint16) uint64 {
	h := uint64(0xCBF29CE484222325)
	for _, c := range s {
		h = (h ^ uint64(c)) * 0x9E3779B97F4A7C15
		h ^= h >> 32
	}
	hi, lo := bits.Mul64(h, 0xD6E8FEB86659FD93)
	return hi ^ lo
}

// set is a small set of hashes, emptied at no cost.
type set struct {
	slots  [2 * mostGrams]slot
	number uint32
}

type slot struct {
	hash   uint32
	number uint32
	met    uint32 // the comparison in which it was last met
	common bool
}

func (s *set) clear() { s.number++ }

func home(h uint32) uint32 { return h * 0x9E3779B1 >> 19 } // of 2 * mostGrams slots

// add says whether a hash is new.
func (s *set) add(h uint32, common bool) bool {
	for i := home(h); ; i = (i + 1) % uint32(len(s.slots)) {
		x := &s.slots[i]
		if x.number != s.number {
			*x = slot{hash: h, number: s.number, common: common}
			return true
		}
		if x.hash == h {
			return false
		}
	}
}

// find gives the slot of a hash, nil if it was not added.
func (s *set) find(h uint32) *slot {
	for i := home(h); ; i = (i + 1) % uint32(len(s.slots)) {
		x := &s.slots[i]
		if x.number != s.number {
			return nil
		}
		if x.hash == h {
			return x
		}
	}
}
