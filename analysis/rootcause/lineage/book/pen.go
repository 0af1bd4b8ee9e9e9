package book

import (
	"context"
	"database/sql/driver"
	"fmt"

	"plaint/analysis/rootcause/lineage"
	"plaint/internal/store"
)

// Refusal is an edit that cannot be made: a code of the catalogue and what fills
// its sentence.
type Refusal struct {
	Code  string
	Pairs []any
}

func (r *Refusal) Error() string { return fmt.Sprint(r.Code, r.Pairs) }

func refuse(code string, pairs ...any) error { return &Refusal{code, pairs} }

// Pen writes edits of one analyst.
type Pen struct {
	Store *store.Store
	Actor string
}

// page is one transaction of a pen.
type page struct {
	ctx   context.Context
	w     store.Writer
	pen   *Pen
	run   int64 // the latest of themes
	edits []Edit
}

// write runs f in one transaction on the latest run of themes and returns what
// it wrote.
func (p *Pen) write(ctx context.Context, f func(*page) error) ([]Edit, error) {
	g := &page{ctx: ctx, pen: p}
	err := p.Store.Change(ctx, func(w store.Writer) error {
		g.w, g.edits = w, nil
		run, err := g.ask("select coalesce(max(id), 0) from run where kind = 'themes'")
		if err != nil {
			return err
		}
		if g.run = run; run == 0 {
			return refuse("err_themes_none")
		}
		return f(g)
	})
	return g.edits, err
}

func (g *page) ask(query string, args ...driver.Value) (n int64, err error) {
	err = g.w.Each(g.ctx, query, func(row []driver.Value) error {
		n, _ = row[0].(int64)
		return nil
	}, args...)
	return n, err
}

func (g *page) text(query string, args ...driver.Value) (s string, err error) {
	err = g.w.Each(g.ctx, query, func(row []driver.Value) error {
		s, _ = row[0].(string)
		return nil
	}, args...)
	return s, err
}

// exec runs statements with the same arguments.
func (g *page) exec(args []driver.Value, queries ...string) error {
	for _, q := range queries {
		if err := g.w.Exec(g.ctx, q, args...); err != nil {
			return err
		}
	}
	return nil
}

// has refuses a theme that the latest run does not have.
func (g *page) has(id int64) error {
	n, err := g.ask("select count(*) from theme where run = ? and id = ?", g.run, id)
	if err == nil && n == 0 {
		return refuse("err_theme_unknown", "id", id)
	}
	return err
}

// add appends an edit to the log.
func (g *page) add(e Edit) (Edit, error) {
	id, err := g.ask("select coalesce(max(id), 0) + 1 from theme_edit")
	if err != nil {
		return e, err
	}
	e.ID, e.At, e.Actor = id, g.pen.Store.Now(), g.pen.Actor
	err = g.w.Exec(g.ctx, "insert into theme_edit values (?, ?, ?, ?, ?, nullif(?, 0), nullif(?, ''), nullif(?, 0))", e.ID, e.At, e.Actor, e.Action, e.Theme, e.Other, e.written(), e.Undoes)
	g.edits = append(g.edits, e)
	return e, err
}

// seed keeps the complaints that a theme has now.
func (g *page) seed(edit, theme int64) error {
	return g.w.Exec(g.ctx, "insert into theme_edit_seed select ?, theme, seq from theme_member where run = ? and theme = ?", edit, g.run, theme)
}

func (g *page) size(theme int64) (int64, error) {
	return g.ask("select count(*) from theme_member where run = ? and theme = ?", g.run, theme)
}

// tell adds an event to the latest run.
func (g *page) tell(e lineage.Event) error {
	return g.w.Exec(g.ctx, "insert into theme_event values (?, ?, ?, nullif(?, 0), ?, ?, ?, ?)", g.run, e.Theme, e.What, e.Other, e.Share, int64(e.Was), int64(e.N), g.pen.Store.Now())
}
