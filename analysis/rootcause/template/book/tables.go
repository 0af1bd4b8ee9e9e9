package book

import (
	"context"
	"database/sql"
	"time"

	"plaint/analysis/rootcause/template"
	"plaint/internal/store"
)

// Kinds are the templates, the most frequent first.
func (b *Book) Kinds() []*Kind { return b.kinds }

// Changes are what became of the templates of the run before.
func (b *Book) Changes() []Change { return b.change }

// Lines is how many lines were read by all runs of the reading, and by this one.
func (b *Book) Lines() (all, fresh int64) { return b.lines, b.fresh }

// Last is the number of the last line.
func (b *Book) Last() int64 { return b.upto }

// Tables are the rows of a run.
func (b *Book) Tables() []store.Table {
	templates, shapes := store.Table{Name: "log_template"}, store.Table{Name: "log_shape"}
	counts, lineage := store.Table{Name: "log_shape_count"}, store.Table{Name: "log_template_lineage"}
	for _, k := range b.kinds {
		templates.Rows = append(templates.Rows, []any{k.ID, k.Text, k.Service, k.Level, k.N, moment(k.First), moment(k.Last), k.Example})
	}
	for _, s := range b.shapes {
		number := int64(s.line.Number)
		shapes.Rows = append(shapes.Rows, []any{number, s.template, s.service, s.level, s.line.Rest, s.n, moment(s.first), moment(s.last), s.example, s.recent})
		for minute, c := range s.minutes {
			at := any(nil)
			if minute != noMinute {
				at = time.Unix(minute, 0)
			}
			counts.Rows = append(counts.Rows, []any{b.reading, number, at, c.n, c.first, c.last})
		}
	}
	for _, c := range b.change {
		lineage.Rows = append(lineage.Rows, []any{c.Was, c.Now, c.Kind, c.N})
	}
	reading := store.Table{Name: "log_reading", Rows: [][]any{{b.reading, b.upto, b.lines, template.Method, b.keeping}}}
	return []store.Table{templates, shapes, counts, lineage, reading}
}

// moment is a time of unix seconds, unknown for 0.
func moment(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0)
}

const hourQuery = `select shape, coalesce(epoch_us(date_trunc('hour', minute)) // 1000000, 0) as hour, sum(n)::bigint
	from log_shape_count where reading = ? and run <= ? and minute is not null group by 1, 2`

// Hours counts the lines of the templates by the hour, in unix seconds; those of
// the first most templates alone.
func (b *Book) Hours(ctx context.Context, most int) ([]map[int64]int32, error) {
	out := make([]map[int64]int32, min(most, len(b.kinds)))
	of := make([]int, len(b.shapes))
	for i, k := range b.kinds {
		for _, s := range k.shapes {
			of[s.line.Number] = i
			if i >= len(out) {
				continue
			}
			if out[i] == nil {
				out[i] = map[int64]int32{}
			}
			for minute, c := range s.minutes {
				if minute != noMinute {
					out[i][floor(minute, 3600)] += int32(c.n)
				}
			}
		}
	}
	if b.from == 0 {
		return out, nil
	}
	err := b.st.Each(ctx, hourQuery, func(rows *sql.Rows) error {
		var shape, hour, n int64
		if err := rows.Scan(&shape, &hour, &n); err != nil {
			return err
		}
		if i := of[shape]; i < len(out) {
			out[i][hour] += int32(n)
		}
		return nil
	}, b.reading, b.before)
	return out, err
}
