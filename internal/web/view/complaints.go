package view

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// complaintsQuery reads complaints as they stand; %[1]s are their numbers.
const complaintsQuery = `with blind as materialized (` + blindQuery + `), d as (
		select seq, arg_max(score, run) as score, arg_max(flagged, run) as flagged from decision where seq in (%[1]s) and seq not in (select seq from blind) group by seq),
	q as (select seq, max(case_id) as case_id from case_event where action = 'opened' and seq in (%[1]s) group by seq)
	select c.seq, coalesce(c.source, ''), coalesce(c.external_id, ''), coalesce(c.customer, ''), c.received,
		coalesce(c.type, ''), coalesce(c.product, ''), coalesce(c.channel, ''), coalesce(c.language, ''),
		coalesce(c.department, ''), coalesce(c.handler, ''), coalesce(c.status, ''),
		c.amount, coalesce(c.currency, ''), coalesce(m.theme, 0), coalesce(k.state, ''), k.due, coalesce(k.breached, false), k.hours_late,
		d.score, coalesce(d.flagged, false), coalesce(q.case_id, 0), c.seq in (select seq from blind)
	from complaint_now c
	left join d on d.seq = c.seq left join q on q.seq = c.seq
	left join (select seq, theme from theme_member where run = $1 and seq in (%[1]s)) m on m.seq = c.seq
	left join (select * from service_clock where run = $2 and seq in (%[1]s)) k on k.seq = c.seq
	where c.seq in (%[1]s)`

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// Complaints lists complaints. An Order that is not in Orders is the default.
func (r *Reader) Complaints(ctx context.Context, f Filter) (Page[Complaint], error) {
	p := Page[Complaint]{Limit: f.Limit, Offset: f.Offset, Rows: []Complaint{}}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	seqs, total, err := r.which(ctx, f, runs)
	if err != nil {
		return p, err
	}
	p.Total = total
	p.Rows, err = r.complaints(ctx, seqs, runs)
	return p, err
}

// complaints reads complaints by their numbers, in their order.
func (r *Reader) complaints(ctx context.Context, seqs []int64, runs Runs) ([]Complaint, error) {
	if len(seqs) == 0 {
		return []Complaint{}, nil
	}
	numbers, place := make([]string, len(seqs)), make(map[int64]int, len(seqs))
	for i, seq := range seqs {
		numbers[i], place[seq] = strconv.FormatInt(seq, 10), i
	}
	list, err := collect(ctx, r.st, r.scanComplaint, fmt.Sprintf(complaintsQuery, strings.Join(numbers, ", ")), runs["themes"], runs["service"])
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Complaint) int { return place[a.Seq] - place[b.Seq] })
	return list, r.excerpts(ctx, list)
}

func (r *Reader) scanComplaint(rows *sql.Rows, c *Complaint) error {
	err := rows.Scan(&c.Seq, &c.Source, &c.ExternalID, &c.Customer, when{&c.Received}, &c.Type, &c.Product, &c.Channel,
		&c.Language, &c.Department, &c.Handler, &c.Status, &c.Amount, &c.Currency, &c.Theme, &c.State, when{&c.Due},
		&c.Breached, &c.HoursLate, &c.Score, &c.Flagged, &c.Case, &c.Blind)
	c.Customer = r.st.Pseudonym(c.Customer)
	if c.Score != nil {
		*c.Score = format.Round(*c.Score)
	}
	return err
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
	runs, err := r.latest(ctx)
	if err != nil {
		return d, err
	}
	list, err := r.complaints(ctx, []int64{seq}, runs)
	if err != nil {
		return d, err
	}
	if len(list) == 0 {
		return d, ErrNotFound
	}
	d.Complaint = list[0]
	var body, own string
	err = r.st.QueryRow(ctx, detailQuery, seq, runs["themes"], d.Theme).Scan(&d.Subject, &body, &own, &d.Device, &d.Payout,
		&d.Resolution, &d.Redress, &d.Upheld, &d.Arrived, &d.ThemeLabel)
	if err != nil {
		return d, err
	}
	known, err := r.names(ctx)
	if err != nil {
		return d, err
	}
	given, err := r.shown(ctx)
	if err != nil {
		return d, err
	}
	d.ThemeLabel = cmp.Or(given[d.Theme], withoutNamesIn(known, d.ThemeLabel, d.Theme))
	names := namesOf{known, []string{own}}
	d.Subject, d.Body, d.TextLength = names.excerpt(d.Subject), names.excerpt(body), len([]rune(body))
	d.Device, d.Payout, d.Resolution = Short(d.Device), Short(d.Payout), names.text(d.Resolution)
	if err := r.suspicion(ctx, runs, &d); err != nil {
		return d, err
	}
	d.History, err = collect(ctx, r.st, func(rows *sql.Rows, e *Event) error {
		err := rows.Scan(when{&e.At}, &e.Status, &e.Handler, &e.Department, &e.Resolution)
		e.Resolution = names.text(e.Resolution)
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
