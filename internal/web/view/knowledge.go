package view

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
)

// Gap is a theme of complaints and what the FAQ has for it.
type Gap struct {
	Place      int     `json:"place"`
	Theme      int64   `json:"theme"`
	Label      string  `json:"label"`
	Language   string  `json:"language"`
	N          int     `json:"n"`          // complaints
	Repeats    int     `json:"repeats"`    // of them by a customer who had complained of it within 14 days
	Contacts   float64 `json:"contacts"`   // a matter, on the average
	Entry      int64   `json:"entry"`      // the nearest entry, 0 for none
	Question   string  `json:"question"`   // of that
	Similarity float64 `json:"similarity"` // at most 3, and 1 where entry and theme have different languages
	Match      float64 `json:"match"`      // 0 to 1, from 0.5 on the entry answers
	Answered   bool    `json:"answered"`
	Gap        float64 `json:"gap"` // n × contacts × (1 − match)
	Example    int64   `json:"example"`
	Excerpt    string  `json:"excerpt"` // of the example, masked
}

// FAQEntry is an entry of the FAQ and what it is good for.
type FAQEntry struct {
	ID         int64   `json:"id"`
	Line       int     `json:"line"` // of the file
	Question   string  `json:"question"`
	Language   string  `json:"language"`
	URL        string  `json:"url,omitempty"`
	Themes     int     `json:"themes"` // that it answers
	N          int     `json:"n"`      // complaints of them
	Theme      int64   `json:"theme"`  // that it is nearest to, 0 for none
	Label      string  `json:"label"`
	Similarity float64 `json:"similarity"`
}

// Knowledge is what the FAQ answers and what it does not, of the latest run.
type Knowledge struct {
	Run        int64      `json:"run"`
	Current    bool       `json:"current"` // of the latest run of themes, none merged or split since; else their numbers lead nowhere
	Themes     int        `json:"themes"`
	Gaps       int        `json:"gaps"` // themes without an answer
	Complaints int        `json:"complaints"`
	Unanswered int        `json:"unanswered"` // complaints of those themes
	Entries    int        `json:"entries"`
	Unused     int        `json:"unused"` // entries that answer no theme
	Rows       []Gap      `json:"rows"`
	Needless   []FAQEntry `json:"needless"` // some of the entries that answer no theme
}

const gapsQuery = `select g.place, g.theme, coalesce(t.label, ''), coalesce(t.language, ''), coalesce(array_to_string(coalesce(t.terms, []), chr(31)), ''),
		g.n, g.repeats, coalesce(g.contacts, 1), coalesce(g.entry, 0), coalesce(e.question, ''), coalesce(g.similarity, 0), coalesce(g.match, 0), g.answered, g.gap,
		coalesce(g.example, 0), coalesce(c.subject || ' ', '') || coalesce(c.body, ''), coalesce(c.customer_name, '')
	from knowledge_gap g left join theme t on t.run = g.themes_run and t.id = g.theme
	left join knowledge_entry e on e.run = g.run and e.id = g.entry left join complaint c on c.seq = g.example
	where g.run = $1 and ($2 = '' or g.answered = ($2 = 'yes')) order by g.place limit $3 offset $4`

const needlessQuery = `select e.id, e.line, e.question, coalesce(e.language, ''), coalesce(e.url, ''), e.themes, e.n, coalesce(e.theme, 0), coalesce(t.label, ''),
		coalesce(array_to_string(coalesce(t.terms, []), chr(31)), ''), coalesce(e.similarity, 0)
	from knowledge_entry e left join theme t on t.run = (select max(themes_run) from knowledge_gap where run = $1) and t.id = e.theme
	where e.run = $1 and e.themes = 0 order by e.similarity, e.id limit $2`

const needlessShown = 100

// Knowledge reads the latest comparison of themes and FAQ; Run is 0 where
// there is none. answered is "yes", "no" or "" for all.
func (r *Reader) Knowledge(ctx context.Context, answered string, limit, offset int) (k Knowledge, err error) {
	k.Rows, k.Needless = []Gap{}, []FAQEntry{}
	runs, err := r.latest(ctx)
	if err != nil || runs["knowledge"] == 0 {
		return k, err
	}
	k.Run = runs["knowledge"]
	err = r.st.QueryRow(ctx, `select count(*), count(*) filter (where not answered), coalesce(sum(n), 0)::bigint, coalesce(sum(n) filter (where not answered), 0)::bigint,
		(select count(*) from knowledge_entry where run = $1), (select count(*) from knowledge_entry where run = $1 and themes = 0), coalesce(max(themes_run), 0) = $2
			and not exists (select 1 from theme_edit e where e.action in ('merge', 'split') and e.at >= (select started from run where id = $1))
		from knowledge_gap where run = $1`, k.Run, runs["themes"]).Scan(&k.Themes, &k.Gaps, &k.Complaints, &k.Unanswered, &k.Entries, &k.Unused, &k.Current)
	if err != nil {
		return k, fmt.Errorf("read the gaps: %w", err)
	}
	labels, letters := []Theme{}, [][2]string{}
	k.Rows, err = collect(ctx, r.st, func(rows *sql.Rows, g *Gap) error {
		var terms, letter, name string
		err := rows.Scan(&g.Place, &g.Theme, &g.Label, &g.Language, &terms, &g.N, &g.Repeats, &g.Contacts, &g.Entry, &g.Question, &g.Similarity, &g.Match,
			&g.Answered, &g.Gap, &g.Example, &letter, &name)
		letters = append(letters, [2]string{name, letter})
		labels = append(labels, Theme{ID: g.Theme, Label: g.Label, Terms: splitTerms(terms)})
		return err
	}, gapsQuery, k.Run, answered, limit, offset)
	if err != nil {
		return k, err
	}
	k.Needless, err = collect(ctx, r.st, func(rows *sql.Rows, a *FAQEntry) error {
		var terms string
		err := rows.Scan(&a.ID, &a.Line, &a.Question, &a.Language, &a.URL, &a.Themes, &a.N, &a.Theme, &a.Label, &terms, &a.Similarity)
		labels = append(labels, Theme{ID: a.Theme, Label: a.Label, Terms: splitTerms(terms)})
		return err
	}, needlessQuery, k.Run, needlessShown)
	if err != nil {
		return k, err
	}
	if err := r.maskThemes(ctx, labels); err != nil {
		return k, err
	}
	if k.Current { // else the themes of the latest run are others
		shown, err := r.shown(ctx)
		if err != nil {
			return k, err
		}
		for i := range labels {
			labels[i].Label = cmp.Or(shown[labels[i].ID], labels[i].Label)
		}
	}
	known, err := r.names(ctx)
	if err != nil {
		return k, err
	}
	for i := range k.Rows {
		k.Rows[i].Label, k.Rows[i].Excerpt = labels[i].Label, namesOf{known, letters[i][:1]}.excerpt(letters[i][1])
	}
	for i := range k.Needless {
		k.Needless[i].Label = labels[len(k.Rows)+i].Label
	}
	return k, nil
}
