package view

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"plaint/internal/store"
	"plaint/internal/web/locale"
	"plaint/internal/written"
	"plaint/scoring/model"
)

// Strange is a text that a rule compares a fact with and that no complaint here has.
type Strange struct {
	Rule  string `json:"rule"`
	Fact  string `json:"fact"`
	Text  string `json:"value"`
	Near  string `json:"near,omitempty"` // what may have been meant
	Known bool   `json:"known"`          // the program has a word for it: it may still come
}

// factQueries read the values that complaints have, by fact.
var factQueries = map[string]string{
	"channel":  "select distinct channel from complaint where channel is not null",
	"currency": "select distinct currency from complaint where currency is not null",
	"language": "select distinct language from complaint where language is not null",
	"product":  "select distinct product from complaint where product is not null",
	"source":   "select distinct source from complaint where source is not null",
	"type":     "select distinct type from complaint where type is not null",
}

// declaring are the facts whose values the program has words for; sources and
// currencies are whatever the records say.
var declaring = []string{"channel", "language", "product", "type"}

// StrangeWords finds what rules of a model compare facts with and what occurs nowhere:
// such a comparison decides nothing, and often is a slip of the pen. An empty text
// stands for what is not known, and is none.
func StrangeWords(ctx context.Context, st *store.Store, m *model.Model) ([]Strange, error) {
	var out []Strange
	have := map[string][]string{}
	for i := range m.Rules {
		for _, w := range m.Words(i) {
			query, ok := factQueries[w.Fact]
			if !ok || w.Text == "" {
				continue
			}
			if _, read := have[w.Fact]; !read {
				list := []string{}
				if err := st.Each(ctx, query, func(rows *sql.Rows) error {
					var v string
					err := rows.Scan(&v)
					list = append(list, v)
					return err
				}); err != nil {
					return nil, fmt.Errorf("read what complaints have of %s: %w", w.Fact, err)
				}
				have[w.Fact] = list
			}
			if slices.Contains(have[w.Fact], w.Text) {
				continue
			}
			x := Strange{Rule: m.Rules[i].Name, Fact: w.Fact, Text: w.Text}
			var declared []string
			if slices.Contains(declaring, w.Fact) {
				declared = locale.Codes(w.Fact)
			}
			if x.Known = slices.Contains(declared, w.Text); !x.Known {
				x.Near = written.Nearest(w.Text, slices.Concat(declared, have[w.Fact]))
			}
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}
