package view

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"plaint/internal/web/format"
)

// Complaint is one complaint as it stands now, without personal data.
type Complaint struct {
	Seq        int64      `json:"seq"`
	Source     string     `json:"source"`
	ExternalID string     `json:"external_id"`
	Customer   string     `json:"customer"` // pseudonym
	Received   *time.Time `json:"received"`
	Type       string     `json:"type"`
	Product    string     `json:"product"`
	Channel    string     `json:"channel"`
	Language   string     `json:"language"`
	Department string     `json:"department"`
	Handler    string     `json:"handler"`
	Status     string     `json:"status"`
	Amount     *float64   `json:"amount"`
	Currency   string     `json:"currency"`
	Theme      int64      `json:"theme,omitempty"`
	State      string     `json:"clock,omitempty"` // of its service-level clock
	Due        *time.Time `json:"due,omitempty"`
	Breached   bool       `json:"breached"`
	HoursLate  *float64   `json:"hours_late,omitempty"`
	Score      *float64   `json:"score"`
	Flagged    bool       `json:"flagged"`
	Case       int64      `json:"case,omitempty"`
	Blind      bool       `json:"blind,omitempty"` // drawn at random for review and not decided: its score is not shown
	Excerpt    string     `json:"excerpt"`         // the masked beginning of subject and letter
}

// Filter narrows a list of complaints; zero fields do not.
type Filter struct {
	Seq, Theme, Incident, Ring         int64
	Type, Department, Handler, Channel string
	Product, Language, Source          string
	State                              string // of the clock; "open" is any complaint that is not settled
	Breached, Flagged, Dated           string // "yes" or "no"
	From, To                           time.Time
	Least, Most                        *float64          // score in [Least, Most)
	Order                              string            // a key of Orders
	Attributes                         map[string]string // of columns without a word of ours
	Limit, Offset                      int
}

// Orders are the orders of a list of complaints; the first sorted key is the
// default.
var Orders = map[string]string{
	"":          "order by c.received desc nulls last, c.seq desc",
	"-received": "order by c.received desc nulls last, c.seq desc",
	"received":  "order by c.received nulls last, c.seq",
	"-score":    "order by d.score desc nulls last, c.seq",
	"score":     "order by d.score nulls last, c.seq",
	"-amount":   "order by c.amount desc nulls last, c.seq",
	"due":       "order by k.due nulls last, c.seq",
	"-late":     "order by k.hours_late desc nulls last, c.seq",
	"seq":       "order by c.seq",
}

// complaintsQuery reads complaints as they stand; $1 and $2 are
// the runs of themes and of service.
const complaintsQuery = `with blind as materialized (` + blindQuery + `), d as (
		select seq, arg_max(score, run) as score, arg_max(flagged, run) as flagged from decision where ($3 = 0 or seq = $3) and seq not in (select seq from blind) group by seq),
	q as (select seq, max(case_id) as case_id from case_event where action = 'opened' group by seq)
	select count(*) over () as total, c.seq, coalesce(c.source, ''), coalesce(c.external_id, ''), coalesce(c.customer, ''), c.received,
		coalesce(c.type, ''), coalesce(c.product, ''), coalesce(c.channel, ''), coalesce(c.language, ''),
		coalesce(c.department, ''), coalesce(c.handler, ''), coalesce(c.status, ''),
		c.amount, coalesce(c.currency, ''), coalesce(m.theme, 0), coalesce(k.state, ''), k.due, coalesce(k.breached, false), k.hours_late,
		d.score, coalesce(d.flagged, false), coalesce(q.case_id, 0), c.seq in (select seq from blind)
	from complaint_now c
	left join d on d.seq = c.seq left join q on q.seq = c.seq
	left join theme_member m on m.run = $1 and m.seq = c.seq
	left join service_clock k on k.run = $2 and k.seq = c.seq
	where ($3 = 0 or c.seq = $3) and ($4 = 0 or m.theme = $4)
		and ($5 = '' or c.type = $5) and ($6 = '' or c.department = $6)
		and ($7 = '' or c.handler = $7) and ($8 = '' or c.channel = $8) and ($9 = '' or c.product = $9)
		and ($10 = '' or c.language = $10) and ($11 = '' or c.source = $11)
		and ($12 = '' or k.state = $12 or ($12 = 'open' and c.open))
		and ($13 = '' or coalesce(k.breached, false) = ($13 = 'yes')) and ($14 = '' or coalesce(d.flagged, false) = ($14 = 'yes'))
		and ($15::timestamp is null or c.received >= $15::timestamp) and ($16::timestamp is null or c.received < $16::timestamp)
		and ($17::double is null or d.score >= $17::double) and ($18::double is null or d.score < $18::double)
		and ($21 = 0 or c.seq in (select seq from incident_member where run = $22 and incident = $21))
		and ($24 = 0 or c.seq in (select seq from ring_member where run = $25 and ring = $24))
		and ($26 = '' or (c.received is not null) = ($26 = 'yes'))
		and ($23::varchar is null or c.seq in (select seq from complaint where extra is not null and json_contains(extra, $23::varchar)))
	`

