package metrics

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/store"
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// descriptions are all metrics that come from the store.
var descriptions = map[string]*prometheus.Desc{
	"rows":         describe("plaint_rows_total", "Rows that came in, by profile, kind and what became of them; updated ones are among the loaded.", "source", "kind", "outcome"),
	"refused":      describe("plaint_refused_total", "Rows that were refused, by reason.", "code"),
	"batch":        describe("plaint_batch_rows", "Rows of an admitted batch."),
	"commit":       describe("plaint_commit_seconds", "Time to admit a batch, from the first row staged to the commit."),
	"score":        describe("plaint_score", "Scores of all complaints by the latest decision on each, in log-odds of abuse."),
	"flagged":      describe("plaint_complaints_flagged", "Complaints that the latest decision flags."),
	"cases":        describe("plaint_cases", "Cases of the review queue by state.", "state"),
	"entries":      describe("plaint_blacklist_entries", "Blacklist entries and proposals by state.", "state"),
	"breaches":     describe("plaint_breaches", "Complaints past their service level in the latest run, settled ones included.", "department"),
	"due_soon":     describe("plaint_due_soon", "Open complaints that are due within the next quarter of their limit."),
	"overdue":      describe("plaint_overdue", "Open complaints past their limit, reopened ones included."),
	"runs":         describe("plaint_analysis_runs_total", "Runs of each job that were kept.", "job"),
	"age":          describe("plaint_analysis_age_seconds", "Time since the latest run of each job ended.", "job"),
	"satisfaction": describe("plaint_satisfaction", "Score over all answers: CSAT in percent, NPS from -100 to 100, CES on its own scale.", "metric"),
	"low":          describe("plaint_satisfaction_low", "Lower end of the score's 95 percent interval.", "metric"),
	"high":         describe("plaint_satisfaction_high", "Upper end of the score's 95 percent interval.", "metric"),
	"themes":       describe("plaint_themes", "Themes found by the latest run."),
	"theme_bursts": describe("plaint_theme_bursts", "Windows in which a theme burst, found by the latest run."),
	"alarms":       describe("plaint_model_alarms", "What is watched of champion and shadow in the latest run, by what it is and how it stands; act is an alarm.", "alarm", "state"),
	"psi":          describe("plaint_model_psi", "Population stability index of the score and of each signal against the training window, or the weeks before.", "signal"),
	"ks":           describe("plaint_model_ks", "Kolmogorov-Smirnov distance of the score and of each signal, likewise.", "signal"),
	"calibration":  describe("plaint_model_calibration_error", "Calibration error of the champion on verdicts that are final."),
	"verdicts":     describe("plaint_model_verdicts", "Final verdicts that the champion is measured on."),
	"delay":        describe("plaint_model_verdict_delay_seconds", "Time from receipt to verdict: median and p90.", "share"),
	"override":     describe("plaint_model_override_ratio", "Proposals that people turned down, of those decided."),
	"appeal":       describe("plaint_model_appeal_ratio", "Confirmed cases that were reopened or overturned."),
	"false_ratio":  describe("plaint_model_false_positive_ratio", "False positive rate of a group by that of everybody else.", "by", "group"),
	"upheld":       describe("plaint_model_upheld_ratio", "Decided claims that were upheld, of flagged complaints and of others.", "flagged"),
	"rule":         describe("plaint_model_rule_ratio", "Complaints of half a year of which a rule of the champion held.", "rule"),
	"agreement":    describe("plaint_shadow_agreement_ratio", "New complaints on which shadow and champion agree.", "shadow"),
	"rank":         describe("plaint_shadow_rank_correlation", "Spearman's correlation of the scores of shadow and champion.", "shadow"),
	"compared":     describe("plaint_shadow_complaints", "New complaints by who flags them: both, newly (the shadow alone), cleared (the champion alone).", "shadow", "flagged"),
	"precision":    describe("plaint_shadow_precision_ratio", "Precision of the shadow and of the model beside it, where verdicts have come.", "model"),
	"missed":       describe("plaint_shadow_missed", "New complaints that the shadow did not judge.", "shadow"),
	"bytes":        describe("plaint_store_bytes", "Size of the database file and of its log."),
}

