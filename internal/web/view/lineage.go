package view

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"plaint/analysis/rootcause/lineage"
	"plaint/analysis/rootcause/lineage/book"
)

// ThemeNews is a theme that is new in the data.
type ThemeNews struct {
	First     time.Time `json:"first"` // of its complaints since it began
	Announced time.Time `json:"announced"`
	N         int       `json:"n"` // complaints by then
	Q         float64   `json:"q"` // share of false ones among announcements as sure as this
}

// ThemeChange is what became of a theme in a run.
type ThemeChange struct {
	Run   int64     `json:"run"`
	At    time.Time `json:"at"`
	Theme int64     `json:"theme"`
	What  string    `json:"what"`
	Other int64     `json:"other,omitempty"` // the theme it came from or went into
	Share float64   `json:"share"`
	Was   int       `json:"was"`
	N     int       `json:"n"`
}

// ThemeSize is how many complaints a run found a theme to have. What analysts
// moved afterwards is told by the changes: an edit may be undone.
type ThemeSize struct {
	Run int64     `json:"run"`
	At  time.Time `json:"at"`
	N   int       `json:"n"`
}

// ThemeHistory is the life of a theme, or, with ID 0, of all of them.
type ThemeHistory struct {
	ID     int64         `json:"id,omitempty"`
	Label  string        `json:"label,omitempty"` // the last it had
	Alive  bool          `json:"alive"`
	News   *ThemeNews    `json:"news,omitempty"`
	Sizes  []ThemeSize   `json:"sizes,omitempty"`
	Events []ThemeChange `json:"events"`
	Edits  []book.Edit   `json:"edits"`
}

// End is what a theme that is no more ended in, nil for one that lives.
func (h *ThemeHistory) End() *ThemeChange {
	for i := len(h.Events) - 1; i >= 0 && !h.Alive; i-- {
		if e := &h.Events[i]; e.Theme == h.ID && (e.What == lineage.Merged || e.What == lineage.Gone) {
			return e
		}
	}
	return nil
}

const (
	changesQuery = `select e.run, coalesce(e.at, r.finished) as at, e.theme, e.what, coalesce(e.other, 0), coalesce(e.share, 0), coalesce(e.was, 0), coalesce(e.n, 0)
		from theme_event e join run r on r.id = e.run where $1 = 0 and (e.what <> 'born' or e.run > (select min(id) from run where kind = 'themes')) or e.theme = $1 or e.other = $1 and e.what in ('split', 'merged') order by e.run, e.at nulls first, e.theme, e.what`
	// An edit changes the rows of the latest run: what the run had found is what the
	// first of its edits met.
	sizesQuery = `with met as (select run, arg_min(was, (at, rowid)) as n from theme_event where at is not null and theme = $1 group by 1)
		select r.id, r.finished, coalesce(m.n, t.size) from run r left join theme t on t.run = r.id and t.id = $1 left join met m on m.run = r.id
		where r.kind = 'themes' and coalesce(m.n, t.size) > 0 and r.id >= coalesce((select max(id) from run where kind = 'themes' and id < (select min(run) from theme_event)), 0) order by r.id` // before that, ids were not kept
	newsQuery = `select theme, first, announced, n, q from theme_news order by run`
)

// ThemeHistory is what became of a theme and what analysts decided of it, or
// ErrNotFound where no theme ever had the id. With id 0 it is that of all.
func (r *Reader) ThemeHistory(ctx context.Context, id int64) (h ThemeHistory, err error) {
	h.ID = id
	if h.Events, err = collect(ctx, r.st, func(rows *sql.Rows, x *ThemeChange) error {
		return rows.Scan(&x.Run, &x.At, &x.Theme, &x.What, &x.Other, &x.Share, &x.Was, &x.N)
	}, changesQuery, id); err != nil {
		return h, err
	}
	if h.Edits, err = r.themeEdits(ctx, id); err != nil || id == 0 {
		return h, err
	}
	if h.Sizes, err = collect(ctx, r.st, func(rows *sql.Rows, x *ThemeSize) error { return rows.Scan(&x.Run, &x.At, &x.N) }, sizesQuery, id); err != nil {
		return h, err
	}
	if len(h.Sizes) == 0 && len(h.Events) == 0 {
		return h, ErrNotFound
	}
	news, err := r.themeNews(ctx)
	if err != nil {
		return h, err
	}
	h.News = news[id]
	runs, err := r.latest(ctx)
	if err != nil {
		return h, err
	}
	if err := r.count(ctx, &h.Alive, "select count(*) > 0 from theme where run = $1 and id = $2", runs["themes"], id); err != nil {
		return h, err
	}
	return h, r.lastLabel(ctx, &h)
}

