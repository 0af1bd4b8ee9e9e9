package view

import (
	"context"
	"database/sql"
	"time"
)

// Score is a metric's score of a segment and a period, with its 95 % interval.
type Score struct {
	Metric    string     `json:"metric"`
	SegmentBy string     `json:"segment_by"`
	Segment   string     `json:"segment"`
	Period    string     `json:"period"`
	Start     *time.Time `json:"start"`
	N         int        `json:"n"`
	Score     float64    `json:"score"`
	Low       float64    `json:"low"`
	High      float64    `json:"high"`
}

// Driver is what goes together with a score, in points of 0 to 100.
type Driver struct {
	Metric string  `json:"metric"`
	Driver string  `json:"driver"`
	Effect float64 `json:"effect"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	N      int     `json:"n"`
	R2     float64 `json:"r2"`
}

// Satisfaction lists the scores of the latest run, narrowed by metric and by
// how the answers are cut ("all", "channel", "product", ...); "" does not.
func (r *Reader) Satisfaction(ctx context.Context, metric, by string) ([]Score, error) {
	return collect(ctx, r.st, func(rows *sql.Rows, s *Score) error {
		return rows.Scan(&s.Metric, &s.SegmentBy, &s.Segment, &s.Period, when{&s.Start}, &s.N, &s.Score, &s.Low, &s.High)
	}, `select metric, segment_by, coalesce(segment, ''), period, start_at, n, score, low, high from satisfaction
		where run = (select max(id) from run where kind = 'satisfaction') and ($1 = '' or metric = $1) and ($2 = '' or segment_by = $2)
		order by metric, segment_by, segment, start_at nulls first`, metric, by)
}

// Drivers lists the drivers of the latest run, narrowed by metric.
func (r *Reader) Drivers(ctx context.Context, metric string) ([]Driver, error) {
	return collect(ctx, r.st, func(rows *sql.Rows, d *Driver) error {
		return rows.Scan(&d.Metric, &d.Driver, &d.Effect, &d.Low, &d.High, &d.N, &d.R2)
	}, `select metric, driver, effect, low, high, n, coalesce(r2, 0) from satisfaction_driver
		where run = (select max(id) from run where kind = 'satisfaction') and ($1 = '' or metric = $1) order by metric, effect, driver`, metric)
}

// Answer is one survey answer without its comment.
type Answer struct {
	Seq      int64
	Answered *time.Time
	Customer string // pseudonym
	Metric   string
	Score    *float64
	Min, Max *float64
	Channel  string
	Product  string
	Handler  string
	Segment  string
	About    int64 // the complaint it is about, 0 if none
}

// AnswerFilter narrows a list of answers; zero fields do not.
type AnswerFilter struct {
	Metric        string
	Linked        string // "yes": only those about a complaint
	From, To      time.Time
	Incident      int64  // about its complaints
	Type          string // of the complaint it is about
	Limit, Offset int
}

const answersQuery = `with s as (select * from survey qualify row_number() over (partition by key_hi, key_lo order by seq desc) = 1)
	select count(*) over () as total, s.seq, s.answered, coalesce(s.customer, ''), coalesce(s.metric, ''), s.score, s.scale_min, s.scale_max,
		coalesce(s.channel, ''), coalesce(s.product, ''), coalesce(s.handler, ''), coalesce(s.segment, ''), coalesce(c.seq, 0)
	from s left join (select external_id, max(seq) as seq from complaint where external_id is not null group by external_id) c on c.external_id = s.complaint
	where s.score is not null and ($1 = '' or s.metric = $1) and ($2 = '' or (s.complaint is not null) = ($2 = 'yes'))
		and ($3::timestamp is null or s.answered >= $3::timestamp) and ($4::timestamp is null or s.answered < $4::timestamp)
		and ($7 = 0 or c.seq in (select seq from incident_member where run = $8 and incident = $7))
		and ($9 = '' or c.seq in (select seq from complaint where type = $9))
	order by s.answered desc nulls last, s.seq limit $5 offset $6`

// Answers lists survey answers, the latest first.
func (r *Reader) Answers(ctx context.Context, f AnswerFilter) (Page[Answer], error) {
	p := Page[Answer]{Limit: f.Limit, Offset: f.Offset}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, a *Answer) error {
		err := rows.Scan(&p.Total, &a.Seq, when{&a.Answered}, &a.Customer, &a.Metric, &a.Score, &a.Min, &a.Max,
			&a.Channel, &a.Product, &a.Handler, &a.Segment, &a.About)
		a.Customer = r.st.Pseudonym(a.Customer)
		return err
	}, answersQuery, f.Metric, f.Linked, nullTime(f.From), nullTime(f.To), limitHere, offsetHere, f.Incident, runs["incidents"], f.Type)
	return p, err
}
