// Package view reads from the store what pages, report and API show. What
// leaves it holds no personal data: customers are pseudonyms, names are left
// out, and texts are excerpts without digits, addresses and handles.
package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"plaint/internal/store"
)

// ErrNotFound means that the store has nothing under that number.
var ErrNotFound = errors.New("not found")

// Reader asks the store. It is safe for use by many at once.
type Reader struct {
	st    *store.Store
	lang  string // that themes are named in where they can be; "" for that of most of their texts
	kept  keptOverview
	known *keptNames
	judge func() string // nil for the champion
}

// New reads from a store.
func New(st *store.Store) *Reader { return &Reader{st: st, known: &keptNames{}} }

// NewIn reads for people of a language: themes have their names in it, where
// they have texts in it.
func NewIn(st *store.Store, lang string) *Reader { return New(st).In(lang) }

// In reads the same store for people of a language. It shares the names of
// customers, which are many.
func (r *Reader) In(lang string) *Reader {
	return &Reader{st: r.st, lang: lang, known: r.known, judge: r.judge}
}

// JudgedBy is the same reader where a server judges by what it was started with: name
// is of the model of the moment. nil stands for the champion.
func (r *Reader) JudgedBy(name func() string) *Reader {
	return &Reader{st: r.st, lang: r.lang, known: r.known, judge: name}
}

// Page is a part of a list and the length of the whole.
type Page[T any] struct {
	Total  int `json:"total"`
	Limit  int `json:"limit"`
	Offset int `json:"offset"`
	Rows   []T `json:"rows"`
}

// Runs are the latest runs by kind; 0 where there is none.
type Runs map[string]int64

func (r *Reader) latest(ctx context.Context) (Runs, error) {
	out := Runs{}
	type pair struct {
		kind string
		id   int64
	}
	list, err := collect(ctx, r.st, func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.kind, &p.id) },
		"select kind, max(id) from run group by kind")
	for _, p := range list {
		out[p.kind] = p.id
	}
	return out, err
}

// bound is a place in the arguments of a list's query where its bounds go.
type bound bool

const (
	limitHere  bound = false
	offsetHere bound = true
)

// fill reads the rows of a page. scan sets its total, which each row tells; behind
// the end there is none, and the first row is asked.
func (p *Page[T]) fill(ctx context.Context, st *store.Store, scan func(*sql.Rows, *T) error, query string, args ...any) (err error) {
	bounded := func(limit, offset int) []any {
		out := slices.Clone(args)
		for i, a := range out {
			switch a {
			case limitHere:
				out[i] = limit
			case offsetHere:
				out[i] = offset
			}
		}
		return out
	}
	if p.Rows, err = collect(ctx, st, scan, query, bounded(p.Limit, p.Offset)...); err == nil && len(p.Rows) == 0 && p.Offset > 0 {
		_, err = collect(ctx, st, scan, query, bounded(1, 0)...)
	}
	return err
}

// collect scans every row of a query.
func collect[T any](ctx context.Context, st *store.Store, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := st.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		var t T
		if err := scan(rows, &t); err != nil {
			return nil, fmt.Errorf("read the store: %w", err)
		}
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	return out, nil
}

// when is a time that may be null.
type when struct{ to **time.Time }

// Scan keeps the time in UTC.
func (w when) Scan(v any) error {
	if t, ok := v.(time.Time); ok {
		t = t.UTC()
		*w.to = &t
	}
	return nil
}

// Finding is one line of the digest: a code and its arguments.
type Finding struct {
	Code      string         `json:"code"`
	Arguments map[string]any `json:"arguments"`
	Words     string         `json:"words,omitempty"` // the sentence, filled in by who knows the language
}

// Digest is the latest digest, in its order.
func (r *Reader) Digest(ctx context.Context) ([]Finding, error) {
	list, err := collect(ctx, r.st, func(rows *sql.Rows, f *Finding) error {
		var raw string
		if err := rows.Scan(&f.Code, &raw); err != nil {
			return err
		}
		return json.Unmarshal([]byte(raw), &f.Arguments)
	}, `select code, coalesce(arguments, '{}') from digest where run = (select max(id) from run where kind = 'digest') order by place`)
	if err != nil {
		return nil, err
	}
	return list, r.maskFindings(ctx, list)
}

// Run is one run of a job.
type Run struct {
	ID       int64           `json:"id"`
	Kind     string          `json:"kind"`
	Started  time.Time       `json:"started"`
	Finished time.Time       `json:"finished"`
	UpTo     int64           `json:"up_to"`
	Params   json.RawMessage `json:"params"`
	Summary  json.RawMessage `json:"summary"`
}

// Seconds is how long the run took.
func (r Run) Seconds() float64 { return r.Finished.Sub(r.Started).Seconds() }

const runColumns = `select id, coalesce(kind, ''), started, finished, coalesce(upto, 0), coalesce(params, '{}'), coalesce(summary, '{}')`

func scanRun(rows *sql.Rows, x *Run) error {
	var params, summary string
	err := rows.Scan(&x.ID, &x.Kind, &x.Started, &x.Finished, &x.UpTo, &params, &summary)
	x.Params, x.Summary = json.RawMessage(params), json.RawMessage(summary)
	if !json.Valid(x.Params) || !json.Valid(x.Summary) {
		x.Params, x.Summary = nil, nil
	}
	return err
}

// Runs lists the runs, the latest first.
func (r *Reader) Runs(ctx context.Context, kind string, limit, offset int) (Page[Run], error) {
	p := Page[Run]{Limit: limit, Offset: offset}
	if err := r.count(ctx, &p.Total, "select count(*) from run where ($1 = '' or kind = $1)", kind); err != nil {
		return p, err
	}
	var err error
	p.Rows, err = collect(ctx, r.st, scanRun, runColumns+` from run where ($1 = '' or kind = $1) order by id desc limit $2 offset $3`, kind, limit, offset)
	return p, err
}

// LatestRuns lists the latest run of each kind, in the order in which they ran.
func (r *Reader) LatestRuns(ctx context.Context) ([]Run, error) {
	return collect(ctx, r.st, scanRun, runColumns+` from run where id in (select max(id) from run group by kind) order by id`)
}

func (r *Reader) count(ctx context.Context, into any, query string, args ...any) error {
	if err := r.st.QueryRow(ctx, query, args...).Scan(into); err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	return nil
}

// Alive asks the store for one row.
func (r *Reader) Alive(ctx context.Context) error {
	var one int
	return r.count(ctx, &one, "select 1")
}
