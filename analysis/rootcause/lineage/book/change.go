package book

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"plaint/analysis/rootcause/lineage"
)

// Most characters of a name, and words of a split.
const (
	mostName  = 120
	mostWords = 20
)

// Name calls a theme by a name instead of its words.
func (p *Pen) Name(ctx context.Context, theme int64, name string) ([]Edit, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return nil, refuse("err_theme_name_empty")
	}
	if n := utf8.RuneCountInString(name); n > mostName || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		return nil, refuse("err_theme_name", "most", mostName)
	}
	return p.write(ctx, func(g *page) error {
		if err := g.has(theme); err != nil {
			return err
		}
		if _, err := g.add(Edit{Action: Name, Theme: theme, Name: name}); err != nil {
			return err
		}
		return g.w.Exec(ctx, "update theme set name = ? where run = ? and id = ?", name, g.run, theme)
	})
}

// Pin keeps a theme and its complaints together whatever later fits say.
func (p *Pen) Pin(ctx context.Context, theme int64) ([]Edit, error) {
	return p.write(ctx, func(g *page) error {
		if err := g.has(theme); err != nil {
			return err
		}
		n, err := g.ask(`select count(*) from theme_edit e where action = 'pin' and theme = ? and not exists (select 1 from theme_edit u where u.undoes = e.id)`, theme)
		if err != nil {
			return err
		}
		if n > 0 {
			return refuse("err_theme_pinned", "id", theme)
		}
		e, err := g.add(Edit{Action: Pin, Theme: theme})
		if err != nil {
			return err
		}
		return g.seed(e.ID, theme)
	})
}

// Merge makes other themes part of one.
func (p *Pen) Merge(ctx context.Context, theme int64, others []int64) ([]Edit, error) {
	for i, o := range others {
		if o == theme || slices.Contains(others[:i], o) {
			return nil, refuse("err_theme_itself", "id", o)
		}
	}
	return p.write(ctx, func(g *page) error {
		for _, id := range append([]int64{theme}, others...) {
			if err := g.has(id); err != nil {
				return err
			}
		}
		for _, o := range others {
			if err := g.merge(theme, o); err != nil {
				return err
			}
		}
		return g.count(theme)
	})
}

func (g *page) merge(theme, other int64) error {
	label, err := g.text("select coalesce(label, '') from theme where run = ? and id = ?", g.run, other)
	if err != nil {
		return err
	}
	labels := map[string]string{}
	err = g.w.Each(g.ctx, "select language, label from theme_part where run = ? and theme = ? and language <> '' and label <> ''", func(row []driver.Value) error {
		labels[row[0].(string)] = row[1].(string)
		return nil
	}, g.run, other)
	if err != nil {
		return err
	}
	e, err := g.add(Edit{Action: Merge, Theme: theme, Other: other, Name: label, Labels: labels})
	if err != nil {
		return err
	}
	for _, id := range []int64{theme, other} {
		if err := g.seed(e.ID, id); err != nil {
			return err
		}
	}
	n, err := g.size(other)
	if err != nil {
		return err
	}
	all, err := g.size(theme)
	if err != nil {
		return err
	}
	if err := g.tell(lineage.Event{Theme: other, What: lineage.Merged, Other: theme, Share: 1, Was: int(n)}); err != nil {
		return err
	}
	if err := g.tell(lineage.Event{Theme: theme, What: lineage.Grew, Other: other, Share: float64(n) / float64(all+n), Was: int(all), N: int(all + n)}); err != nil {
		return err
	}
	if err := g.w.Exec(g.ctx, "delete from theme_window where run = ? and theme in (?, ?)", g.run, theme, other); err != nil {
		return err
	}
	if err := g.w.Exec(g.ctx, "update theme_member set theme = ? where run = ? and theme = ?", theme, g.run, other); err != nil {
		return err
	}
	return g.exec([]driver.Value{g.run, other}, "delete from theme where run = $1 and id = $2", "delete from theme_part where run = $1 and theme = $2")
}

