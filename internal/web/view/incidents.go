package view

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"plaint/internal/web/format"
)

// Incident is a crowd of complaints that the calendar does not explain.
type Incident struct {
	ID          int64     `json:"id"`
	State       string    `json:"state"`    // open or over
	Severity    string    `json:"severity"` // minor, major or severe
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	First       time.Time `json:"first"` // complaint
	Seen        time.Time `json:"seen"`  // when it was sure that it is one
	Peak        time.Time `json:"peak"`  // the hour with most complaints
	Type        string    `json:"type"`
	Theme       int64     `json:"theme"` // the one with most of its complaints
	Label       string    `json:"label"` // of the theme
	Themes      int       `json:"themes"`
	N           int       `json:"n"`
	Independent int       `json:"independent"` // of them, one author, device, account or letter once
	Expected    float64   `json:"expected"`
	P           float64   `json:"p"`
	Customers   int       `json:"customers"`
	Amount      float64   `json:"amount"`
	Currency    string    `json:"currency"`
	// Money is all that is claimed, the currency of most claims first.
	Money    []format.Money `json:"money"`
	Template int64          `json:"template,omitempty"` // the first that is linked
	LinkedTo string         `json:"linked_to,omitempty"`
	Lag      int            `json:"lag_hours"` // of that template
}

// Delay is how long after its first complaint an incident was sure.
func (x Incident) Delay() time.Duration { return x.Seen.Sub(x.First) }

// crowdThemes are the themes that the complaints of the incidents of a run, $1, have
// now, $2 being the latest run of themes: analysts merge and split themes after
// incidents were found, and what incident_theme kept would lead to other rows.
const crowdThemes = `crowd_theme as (select m.incident, t.theme, count(*) as n from incident_member m join theme_member t on t.run = $2 and t.seq = m.seq where m.run = $1 group by 1, 2)`

const incidentsQuery = `with ` + crowdThemes + `, most as (select incident, arg_max(theme, (n, -theme)) as theme, count(*) as themes from crowd_theme group by 1)
	select count(*) over () as total, i.id, i.state, i.severity, i.start_at, i.end_at, i.first_at, i.seen_at, i.peak_at, coalesce(i.type, ''), coalesce(t.id, 0), coalesce(t.label, ''),
		coalesce(h.themes, 0), i.n, i.independent, i.expected, i.p, i.customers,
		coalesce(l.template, 0), coalesce(g.template, ''), coalesce(l.lag_hours, 0)
	from incident i left join most h on h.incident = i.id left join theme t on t.run = $2 and t.id = h.theme
	left join (select * from incident_template where linked qualify row_number() over (partition by run, incident order by place) = 1) l on l.run = i.run and l.incident = i.id
	left join log_template g on g.run = i.logs_run and g.id = l.template
	where i.run = $1 and ($3 = 0 or i.id = $3) and ($4 = '' or i.state = $4) and ($5 = '' or i.severity = $5)
	order by `

// IncidentFilter narrows a list of incidents; zero fields do not.
type IncidentFilter struct {
	ID              int64
	State, Severity string
	ByTime          bool // the earliest first, not the latest
	Limit, Offset   int
}

// Incidents lists the incidents of the latest run.
func (r *Reader) Incidents(ctx context.Context, f IncidentFilter) (Page[Incident], error) {
	p := Page[Incident]{Limit: f.Limit, Offset: f.Offset}
	runs, err := r.latest(ctx)
	if err != nil {
		return p, err
	}
	order := "i.start_at desc, i.id desc limit $6 offset $7"
	if f.ByTime {
		order = "i.start_at, i.id limit $6 offset $7"
	}
	err = p.fill(ctx, r.st, func(rows *sql.Rows, x *Incident) error {
		return rows.Scan(&p.Total, &x.ID, &x.State, &x.Severity, &x.From, &x.To, &x.First, &x.Seen, &x.Peak, &x.Type, &x.Theme, &x.Label,
			&x.Themes, &x.N, &x.Independent, &x.Expected, &x.P, &x.Customers, &x.Template, &x.LinkedTo, &x.Lag)
	}, incidentsQuery+order, runs["incidents"], runs["themes"], f.ID, f.State, f.Severity, limitHere, offsetHere)
	if err != nil {
		return p, err
	}
	known, err := r.names(ctx)
	if err != nil {
		return p, err
	}
	money, err := r.moneyOf(ctx, incidentMoney, runs["incidents"])
	if err != nil {
		return p, err
	}
	given, err := r.shown(ctx)
	for i := range p.Rows {
		x := &p.Rows[i]
		x.Money, x.Amount, x.Currency = claimed(money[x.ID])
		x.Expected = format.Round(x.Expected)
		x.Label = cmp.Or(given[x.Theme], withoutNamesIn(known, x.Label, x.Theme))
		x.LinkedTo = logText(x.LinkedTo, known)
	}
	return p, err
}