// lastLabel is what a theme was last called.
func (r *Reader) lastLabel(ctx context.Context, h *ThemeHistory) error {
	var label, name string
	if err := r.count(ctx, &label, `select coalesce((select arg_max(label, run) from theme_part where theme = $1 and language = $2 and label <> ''),
		(select arg_max(label, run) from theme where id = $1), '')`, h.ID, r.lang); err != nil {
		return err
	}
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	label = withoutNamesIn(known, label, h.ID)
	for _, e := range h.Edits {
		if e.Action == book.Name && e.Theme == h.ID && !e.Undone {
			name = e.Name
		} else if e.Action == book.Merge && e.Other == h.ID && e.Name != "" && !h.Alive {
			label = e.Name // its row is gone since
		}
	}
	shown, err := r.shown(ctx)
	h.Label = cmp.Or(name, shown[h.ID], label, fmt.Sprintf("#%d", h.ID))
	return err
}

// themeEdits are the edits of a theme, with the names of customers taken out of
// what analysts wrote.
func (r *Reader) themeEdits(ctx context.Context, id int64) ([]book.Edit, error) {
	all, err := book.Edits(ctx, r.st)
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	known, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	out := []book.Edit{}
	for _, e := range all {
		if id != 0 && e.Theme != id && e.Other != id {
			continue
		}
		if e.Action == book.Merge {
			e.Name = withoutNamesIn(known, e.Called(r.lang), e.Other)
		}
		e.Name = logText(e.Name, known)
		for i, w := range e.Words {
			e.Words[i] = logText(w, known)
		}
		out = append(out, e)
	}
	return out, nil
}

func (r *Reader) themeNews(ctx context.Context) (map[int64]*ThemeNews, error) {
	type one struct {
		theme int64
		n     ThemeNews
	}
	list, err := collect(ctx, r.st, func(rows *sql.Rows, x *one) error {
		return rows.Scan(&x.theme, &x.n.First, &x.n.Announced, &x.n.N, &x.n.Q)
	}, newsQuery)
	out := map[int64]*ThemeNews{}
	for i := range list {
		out[list[i].theme] = &list[i].n
	}
	return out, err
}

// newFor is how long a theme is shown as new after it was announced.
const newFor = 14 * 24 * time.Hour

// markThemes adds to themes of a run what is new, what changed since the run
// before, and what is pinned.
func (r *Reader) markThemes(ctx context.Context, run int64, themes []Theme) error {
	news, err := r.themeNews(ctx)
	if err != nil {
		return err
	}
	var first int64
	if err := r.count(ctx, &first, "select coalesce(min(id), 0) from run where kind = 'themes'"); err != nil {
		return err
	}
	var last *time.Time
	if err := r.count(ctx, when{&last}, "select max(received) from complaint where received <= $1", r.st.Now()); err != nil {
		return err
	}
	changes, err := collect(ctx, r.st, func(rows *sql.Rows, x *ThemeChange) error { return rows.Scan(&x.Theme, &x.What) },
		"select theme, what from theme_event where run = $1 and (run > $2 or what <> 'born') order by what in ('grew', 'shrank') desc", run, first)
	if err != nil {
		return err
	}
	edits, err := book.Edits(ctx, r.st)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	for i := range themes {
		t := &themes[i]
		if n := news[t.ID]; n != nil && last != nil && last.Sub(n.Announced) <= newFor {
			t.News = n
		}
		for _, c := range changes {
			if c.Theme == t.ID {
				t.Change = c.What
			}
		}
		t.Pinned = slices.ContainsFunc(edits, func(e book.Edit) bool { return e.Action == book.Pin && e.Theme == t.ID && !e.Undone })
	}
	return nil
}
