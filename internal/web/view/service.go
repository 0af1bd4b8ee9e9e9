package view

import (
	"context"
	"database/sql"
	"time"
)

// Clock is the service-level clock of one complaint.
type Clock struct {
	Seq        int64      `json:"seq"`
	Type       string     `json:"type"`
	Department string     `json:"department"`
	Rule       string     `json:"rule"`
	Due        *time.Time `json:"due"`
	Stopped    *time.Time `json:"stopped"`
	Breached   bool       `json:"breached"`
	HoursLate  *float64   `json:"hours_late"`
	State      string     `json:"state"`
}

// ClockFilter narrows a list of clocks; zero fields do not.
type ClockFilter struct {
	State, Department, Type string
	Breached                string // "yes" or "no"
	Limit, Offset           int
}

const clocksQuery = `select count(*) over () as total, seq, coalesce(type, ''), coalesce(department, ''), coalesce(rule, ''), due, stopped,
		coalesce(breached, false), hours_late, coalesce(state, '')
	from service_clock where run = (select max(id) from run where kind = 'service')
		and ($1 = '' or state = $1) and ($2 = '' or department = $2) and ($3 = '' or type = $3) and ($4 = '' or breached = ($4 = 'yes'))
	order by due nulls last, seq limit $5 offset $6`

// Clocks lists service-level clocks of the latest run, the earliest due first.
func (r *Reader) Clocks(ctx context.Context, f ClockFilter) (Page[Clock], error) {
	p := Page[Clock]{Limit: f.Limit, Offset: f.Offset}
	err := p.fill(ctx, r.st, func(rows *sql.Rows, c *Clock) error {
		return rows.Scan(&p.Total, &c.Seq, &c.Type, &c.Department, &c.Rule, when{&c.Due}, when{&c.Stopped}, &c.Breached, &c.HoursLate, &c.State)
	}, clocksQuery, f.State, f.Department, f.Type, f.Breached, limitHere, offsetHere)
	return p, err
}

// Quality is how a handler, a department, a type or a channel is served. Rates
// are null where it has no clocks.
type Quality struct {
	UnitBy    string   `json:"unit_by"`
	Unit      string   `json:"unit"`
	N         int      `json:"n"`
	Closed    int      `json:"closed"`
	Breached  int      `json:"breached"`
	Rate      *float64 `json:"breach_rate"`
	Low       *float64 `json:"breach_low"`
	High      *float64 `json:"breach_high"`
	Expected  *float64 `json:"expected_rate"`
	Reopened  int      `json:"reopened"`
	Escalated int      `json:"escalated"`
	Hours     *float64 `json:"median_hours"`
	CSAT      *float64 `json:"csat"`
	CSATN     int      `json:"csat_n"`
}

// Quality lists units of a kind ("" for all kinds) of the latest run, the most
// complaints first.
func (r *Reader) Quality(ctx context.Context, by string) ([]Quality, error) {
	return collect(ctx, r.st, func(rows *sql.Rows, q *Quality) error {
		return rows.Scan(&q.UnitBy, &q.Unit, &q.N, &q.Closed, &q.Breached, &q.Rate, &q.Low, &q.High, &q.Expected, &q.Reopened, &q.Escalated, &q.Hours, &q.CSAT, &q.CSATN)
	}, `select unit_by, coalesce(unit, ''), n, closed, breached, breach_rate, breach_low, breach_high, expected_rate, reopened, escalated, median_hours, csat, coalesce(csat_n, 0)
		from service_quality where run = (select max(id) from run where kind = 'service') and ($1 = '' or unit_by = $1) order by unit_by, n desc, unit`, by)
}

// States counts the clocks of the latest run by state.
func (r *Reader) States(ctx context.Context) (map[string]int, error) {
	return r.tally(ctx, `select coalesce(state, ''), count(*) from service_clock where run = (select max(id) from run where kind = 'service') group by 1`)
}

// tally reads rows of a name and a number.
func (r *Reader) tally(ctx context.Context, query string, args ...any) (map[string]int, error) {
	type pair struct {
		name string
		n    int
	}
	list, err := collect(ctx, r.st, func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.name, &p.n) }, query, args...)
	out := make(map[string]int, len(list))
	for _, p := range list {
		out[p.name] = p.n
	}
	return out, err
}
