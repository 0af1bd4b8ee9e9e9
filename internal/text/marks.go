package text

import "strings"

// Marks finds any of a few short words in one pass over a text.
type Marks struct{ by [256][]string }

// NewMarks prepares the words; matching is to the byte.
func NewMarks(words ...string) *Marks {
	m := &Marks{}
	for _, w := range words {
		m.by[w[0]] = append(m.by[w[0]], w)
	}
	return m
}

// Each calls f with every word found, in the order in which they stand, and
// the place behind it, until f returns false.
func (m *Marks) Each(s string, f func(word string, end int) bool) {
	for i := 0; i < len(s); i++ {
		for _, w := range m.by[s[i]] {
			if strings.HasPrefix(s[i:], w) && !f(w, i+len(w)) {
				return
			}
		}
	}
}
