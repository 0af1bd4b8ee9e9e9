package analysis

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"plaint/analysis/rootcause/incident/dense"
	"plaint/internal/store"
)

// Finding is one line of the digest: a code, whose words are in the catalogue,
// and its arguments.
type Finding struct {
	Code      string         `json:"code"`
	Arguments map[string]any `json:"arguments"`
}

// finder is a query over the latest runs whose rows each make a finding: its
// columns are the arguments, under their names.
type finder struct {
	code  string
	kinds []string // runs whose ids are bound, in order; "now" binds the moment, "dense" from when and until when most came
	query string
}

// mostFindings keeps the digest to one screen.
const mostFindings = 12

// finders are in the order of the digest. Bursts of themes are told only where
// incidents were never looked for: an incident is what bursts have in common, and
// has one set of numbers.
var finders = []finder{
	{"digest_volume", []string{"volume", "dense"}, `with days as (select date_trunc('day', day) as day, sum(n) as n from volume where run = $1 and day is not null group by 1),
		edge as (select max(day) as last from days where day < $3)
		select cast(sum(n) as bigint) as n, min(day) filter (where day >= $2) as "from", max(last) as "to",
			cast(coalesce(sum(n) filter (where day > last - interval 7 day and day <= last), 0) as bigint) as last_week,
			cast(coalesce(sum(n) filter (where day > last - interval 14 day and day <= last - interval 7 day), 0) as bigint) as week_before
		from days, edge having count(*) > 0`},
	{"digest_theme_new", []string{"themes", "now"}, `select t.label as theme, t.id as theme_id, t.language, w.first as "from", t.size as n
		from (select theme, min(first) as first, min(announced) as announced from theme_news group by theme) w join theme t on t.run = $1 and t.id = w.theme
		where w.announced > $2::timestamp - interval 14 day order by t.size desc, t.id limit 2`},
	{"digest_incident", []string{"incidents"}, `select coalesce(t.label, '–') as theme, coalesce(i.theme, 0) as theme_id, coalesce(t.language, '') as language, i.id as incident, i.type,
			i.start_at as "from", i.end_at as "to", i.n, i.expected
		from incident i left join theme t on t.run = i.themes_run and t.id = i.theme where i.run = $1 order by i.n - i.expected desc, i.id limit 4`},
	{"digest_theme_burst", []string{"themes", "incidents"}, `select t.label as theme, t.id as theme_id, t.type, t.language, b.start_at as "from", b.end_at as "to", b.n, b.expected, b.incident, b.themes, b.together
		from (select *, count(*) over (partition by incident) as themes, cast(sum(n) over (partition by incident) as bigint) as together,
				row_number() over (partition by incident order by n - expected desc, theme) as place
			from theme_window where run = $1) b join theme t on t.run = $1 and t.id = b.theme
		where b.place = 1 and $2 = 0 order by b.together desc, b.incident limit 4`},
	{"digest_log_burst", []string{"logs"}, `with service as (
			select t.service, t.template, t.level, b.*, row_number() over (partition by t.service order by b.n - b.expected desc, b.template) as place
			from log_burst b join log_template t on t.run = b.run and t.id = b.template where b.run = $1 and t.level in ('warn', 'error', 'fatal'))
		select service, template, level, start_at as "from", end_at as "to", n, expected from service where place = 1 order by n - expected desc, service limit 1`},
	{"digest_overdue", []string{"service", "now"}, `select count(*) filter (where state = 'overdue') as overdue, count(*) filter (where state = 'due_soon') as due_soon,
			count(*) filter (where state = 'reopened') as reopened,
			(select count(*) from complaint_now where open) as open, $2::timestamp as as_of
		from service_clock where run = $1 having count(*) > 0`},
	{"digest_department", []string{"service"}, `select q.unit as department, q.breach_rate as rate, q.breach_low as low, q.breach_high as high, q.breached, q.n, a.breach_rate as overall
		from service_quality q join service_quality a on a.run = q.run and a.unit_by = 'all'
		where q.run = $1 and q.unit_by = 'department' and q.breach_low > a.breach_rate order by q.breach_low - a.breach_rate desc, q.unit limit 1`},
	{"digest_handlers", []string{"service"}, `select count(*) as handlers, arg_max(unit, breach_low - expected_rate) as worst,
			max_by(breach_rate, breach_low - expected_rate) as rate, max_by(breach_low, breach_low - expected_rate) as low,
			max_by(expected_rate, breach_low - expected_rate) as expected
		from service_quality where run = $1 and unit_by = 'handler' and n >= 20 and breach_low > expected_rate having count(*) > 0`},
	{"digest_satisfaction", []string{"satisfaction"}, `select metric, score, low, high, n from satisfaction
		where run = $1 and segment_by = 'all' and period = 'all' and n >= 20 order by metric = 'csat' desc, n desc, metric limit 1`},
	{"digest_satisfaction_trend", []string{"satisfaction"}, `with span as (select metric, min(start_at) as first, max(start_at) as last from satisfaction
			where run = $1 and segment_by = 'all' and period <> 'all' group by metric)
		select metric, slope, low, high, weeks, first as "from", last as "to" from satisfaction_trend t join span using (metric)
		where run = $1 and (low > 0 or high < 0) order by abs(slope) desc, metric limit 1`},
	{"digest_driver", []string{"satisfaction"}, `select metric, driver, effect, low, high, n from satisfaction_driver
		where run = $1 and (low > 0 or high < 0) order by abs(effect) / greatest(high - low, 1e-9) desc, metric, driver limit 1`},
	{"digest_theme_growing", []string{"themes"}, `select t.label as theme, t.id as theme_id, t.language, t.trend, t.size as n from theme t
		where t.run = $1 and t.trend > 0.03 and t.size >= 30 and not exists (select 1 from theme_window w where w.run = t.run and w.theme = t.id)
		order by t.trend * sqrt(t.size) desc, t.id limit 1`},
	{"digest_largest_theme", []string{"themes"}, `select label as theme, id as theme_id, language, size as n, size / sum(size) over () as share from theme
		where run = $1 order by size desc, id limit 1`},
}

