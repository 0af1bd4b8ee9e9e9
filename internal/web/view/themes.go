package view

import (
	"context"
	"database/sql"
	"time"

	"plaint/internal/web/format"
)

// Window is a stretch in which a theme, or a log template, burst.
type Window struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	N        int       `json:"n"`
	Expected float64   `json:"expected"`
	P        float64   `json:"p"`
}

// Theme is a group of complaints about the same thing.
type Theme struct {
	ID        int64    `json:"id"`
	Label     string   `json:"label"`
	Language  string   `json:"language"`
	Terms     []string `json:"terms"`
	Size      int      `json:"size"`
	Since     int      `json:"since"` // of Size: admitted since the run
	Share     float64  `json:"share"`
	Example   int64    `json:"example"` // a complaint
	Type      string   `json:"type"`
	Severity  float64  `json:"severity"` // 0 to 1
	Customers int      `json:"customers"`
	Amount    float64  `json:"amount"` // claimed, in the currency of most claims
	Currency  string   `json:"currency"`
	// Money is all that is claimed, the currency of most claims first.
	Money   []format.Money `json:"money"`
	First   *time.Time     `json:"first"`
	Last    *time.Time     `json:"last"`
	Trend   *float64       `json:"trend"` // change per week over the weekly mean; nil where it is not known
	Spark   []int          `json:"spark"` // complaints in equal steps over the span of the data, strays left out
	Hot     []bool         `json:"-"`     // steps of Spark that are in a window
	Windows []Window       `json:"windows"`
	Parts   []ThemePart    `json:"parts"` // by language, the largest first
	Area    *ThemeArea     `json:"area,omitempty"`
	Name    string         `json:"name,omitempty"`   // an analyst's, which is the label then
	Pinned  bool           `json:"pinned,omitempty"` // by an analyst
	Change  string         `json:"change,omitempty"` // since the run before
	News    *ThemeNews     `json:"news,omitempty"`   // while it is new
}

// themesQuery counts the complaints and customers that themes have now, and
// themeMoney what they claim: new ones are
// given a theme at admission. The other numbers are those of the run.
const themesQuery = `with live as (select m.theme, count(*) as size, count(*) filter (m.seq > r.upto) as since,
			count(distinct c.customer) as people, min(c.received) as earliest, max(c.received) as latest
		from theme_member m join run r on r.id = m.run join complaint c on c.seq = m.seq where m.run = $1 group by 1)
	select count(*) over () as total, id, coalesce(label, ''), coalesce(language, ''), coalesce(array_to_string(coalesce(terms, []), chr(31)), ''), coalesce(l.size, 0) as n,
		coalesce(l.since, 0), coalesce(l.size / sum(l.size) over (), 0) as share, coalesce(example, 0), coalesce(type, ''), coalesce(severity, 0), coalesce(l.people, 0),
		l.earliest, l.latest, trend
	from theme t left join live l on l.theme = t.id where run = $1 order by n desc, id limit $2 offset $3`

const sparkQuery = `select m.theme, (floor(epoch(c.received))::bigint - $2) * $4 // greatest(1, $3 - $2) as step, count(*)
	from theme_member m join complaint c on c.seq = m.seq where m.run = $1 and epoch(c.received) >= $2 and epoch(c.received) < $3 group by 1, 2`

const windowsQuery = `select theme, start_at, end_at, n, expected, p from theme_window where run = $1 order by theme, start_at`

const sparkSteps = 26

// Themes lists the themes of the latest run, the largest first.
func (r *Reader) Themes(ctx context.Context, limit, offset int) (Page[Theme], error) {
	p := Page[Theme]{Limit: limit, Offset: offset, Rows: []Theme{}}
	runs, err := r.latest(ctx)
	if err != nil || runs["themes"] == 0 {
		return p, err
	}
	run := runs["themes"]
	err = p.fill(ctx, r.st, func(rows *sql.Rows, t *Theme) error {
		var terms string
		err := rows.Scan(&p.Total, &t.ID, &t.Label, &t.Language, &terms, &t.Size, &t.Since, &t.Share, &t.Example, &t.Type, &t.Severity,
			&t.Customers, when{&t.First}, when{&t.Last}, &t.Trend)
		t.Terms, t.Spark, t.Windows = splitTerms(terms), make([]int, sparkSteps), []Window{}
		t.Parts = []ThemePart{}
		return err
	}, themesQuery, run, limitHere, offsetHere)
	if err != nil {
		return p, err
	}
	money, err := r.moneyOf(ctx, themeMoney, run)
	if err != nil {
		return p, err
	}
	for i := range p.Rows {
		x := &p.Rows[i]
		x.Money, x.Amount, x.Currency = claimed(money[x.ID])
	}
	if err := r.maskThemes(ctx, p.Rows); err != nil {
		return p, err
	}
	if err := r.addParts(ctx, run, p.Rows); err != nil {
		return p, err
	}
	if err := r.markThemes(ctx, run, p.Rows); err != nil {
		return p, err
	}
	return p, r.complete(ctx, run, p.Rows)
}

func splitTerms(s string) []string {
	out := []string{}
	start := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == 31 {
			if i > start {
				out = append(out, s[start:i])
			}
			start = i + 1
		}
	}
	return out
}

// complete adds sparks and windows to themes.
func (r *Reader) complete(ctx context.Context, run int64, themes []Theme) error {
	at := make(map[int64]*Theme, len(themes))
	for i := range themes {
		at[themes[i].ID] = &themes[i]
	}
	span, err := r.span(ctx)
	if err != nil {
		return err
	}
	type tick struct {
		theme   int64
		step, n int
	}
	ticks, err := collect(ctx, r.st, func(rows *sql.Rows, t *tick) error { return rows.Scan(&t.theme, &t.step, &t.n) }, sparkQuery, run, span.From.Unix(), span.To.Unix(), sparkSteps)
	if err != nil {
		return err
	}
	for _, t := range ticks {
		if x := at[t.theme]; x != nil && t.step >= 0 && t.step < sparkSteps {
			x.Spark[t.step] = t.n
		}
	}
	type found struct {
		theme int64
		w     Window
	}
	windows, err := collect(ctx, r.st, func(rows *sql.Rows, f *found) error {
		return rows.Scan(&f.theme, &f.w.From, &f.w.To, &f.w.N, &f.w.Expected, &f.w.P)
	}, windowsQuery, run)
	if err != nil {
		return err
	}
	for _, f := range windows {
		if x := at[f.theme]; x != nil {
			x.Windows = append(x.Windows, f.w)
			x.mark(f.w, span)
		}
	}
	return nil
}

// mark points out the steps of the spark that a window covers.
func (t *Theme) mark(w Window, span Span) {
	if t.Hot == nil {
		t.Hot = make([]bool, sparkSteps)
	}
	for i := max(0, span.step(w.From, sparkSteps)); i <= min(sparkSteps-1, span.step(w.To.Add(-time.Nanosecond), sparkSteps)); i++ {
		t.Hot[i] = true
	}
}

// Theme is one theme of the latest run, or ErrNotFound.
func (r *Reader) Theme(ctx context.Context, id int64) (Theme, error) {
	p, err := r.Themes(ctx, 1<<30, 0)
	if err != nil {
		return Theme{}, err
	}
	for _, t := range p.Rows {
		if t.ID == id {
			return t, nil
		}
	}
	return Theme{}, ErrNotFound
}
