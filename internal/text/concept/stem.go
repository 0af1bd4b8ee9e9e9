package concept

import "strings"

// The seeds keep stems and characters apart in one map.
const (
	wordSeed = 0x9E3779B97F4A7C15
	hanSeed  = 0xC2B2AE3D27D4EB4F
)

func chain(h, x uint64) uint64 {
	h = (h ^ x) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

func stemHash(w string) uint64 {
	h := uint64(0xCBF29CE484222325)
	var room [40]byte
	for _, b := range stem(append(room[:0], w...)) {
		h = (h ^ uint64(b)) * 0x100000001B3
	}
	return h
}

// stem cuts the commonest endings off a lower-case English word, in place. It
// need not be a word: the table and the texts are cut alike, so that only two
// words cut to one would do harm.
func stem(w []byte) []byte {
	w = trim(w, "'s")
	switch {
	case len(w) > 4 && has(w, "ies"):
		w = append(w[:len(w)-3], 'y')
	case len(w) > 4 && (has(w, "sses") || has(w, "xes") || has(w, "ches") || has(w, "shes") || has(w, "zes")):
		w = w[:len(w)-2]
	case len(w) > 3 && has(w, "s") && !has(w, "ss") && !has(w, "us") && !has(w, "is"):
		w = w[:len(w)-1]
	}
	switch {
	case len(w) > 4 && has(w, "ied"):
		w = append(w[:len(w)-3], 'y')
	case len(w) > 5 && has(w, "ing") && vowel(w[:len(w)-3]):
		w = single(w[:len(w)-3])
	case len(w) > 4 && has(w, "ed") && vowel(w[:len(w)-2]):
		w = single(w[:len(w)-2])
	}
	if len(w) > 4 && has(w, "e") {
		w = w[:len(w)-1]
	}
	if len(w) > 5 && has(w, "iz") { // -ize is -ise
		w[len(w)-1] = 's'
	}
	return w
}

func has(w []byte, end string) bool {
	return len(w) >= len(end) && string(w[len(w)-len(end):]) == end
}

func trim(w []byte, end string) []byte {
	if has(w, end) {
		return w[:len(w)-len(end)]
	}
	return w
}

func vowel(w []byte) bool {
	for _, b := range w {
		if strings.IndexByte("aeiouy", b) >= 0 {
			return true
		}
	}
	return false
}

// single takes the doubled letter away that an ending brings: stopped,
// cancelled; but called.
func single(w []byte) []byte {
	n := len(w)
	if n < 4 || w[n-1] != w[n-2] || w[n-1] == 's' || w[n-1] == 'z' || w[n-1] == 'l' && n < 6 || strings.IndexByte("aeiou", w[n-1]) >= 0 {
		return w
	}
	return w[:n-1]
}
