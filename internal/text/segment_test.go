package text

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestCutter: words are those that gse would cut.
func TestCutter(t *testing.T) {
	s := DefaultLexicon().segmenter()
	c := newCutter(s)
	known := strings.Fields(brokerWords)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			if r.IntN(3) == 0 {
				b.WriteRune(rune(0x4E00 + r.IntN(0x2000)))
				continue
			}
			w := []rune(known[r.IntN(len(known))])
			b.WriteString(string(w[r.IntN(len(w)):]))
		}
		run := strings.Map(func(x rune) rune {
			if classOf(x) != han {
				return -1
			}
			return x
		}, b.String())
		var got []string
		c.cut([]byte(run), func(w []byte) { got = append(got, string(w)) })
		if want := s.Cut(run, false); !slices.Equal(got, want) {
			t.Fatalf("%d: %s is cut into %q, not %q", i, run, got, want)
		}
	}
}
