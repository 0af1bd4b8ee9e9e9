package metrics

import (
	"context"
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/watch"
)

// watched says which metric shows which kind of measure, and what its labels are
// taken from.
var watched = map[string]struct {
	metric string
	labels func(m *record.Measure) []string
}{
	watch.PSI:         {"psi", partOf},
	watch.KS:          {"ks", partOf},
	watch.Calibration: {"calibration", noLabel},
	watch.Delay:       {"delay", partOf},
	watch.Override:    {"override", noLabel},
	watch.Appeal:      {"appeal", noLabel},
	watch.FalseRatio:  {"false_ratio", func(m *record.Measure) []string { return []string{m.By, m.Part} }},
	watch.Upheld:      {"upheld", partOf},
	watch.Agreement:   {"agreement", modelOf},
	watch.Rank:        {"rank", modelOf},
	watch.Both:        {"compared", comparedOf},
	watch.Newly:       {"compared", comparedOf},
	watch.Cleared:     {"compared", comparedOf},
	watch.Precision:   {"precision", partOf},
	watch.Missed:      {"missed", modelOf},
	watch.Rule:        {"rule", partOf},
}

func noLabel(*record.Measure) []string      { return nil }
func partOf(m *record.Measure) []string     { return []string{m.Part} }
func modelOf(m *record.Measure) []string    { return []string{m.Model} }
func comparedOf(m *record.Measure) []string { return []string{m.Model, m.Kind} }

// askWatch shows what the latest run of the job models found. What could not be
// measured is absent; alarms are there, none or many.
func askWatch(ctx context.Context, st *store.Store) (out []prometheus.Metric, err error) {
	alarms := map[[2]string]int{}
	err = st.Each(ctx, `select model, kind, coalesce(part, ''), coalesce(part_by, ''), value, n, state from model_watch
		where run = (select max(id) from run where kind = 'models') order by place`, func(rows *sql.Rows) error {
		var m record.Measure
		if err := rows.Scan(&m.Model, &m.Kind, &m.Part, &m.By, &m.Value, &m.N, &m.State); err != nil {
			return err
		}
		alarms[[2]string{m.Kind, m.State}]++
		if m.Kind == watch.Calibration {
			out = append(out, gauge("verdicts", float64(m.N)))
		}
		w, ok := watched[m.Kind]
		if !ok || m.Value == nil {
			return nil
		}
		v := *m.Value
		if m.Kind == watch.Delay {
			v *= 24 * 3600
		}
		x, err := prometheus.NewConstMetric(descriptions[w.metric], prometheus.GaugeValue, v, w.labels(&m)...)
		out = append(out, x)
		return err
	})
	for _, kind := range watch.Kinds {
		for _, state := range []string{record.WatchOK, record.WatchLook, record.WatchAct, record.WatchFew} {
			out = append(out, gauge("alarms", float64(alarms[[2]string{kind, state}]), kind, state))
		}
	}
	return out, err
}
