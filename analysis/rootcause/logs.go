package rootcause

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"plaint/analysis/rootcause/template"
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
	books, lines, last, err := readLogs(ctx, st)
	if err != nil {
		return Result{}, err
	}
	tables, found := templateTables(books)
	numbers := map[string]any{"lines": lines, "templates": len(books), "bursts": found}
	id, err := st.SaveRun(ctx, store.Run{Kind: "logs", Started: started, UpTo: last, Summary: numbers, Tables: tables,
		Params: map[string]any{"method": template.Method, "false_discovery_rate": discovery}})
	if err != nil {
		return Result{}, fmt.Errorf("log templates: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// logBook counts the lines of one template, or of one shape of lines before it
// has one.
type logBook struct {
	template       *template.Template
	service, level string
	n              int
	first, last    int64 // unix seconds, 0 = no line says when
	example        int64 // its number
	byHour         map[int64]int32
}

func (b *logBook) add(o *logBook) {
	b.n += o.n
	if o.first != 0 && (b.first == 0 || o.first < b.first) {
		b.first = o.first
	}
	b.last = max(b.last, o.last)
	for at, n := range o.byHour {
		b.byHour[at] += n
	}
}

// readLogs counts the lines of the store by template, the most frequent first.
func readLogs(ctx context.Context, st *store.Store) (books []*logBook, lines int, last int64, err error) {
	if err := st.QueryRow(ctx, "select coalesce(max(seq), 0) from log_line").Scan(&last); err != nil {
		return nil, 0, 0, fmt.Errorf("log templates: %w", err)
	}
	m := template.New()
	met := map[*template.Line]*logBook{}
	var order []*template.Line
	for from := int64(0); from < last; from += readRows {
		err := st.Each(ctx, logQuery, func(rows *sql.Rows) error {
			var seq, at int64
			var service, level, message string
			if err := rows.Scan(&seq, &at, &service, &level, &message); err != nil {
				return err
			}
			lines++
			l := m.Add(service+"\x00"+level, message)
			b := met[l]
			if b == nil {
				b = &logBook{service: service, level: level, example: seq, byHour: map[int64]int32{}}
				met[l], order = b, append(order, l)
			}
			b.n++
			if at != 0 {
				if b.first == 0 || at < b.first {
					b.first = at
				}
				b.last = max(b.last, at)
				b.byHour[at-mod(at, hour)]++
			}
			return nil
		}, from, from+readRows)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("read the log lines: %w", err)
		}
	}
	m.Settle()
	return byTemplate(order, met), lines, last, nil
}

func byTemplate(order []*template.Line, met map[*template.Line]*logBook) []*logBook {
	of := map[*template.Template]*logBook{}
	var out []*logBook
	for _, l := range order {
		b := met[l]
		if of[l.Template] == nil {
			b.template, of[l.Template] = l.Template, b
			out = append(out, b)
		} else {
			of[l.Template].add(b)
		}
	}
	slices.SortStableFunc(out, func(a, b *logBook) int { return b.n - a.n })
	return out
}

func templateTables(books []*logBook) (tables []store.Table, found int) {
	templates, counts := store.Table{Name: "log_template"}, store.Table{Name: "log_template_count"}
	events := make([][]tally, 0, min(len(books), burstTemplates))
	for i, b := range books {
		templates.Rows = append(templates.Rows, []any{b.template.ID, b.template.Text, b.service, b.level, b.n, moment(b.first), moment(b.last), b.example})
		hours := sorted(b.byHour)
		for _, h := range hours {
			counts.Rows = append(counts.Rows, []any{b.template.ID, moment(h.at), int64(h.n)})
		}
		if i < burstTemplates {
			events = append(events, hours)
		}
	}
	windows := store.Table{Name: "log_burst"}
	for _, w := range bursts(events, false) {
		windows.Rows = append(windows.Rows, []any{books[w.series].template.ID, moment(w.start), moment(w.end), w.n, w.expected, w.p})
	}
	return []store.Table{templates, counts, windows}, len(windows.Rows)
}
