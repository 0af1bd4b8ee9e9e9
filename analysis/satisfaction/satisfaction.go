package satisfaction

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"plaint/internal/store"
)

// Result is the run and its headline.
type Result struct {
	Run     int64          `json:"run"`
	Numbers map[string]any `json:"numbers"`
}

// Measure scores all survey answers in the store and keeps the scores, their
// drivers and their trends as a run of kind "satisfaction".
func Measure(ctx context.Context, st *store.Store) (Result, error) {
	started := st.Now()
	answers, err := read(ctx, st)
	if err != nil {
		return Result{}, fmt.Errorf("satisfaction: %w", err)
	}
	var last int64
	if err := st.QueryRow(ctx, "select coalesce(max(seq), 0) from survey").Scan(&last); err != nil {
		return Result{}, fmt.Errorf("satisfaction: %w", err)
	}
	scores := store.Table{Name: "satisfaction"}
	moved := store.Table{Name: "satisfaction_driver"}
	trends := store.Table{Name: "satisfaction_trend"}
	numbers := map[string]any{"answers": len(answers)}
	byMetric := split(answers, func(a *answer) string { return a.metric })
	for _, m := range byMetric {
		scores.Rows = append(scores.Rows, scoreRows(m.key, m.list)...)
		numbers[m.key] = estimated(m.key, m.list).score
		found, err := effects(m.list)
		if err != nil {
			return Result{}, fmt.Errorf("satisfaction: %w", err)
		}
		for _, e := range found {
			moved.Rows = append(moved.Rows, []any{m.key, e.driver, e.size, e.low, e.high, e.n, e.explained})
		}
		if row := trend(m.key, m.list); row != nil {
			trends.Rows = append(trends.Rows, row)
		}
	}
	id, err := st.SaveRun(ctx, store.Run{Kind: "satisfaction", Started: started, UpTo: last, Summary: numbers,
		Params: map[string]any{"confidence": confidence}, Tables: []store.Table{scores, moved, trends}})
	if err != nil {
		return Result{}, fmt.Errorf("satisfaction: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// part is the answers that share a key.
type part struct {
	key  string
	list []*answer
}

// split groups answers by a key, in the order of the keys; "" is left out.
func split(answers []answer, key func(*answer) string) []part {
	list := make([]*answer, len(answers))
	for i := range answers {
		list[i] = &answers[i]
	}
	return parts(list, key)
}

func parts(answers []*answer, key func(*answer) string) (out []part) {
	at := map[string]int{}
	for _, a := range answers {
		k := key(a)
		if k == "" {
			continue
		}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, part{key: k})
		}
		out[i].list = append(out[i].list, a)
	}
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.key, b.key) })
	return out
}

// segments are the ways the answers are cut.
var segments = []struct {
	by string
	of func(*answer) string
}{
	{"channel", func(a *answer) string { return a.channel }},
	{"product", func(a *answer) string { return a.product }},
	{"handler", func(a *answer) string { return a.handler }},
	{"department", func(a *answer) string { return a.department }},
	{"type", func(a *answer) string { return a.kind }},
	{"segment", func(a *answer) string { return a.grouping }},
}

// scoreRows are a metric's rows: over all, over time, by segment.
func scoreRows(metric string, answers []*answer) (rows [][]any) {
	add := func(by, segment, period string, start time.Time, list []*answer) {
		e := estimated(metric, list)
		rows = append(rows, []any{metric, by, segment, period, start, e.n, e.score, e.low, e.high})
	}
	add("all", "all", "all", time.Time{}, answers)
	name, start := period(answers)
	for _, p := range parts(answers, func(a *answer) string {
		if a.at.IsZero() {
			return ""
		}
		return start(a.at).Format(time.DateOnly)
	}) {
		add("all", "all", name, start(p.list[0].at), p.list)
	}
	for _, s := range segments {
		for _, p := range parts(answers, s.of) {
			add(s.by, p.key, "all", time.Time{}, p.list)
		}
	}
	return rows
}

// period fits the step of the series to the span: days up to five weeks, weeks
// up to 13 months, then months.
func period(answers []*answer) (string, func(time.Time) time.Time) {
	var first, last time.Time
	for _, a := range answers {
		if !a.at.IsZero() && (first.IsZero() || a.at.Before(first)) {
			first = a.at
		}
		if a.at.After(last) {
			last = a.at
		}
	}
	switch days := last.Sub(first).Hours() / 24; {
	case days <= 35:
		return "day", func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	case days <= 400:
		return "week", monday
	}
	return "month", func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }
}

func monday(t time.Time) time.Time {
	t = t.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}

const (
	leastWeeks   = 5
	leastAnswers = 5 // of a week that counts
)

// trend is the least-squares slope of the weekly score in its own units per
// week, with Student's interval; nil under five weeks of five answers.
func trend(metric string, answers []*answer) []any {
	var x, y []float64
	var first time.Time
	for _, p := range parts(answers, func(a *answer) string {
		if a.at.IsZero() {
			return ""
		}
		return monday(a.at).Format(time.DateOnly)
	}) {
		if len(p.list) < leastAnswers {
			continue
		}
		if first.IsZero() {
			first = monday(p.list[0].at)
		}
		x = append(x, monday(p.list[0].at).Sub(first).Hours()/(7*24))
		y = append(y, estimated(metric, p.list).score)
	}
	if len(x) < leastWeeks {
		return nil
	}
	alpha, beta := stat.LinearRegression(x, y, nil, false)
	var residual, spread float64
	mean := stat.Mean(x, nil)
	for i := range x {
		r := y[i] - alpha - beta*x[i]
		residual += r * r
		spread += (x[i] - mean) * (x[i] - mean)
	}
	free := float64(len(x) - 2)
	half := quantile(free) * math.Sqrt(residual/free/spread)
	var explained any
	if r2 := stat.RSquared(x, y, nil, alpha, beta); !math.IsNaN(r2) {
		explained = r2
	}
	return []any{metric, beta, beta - half, beta + half, len(x), explained}
}
