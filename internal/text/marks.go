package text

import "strings"

// Marks finds any of a few short words in one pass over a text.
type Marks struct {
	by    [256][]string
	pairs [1 << 16 / 64]uint64 // the first two bytes of some word: few places of a text pass
}

// NewMarks prepares the words, of two bytes or more; matching is to the byte.
func NewMarks(words ...string) *Marks {
	m := &Marks{}
	for _, w := range words {
		m.by[w[0]] = append(m.by[w[0]], w)
		pair := uint16(w[0])<<8 | uint16(w[1])
		m.pairs[pair>>6] |= 1 << (pair & 63)
	}
	return m
}

// Each calls f with every word found, in the order in which they stand, and
// the place behind it, until f returns false.
func (m *Marks) Each(s string, f func(word string, end int) bool) {
	var pair uint16
	for i := -1; i+1 < len(s); i++ {
		pair = pair<<8 | uint16(s[i+1])
		if i < 0 || m.pairs[pair>>6]>>(pair&63)&1 == 0 {
			continue
		}
		for _, w := range m.by[s[i]] {
			if strings.HasPrefix(s[i:], w) && !f(w, i+len(w)) {
				return
			}
		}
	}
}
