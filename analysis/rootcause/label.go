package rootcause

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"plaint/internal/text"
)

const (
	labelTerms = 3
	keptTerms  = 8
	pairBonus  = 1.4  // "withdrawal pending" says more than either word
	leastShare = .04  // of a theme's texts that a term must occur in
	priorTexts = 20.0 // pseudo-texts that pull rare terms to the overall share
)

// term is a phrase with how well it marks a theme.
type term struct {
	phrase text.Phrase
	score  float64
}

// labels gives each theme its distinctive terms, best first, without repeats
// of a word.
//
// Method: class-based TF-IDF on shares of texts, as log-odds against the other
// themes with an informative prior (Monroe, Colaresi, Quinn 2008, section
// 3.5.1), weighted by coverage.
func (f *fitted) labels(names map[uint64]text.Phrase) [][]string {
	size := make([]float64, f.themes)
	for _, t := range f.of {
		if t >= 0 {
			size[t]++
		}
	}
	within := f.within()
	terms := make([][]term, f.themes)
	n := float64(len(f.of))
	for c, h := range f.vocabulary.Hashes {
		p, ok := names[h]
		if !ok || !showable(p) {
			continue
		}
		df := float64(f.vocabulary.DF[c])
		for t, k := range within[c] {
			x := float64(k)
			if x < 2 && size[t] > 2 || x < leastShare*size[t] {
				continue
			}
			prior := priorTexts * df / n
			here := (x + prior) / (size[t] + priorTexts)
			rest := (df - x + prior) / (n - size[t] + priorTexts)
			score := x / size[t] * math.Log(here/rest)
			if p.Second != "" {
				score *= pairBonus
			}
			if score > 0 || f.themes == 1 {
				terms[t] = append(terms[t], term{p, score})
			}
		}
	}
	out := make([][]string, f.themes)
	for t := range out {
		out[t] = distinct(terms[t])
	}
	return out
}

// within counts, for each column, the texts of each theme that hold it.
func (f *fitted) within() []map[int]int32 {
	out := make([]map[int]int32, f.matrix.Cols)
	for i, t := range f.of {
		if t < 0 {
			continue
		}
		for _, c := range f.matrix.Col[f.matrix.Start[i]:f.matrix.Start[i+1]] {
			if out[c] == nil {
				out[c] = map[int]int32{}
			}
			out[c][t]++
		}
	}
	return out
}

// showable leaves out single characters and two-letter words, which read as noise.
func showable(p text.Phrase) bool {
	if p.Second != "" {
		return showableWord(p.First, 1, 2) && showableWord(p.Second, 1, 2)
	}
	return showableWord(p.First, 2, 3)
}

func showableWord(w string, han, latin int) bool {
	n := utf8.RuneCountInString(w)
	if r, _ := utf8.DecodeRuneInString(w); unicode.Is(unicode.Han, r) {
		return n >= han
	}
	return n >= latin
}

// distinct orders the terms and drops those that share a word with a better one.
func distinct(terms []term) []string {
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.phrase.String(), b.phrase.String()))
	})
	used := map[string]bool{}
	var out []string
	for _, t := range terms {
		s := t.phrase.String()
		if used[t.phrase.First] || t.phrase.Second != "" && used[t.phrase.Second] || within(out, s) {
			continue
		}
		used[t.phrase.First], used[t.phrase.Second] = true, t.phrase.Second != ""
		delete(used, "")
		if out = append(out, shown(s)); len(out) == keptTerms {
			break
		}
	}
	return out
}

func within(list []string, s string) bool {
	for _, o := range list {
		if strings.Contains(o, s) || strings.Contains(s, o) {
			return true
		}
	}
	return false
}

// shown writes codes in capitals, as people know them.
func shown(s string) string {
	if strings.ContainsAny(s, "0123456789") {
		return strings.ToUpper(s)
	}
	return s
}

func label(terms []string) string { return strings.Join(terms[:min(len(terms), labelTerms)], " · ") }
