package cluster

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"plaint/internal/text"
	"plaint/internal/text/concept"
)

// Settings of labels.
const (
	labelTerms  = 3
	keptTerms   = 8
	looked      = 200  // texts of a group that phrases are looked for in
	leastShare  = .03  // of them that must hold a phrase
	priorTexts  = 20.0 // pseudo-texts that pull rare phrases to the overall share
	wholeShare  = .6   // of a phrase's texts: if so many hold it within one longer phrase, that one stands for it
	noConcept   = .4   // what a phrase is worth that names no concept
	conceptGain = 3.0  // what one is worth more that names what sets the group apart
)

// lengthGain is what a phrase of so many words is worth: "withdrawal pending"
// says more than either word.
var lengthGain = [longest + 1]float64{0, 1, 1.4, 1.7, 1.8}

// term is a phrase with how well it marks a group.
type term struct {
	phrase
	share, score float64
}

// labels gives each group its distinctive phrases, best first, without repeats
// of a word.
//
// Method: log-odds of the share of texts that hold a phrase against that of the
// others, with an informative prior (Monroe, Colaresi, Quinn 2008, section
// 3.5.1), times the share; a phrase that mostly occurs within a longer one is
// left to that (Frantzi, Ananiadou, Mima 2000); more for phrases that name what
// the group is about.
func (c *Corpus) labels(g *grouping) [][]string {
	groups, profiles := g.groups, c.profiles(g)
	rows, size := looks(g.of, groups)
	held := make([]map[phrase]int, groups)
	full := 0
	for t := range groups {
		if held[t] = c.held(rows[t]); size[t] > 0 {
			full++
		}
	}
	everywhere := c.everywhere(held, rows, size)
	out := make([][]string, groups)
	for t := range groups {
		var list []term
		for p, n := range held[t] {
			share := float64(n) / float64(len(rows[t]))
			list = append(list, term{p, share, c.odds(share, size[t], everywhere[p], len(g.of))})
		}
		list = slices.DeleteFunc(list, func(x term) bool { return x.score <= 0 && full > 1 })
		out[t] = c.distinct(c.weigh(list, profiles.Row(t)))
	}
	return out
}

// looks are texts of each group at equal distances, and its size.
func looks(of []int, groups int) (rows [][]int, size []int) {
	all := make([][]int, groups)
	for i, t := range of {
		if t >= 0 {
			all[t] = append(all[t], i)
		}
	}
	rows, size = make([][]int, groups), make([]int, groups)
	for t, list := range all {
		size[t] = len(list)
		for _, k := range spread(len(list), looked) {
			rows[t] = append(rows[t], list[k])
		}
	}
	return rows, size
}

// odds is a phrase's share times the logarithm of how much more usual it is here
// than in the other texts.
func (c *Corpus) odds(share float64, size int, everywhere float64, all int) float64 {
	here, n := share*float64(size), float64(all)
	prior := priorTexts * everywhere / n
	inside := (here + prior) / (float64(size) + priorTexts)
	outside := (max(everywhere-here, 0) + prior) / (n - float64(size) + priorTexts)
	return share * math.Log(inside/max(outside, 1e-9))
}

// weigh leaves phrases to longer ones that stand for them, and weighs the others
// by their length and what they name.
func (c *Corpus) weigh(list []term, profile []float32) []term {
	whole := map[phrase]float64{}
	for _, x := range list {
		for _, p := range x.within() {
			whole[p] = max(whole[p], x.share)
		}
	}
	var ids []concept.ID
	var tokens []text.Token
	out := list[:0]
	for _, x := range list {
		if whole[x.phrase] >= wholeShare*x.share {
			continue
		}
		tokens = tokens[:0]
		for _, w := range x.phrase[:x.length()] {
			tokens = append(tokens, c.words.list[w-1])
		}
		gain := noConcept
		ids = c.table.Find(ids[:0], tokens)
		for _, id := range ids {
			gain = max(gain, 1+conceptGain*float64(profile[id]))
		}
		x.score *= gain * lengthGain[x.length()]
		out = append(out, x)
	}
	return out
}

// distinct orders the terms and drops those that share a word with a better one.
func (c *Corpus) distinct(terms []term) []string {
	words := make(map[phrase]string, len(terms))
	for _, x := range terms {
		words[x.phrase] = c.shown(x.phrase)
	}
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(words[a.phrase], words[b.phrase]))
	})
	used := map[int32]bool{}
	var out []string
	for _, x := range terms {
		s := words[x.phrase]
		if c.repeats(x.phrase, used) || within(out, s) {
			continue
		}
		for _, w := range x.phrase[:x.length()] {
			used[w] = true
		}
		if out = append(out, s); len(out) == keptTerms {
			break
		}
	}
	return out
}

func (c *Corpus) repeats(p phrase, used map[int32]bool) bool {
	for _, w := range p[:p.length()] {
		if used[w] && c.words.list[w-1].Kind != text.Stop {
			return true
		}
	}
	return false
}

func within(list []string, s string) bool {
	for _, o := range list {
		if strings.Contains(o, s) || strings.Contains(s, o) {
			return true
		}
	}
	return false
}

// Label is the first few of a theme's terms.
func Label(terms []string) string { return strings.Join(terms[:min(len(terms), labelTerms)], " · ") }
