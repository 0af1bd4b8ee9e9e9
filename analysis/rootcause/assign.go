package rootcause

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"plaint/analysis/rootcause/cluster"
	"plaint/analysis/rootcause/lineage/book"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/text"
)

// assignment gives new complaints the themes of the latest run as analysts have
// left them.
type assignment struct {
	assigner   *cluster.Assigner
	extractors *cluster.Extractors
	moves      []book.Move
}

// OpenThemes is how a store gives new complaints the themes of the latest run
// (store.Options.Themes). A run that left no model, or one that this program
// cannot read, gives none until the next: what comes in must not wait for it.
func OpenThemes(ctx context.Context, st *store.Store) (*store.Themes, error) {
	out := &store.Themes{}
	var model []byte
	err := st.QueryRow(ctx, `select m.run, coalesce(r.upto, 0), m.model from theme_model m join run r on r.id = m.run
		where m.run = (select max(id) from run where kind = 'themes')`).Scan(&out.Run, &out.UpTo, &model)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the model of themes: %w", err)
	}
	assigner, words, err := cluster.Load(model)
	if err != nil {
		return nil, nil
	}
	a := &assignment{assigner: assigner, extractors: cluster.NewExtractors(words)}
	if a.moves, err = book.Moves(ctx, st, out.Run); err != nil {
		return nil, err
	}
	out.Assign = a.assign
	return out, nil
}

func (a *assignment) assign(list []*record.Complaint, put func(i int, theme int64, like float64)) {
	a.assigner.Assign(a.extractors, len(list), func(i int) (int, []string) {
		c := list[i]
		return languageOf(inChinese(c.Language, c.Subject, c.Body)), []string{c.Subject, c.Body}
	}, func(i int, theme int64, like float32) {
		if theme > 0 {
			put(i, book.Follow(a.moves, theme, list[i].Subject, list[i].Body), float64(like))
		}
	})
}

// inChinese is whether a complaint is read as Chinese.
func inChinese(language, subject, body string) bool {
	if language == "" {
		language = text.Language(subject + " " + body)
	}
	return language == "zh"
}

// modelTable keeps what new complaints get their themes from. A part that was
// split off by words belongs to what it was split from: the words divide new
// complaints too.
func (s *study) modelTable(moves []book.Move, words *text.Lexicon) (store.Table, error) {
	var ids [cluster.Languages][]int64
	for l, places := range s.places {
		ids[l] = make([]int64, len(places))
		for i, p := range places {
			if t := s.all[p].theme; t >= 0 {
				ids[l][i] = whole(moves, s.themes[t].id)
			}
		}
	}
	model, err := s.model.Save(ids, words)
	return store.Table{Name: "theme_model", Rows: [][]any{{model}}}, err
}

// whole is the theme that a split part is of. One that another theme was merged
// into has texts that the words say nothing of, and stays what it is.
func whole(moves []book.Move, id int64) int64 {
	for _, m := range slices.Backward(moves) {
		switch {
		case m.Into != id:
		case m.Words == nil:
			return id
		default:
			id = m.From
		}
	}
	return id
}
