package view

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"plaint/internal/web/format"
)

// Volume is complaints received in a day or a week.
type Volume struct {
	Step string  `json:"step"` // day or week
	Rows []Count `json:"rows"`
}

// Queue is what the review of suspicious complaints looks like.
type Queue struct {
	Judged    int            `json:"judged"`
	Flagged   int            `json:"flagged"`
	Threshold float64        `json:"threshold"`
	Cases     map[string]int `json:"cases"`   // by state
	Entries   map[string]int `json:"entries"` // by state
	Grounds   map[string]int `json:"grounds"` // of proposals
	Signals   map[string]int `json:"signals"` // cases in which a signal or rule gave points
	Scores    []Bin          `json:"scores"`
	Top       []Case         `json:"top"`
	// Rules are what the rules among Signals say, by language.
	Rules map[string]map[string]string `json:"rules_about,omitempty"`
}

// Bin is a step of the distribution of scores.
type Bin struct {
	From float64 `json:"from"`
	N    int     `json:"n"`
}

// BinWidth is the width of a step of the distribution of scores.
const BinWidth = 0.5

// Overview is all that the first page shows.
type Overview struct {
	AsOf       *time.Time     `json:"as_of"` // the moment at which open complaints were judged
	Totals     map[string]int `json:"totals"`
	Digest     []Finding      `json:"digest"`
	Volume     Volume         `json:"volume"`
	Span       Span           `json:"-"`
	Incidents  []Incident     `json:"incidents"`
	Themes     []Theme        `json:"themes"`
	ThemeCount int            `json:"theme_count"`
	Scores     []Score        `json:"satisfaction"`
	Drivers    []Driver       `json:"drivers"`
	Quality    []Quality      `json:"quality"`
	States     map[string]int `json:"clocks"`
	Open       int            `json:"open"`     // complaints not settled, with a clock or without
	Soon       []Clock        `json:"due_next"` // the open clocks that end next
	Queue      Queue          `json:"queue"`
	Templates  []Template     `json:"log_bursts"`
	Loading    []Loading      `json:"loading"`
	Refused    map[string]int `json:"refused"`
	Runs       []Run          `json:"runs"`
}

// Empty tells that nothing was loaded yet.
func (o *Overview) Empty() bool { return o.Totals["rows_in"] == 0 }

// Ran tells that a job was run.
func (o *Overview) Ran(kind string) bool {
	return slices.ContainsFunc(o.Runs, func(r Run) bool { return r.Kind == kind })
}

// Within leaves out what lies outside of a span.
func (v Volume) Within(s Span) Volume {
	v.Rows = slices.DeleteFunc(slices.Clone(v.Rows), func(c Count) bool {
		return c.At.AddDate(0, 0, map[string]int{"day": 1, "week": 7}[v.Step]).Compare(s.From) <= 0 || !c.At.Before(s.To)
	})
	return v
}

// keptOverview is the last overview and the state of the store it was read of.
type keptOverview struct {
	mu    sync.Mutex
	stamp string
	value *Overview
}

const stampQuery = `select coalesce((select max(batch) from admission), 0) || '-' || coalesce((select max(id) from run), 0) || '-' ||
	(select count(*) from case_event) || '-' || (select count(*) from entry_event) || '-' || (select count(*) from refused_replayed) || '-' || (select count(*) from theme_edit) || '-' ||
	(select count(*) from model_event)`

// Overview reads the first page. It reads again only after the store changed;
// the caller must not write to what it gets.
func (r *Reader) Overview(ctx context.Context) (*Overview, error) {
	r.kept.mu.Lock()
	defer r.kept.mu.Unlock()
	var stamp string
	if err := r.count(ctx, &stamp, stampQuery); err != nil {
		return nil, err
	}
	if r.kept.value != nil && r.kept.stamp == stamp {
		return r.kept.value, nil
	}
	o, err := r.overview(ctx)
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	r.kept.stamp, r.kept.value = stamp, o
	return o, nil
}

// Shown is how many themes, cases and templates the overview shows.
const (
	shownIncidents = 200
	shownThemes    = 14
	shownCases     = 8
	shownTemplates = 8
	shownSoon      = 8
)

