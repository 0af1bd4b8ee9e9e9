// Package watch keeps how the models are doing: it reads what is needed from the
// store, asks the room that decides what it makes of it, and keeps the answer.
package watch

import (
	"context"
	"database/sql"
	"fmt"

	"plaint/internal/record"
	"plaint/internal/store"
)

// Measure is what analysis may not know itself: how a champion and a shadow are
// doing, from what was judged and decided.
type Measure func(in *record.Watching) ([]record.Measure, error)

// Kind of the runs.
const Kind = "models"

// Look measures without keeping anything.
func Look(ctx context.Context, st *store.Store, measure Measure) ([]record.Measure, error) {
	in, err := read(ctx, st)
	if err != nil {
		return nil, fmt.Errorf("watch the models: %w", err)
	}
	list, err := measure(in)
	if err != nil {
		return nil, fmt.Errorf("watch the models: %w", err)
	}
	return list, nil
}

// Run measures and keeps the answer as a run of kind "models".
func Run(ctx context.Context, st *store.Store, measure Measure) (run int64, numbers map[string]any, err error) {
	started := st.Now()
	list, err := Look(ctx, st, measure)
	if err != nil {
		return 0, nil, err
	}
	t := store.Table{Name: "model_watch"}
	states := map[string]int{}
	for i, m := range list {
		t.Rows = append(t.Rows, []any{int64(i + 1), m.Model, m.Kind, m.By, m.Part, value(m.Value), value(m.Low), value(m.High), int64(m.N), value(m.Limit), m.State})
		states[m.State]++
	}
	numbers = map[string]any{"alarms": states[record.WatchAct], "to_look_at": states[record.WatchLook]}
	run, err = st.SaveRun(ctx, store.Run{Kind: Kind, Started: started, Params: map[string]any{}, Summary: numbers, Tables: []store.Table{t}})
	return run, numbers, err
}

func value(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

func read(ctx context.Context, st *store.Store) (*record.Watching, error) {
	in := &record.Watching{Now: st.Now()}
	var err error
	if in.Models, err = st.Models(ctx); err != nil {
		return nil, err
	}
	for _, m := range in.Models {
		switch m.State {
		case record.Champion:
			in.Champion = m
		case record.Shadow:
			in.Shadow = m
		}
	}
	if in.Verdicts, err = st.Verdicts(ctx); err != nil {
		return nil, err
	}
	var latest sql.NullTime
	if err := st.QueryRow(ctx, "select max(received) from complaint where received <= ?", in.Now).Scan(&latest); err != nil {
		return nil, err
	}
	in.Latest = latest.Time.UTC()
	if in.Shadow.Name != "" {
		if in.Unshaded, err = st.Unshaded(ctx, in.Shadow.Name, in.Shadow.Since); err != nil {
			return nil, err
		}
	}
	in.History = func(f func(*record.Kept) error) error { return st.History(ctx, f) }
	in.Shaded = func(f func(*record.Shaded) error) error { return st.Shaded(ctx, in.Shadow.Name, f) }
	return in, nil
}
