// Package book is the lineage of themes in the store: what the last run had, what
// analysts decided and what a decision changes at once.
//
// The log theme_edit is added to, never changed. An edit counts until an undo of
// it. A name, a merge and a split also change the rows of the latest run; a pin,
// and the undo of all but a name, show in the next one.
package book

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plaint/analysis/rootcause/lineage"
	"plaint/internal/store"
)

// What analysts do.
const (
	Name  = "name"
	Merge = "merge"
	Split = "split"
	Pin   = "pin"
	Undo  = "undo"
)

// Edit is one decision of an analyst.
type Edit struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Theme  int64     `json:"theme"`
	Other  int64     `json:"other,omitempty"`  // the theme that was merged into it, or split off it
	Name   string    `json:"name,omitempty"`   // its name; of a merge, what the other was called
	Words  []string  `json:"words,omitempty"`  // that split it
	Undoes int64     `json:"undoes,omitempty"` // an edit
	Undone bool      `json:"undone,omitempty"`
	Waits  bool      `json:"waits,omitempty"` // undone, but for all to see in the next run only
	// Labels are, of a merge, what the other was called in each language that it had
	// texts in. The rows that said so go with the merge.
	Labels map[string]string `json:"-"`
}

// wordMark stands between the words of a split, and between the label of a merged
// theme and its labels by language, such as "zh=登录 · 验证码".
const wordMark = '\x1f'

// Called is what a merged theme was called in a language, or in that of most of
// its texts.
func (e *Edit) Called(language string) string { return cmp.Or(e.Labels[language], e.Name) }

// labelled takes a merge's labels apart.
func (e *Edit) labelled() {
	sections := strings.Split(e.Name, string(wordMark))
	e.Name, e.Labels = sections[0], map[string]string{}
	for _, s := range sections[1:] {
		language, label, _ := strings.Cut(s, "=")
		e.Labels[language] = label
	}
}

// written is the name, or what stands for one, as the log keeps it.
func (e *Edit) written() string {
	switch e.Action {
	case Split:
		return strings.Join(e.Words, string(wordMark))
	case Merge:
		out := e.Name
		for _, language := range slices.Sorted(maps.Keys(e.Labels)) {
			out += string(wordMark) + language + "=" + e.Labels[language]
		}
		return out
	}
	return e.Name
}

// Past is what the last run and the analysts left for the next.
type Past struct {
	Run   int64 // 0 before the first
	Edits []Edit
	next  int64
}

// Read reads the past of the themes.
func Read(ctx context.Context, st *store.Store) (*Past, error) {
	p := &Past{}
	err := st.QueryRow(ctx, `select coalesce(max(id), 0) from run where kind = 'themes'`).Scan(&p.Run)
	if err == nil {
		err = st.QueryRow(ctx, nextQuery).Scan(&p.next)
	}
	if err == nil {
		p.Edits, err = Edits(ctx, st)
	}
	if err != nil {
		return nil, fmt.Errorf("read the past of the themes: %w", err)
	}
	return p, nil
}

// nextQuery is the first id that no theme ever had.
const nextQuery = `select 1 + greatest(coalesce((select max(id) from theme), 0), coalesce((select max(theme) from theme_event), 0),
	coalesce((select max(greatest(theme, coalesce(other, 0))) from theme_edit), 0))`

// knownQuery is the last edit that the latest run knew. Earlier programs did not
// keep it: there it is the last before the run began.
const knownQuery = `select coalesce((select coalesce(try_cast(json_extract_string(r.params, '$.last_edit') as bigint),
	(select max(e.id) from theme_edit e where e.at <= r.started)) from run r where r.kind = 'themes' order by r.id desc limit 1), 0)`

// Edits lists what analysts decided, the first first.
func Edits(ctx context.Context, st *store.Store) ([]Edit, error) {
	var out []Edit
	var known int64
	if err := st.QueryRow(ctx, knownQuery).Scan(&known); err != nil {
		return nil, err
	}
	err := st.Each(ctx, `select id, at, coalesce(actor, ''), action, theme, coalesce(other, 0), coalesce(name, ''), coalesce(undoes, 0) from theme_edit order by id`, func(rows *sql.Rows) error {
		var e Edit
		err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Action, &e.Theme, &e.Other, &e.Name, &e.Undoes)
		if e.Action == Split {
			e.Words, e.Name = strings.FieldsFunc(e.Name, func(r rune) bool { return r == wordMark }), ""
		}
		if e.Action == Merge {
			e.labelled()
		}
		if e.Action == Undo {
			for i := range out {
				if out[i].ID == e.Undoes {
					out[i].Undone, out[i].Waits = true, out[i].Action != Name && e.ID > known
				}
			}
		}
		out = append(out, e)
		return err
	})
	return out, err
}

// Last is the last edit, 0 before the first.
func (p *Past) Last() int64 {
	if len(p.Edits) == 0 {
		return 0
	}
	return p.Edits[len(p.Edits)-1].ID
}

// Newer asks whether there is an edit after that one.
func Newer(edit int64) string {
	return fmt.Sprintf("select count(*) from theme_edit where id > %d", edit)
}

