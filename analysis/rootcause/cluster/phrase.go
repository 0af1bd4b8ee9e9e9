package cluster

import (
	"maps"
	"strings"
	"unicode/utf8"

	"plaint/internal/text"
)

// Settings of phrases.
const (
	longest     = 4  // words of a phrase
	mostLetters = 40 // of a word that are shown
)

// phrase is up to four neighbouring words, 1 more than their numbers; 0 for none.
type phrase [longest]int32

func (p phrase) length() int {
	n := 0
	for n < longest && p[n] != 0 {
		n++
	}
	return n
}

// within are the shorter phrases in a phrase.
func (p phrase) within() (out []phrase) {
	n := p.length()
	for from := range n {
		for to := from + 1; to <= n; to++ {
			if to-from == n {
				continue
			}
			var q phrase
			copy(q[:], p[from:to])
			out = append(out, q)
		}
	}
	return out
}

// showable leaves out what begins or ends with a word that says nothing, or with
// a single character or two letters, which read as noise.
func (c *Corpus) showable(p phrase) bool {
	n := p.length()
	for _, w := range []int32{p[0], p[n-1]} {
		t := c.words.list[w-1]
		if t.Kind == text.Stop {
			return false
		}
		least := 3
		if t.Han {
			least = 2
		}
		if utf8.RuneCountInString(t.Text) < least {
			return false
		}
	}
	return true
}

// shown is a phrase as people write it: Chinese without blanks, codes in capitals,
// what is no word any more cut short.
func (c *Corpus) shown(p phrase) string {
	var b strings.Builder
	for i, w := range p[:p.length()] {
		t := c.words.list[w-1]
		if i > 0 && !(t.Han && c.words.list[p[i-1]-1].Han) {
			b.WriteByte(' ')
		}
		s := t.Text
		if strings.ContainsAny(s, "0123456789") {
			s = strings.ToUpper(s)
		}
		if letters := []rune(s); len(letters) > mostLetters {
			s = string(letters[:mostLetters]) + "…"
		}
		b.WriteString(s)
	}
	return b.String()
}

// held is how many of a group's texts hold each phrase that may name it; where
// none is in enough of them, that of any.
func (c *Corpus) held(rows []int) map[phrase]int {
	all := c.count(rows, nil)
	maps.DeleteFunc(all, func(p phrase, _ int) bool { return !c.showable(p) })
	usual := maps.Clone(all)
	least := max(2, int(leastShare*float64(len(rows))))
	maps.DeleteFunc(usual, func(_ phrase, n int) bool { return n < least && len(rows) > 2 })
	if len(usual) == 0 {
		return all
	}
	return usual
}

// count is how many of the texts hold each phrase, of those in only, if it is
// given.
func (c *Corpus) count(rows []int, only map[phrase]float64) map[phrase]int {
	out := map[phrase]int{}
	seen := map[phrase]bool{}
	for _, i := range rows {
		clear(seen)
		own := c.tokens[i]
		for from := range own {
			var p phrase
			for n := 0; n < longest && from+n < len(own); n++ {
				if k := c.words.list[own[from+n]].Kind; k == text.Break || k == text.Amount {
					break
				}
				p[n] = own[from+n] + 1
				if only != nil {
					if _, ok := only[p]; !ok {
						continue
					}
				}
				if !seen[p] {
					seen[p] = true
					out[p]++
				}
			}
		}
	}
	return out
}

// everywhere is in how many of all texts the phrases occur, as the groups' samples
// show.
func (c *Corpus) everywhere(held []map[phrase]int, rows [][]int, size []int) map[phrase]float64 {
	out := map[phrase]float64{}
	for _, h := range held {
		for p := range h {
			out[p] = 0
		}
	}
	for t := range rows {
		for p, n := range c.count(rows[t], out) {
			out[p] += float64(n) / float64(len(rows[t])) * float64(size[t])
		}
	}
	return out
}