// IncidentDetail is an incident with all that is known of it.
type IncidentDetail struct {
	Incident
	Usual     float64            `json:"type_usual"` // complaints that the type usually has in the window
	Everyone  bool               `json:"everyone"`   // no recorded attribute sets its customers apart
	CauseP    float64            `json:"cause_p"`
	Before    *float64           `json:"csat_before"` // of its type, in the four weeks before
	BeforeN   int                `json:"csat_before_n"`
	After     *float64           `json:"csat_after"` // of its complaints
	AfterN    int                `json:"csat_after_n"`
	Parts     []IncidentTheme    `json:"by_theme"`
	Causes    []IncidentCause    `json:"causes"`
	Templates []IncidentTemplate `json:"templates"`
	Hours     []IncidentHour     `json:"hours"`
}

// IncidentTheme is how many of an incident's complaints are of a theme.
type IncidentTheme struct {
	Theme int64  `json:"theme"`
	Label string `json:"label"`
	N     int    `json:"n"`
}

// IncidentCause is a combination of attributes that an incident keeps to.
type IncidentCause struct {
	Attributes map[string]string `json:"attributes"`
	Share      float64           `json:"share"` // of all above what is usual
	Ratio      float64           `json:"ratio"`
	N          int               `json:"n"`
	Expected   float64           `json:"expected"`
}

// IncidentTemplate is a log template that may go before an incident.
type IncidentTemplate struct {
	Template  int64    `json:"template"`
	Text      string   `json:"text"`
	Service   string   `json:"service"`
	Level     string   `json:"level"`
	Lag       int      `json:"lag_hours"`
	Q         float64  `json:"q"`
	Linked    bool     `json:"linked"`
	TimeP     float64  `json:"time_p"`
	HitP      *float64 `json:"customers_p"`
	WordP     float64  `json:"word_p"`
	Customers int      `json:"customers"` // of the incident
	Hit       int      `json:"hit"`       // of them, met by a line in the three days before
	Others    int      `json:"others"`    // other customers who complained in those days
	OtherHit  int      `json:"other_hit"`
	HitLag    float64  `json:"hit_lag_hours"`
	Word      string   `json:"word"` // that texts and template share
	Texts     int      `json:"texts"`
	With      int      `json:"texts_with_word"`
	OtherTxt  int      `json:"other_texts"`
	OtherWith int      `json:"other_texts_with_word"`
	Lines     int      `json:"lines"` // from three days before the incident to its end
	Counts    []Count  `json:"counts"`
}

// IncidentHour is one step of an incident's series.
type IncidentHour struct {
	At       time.Time `json:"at"`
	N        int       `json:"n"`
	Expected float64   `json:"expected"`
}

// Before is how long before an incident the lines of templates are counted.
const Before = 72 * time.Hour

// Incident is everything about one incident, or ErrNotFound.
func (r *Reader) Incident(ctx context.Context, id int64) (IncidentDetail, error) {
	var d IncidentDetail
	if id <= 0 {
		return d, ErrNotFound
	}
	p, err := r.Incidents(ctx, IncidentFilter{ID: id, Limit: 1})
	if err != nil {
		return d, err
	}
	if len(p.Rows) == 0 {
		return d, ErrNotFound
	}
	d.Incident = p.Rows[0]
	runs, err := r.latest(ctx)
	if err != nil {
		return d, err
	}
	var logs int64
	err = r.st.QueryRow(ctx, `select type_usual, everyone, cause_p, csat_before, csat_before_n, csat_after, csat_after_n, coalesce(logs_run, 0) from incident where run = $1 and id = $2`,
		runs["incidents"], id).Scan(&d.Usual, &d.Everyone, &d.CauseP, &d.Before, &d.BeforeN, &d.After, &d.AfterN, &logs)
	if err != nil {
		return d, fmt.Errorf("read the incident: %w", err)
	}
	if err := r.incidentThemes(ctx, runs, &d); err != nil {
		return d, err
	}
	for _, read := range []func(context.Context, int64, *IncidentDetail) error{r.incidentCauses, r.incidentHours} {
		if err := read(ctx, runs["incidents"], &d); err != nil {
			return d, err
		}
	}
	return d, r.incidentTemplates(ctx, runs["incidents"], logs, &d)
}

