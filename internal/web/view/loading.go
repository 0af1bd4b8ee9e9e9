package view

import (
	"context"
	"database/sql"
	"path/filepath"
	"time"
)

// Admission is one admitted batch: rows in = loaded + known + refused.
type Admission struct {
	Batch   int64     `json:"batch"`
	At      time.Time `json:"at"`
	Input   string    `json:"input"` // the file's name without its folder
	Profile string    `json:"profile"`
	Kind    string    `json:"kind"`
	RowsIn  int       `json:"rows_in"`
	Loaded  int       `json:"loaded"`
	Known   int       `json:"known"`
	Refused int       `json:"refused"`
	Updated int       `json:"updated"`
	Flagged int       `json:"flagged"`
	Micros  int64     `json:"micros"`
}

// Admissions lists the batches, the latest first.
func (r *Reader) Admissions(ctx context.Context, kind string, limit, offset int) (Page[Admission], error) {
	p := Page[Admission]{Limit: limit, Offset: offset}
	err := p.fill(ctx, r.st, func(rows *sql.Rows, a *Admission) error {
		err := rows.Scan(&p.Total, &a.Batch, &a.At, &a.Input, &a.Profile, &a.Kind, &a.RowsIn, &a.Loaded, &a.Known, &a.Refused, &a.Updated, &a.Flagged, &a.Micros)
		a.Input = filepath.Base(a.Input)
		return err
	}, `select count(*) over () as total, batch, at, coalesce(input, ''), coalesce(profile, ''), coalesce(kind, ''), rows_in, loaded, known, refused, updated, flagged, micros
		from admission where ($1 = '' or kind = $1) order by batch desc limit $2 offset $3`, kind, limitHere, offsetHere)
	return p, err
}

// Loading sums the batches of one kind and profile.
type Loading struct {
	Kind    string    `json:"kind"`
	Profile string    `json:"profile"`
	RowsIn  int       `json:"rows_in"`
	Loaded  int       `json:"loaded"`
	Known   int       `json:"known"`
	Refused int       `json:"refused"`
	Updated int       `json:"updated"`
	Last    time.Time `json:"last"`
}

// Loadings lists the sums by kind and profile, the most rows first.
func (r *Reader) Loadings(ctx context.Context) ([]Loading, error) {
	return collect(ctx, r.st, func(rows *sql.Rows, l *Loading) error {
		return rows.Scan(&l.Kind, &l.Profile, &l.RowsIn, &l.Loaded, &l.Known, &l.Refused, &l.Updated, &l.Last)
	}, `select coalesce(kind, ''), coalesce(profile, ''), cast(sum(rows_in) as bigint) as n, cast(sum(loaded) as bigint), cast(sum(known) as bigint),
			cast(sum(refused) as bigint), cast(sum(updated) as bigint), max(at) from admission group by 1, 2 order by n desc, 1, 2 limit 50`)
}

// Refused is a row that was not loaded, without its bytes.
type Refused struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Input    string    `json:"input"`
	Profile  string    `json:"profile"`
	Line     int64     `json:"line"`
	Code     string    `json:"code"`
	Field    string    `json:"field"`
	Detail   string    `json:"detail"` // masked
	Replayed bool      `json:"replayed"`
}

// RefusedPage is refused rows and how many there are of each reason.
type RefusedPage struct {
	Counts map[string]int `json:"counts"` // not replayed yet
	Page[Refused]
}

const refusedQuery = `select count(*) over () as total, r.id, r.at, coalesce(r.kind, ''), coalesce(r.input, ''), coalesce(r.profile, ''), coalesce(r.line, 0),
		coalesce(r.code, ''), coalesce(r.field, ''), coalesce(r.detail, ''), p.id is not null
	from refused r left join (select distinct id from refused_replayed) p on p.id = r.id
	where ($1 = '' or r.code = $1) and ($2 = '' or r.kind = $2) and ($3 = '' or coalesce(nullif(r.profile, ''), '` + NoValue + `') = $3)
		and ($4 = '' or (p.id is not null) = ($4 = 'yes')) order by r.id desc limit $5 offset $6`

// RefusedFilter narrows a list of refused rows; zero fields do not.
type RefusedFilter struct {
	Code, Kind, Profile string // a profile may be NoValue
	Replayed            string // "yes" or "no"
	Limit, Offset       int
}

// Refused lists refused rows, the latest first.
func (r *Reader) Refused(ctx context.Context, f RefusedFilter) (RefusedPage, error) {
	p := RefusedPage{Counts: map[string]int{}, Page: Page[Refused]{Limit: f.Limit, Offset: f.Offset}}
	counts, err := r.st.RefusedCounts(ctx)
	if err != nil {
		return p, err
	}
	for c, n := range counts {
		p.Counts[string(c)] = n
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, x *Refused) error {
		err := rows.Scan(&p.Total, &x.ID, &x.At, &x.Kind, &x.Input, &x.Profile, &x.Line, &x.Code, &x.Field, &x.Detail, &x.Replayed)
		x.Input, x.Detail = filepath.Base(x.Input), Raw(x.Detail)
		return err
	}, refusedQuery, f.Code, f.Kind, f.Profile, f.Replayed, limitHere, offsetHere)
	return p, err
}