// digest says in at most twelve findings what the latest runs hold. An empty
// store has the one finding that there is nothing.
func digest(ctx context.Context, st *store.Store, now time.Time) (int64, map[string]any, error) {
	started := st.Now()
	var found []Finding
	for _, f := range finders {
		more, err := f.find(ctx, st, now)
		if err != nil {
			return 0, nil, fmt.Errorf("digest: %w", err)
		}
		found = append(found, more...)
	}
	if len(found) == 0 {
		found = []Finding{{"digest_nothing", map[string]any{}}}
	}
	found = found[:min(len(found), mostFindings)]
	table := store.Table{Name: "digest"}
	for i, f := range found {
		raw, err := json.Marshal(f.Arguments)
		if err != nil {
			return 0, nil, fmt.Errorf("digest: %s: %w", f.Code, err)
		}
		table.Rows = append(table.Rows, []any{i + 1, f.Code, string(raw)})
	}
	numbers := map[string]any{"findings": len(found)}
	id, err := st.SaveRun(ctx, store.Run{Kind: "digest", Started: started, Summary: numbers,
		Params: map[string]any{"as_of": now.Format(time.RFC3339)}, Tables: []store.Table{table}})
	return id, numbers, err
}

func (f *finder) find(ctx context.Context, st *store.Store, now time.Time) ([]Finding, error) {
	var args []any
	for _, k := range f.kinds {
		switch k {
		case "now":
			args = append(args, now.UTC())
		case "dense":
			from, to, err := denseDays(ctx, st)
			if err != nil {
				return nil, err
			}
			args = append(args, from, to)
		default:
			id, err := st.LatestRun(ctx, k)
			if err != nil {
				return nil, err
			}
			args = append(args, id)
		}
	}
	rows, err := st.Query(ctx, f.query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.code, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.code, err)
	}
	var out []Finding
	for rows.Next() {
		a, err := arguments(rows, names)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.code, err)
		}
		out = append(out, Finding{f.code, a})
	}
	return out, rows.Err()
}

// arguments makes a row an object: times as RFC 3339, numbers to six digits,
// unknown texts "".
func arguments(rows *sql.Rows, names []string) (map[string]any, error) {
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(names))
	for i, v := range values {
		switch x := v.(type) {
		case time.Time:
			v = x.UTC().Format(time.RFC3339)
		case float64:
			v = rounded(x)
		case nil:
			v = ""
		}
		out[names[i]] = v
	}
	return out, nil
}

func rounded(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	if x == 0 {
		return 0.0
	}
	scale := math.Pow(10, 6-math.Ceil(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// denseDays are the first day on which complaints are dense and the day after the
// last: what lies far from all others has a wrong date.
func denseDays(ctx context.Context, st *store.Store) (from, to time.Time, err error) {
	days := map[int64]int{}
	err = st.Each(ctx, "select epoch(date_trunc('day', day))::bigint, sum(n)::bigint from volume where run = (select max(id) from run where kind = 'volume') and day is not null group by 1", func(rows *sql.Rows) error {
		var day int64
		var n int
		err := rows.Scan(&day, &n)
		days[day] = n
		return err
	})
	if err != nil || len(days) == 0 {
		return from, to, err
	}
	s := dense.Find(days)
	return time.Unix(s[0].From, 0).UTC(), time.Unix(s[len(s)-1].To, 0).UTC(), nil
}