// Names are the names that analysts gave to themes.
func (p *Past) Names() map[int64]string {
	out := map[int64]string{}
	for _, e := range p.Edits {
		if e.Action == Name && !e.Undone {
			out[e.Theme] = e.Name
		}
	}
	return out
}

// memberRows is how many memberships are read at a time: the driver holds a
// whole result in memory.
const memberRows = 1 << 17

// Before is the theme that each complaint had in the last run: arrival numbers,
// ascending, in; ids, 0 or lineage.Unseen out.
func (p *Past) Before(ctx context.Context, st *store.Store, seqs []int64) ([]int64, error) {
	out := make([]int64, len(seqs))
	for i := range out {
		out[i] = lineage.Unseen
	}
	if len(seqs) == 0 || p.Run == 0 {
		return out, nil
	}
	var upTo int64
	if err := st.QueryRow(ctx, "select coalesce(upto, 0) from run where id = ?", p.Run).Scan(&upTo); err != nil {
		return nil, fmt.Errorf("read the last themes: %w", err)
	}
	for i := 0; i < len(seqs) && seqs[i] <= upTo; i++ {
		out[i] = 0
	}
	at := 0
	for from := seqs[0] - 1; from < upTo; from += memberRows {
		err := st.Each(ctx, "select seq, theme from theme_member where run = ? and seq > ? and seq <= ? order by seq", func(rows *sql.Rows) error {
			var seq, theme int64
			if err := rows.Scan(&seq, &theme); err != nil {
				return err
			}
			for at < len(seqs) && seqs[at] < seq {
				at++
			}
			if at < len(seqs) && seqs[at] == seq {
				out[at] = theme
			}
			return nil
		}, p.Run, from, min(from+memberRows, upTo))
		if err != nil {
			return nil, fmt.Errorf("read the last themes: %w", err)
		}
	}
	return out, nil
}

// Fill gives a fit what analysts decided.
func (p *Past) Fill(ctx context.Context, st *store.Store, f *lineage.Fit) (err error) {
	f.Next, f.Merged = p.next, map[int64]int64{}
	for _, e := range p.Edits {
		switch {
		case e.Waits:
			err = e.giveBack(ctx, st, f)
		case e.Undone, e.Action == Split && len(e.Words) == 0: // its words were erased
		case e.Action == Merge:
			f.Merged[e.Other] = e.Theme
			err = e.anchor(ctx, st, f, false)
		case e.Action == Pin:
			err = e.anchor(ctx, st, f, true)
		case e.Action == Split:
			part := lineage.Part{From: e.Theme, ID: e.Other}
			part.Holds, err = numbers(ctx, st, "select seq from complaint where regexp_matches(concat_ws(' ', subject, body), ?) order by seq", Pattern(e.Words))
			f.Parts = append(f.Parts, part)
		}
		if err != nil {
			return fmt.Errorf("read edit %d: %w", e.ID, err)
		}
	}
	return nil
}

func (e *Edit) anchor(ctx context.Context, st *store.Store, f *lineage.Fit, hold bool) error {
	seeds, err := numbers(ctx, st, "select distinct seq from theme_edit_seed where edit = ? order by seq", e.ID)
	f.Anchors = append(f.Anchors, lineage.Anchor{ID: e.Theme, Seeds: seeds, Hold: hold})
	return err
}

// giveBack takes back what a merge or split did to the last run.
func (e *Edit) giveBack(ctx context.Context, st *store.Store, f *lineage.Fit) (err error) {
	switch e.Action {
	case Merge:
		r := lineage.Return{From: e.Theme, ID: e.Other}
		r.Seeds, err = numbers(ctx, st, "select seq from theme_edit_seed where edit = ? and theme = ? order by seq", e.ID, e.Other)
		f.Returns = append(f.Returns, r)
	case Split:
		f.Returns = append(f.Returns, lineage.Return{From: e.Other, ID: e.Theme})
	}
	return err
}

func numbers(ctx context.Context, st *store.Store, query string, args ...any) ([]int64, error) {
	out := []int64{}
	err := st.Each(ctx, query, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		out = append(out, n)
		return err
	}, args...)
	return out, err
}

// Announced are the themes that were announced as new.
func Announced(ctx context.Context, st *store.Store) (map[int64]bool, error) {
	list, err := numbers(ctx, st, "select distinct theme from theme_news")
	if err != nil {
		return nil, fmt.Errorf("read the announcements: %w", err)
	}
	out := map[int64]bool{}
	for _, id := range list {
		out[id] = true
	}
	return out, nil
}

// Remembered is what a theme was called when it was last there.
type Remembered struct {
	Terms    []string
	Language string
}

// Remember reads what themes that the fit has nothing of were called.
func Remember(ctx context.Context, st *store.Store, id int64) (r Remembered, err error) {
	var terms string
	err = st.QueryRow(ctx, "select coalesce(arg_max(language, run), ''), coalesce(array_to_string(arg_max(terms, run), chr(31)), '') from theme where id = ?", id).Scan(&r.Language, &terms)
	if err != nil {
		return r, fmt.Errorf("read theme %d: %w", id, err)
	}
	r.Terms = slices.DeleteFunc(strings.Split(terms, string(wordMark)), func(s string) bool { return s == "" })
	return r, nil
}
