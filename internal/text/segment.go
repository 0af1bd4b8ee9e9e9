package text

import (
	"math"
	"unicode/utf8"

	"github.com/go-ego/gse"
)

// cutter cuts Chinese runs into words by the likeliest path over a dictionary,
// as gse's Cut without its hidden Markov model does (TestCutter compares them).
// That one looks every word up twice, in maps made anew for each run, and
// matches a pattern on each; this one keeps its tables. It is not safe for
// concurrent use.
type cutter struct {
	words *gse.Dictionary
	total float64 // logarithm of all counts

	starts []int32 // byte at which each character begins, and the end
	costs  []float64
	ends   []int32 // character behind the best word from each
	arcs   []arc
	first  []int32 // arc of each character
}

// arc is a word of the dictionary within a run.
type arc struct {
	end  int32
	freq float64
}

func newCutter(s *gse.Segmenter) *cutter {
	return &cutter{words: s.Dict, total: math.Log(s.Dict.TotalFreq())}
}

// cut calls f with the words of s in their order.
func (c *cutter) cut(s []byte, f func(word []byte)) {
	c.starts, c.arcs, c.first = c.starts[:0], c.arcs[:0], c.first[:0]
	for i := 0; i < len(s); {
		c.starts = append(c.starts, int32(i))
		_, n := utf8.DecodeRune(s[i:])
		i += n
	}
	n := len(c.starts)
	c.starts = append(c.starts, int32(len(s)))
	for k := range n {
		c.first = append(c.first, int32(len(c.arcs)))
		c.from(s, k)
	}
	c.first = append(c.first, int32(len(c.arcs)))
	c.costs, c.ends = grow(c.costs, n+1), grow(c.ends, n+1)
	c.costs[n] = 0
	for k := n - 1; k >= 0; k-- {
		for i := c.first[k]; i < c.first[k+1]; i++ {
			a := c.arcs[i]
			cost := math.Log(a.freq) - c.total + c.costs[a.end]
			if i == c.first[k] || cost >= c.costs[k] { // of equals the longer
				c.costs[k], c.ends[k] = cost, a.end
			}
		}
	}
	for k := int32(0); int(k) < n; k = c.ends[k] {
		f(s[c.starts[k]:c.starts[c.ends[k]]])
	}
}

// from finds the words that begin at a character; one that begins none is a
// word by itself.
func (c *cutter) from(s []byte, k int) {
	before := len(c.arcs)
	for end := k + 1; end < len(c.starts); end++ {
		freq, _, ok := c.words.Find(s[c.starts[k]:c.starts[end]])
		if !ok {
			break
		}
		if freq > 0 {
			c.arcs = append(c.arcs, arc{int32(end), freq})
		}
	}
	if len(c.arcs) == before {
		freq, _, ok := c.words.Find(s[c.starts[k]:c.starts[k+1]])
		if !ok {
			freq = 1
		}
		c.arcs = append(c.arcs, arc{int32(k + 1), freq})
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