func (f *Filter) arguments(runs Runs) []any {
	var attributes any // null: any
	if len(f.Attributes) > 0 {
		if raw, err := json.Marshal(f.Attributes); err == nil { // texts always can be
			attributes = string(raw)
		}
	}
	return []any{runs["themes"], runs["service"], f.Seq, f.Theme, f.Type, f.Department, f.Handler, f.Channel, f.Product, f.Language,
		f.Source, f.State, f.Breached, f.Flagged, nullTime(f.From), nullTime(f.To), nullFloat(f.Least), nullFloat(f.Most), limitHere, offsetHere, f.Incident, runs["incidents"], attributes, f.Ring, runs["rings"], f.Dated}
}

func nullFloat(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// Complaints lists complaints. An Order that is not in Orders is the default.
func (r *Reader) Complaints(ctx context.Context, f Filter) (Page[Complaint], error) {
	p := Page[Complaint]{Limit: f.Limit, Offset: f.Offset}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	order, ok := Orders[f.Order]
	if !ok {
		order = Orders[""]
	}
	if err = p.fill(ctx, r.st, r.scanComplaint(&p.Total), complaintsQuery+order+" limit $19 offset $20", f.arguments(runs)...); err != nil {
		return p, err
	}
	return p, r.excerpts(ctx, p.Rows)
}

func (r *Reader) scanComplaint(total *int) func(*sql.Rows, *Complaint) error {
	return func(rows *sql.Rows, c *Complaint) error {
		err := rows.Scan(total, &c.Seq, &c.Source, &c.ExternalID, &c.Customer, when{&c.Received}, &c.Type, &c.Product, &c.Channel,
			&c.Language, &c.Department, &c.Handler, &c.Status, &c.Amount, &c.Currency, &c.Theme, &c.State, when{&c.Due},
			&c.Breached, &c.HoursLate, &c.Score, &c.Flagged, &c.Case, &c.Blind)
		c.Customer = r.st.Pseudonym(c.Customer)
		if c.Score != nil {
			*c.Score = format.Round(*c.Score)
		}
		return err
	}
}

// Event is one later state of a complaint.
type Event struct {
	At         *time.Time `json:"at"`
	Status     string     `json:"status"`
	Handler    string     `json:"handler"`
	Department string     `json:"department"`
	Resolution string     `json:"resolution"`
}

// Detail is a complaint with all that is known of it.
type Detail struct {
	Complaint
	Subject    string   `json:"subject_excerpt"`
	Body       string   `json:"text_excerpt"`
	TextLength int      `json:"text_length"`
	Device     string   `json:"device"`
	Payout     string   `json:"payout_account"`
	Resolution string   `json:"resolution"`
	Redress    *float64 `json:"redress"`
	Upheld     *bool    `json:"upheld"`
	Threshold  float64  `json:"threshold"`
	Model      string   `json:"model"`
	ThemeLabel string   `json:"theme_label,omitempty"`
	Ring       int64    `json:"ring,omitempty"`            // that it is in
	RingSure   float64  `json:"ring_confidence,omitempty"` // that it belongs, 0 to 1
	Reasons    []Reason `json:"reasons"`                   // their points sum to the score
	Grounds
	History []Event   `json:"history"`
	Arrived time.Time `json:"arrived"`
}

const detailQuery = `select coalesce(subject, ''), coalesce(body, ''), coalesce(customer_name, ''), coalesce(device, ''), coalesce(payout_account, ''),
		coalesce(resolution, ''), redress, upheld, coalesce(arrived, epoch_ms(0)),
		coalesce((select label from theme t where t.run = $2 and t.id = $3), '')
	from complaint where seq = $1`

const historyQuery = `select e.at, coalesce(e.status, ''), coalesce(e.handler, ''), coalesce(e.department, ''), coalesce(e.resolution, '')
	from complaint_event e join complaint c on c.key_hi = e.key_hi and c.key_lo = e.key_lo where c.seq = $1 order by e.at nulls first, e.batch, e.line limit 200`

// Complaint is everything about one complaint, or ErrNotFound.
func (r *Reader) Complaint(ctx context.Context, seq int64) (Detail, error) {
	var d Detail
	if seq <= 0 {
		return d, ErrNotFound
	}
	p, err := r.Complaints(ctx, Filter{Seq: seq, Limit: 1})
	if err != nil {
		return d, err
	}
	if len(p.Rows) == 0 {
		return d, ErrNotFound
	}
	d.Complaint = p.Rows[0]
	runs, err := r.latest(ctx)
	if err != nil {
		return d, err
	}
	var body, own string
	err = r.st.QueryRow(ctx, detailQuery, seq, runs["themes"], d.Theme).Scan(&d.Subject, &body, &own, &d.Device, &d.Payout,
		&d.Resolution, &d.Redress, &d.Upheld, &d.Arrived, &d.ThemeLabel)
	if err != nil {
		return d, err
	}
	if d.ThemeLabel, err = r.label(ctx, d.ThemeLabel, d.Theme); err != nil {
		return d, err
	}
	given, err := r.shown(ctx)
	if err != nil {
		return d, err
	}
	d.ThemeLabel = cmp.Or(given[d.Theme], d.ThemeLabel)
	names, err := r.namesIn(ctx, own, d.Subject+"\n"+body+"\n"+d.Resolution)
	if err != nil {
		return d, err
	}
	d.Subject, d.Body, d.TextLength = Excerpt(d.Subject, names), Excerpt(body, names), len([]rune(body))
	d.Device, d.Payout, d.Resolution = Short(d.Device), Short(d.Payout), Text(d.Resolution, names)
	if err := r.suspicion(ctx, runs, &d); err != nil {
		return d, err
	}
	d.History, err = collect(ctx, r.st, func(rows *sql.Rows, e *Event) error {
		err := rows.Scan(when{&e.At}, &e.Status, &e.Handler, &e.Department, &e.Resolution)
		e.Resolution = Text(e.Resolution, names)
		return err
	}, historyQuery, seq)
	return d, err
}

// suspicion adds what speaks for abuse, unless somebody has yet to decide of it
// without knowing.
func (r *Reader) suspicion(ctx context.Context, runs Runs, d *Detail) (err error) {
	if d.Blind {
		d.Reasons = []Reason{}
		return nil
	}
	if d.Ring, d.RingSure, err = r.ringOf(ctx, runs["rings"], d.Seq); err != nil {
		return err
	}
	why, err := r.reasons(ctx, d.Seq)
	if err != nil {
		return err
	}
	d.Reasons, d.Model, d.Threshold, d.Grounds = why.reasons, why.model, format.Round(why.threshold), why.Grounds
	if d.Score != nil {
		roundPoints(*d.Score, d.Reasons)
	}
	return nil
}

// namesIn lists the customer's own name and every name of a customer that a
// text mentions, in any case: letters are written for others, and about others.
func (r *Reader) namesIn(ctx context.Context, own, text string) ([]string, error) {
	names, err := collect(ctx, r.st, func(rows *sql.Rows, s *string) error { return rows.Scan(s) },
		"select distinct customer_name from complaint where length(customer_name) >= 2 and contains(lower($1), lower(customer_name)) order by length(customer_name) desc, 1", text)
	return append([]string{own}, names...), err
}
