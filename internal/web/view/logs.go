package view

import (
	"context"
	"database/sql"
	"time"
)

// Template is a log message with its changing parts taken out.
type Template struct {
	ID       int64      `json:"id"`
	Template string     `json:"template"`
	Service  string     `json:"service"`
	Level    string     `json:"level"`
	N        int        `json:"n"`
	First    *time.Time `json:"first"`
	Last     *time.Time `json:"last"`
	Bursts   []Window   `json:"bursts"`
	Hours    []Count    `json:"hours,omitempty"` // only of one template alone
}

// Count is a number at a time.
type Count struct {
	At time.Time `json:"at"`
	N  int       `json:"n"`
}

const templatesQuery = `select count(*) over () as total, t.id, coalesce(t.template, ''), coalesce(t.service, ''), coalesce(t.level, ''), t.n, t.first, t.last
	from log_template t left join (select template, max(n - expected) as above from log_burst where run = $1 group by template) b on b.template = t.id
	where t.run = $1 and ($2 = 0 or t.id = $2) and ($3 = '' or t.service = $3) and ($4 = '' or t.level = $4)
		and ($5 = '' or (b.above is not null) = ($5 = 'yes'))
	order by b.above desc nulls last, t.n desc, t.id limit $6 offset $7`

// TemplateFilter narrows a list of log templates; zero fields do not.
type TemplateFilter struct {
	ID             int64
	Service, Level string
	Burst          string // "yes" or "no"
	Limit, Offset  int
}

// Templates lists log templates: those that burst first, then by number.
func (r *Reader) Templates(ctx context.Context, f TemplateFilter) (Page[Template], error) {
	p := Page[Template]{Limit: f.Limit, Offset: f.Offset}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, t *Template) error {
		t.Bursts = []Window{}
		return rows.Scan(&p.Total, &t.ID, &t.Template, &t.Service, &t.Level, &t.N, when{&t.First}, when{&t.Last})
	}, templatesQuery, runs["logs"], f.ID, f.Service, f.Level, f.Burst, limitHere, offsetHere)
	if err != nil {
		return p, err
	}
	if err := r.maskLogs(ctx, p.Rows); err != nil {
		return p, err
	}
	at := map[int64]*Template{}
	for i := range p.Rows {
		at[p.Rows[i].ID] = &p.Rows[i]
	}
	type burst struct {
		template int64
		w        Window
	}
	bursts, err := collect(ctx, r.st, func(rows *sql.Rows, b *burst) error {
		return rows.Scan(&b.template, &b.w.From, &b.w.To, &b.w.N, &b.w.Expected, &b.w.P)
	}, `select template, start_at, end_at, n, expected, p from log_burst where run = $1 order by template, start_at`, runs["logs"])
	for _, b := range bursts {
		if t := at[b.template]; t != nil {
			t.Bursts = append(t.Bursts, b.w)
		}
	}
	return p, err
}

// Template is one template with its counts by the hour, or ErrNotFound.
func (r *Reader) Template(ctx context.Context, id int64) (Template, error) {
	if id <= 0 {
		return Template{}, ErrNotFound
	}
	p, err := r.Templates(ctx, TemplateFilter{ID: id, Limit: 1})
	if err != nil {
		return Template{}, err
	}
	if len(p.Rows) == 0 {
		return Template{}, ErrNotFound
	}
	runs, err := r.latest(ctx)
	if err != nil {
		return Template{}, err
	}
	t := p.Rows[0]
	t.Hours, err = collect(ctx, r.st, func(rows *sql.Rows, c *Count) error { return rows.Scan(&c.At, &c.N) },
		`select hour, sum(n)::bigint from log_template_count where run = $1 and template = $2 and hour is not null group by hour order by hour`, runs["logs"], id)
	return t, err
}
