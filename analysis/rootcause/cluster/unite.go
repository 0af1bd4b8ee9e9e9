package cluster

import (
	"cmp"
	"slices"

	"plaint/internal/text/space"
)

// alike is from which likeness on two groups of different languages have one
// cause. In the simulation all pairs but one above it are right; groups of
// foreign collections stay below it.
const alike = .5

// union is which groups of the languages are one theme.
type union struct {
	of     [Languages][]int // theme of each group
	themes int
	like   [][]float64 // of themes to each other
}

// unite pairs groups of different languages, the most alike first; the others
// stay alone.
func unite(corpora [Languages]*Corpus, fits [Languages]*fitted) *union {
	u := &union{}
	var profiles, words [Languages]*space.Dense
	for l, f := range fits {
		if f == nil {
			continue
		}
		profiles[l], words[l] = corpora[l].profiles(&f.grouping), f.apart()
		for t := range f.groups {
			u.of[l] = append(u.of[l], t)
		}
	}
	if profiles[Chinese] != nil && profiles[Other] != nil {
		u.pair(profiles[Chinese], profiles[Other])
	}
	for _, of := range u.of {
		for _, t := range of {
			u.themes = max(u.themes, t+1)
		}
	}
	u.compare(profiles, words)
	return u
}

// pair numbers the groups of the second language: as the one they belong to, or
// after all of the first.
func (u *union) pair(a, b *space.Dense) {
	type pair struct {
		i, j int
		like float32
	}
	var list []pair
	for i := range a.Rows {
		for j := range b.Rows {
			if s := space.Dot(a.Row(i), b.Row(j)); s >= alike {
				list = append(list, pair{i, j, s})
			}
		}
	}
	slices.SortFunc(list, func(x, y pair) int { return cmp.Or(cmp.Compare(y.like, x.like), x.i-y.i, x.j-y.j) })
	taken := make([]bool, a.Rows)
	for j := range b.Rows {
		u.of[Other][j] = -1
	}
	for _, p := range list {
		if !taken[p.i] && u.of[Other][p.j] < 0 {
			taken[p.i] = true
			u.of[Other][p.j] = p.i
		}
	}
	next := a.Rows
	for j, t := range u.of[Other] {
		if t < 0 {
			u.of[Other][j] = next
			next++
		}
	}
}

// compare sets how alike themes are: by their profiles in all languages and by
// their words in each that both have, the two halves of it counting the same.
func (u *union) compare(profiles, words [Languages]*space.Dense) {
	type sum struct{ profile, words, pairs, own float64 }
	sums := make([][]sum, u.themes)
	for i := range sums {
		sums[i] = make([]sum, u.themes)
	}
	for l, of := range u.of {
		for i, a := range of {
			for m, others := range u.of {
				for j, b := range others {
					s := &sums[a][b]
					s.profile += float64(space.Dot(profiles[l].Row(i), profiles[m].Row(j)))
					s.pairs++
					if l == m {
						s.words += float64(space.Dot(words[l].Row(i), words[m].Row(j)))
						s.own++
					}
				}
			}
		}
	}
	u.like = make([][]float64, u.themes)
	for a := range sums {
		u.like[a] = make([]float64, u.themes)
		for b, s := range sums[a] {
			u.like[a][b] = s.profile / s.pairs
			if s.own > 0 {
				u.like[a][b] = (u.like[a][b] + s.words/s.own) / 2
			}
		}
	}
}

// join makes the themes parts of others: to is what each belongs to, of n.
func (u *union) join(to []int, n int) {
	like, pairs := make([][]float64, n), make([][]float64, n)
	for a := range like {
		like[a], pairs[a] = make([]float64, n), make([]float64, n)
	}
	for a, row := range u.like {
		for b, v := range row {
			like[to[a]][to[b]] += v
			pairs[to[a]][to[b]]++
		}
	}
	for a, row := range like {
		for b := range row {
			row[b] /= pairs[a][b]
		}
	}
	for _, of := range u.of {
		for t, theme := range of {
			of[t] = to[theme]
		}
	}
	u.like, u.themes = like, n
}