func (r *Reader) incidentThemes(ctx context.Context, runs Runs, d *IncidentDetail) (err error) {
	d.Parts, err = collect(ctx, r.st, func(rows *sql.Rows, t *IncidentTheme) error { return rows.Scan(&t.Theme, &t.Label, &t.N) },
		"with "+crowdThemes+" select h.theme, coalesce(t.label, ''), h.n from crowd_theme h left join theme t on t.run = $2 and t.id = h.theme where h.incident = $3 order by h.n desc, h.theme",
		runs["incidents"], runs["themes"], d.ID)
	if err != nil {
		return err
	}
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	given, err := r.shown(ctx)
	for i := range d.Parts {
		x := &d.Parts[i]
		x.Label = cmp.Or(given[x.Theme], withoutNamesIn(known, x.Label, x.Theme))
	}
	return err
}

func (r *Reader) incidentCauses(ctx context.Context, run int64, d *IncidentDetail) (err error) {
	d.Causes, err = collect(ctx, r.st, func(rows *sql.Rows, c *IncidentCause) error {
		var raw string
		if err := rows.Scan(&raw, &c.Share, &c.Ratio, &c.N, &c.Expected); err != nil {
			return err
		}
		return json.Unmarshal([]byte(raw), &c.Attributes)
	}, `select attributes, share, ratio, n, expected from incident_cause where run = $1 and incident = $2 order by place`, run, d.ID)
	return err
}

func (r *Reader) incidentHours(ctx context.Context, run int64, d *IncidentDetail) (err error) {
	d.Hours, err = collect(ctx, r.st, func(rows *sql.Rows, h *IncidentHour) error { return rows.Scan(&h.At, &h.N, &h.Expected) },
		`select at, n, expected from incident_hour where run = $1 and incident = $2 order by at`, run, d.ID)
	return err
}

func (r *Reader) incidentTemplates(ctx context.Context, run, logs int64, d *IncidentDetail) (err error) {
	d.Templates, err = collect(ctx, r.st, func(rows *sql.Rows, t *IncidentTemplate) error {
		t.Counts = []Count{}
		return rows.Scan(&t.Template, &t.Text, &t.Service, &t.Level, &t.Lag, &t.Q, &t.Linked, &t.TimeP, &t.HitP, &t.WordP,
			&t.Customers, &t.Hit, &t.Others, &t.OtherHit, &t.HitLag, &t.Word, &t.Texts, &t.With, &t.OtherTxt, &t.OtherWith, &t.Lines)
	}, `select l.template, coalesce(g.template, ''), coalesce(g.service, ''), coalesce(g.level, ''), l.lag_hours, l.q, l.linked, l.time_p, l.hit_p, l.word_p,
			l.customers, l.hit, l.others, l.other_hit, l.hit_lag, coalesce(l.word, ''), l.texts, l.with_word, l.other_texts, l.other_with, l.lines
		from incident_template l left join log_template g on g.run = $3 and g.id = l.template where l.run = $1 and l.incident = $2 order by l.place`, run, d.ID, logs)
	if err != nil || len(d.Hours) == 0 {
		return err
	}
	known, err := r.names(ctx)
	if err != nil {
		return err
	}
	at := map[int64]*IncidentTemplate{}
	for i := range d.Templates {
		t := &d.Templates[i]
		at[t.Template] = t
		t.Text = logText(t.Text, known)
		if known.Personal(t.Word) {
			t.Word = ""
		}
	}
	type count struct {
		template int64
		c        Count
	}
	counts, err := collect(ctx, r.st, func(rows *sql.Rows, c *count) error { return rows.Scan(&c.template, &c.c.At, &c.c.N) },
		`select template, hour, sum(n)::bigint from log_template_count where run = $1 and template in (select template from incident_template where run = $2 and incident = $3)
			and hour >= $4 and hour <= $5 group by 1, 2 order by 1, 2`, logs, run, d.ID, d.Hours[0].At, d.Hours[len(d.Hours)-1].At)
	for _, c := range counts {
		at[c.template].Counts = append(at[c.template].Counts, c.c)
	}
	return err
}
