package view

import (
	"context"
	"database/sql"
)

// ThemePart is a theme's complaints in one language.
type ThemePart struct {
	Language string   `json:"language"`
	Label    string   `json:"label"`
	Terms    []string `json:"terms"`
	Size     int      `json:"size"`
	Example  int64    `json:"example"` // a complaint
}

// ThemeArea is what themes that are alike have in common.
type ThemeArea struct {
	ID     int64             `json:"id"`
	Labels map[string]string `json:"labels"` // by language
	Themes int               `json:"themes"`
	Size   int               `json:"size"`
}

// LabelIn is the theme's label in a language, or, where it has none, in that of
// most of its texts.
func (t *Theme) LabelIn(language string) string {
	for _, p := range t.Parts {
		if p.Language == language && p.Label != "" && t.Name == "" {
			return p.Label
		}
	}
	return t.Label
}

// TermsIn are the theme's terms in a language, or in that of most of its texts.
func (t *Theme) TermsIn(language string) []string {
	for _, p := range t.Parts {
		if p.Language == language && len(p.Terms) > 0 {
			return p.Terms
		}
	}
	return t.Terms
}

// LabelIn is the area's label in a language, or in another.
func (a *ThemeArea) LabelIn(language string) string {
	if s := a.Labels[language]; s != "" {
		return s
	}
	for _, other := range []string{"zh", "en"} {
		if s := a.Labels[other]; s != "" {
			return s
		}
	}
	return ""
}

const partsQuery = `with live as (select m.theme, if(c.language = 'zh', 'zh', 'en') as language, count(*) as size
		from theme_member m join complaint c using (seq) where m.run = $1 group by 1, 2)
	select p.theme, coalesce(p.language, ''), coalesce(label, ''), coalesce(array_to_string(coalesce(terms, []), chr(31)), ''), coalesce(l.size, 0) as n, coalesce(example, 0)
	from theme_part p left join live l on l.theme = p.theme and l.language = p.language where run = $1 order by p.theme, n desc, p.language`

const areasQuery = `select t.id, a.id, coalesce(a.language, ''), coalesce(a.label, ''), a.themes, a.size
	from theme t join theme_area a on a.run = t.run and a.id = t.area where t.run = $1 order by t.id, a.language`

// addParts adds the parts of the themes and their areas, without customers'
// names.
func (r *Reader) addParts(ctx context.Context, run int64, themes []Theme) error {
	at := make(map[int64]*Theme, len(themes))
	for i := range themes {
		at[themes[i].ID] = &themes[i]
	}
	if err := r.st.Each(ctx, partsQuery, func(rows *sql.Rows) error {
		var theme int64
		var p ThemePart
		var terms string
		if err := rows.Scan(&theme, &p.Language, &p.Label, &terms, &p.Size, &p.Example); err != nil {
			return err
		}
		if p.Terms = splitTerms(terms); at[theme] != nil {
			at[theme].Parts = append(at[theme].Parts, p)
		}
		return nil
	}, run); err != nil {
		return err
	}
	if err := r.st.Each(ctx, areasQuery, func(rows *sql.Rows) error {
		var theme int64
		var a ThemeArea
		var language, label string
		if err := rows.Scan(&theme, &a.ID, &language, &label, &a.Themes, &a.Size); err != nil {
			return err
		}
		if t := at[theme]; t != nil {
			if t.Area == nil {
				t.Area, a.Labels = &a, map[string]string{}
			}
			t.Area.Labels[language] = label
		}
		return nil
	}, run); err != nil {
		return err
	}
	return r.maskParts(ctx, themes)
}

func (r *Reader) maskParts(ctx context.Context, themes []Theme) error {
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	for i := range themes {
		t := &themes[i]
		for k := range t.Parts {
			p := &t.Parts[k]
			p.Label, p.Terms = withoutNames(known, p.Label, t.ID, p.Terms)
		}
		if t.Area != nil {
			for language, label := range t.Area.Labels {
				t.Area.Labels[language], _ = withoutNames(known, label, t.Area.ID, nil)
			}
		}
	}
	return nil
}