// question fills some metrics from one query.
type question struct {
	name string
	ask  func(ctx context.Context, st *store.Store) ([]prometheus.Metric, error)
}

var questions = []question{
	{"rows", askRows}, {"refused", tally("refused", prometheus.CounterValue, nil, `select coalesce(code, ''), count(*) from refused group by 1`)},
	{"batch", histogram("batch", []float64{1, 10, 100, 1000, 10000, 50000, 100000, 150000}, "rows_in::double", "admission")},
	{"commit", histogram("commit", []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "micros / 1e6", "admission")},
	{"score", histogram("score", []float64{-4, -3, -2, -1, -.5, 0, .5, 1, 2, 3, 4, 6, 8, 10, 15}, "score", "(select arg_max(score, run) as score from decision group by seq)")},
	{"flagged", number("flagged", `select count(*) filter (where flagged) from (select arg_max(flagged, run) as flagged from decision group by seq)`)},
	{"cases", tally("cases", prometheus.GaugeValue, []string{"open", "confirmed", "cleared"}, `select coalesce(state, 'open'), count(*) from (
		select arg_max(action, at) filter (action in ('confirmed', 'cleared', 'overturned', 'reopened')) as state from case_event group by case_id) group by 1`)},
	{"entries", askEntries},
	{"breaches", tally("breaches", prometheus.GaugeValue, nil, `select coalesce(department, ''), count(*) filter (where breached) from service_clock
		where run = (select max(id) from run where kind = 'service') group by 1 order by 2 desc, 1 limit 50`)},
	{"due_soon", number("due_soon", `select count(*) from service_clock where run = (select max(id) from run where kind = 'service') and state = 'due_soon'`)},
	{"overdue", number("overdue", `select count(*) from service_clock where run = (select max(id) from run where kind = 'service') and state in ('overdue', 'reopened')`)},
	{"runs", tally("runs", prometheus.CounterValue, nil, `select kind, count(*) from run group by 1`)},
	{"age", askAge}, {"satisfaction", askSatisfaction},
	{"themes", number("themes", `select count(*) from theme where run = (select max(id) from run where kind = 'themes')`)},
	{"theme_bursts", number("theme_bursts", `select count(*) from theme_window where run = (select max(id) from run where kind = 'themes')`)},
	{"watch", askWatch}, {"bytes", askBytes},
}

func gauge(name string, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(descriptions[name], prometheus.GaugeValue, v, labels...)
}

// tally makes one value per row of a name and a number; expected names are
// there even where the store has none.
func tally(name string, kind prometheus.ValueType, expected []string, query string) func(context.Context, *store.Store) ([]prometheus.Metric, error) {
	return func(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
		seen := map[string]bool{}
		err = st.Each(ctx, query, func(rows *sql.Rows) error {
			var label string
			var n float64
			if err := rows.Scan(&label, &n); err != nil {
				return err
			}
			seen[label] = true
			m, err := prometheus.NewConstMetric(descriptions[name], kind, n, label)
			out = append(out, m)
			return err
		})
		for _, label := range expected {
			if !seen[label] {
				out = append(out, prometheus.MustNewConstMetric(descriptions[name], kind, 0, label))
			}
		}
		return out, err
	}
}

func number(name, query string) func(context.Context, *store.Store) ([]prometheus.Metric, error) {
	return func(ctx context.Context, st *store.Store) ([]prometheus.Metric, error) {
		var n float64
		if err := st.QueryRow(ctx, query).Scan(&n); err != nil {
			return nil, err
		}
		return []prometheus.Metric{gauge(name, n)}, nil
	}
}

