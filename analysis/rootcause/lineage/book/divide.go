package book

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"unicode/utf8"

	"plaint/internal/store"
	"plaint/internal/text"
)

// What a theme is divided by where no words are given.
const (
	dividedTexts = 2000 // that are looked at
	leastSide    = .1   // of the texts that each side has at least
	mostTold     = 400  // commonest words that are compared
)

// Divide finds the word that divides a theme best: the one whose presence tells
// most of the other words, by the sum of the chi squares with each of them
// (association analysis, Williams and Lambert 1959). It looks at the texts in the
// theme's commoner language. The answer is empty where no word stands in a tenth
// to nine tenths of them.
func Divide(ctx context.Context, st *store.Store, theme int64) (string, error) {
	texts, err := sample(ctx, st, theme)
	if err != nil {
		return "", fmt.Errorf("read the texts of theme %d: %w", theme, err)
	}
	names, docs := wordsOf(texts)
	together := make([]int, len(names)*len(names))
	for _, d := range docs {
		for _, a := range d {
			for _, b := range d {
				together[a*len(names)+b]++
			}
		}
	}
	best, most := "", 0.0
	for a := range names {
		n := together[a*len(names)+a]
		if share := float64(n) / float64(len(docs)); share < leastSide || share > 1-leastSide {
			continue
		}
		sum := 0.0
		for b := range names {
			if a != b {
				sum += chiSquare(len(docs), n, together[b*len(names)+b], together[a*len(names)+b])
			}
		}
		if sum > most {
			best, most = names[a], sum
		}
	}
	return best, nil
}

// chiSquare of two words that na and nb of n texts hold, and both of them both.
func chiSquare(n, na, nb, both int) float64 {
	if na == n || nb == n || na == 0 || nb == 0 {
		return 0
	}
	d := float64(both)*float64(n) - float64(na)*float64(nb)
	return d * d * float64(n) / (float64(na) * float64(n-na) * float64(nb) * float64(n-nb))
}

// sample is some texts of a theme of the latest run, all in its commoner language.
func sample(ctx context.Context, st *store.Store, theme int64) ([]string, error) {
	by := map[string][]string{}
	err := st.Each(ctx, `select concat_ws(chr(10), c.subject, c.body) from theme_member m join complaint c using (seq)
		where m.run = (select max(id) from run where kind = 'themes') and m.theme = ? order by hash(seq), seq limit ?`, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		language := text.Language(s)
		by[language] = append(by[language], s)
		return err
	}, theme, dividedTexts)
	out := []string{}
	for _, l := range []string{"en", "zh"} {
		if len(by[l]) > len(out) {
			out = by[l]
		}
	}
	return out, err
}

// wordsOf numbers the commonest words of texts, and the words of each text.
func wordsOf(texts []string) (names []string, docs [][]int) {
	t := text.NewTokenizer()
	n := map[string]int{}
	said := make([][]string, len(texts))
	for i, s := range texts {
		for _, x := range t.Tokens(nil, s) {
			if (x.Kind == text.Word || x.Kind == text.Entity) && !slices.Contains(said[i], x.Text) && utf8.RuneCountInString(x.Text) > 1 {
				said[i] = append(said[i], x.Text)
				n[x.Text]++
			}
		}
	}
	for w := range n {
		names = append(names, w)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(n[b]-n[a], cmp.Compare(a, b)) })
	names = names[:min(len(names), mostTold)]
	number := map[string]int{}
	for i, w := range names {
		number[w] = i
	}
	docs = make([][]int, len(texts))
	for i, list := range said {
		for _, w := range list {
			if k, ok := number[w]; ok {
				docs[i] = append(docs[i], k)
			}
		}
	}
	return names, docs
}

// SplitBest splits a theme by the word that divides it best.
func (p *Pen) SplitBest(ctx context.Context, theme int64) ([]Edit, error) {
	word, err := Divide(ctx, p.Store, theme)
	if err != nil {
		return nil, err
	}
	if word == "" {
		return p.write(ctx, func(g *page) error {
			return cmp.Or(g.has(theme), refuse("err_theme_split_no_word", "id", theme))
		})
	}
	return p.Split(ctx, theme, []string{word})
}
