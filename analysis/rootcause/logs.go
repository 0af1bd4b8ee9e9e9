package rootcause

import (
	"context"
	"fmt"
	"sync"

	"plaint/analysis/rootcause/incident"
	"plaint/analysis/rootcause/template"
	"plaint/analysis/rootcause/template/book"
	"plaint/internal/store"
)

// burstTemplates bounds the templates that are searched for bursts: the most
// frequent ones.
const burstTemplates = 2000

// logLines bounds what one run takes in, and by that its memory; a store that has
// more makes several runs.
var logLines int64 = 4 << 20

// oneReading lets one run at a time go on from the last.
var oneReading sync.Mutex

// LogTemplates finds the templates of the log lines that came since the last run,
// counts all lines of each by the minute, finds bursts and keeps it as a run of
// kind "logs".
func LogTemplates(ctx context.Context, st *store.Store) (Result, error) {
	oneReading.Lock()
	defer oneReading.Unlock()
	for {
		r, more, err := readLogs(ctx, st)
		if err != nil {
			return Result{}, fmt.Errorf("log templates: %w", err)
		}
		if !more {
			return r, nil
		}
	}
}

// readLogs makes one run; more says that lines are left.
func readLogs(ctx context.Context, st *store.Store) (r Result, more bool, err error) {
	started := st.Now()
	b, err := book.Read(ctx, st, logLines)
	if err != nil {
		return r, false, err
	}
	windows, err := logBursts(ctx, b)
	if err != nil {
		return r, false, err
	}
	all, fresh := b.Lines()
	other := int64(0)
	for _, k := range b.Kinds() {
		if k.Rest {
			other += k.N
		}
	}
	r.Numbers = map[string]any{"lines": all, "new_lines": fresh, "other_lines": other, "templates": len(b.Kinds()),
		"changes": len(b.Changes()), "bursts": len(windows.Rows)}
	r.Run, err = st.SaveRun(ctx, store.Run{Kind: "logs", Started: started, UpTo: b.Last(), Summary: r.Numbers, Tables: append(b.Tables(), windows),
		Params: map[string]any{"method": template.Method, "false_discovery_rate": incident.Discovery}})
	if err != nil {
		return r, false, err
	}
	more, err = b.Behind(ctx)
	return r, more, err
}

// logBursts finds the hours in which a template is far above its usual.
func logBursts(ctx context.Context, b *book.Book) (windows store.Table, err error) {
	windows.Name = "log_burst"
	hours, err := b.Hours(ctx, burstTemplates)
	if err != nil {
		return windows, err
	}
	events := make([][]incident.Tally, len(hours))
	for i, h := range hours {
		events[i] = incident.InOrder(h)
	}
	for _, w := range incident.Bursts(events, false) {
		windows.Rows = append(windows.Rows, []any{b.Kinds()[w.Series].ID, moment(w.Start), moment(w.End), w.N, w.Expected, w.P})
	}
	return windows, nil
}