func (r *Reader) overview(ctx context.Context) (*Overview, error) {
	o := &Overview{}
	for _, read := range []func(context.Context, *Overview) error{r.readTotals, r.readAnswers, r.readThemes, r.readService, r.readQueue, r.readLoading} {
		if err := read(ctx, o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (r *Reader) readTotals(ctx context.Context, o *Overview) (err error) {
	if o.Totals, err = r.tally(ctx, `select 'complaints', count(*) from complaint union all select 'surveys', count(*) from survey
		union all select 'logs', count(*) from log_line union all select 'transactions', count(*) from transaction_version
		union all select 'accounts', count(*) from account_version
		union all select 'rows_in', cast(coalesce(sum(rows_in), 0) as bigint) from admission
		union all select 'loaded', cast(coalesce(sum(loaded), 0) as bigint) from admission
		union all select 'known', cast(coalesce(sum(known), 0) as bigint) from admission
		union all select 'refused', cast(coalesce(sum(refused), 0) as bigint) from admission`); err != nil {
		return err
	}
	if o.Digest, err = r.Digest(ctx); err != nil {
		return err
	}
	if o.Span, err = r.span(ctx); err != nil {
		return err
	}
	o.Volume, err = r.Volume(ctx, "")
	return err
}

func (r *Reader) readAnswers(ctx context.Context, o *Overview) (err error) {
	if o.Scores, err = r.Satisfaction(ctx, "", "all"); err != nil {
		return err
	}
	o.Drivers, err = r.Drivers(ctx, "")
	return err
}

func (r *Reader) readThemes(ctx context.Context, o *Overview) (err error) {
	incidents, err := r.Incidents(ctx, IncidentFilter{ByTime: true, Limit: shownIncidents})
	if err != nil {
		return err
	}
	o.Incidents = incidents.Rows
	themes, err := r.Themes(ctx, shownThemes, 0)
	if err != nil {
		return err
	}
	o.Themes, o.ThemeCount = themes.Rows, themes.Total
	templates, err := r.Templates(ctx, TemplateFilter{Burst: "yes", Limit: shownTemplates})
	o.Templates = templates.Rows
	return err
}

func (r *Reader) readService(ctx context.Context, o *Overview) (err error) {
	if o.Quality, err = r.Quality(ctx, ""); err != nil {
		return err
	}
	if o.States, err = r.States(ctx); err != nil {
		return err
	}
	if err := r.st.QueryRow(ctx, "select count(*) from complaint_now where open").Scan(&o.Open); err != nil {
		return fmt.Errorf("count the open complaints: %w", err)
	}
	soon, err := r.Clocks(ctx, ClockFilter{State: "due_soon", Limit: shownSoon})
	if err != nil {
		return err
	}
	late, err := r.Clocks(ctx, ClockFilter{State: "overdue", Limit: shownSoon})
	o.Soon = append(late.Rows, soon.Rows...)
	return err
}

func (r *Reader) readLoading(ctx context.Context, o *Overview) (err error) {
	if o.Loading, err = r.Loadings(ctx); err != nil {
		return err
	}
	refused, err := r.Refused(ctx, RefusedFilter{})
	if err != nil {
		return err
	}
	o.Refused = refused.Counts
	if o.Runs, err = r.LatestRuns(ctx); err != nil {
		return err
	}
	o.AsOf, err = r.asOf(ctx)
	return err
}

// asOf is what the service job took as now.
func (r *Reader) asOf(ctx context.Context) (*time.Time, error) {
	var t *time.Time
	list, err := collect(ctx, r.st, func(rows *sql.Rows, s *string) error { return rows.Scan(s) },
		`select coalesce(json_extract_string(params, '$.as_of'), '') from run where kind = 'service' order by id desc limit 1`)
	if len(list) == 1 {
		if at, err := time.Parse(time.RFC3339, list[0]); err == nil {
			at = at.UTC()
			t = &at
		}
	}
	return t, err
}

// longestDaily is the number of days from which volume is shown by the week.
const longestDaily = 200

// Volume counts complaints by day or week; step "" chooses by the span.
func (r *Reader) Volume(ctx context.Context, step string) (Volume, error) {
	runs, err := r.latest(ctx)
	if err != nil {
		return Volume{}, err
	}
	if step == "" {
		span, err := r.span(ctx)
		if err != nil {
			return Volume{}, err
		}
		if step = "day"; span.To.Sub(span.From) > longestDaily*24*time.Hour {
			step = "week"
		}
	}
	v := Volume{Step: step}
	v.Rows, err = collect(ctx, r.st, func(rows *sql.Rows, c *Count) error { return rows.Scan(&c.At, &c.N) },
		`select date_trunc($2, day) as at, cast(sum(n) as bigint) from volume where run = $1 and day is not null group by 1 order by 1`, runs["volume"], step)
	return v, err
}

func (r *Reader) readQueue(ctx context.Context, o *Overview) (err error) {
	q := &o.Queue
	if err := r.st.QueryRow(ctx, `select count(*), count(*) filter (where flagged), coalesce(max(threshold), 0) from
		(select arg_max(flagged, run) as flagged, arg_max(threshold, run) as threshold from decision where seq not in (`+blindQuery+`) group by seq)`).Scan(&q.Judged, &q.Flagged, &q.Threshold); err != nil {
		return err
	}
	q.Threshold = format.Round(q.Threshold)
	if q.Scores, err = collect(ctx, r.st, func(rows *sql.Rows, b *Bin) error { return rows.Scan(&b.From, &b.N) },
		`select floor(score / $1) * $1 as bin, count(*) from (select arg_max(score, run) as score from decision where seq not in (`+blindQuery+`) group by seq) where score is not null group by 1 order by 1`, BinWidth); err != nil {
		return err
	}
	if q.Cases, err = r.tally(ctx, `select coalesce(state, 'open'), count(*) from (select arg_max(action, at) filter (action in ('confirmed', 'cleared', 'overturned', 'reopened')) as state
		from case_event group by case_id) group by 1`); err != nil {
		return err
	}
	if q.Signals, err = r.tally(ctx, `select json_extract_string(x.reason, '$.signal') as signal, count(*) from
		(select unnest(json_extract(detail, '$[*]')) as reason from case_event where action = 'opened') x where signal <> 'base' group by 1`); err != nil {
		return err
	}
	if q.Rules, err = r.ruleWords(ctx); err != nil {
		return err
	}
	cases, err := r.Cases(ctx, CaseFilter{State: "open", Limit: shownCases})
	if err != nil {
		return err
	}
	q.Top, q.Entries, q.Grounds = cases.Rows, map[string]int{}, map[string]int{}
	entries, err := r.st.Entries(ctx)
	for _, e := range entries {
		q.Entries[e.State]++
		if e.State == "proposed" || e.State == "adopted" {
			q.Grounds[e.Ground]++
		}
	}
	return err
}