// Split makes the texts of a theme that hold one of the words a theme of its own.
func (p *Pen) Split(ctx context.Context, theme int64, words []string) ([]Edit, error) {
	words, err := tidy(words)
	if err != nil {
		return nil, err
	}
	return p.write(ctx, func(g *page) error {
		if err := g.has(theme); err != nil {
			return err
		}
		all, err := g.size(theme)
		if err != nil {
			return err
		}
		const with = " from theme_member m join complaint c using (seq) where m.run = ? and m.theme = ? and regexp_matches(concat_ws(' ', c.subject, c.body), ?)"
		n, err := g.ask("select count(*)"+with, g.run, theme, Pattern(words))
		switch {
		case err != nil:
			return err
		case n == 0:
			return refuse("err_theme_split_none", "id", theme, "words", strings.Join(words, ", "))
		case n == all:
			return refuse("err_theme_split_all", "id", theme, "words", strings.Join(words, ", "))
		}
		return g.split(theme, words, int(n), int(all))
	})
}

// tidy is the words without blanks around them and without repeats.
func tidy(words []string) (out []string, _ error) {
	for _, w := range words {
		w = strings.Join(strings.Fields(w), " ")
		if w == "" || strings.ContainsFunc(w, unicode.IsControl) || !utf8.ValidString(w) || utf8.RuneCountInString(w) > mostName {
			return nil, refuse("err_theme_word")
		}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) == 0 || len(out) > mostWords {
		return nil, refuse("err_theme_word")
	}
	return out, nil
}

func (g *page) split(theme int64, words []string, n, all int) error {
	fresh, err := g.ask(nextQuery)
	if err != nil {
		return err
	}
	e, err := g.add(Edit{Action: Split, Theme: theme, Other: fresh, Words: words})
	if err != nil {
		return err
	}
	for _, event := range []lineage.Event{{Theme: fresh, What: lineage.Split, Other: theme, Share: float64(n) / float64(all), N: n},
		{Theme: theme, What: lineage.Shrank, Other: fresh, Share: float64(n) / float64(all), Was: all, N: all - n}} {
		if err := g.tell(event); err != nil {
			return err
		}
	}
	if err := g.w.Exec(g.ctx, `update theme_member set theme = ? where run = ? and theme = ? and seq in (
		select seq from complaint where regexp_matches(concat_ws(' ', subject, body), ?))`, fresh, g.run, theme, Pattern(words)); err != nil {
		return err
	}
	if err := g.w.Exec(g.ctx, `insert into theme (run, id, label, language, terms, example, area) select run, ?, ?, language, string_split(?, chr(31)), 0, area from theme where run = ? and id = ?`,
		fresh, strings.Join(words, " · "), strings.Join(words, string(wordMark)), g.run, theme); err != nil {
		return err
	}
	if err := g.w.Exec(g.ctx, "delete from theme_window where run = ? and theme = ?", g.run, theme); err != nil {
		return err
	}
	if err := g.seed(e.ID, fresh); err != nil {
		return err
	}
	if err := g.count(fresh); err != nil {
		return err
	}
	return g.count(theme)
}

// Undo takes an edit back: a name at once, anything else in the next run.
func (p *Pen) Undo(ctx context.Context, edit int64) ([]Edit, error) {
	return p.write(ctx, func(g *page) error {
		var e Edit
		err := g.w.Each(ctx, "select id, action, theme from theme_edit where id = ?", func(row []driver.Value) error {
			e = Edit{ID: row[0].(int64), Action: row[1].(string), Theme: row[2].(int64)}
			return nil
		}, edit)
		if err != nil {
			return err
		}
		undone, err := g.ask("select count(*) from theme_edit where undoes = ?", edit)
		switch {
		case err != nil:
			return err
		case e.ID == 0:
			return refuse("err_edit_unknown", "id", edit)
		case e.Action == Undo:
			return refuse("err_edit_is_undo", "id", edit)
		case undone > 0:
			return refuse("err_edit_undone", "id", edit)
		}
		if _, err := g.add(Edit{Action: Undo, Theme: e.Theme, Undoes: edit}); err != nil || e.Action != Name {
			return err
		}
		return g.w.Exec(ctx, `update theme set name = (select arg_max(name, id) from theme_edit n where action = 'name' and theme = $2
			and not exists (select 1 from theme_edit u where u.undoes = n.id)) where run = $1 and id = $2`, g.run, e.Theme)
	})
}
