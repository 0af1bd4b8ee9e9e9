package keep

import (
	"context"
	"database/sql/driver"
	"strings"
)

// partsAndAreas takes the terms out of the parts and areas of themes that no text
// of theirs holds any more, and returns how many changed.
func (e *erasure) partsAndAreas(ctx context.Context) (changed int64, err error) {
	type part struct {
		theme
		language string
	}
	var parts, areas []part
	read := func(into *[]part) func(row []driver.Value) error {
		return func(row []driver.Value) error {
			*into = append(*into, part{theme{row[0].(int64), row[1].(int64), row[2].(string), strings.Split(row[3].(string), "\x1f")}, row[4].(string)})
			return nil
		}
	}
	const touched = "(select (run, theme) from theme_member where seq in (select seq from gone_complaint))"
	if err := e.w.Each(ctx, "select run, theme, coalesce(label, ''), coalesce(array_to_string(terms, chr(31)), ''), coalesce(language, '') from theme_part where (run, theme) in "+touched, read(&parts)); err != nil {
		return 0, err
	}
	if err := e.w.Each(ctx, `select run, id, coalesce(label, ''), '', coalesce(language, '') from theme_area
		where (run, id) in (select (run, area) from theme where (run, id) in `+touched+")", read(&areas)); err != nil {
		return 0, err
	}
	for _, p := range parts {
		terms, label, gone, err := e.left(ctx, p.theme, ofTheme)
		if err == nil && gone {
			changed++
			err = e.w.Exec(ctx, `update theme_part set label = ?, terms = list_filter(string_split(?, chr(31)), x -> x <> '') where run = ? and theme = ? and coalesce(language, '') = ?`,
				label, strings.Join(terms, "\x1f"), p.run, p.id, p.language)
		}
		if err != nil {
			return changed, err
		}
	}
	for _, a := range areas {
		_, label, gone, err := e.left(ctx, a.theme, ofArea)
		if err == nil && gone {
			changed++
			err = e.w.Exec(ctx, "update theme_area set label = ? where run = ? and id = ? and coalesce(language, '') = ?", label, a.run, a.id, a.language)
		}
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// Whose texts must still hold a term: those of a theme of a run, of an area, or
// those that stood for a merge.
const (
	ofTheme = "select seq from theme_member where run = ? and theme = ?"
	ofArea  = "select m.seq from theme_member m join theme t on t.run = m.run and t.id = m.theme where t.run = ? and t.area = ?"
	ofMerge = "select seq from theme_edit_seed where edit = ? and theme = ?"
)

// left are the terms and the label without what no text holds any more, and
// whether anything went.
func (e *erasure) left(ctx context.Context, t theme, of string) (terms []string, label string, gone bool, err error) {
	if terms, err = e.held(ctx, t, t.terms, of); err != nil {
		return nil, "", false, err
	}
	words, err := e.held(ctx, t, strings.Split(t.label, between), of)
	label = strings.Join(words, between)
	return terms, label, label != t.label || strings.Join(terms, "") != strings.Join(t.terms, ""), err
}

// called are the names of the person, as they may stand in what analysts wrote.
func (e *erasure) called(ctx context.Context) (out []string, err error) {
	err = e.w.Each(ctx, `select distinct x from (select trim(customer_name) as x from complaint where seq in (select seq from gone_complaint)
		union all select trim(contact) from complaint where seq in (select seq from gone_complaint)) where length(x) >= 2`, func(row []driver.Value) error {
		out = append(out, row[0].(string))
		return nil
	})
	return out, err
}

// curated takes the customer out of what analysts decided: names and words that
// call the person, the label of a merged theme where it quotes the person alone,
// and the complaints that stood for a theme. The decisions stay.
func (e *erasure) curated(ctx context.Context, called []string) error {
	n := int64(0)
	for _, name := range called {
		for _, q := range []string{"theme", "theme_edit"} {
			k, err := ask(ctx, e.w, "select count(*) from "+q+" where contains(lower(name), lower(?))", name)
			if err != nil {
				return err
			}
			if n += k; k > 0 {
				if err := e.w.Exec(ctx, "update "+q+" set name = null where contains(lower(name), lower(?))", name); err != nil {
					return err
				}
			}
		}
	}
	var merges []theme
	err := e.w.Each(ctx, `select id, other, name from theme_edit where action = 'merge' and name is not null
		and id in (select edit from theme_edit_seed where seq in (select seq from gone_complaint))`, func(row []driver.Value) error {
		merges = append(merges, theme{run: row[0].(int64), id: row[1].(int64), label: row[2].(string)})
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range merges {
		name, err := e.leftOfMerge(ctx, m)
		if err == nil && name != m.label {
			n++
			err = e.w.Exec(ctx, "update theme_edit set name = nullif(?, '') where id = ?", name, m.run)
		}
		if err != nil {
			return err
		}
	}
	if n > 0 {
		e.out.Counts = append(e.out.Counts, Count{Table: "theme_edit", Blanked: n})
	}
	return e.forgetSeeds(ctx)
}

// leftOfMerge is what the log may still call a merged theme: its label, and behind
// marks its label in each language, such as "zh=登录 · 验证码".
func (e *erasure) leftOfMerge(ctx context.Context, m theme) (string, error) {
	var out []string
	for i, section := range strings.Split(m.label, "\x1f") {
		language, label := "", section
		if i > 0 {
			language, label, _ = strings.Cut(section, "=")
		}
		_, label, _, err := e.left(ctx, theme{run: m.run, id: m.id, label: label}, ofMerge)
		if err != nil {
			return "", err
		}
		if i > 0 && label != "" {
			label = language + "=" + label
		}
		if i == 0 || label != "" {
			out = append(out, label)
		}
	}
	return strings.Join(out, "\x1f"), nil
}

// forgetSeeds deletes the person's complaints from those that stood for themes.
func (e *erasure) forgetSeeds(ctx context.Context) error {
	n, err := ask(ctx, e.w, "select count(*) from theme_edit_seed"+ofComplaints)
	if err != nil || n == 0 {
		return err
	}
	e.out.Counts = append(e.out.Counts, Count{Table: "theme_edit_seed", Removed: n})
	return e.w.Exec(ctx, "delete from theme_edit_seed"+ofComplaints)
}
