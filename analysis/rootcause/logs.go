package rootcause

import (
	"context"
	"database/sql"
	"fmt"

	"plaint/internal/store"
)

// burstTemplates bounds the templates that are searched for bursts: the most
// frequent ones.
const burstTemplates = 2000

const logQuery = `select seq, coalesce(epoch_us(time) // 1000000, 0) as at, coalesce(service, '') as service,
	coalesce(level, '') as level, coalesce(message, '') as message
	from log_line where seq > ? and seq <= ? order by seq`

// LogTemplates finds the templates of the log lines in the store, counts them
// by the hour, finds their bursts and keeps all three as a run of kind "logs".
func LogTemplates(ctx context.Context, st *store.Store) (Result, error) {
	started := st.Now()
	m := newMiner()
	lines, last, err := m.read(ctx, st)
	if err != nil {
		return Result{}, err
	}
	list := m.settle()
	tables, found := templateTables(list)
	numbers := map[string]any{"lines": lines, "templates": len(list), "bursts": found}
	id, err := st.SaveRun(ctx, store.Run{Kind: "logs", Started: started, UpTo: last, Summary: numbers, Tables: tables,
		Params: map[string]any{"least_alike": leastAlike, "false_discovery_rate": discovery}})
	if err != nil {
		return Result{}, fmt.Errorf("log templates: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

func (m *miner) read(ctx context.Context, st *store.Store) (lines int, last int64, err error) {
	if err := st.QueryRow(ctx, "select coalesce(max(seq), 0) from log_line").Scan(&last); err != nil {
		return 0, 0, fmt.Errorf("log templates: %w", err)
	}
	for from := int64(0); from < last; from += readRows {
		err := st.Each(ctx, logQuery, func(rows *sql.Rows) error {
			var l logLine
			if err := rows.Scan(&l.seq, &l.at, &l.service, &l.level, &l.message); err != nil {
				return err
			}
			m.add(&l)
			lines++
			return nil
		}, from, from+readRows)
		if err != nil {
			return 0, 0, fmt.Errorf("read the log lines: %w", err)
		}
	}
	return lines, last, nil
}

func templateTables(list []*template) (tables []store.Table, found int) {
	templates, counts := store.Table{Name: "log_template"}, store.Table{Name: "log_template_count"}
	events := make([][]tally, 0, min(len(list), burstTemplates))
	for i, t := range list {
		templates.Rows = append(templates.Rows, []any{t.id, t.text(), t.service, t.level, t.n, moment(t.first), moment(t.last), t.example})
		hours := sorted(t.byHour)
		for _, h := range hours {
			counts.Rows = append(counts.Rows, []any{t.id, moment(h.at), int64(h.n)})
		}
		if i < burstTemplates {
			events = append(events, hours)
		}
	}
	windows := store.Table{Name: "log_burst"}
	for _, w := range bursts(events, false) {
		windows.Rows = append(windows.Rows, []any{list[w.series].id, moment(w.start), moment(w.end), w.n, w.expected, w.p})
	}
	return []store.Table{templates, counts, windows}, len(windows.Rows)
}