// histogram counts a column into buckets. Column, table and bounds are part of
// the program.
func histogram(name string, bounds []float64, column, table string) func(context.Context, *store.Store) ([]prometheus.Metric, error) {
	query := "select count(v), coalesce(sum(v), 0)::double"
	for _, b := range bounds {
		query += fmt.Sprintf(", count(v) filter (where v <= %g)", b)
	}
	query += fmt.Sprintf(" from (select %s as v from %s)", column, table)
	return func(ctx context.Context, st *store.Store) ([]prometheus.Metric, error) {
		counts := make([]uint64, len(bounds)+1)
		var sum float64
		into := []any{&counts[len(bounds)], &sum}
		for i := range bounds {
			into = append(into, &counts[i])
		}
		if err := st.QueryRow(ctx, query).Scan(into...); err != nil {
			return nil, err
		}
		buckets := map[float64]uint64{}
		for i, b := range bounds {
			buckets[b] = counts[i]
		}
		m, err := prometheus.NewConstHistogram(descriptions[name], counts[len(bounds)], sum, buckets)
		return []prometheus.Metric{m}, err
	}
}

// mostSources bounds the values of the label source; the rest are "other".
const mostSources = 50

func askRows(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
	query := fmt.Sprintf(`with ranked as (select coalesce(profile, '') as profile, sum(rows_in) as n from admission group by 1),
		named as (select profile, if(row_number() over (order by n desc, profile) <= %d, profile, 'other') as source from ranked)
		select n.source, coalesce(a.kind, ''), sum(a.loaded)::double, sum(a.known)::double, sum(a.refused)::double, sum(a.updated)::double
		from admission a join named n on n.profile = coalesce(a.profile, '') group by 1, 2`, mostSources)
	err = st.Each(ctx, query, func(rows *sql.Rows) error {
		var source, kind string
		var n [4]float64
		if err := rows.Scan(&source, &kind, &n[0], &n[1], &n[2], &n[3]); err != nil {
			return err
		}
		for i, outcome := range [...]string{"loaded", "known", "refused", "updated"} {
			m, err := prometheus.NewConstMetric(descriptions["rows"], prometheus.CounterValue, n[i], source, kind, outcome)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

func askEntries(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
	list, err := st.Entries(ctx)
	if err != nil {
		return nil, err
	}
	n := map[string]float64{"proposed": 0, "adopted": 0, "active": 0}
	for _, e := range list {
		n[e.State]++
	}
	for state, v := range n {
		out = append(out, gauge("entries", v, state))
	}
	return out, nil
}

// askAge is against the clock on the wall: how old an answer is does not
// depend on the times in the data.
func askAge(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
	err = st.Each(ctx, `select kind, max(finished) from run where kind not in ('score', 'backtest') group by 1`, func(rows *sql.Rows) error {
		var job string
		var finished time.Time
		if err := rows.Scan(&job, &finished); err != nil {
			return err
		}
		out = append(out, gauge("age", time.Since(finished).Seconds(), job))
		return nil
	})
	return out, err
}

func askSatisfaction(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
	err = st.Each(ctx, `select metric, score, low, high from satisfaction where run = (select max(id) from run where kind = 'satisfaction')
		and segment_by = 'all' and period = 'all'`, func(rows *sql.Rows) error {
		var metric string
		var score, low, high float64
		if err := rows.Scan(&metric, &score, &low, &high); err != nil {
			return err
		}
		out = append(out, gauge("satisfaction", score, metric), gauge("low", low, metric), gauge("high", high, metric))
		return nil
	})
	return out, err
}

func askBytes(_ context.Context, st *store.Store) ([]prometheus.Metric, error) {
	info, err := os.Stat(st.Path())
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if wal, err := os.Stat(st.Path() + ".wal"); err == nil {
		size += wal.Size()
	}
	return []prometheus.Metric{gauge("bytes", float64(size))}, nil
}
