// Package coordination looks for customers who complain together. It reads what
// complaints share from the store, asks which incidents bear them out, and keeps
// what the given finder says.
package coordination

import (
	"context"
	"fmt"
	"iter"

	"plaint/analysis/rootcause"
	"plaint/internal/record"
	"plaint/internal/store"
)

// Tools are what analysis may not know itself: they come from the room that
// decides how suspicious a complaint is.
type Tools struct {
	// Letters groups texts that were made from one another: pages of texts in, the
	// group of each text out.
	Letters func(pages iter.Seq[[]string]) []int
	// Find gives the rings among complaints, those of before with their ids, new
	// ones with ids above most.
	Find func(list []record.Tied, before []record.PastRing, most int64) []record.Ring
}

// Given reports whether there is something to look with.
func (t Tools) Given() bool { return t.Letters != nil && t.Find != nil }

// Measure finds the rings of the complaints in the store, with the incidents of
// their latest run, and keeps them as a run of kind "rings".
func Measure(ctx context.Context, st *store.Store, t Tools) (run int64, numbers map[string]any, err error) {
	started := st.Now()
	r, err := newReader(ctx, st)
	if err == nil {
		err = r.read(ctx, t.Letters)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("rings: %w", err)
	}
	before, most, err := past(ctx, st)
	if err != nil {
		return 0, nil, fmt.Errorf("rings: %w", err)
	}
	list := t.Find(r.list, before, most)
	members := 0
	for i := range list {
		members += len(list[i].Members)
	}
	numbers = map[string]any{"complaints": len(r.list), "rings": len(list), "ring_complaints": members}
	run, err = st.SaveRun(ctx, store.Run{Kind: "rings", Started: started, UpTo: r.last, Summary: numbers, Tables: tables(list, r.incidents),
		Params: map[string]any{"themes_run": r.themes, "incidents_run": r.incidents}})
	if err != nil {
		return 0, nil, fmt.Errorf("rings: %w", err)
	}
	return run, numbers, nil
}

func newReader(ctx context.Context, st *store.Store) (*reader, error) {
	r := &reader{st: st, address: map[uint64]uint64{}}
	var err error
	if r.themes, err = st.LatestRun(ctx, "themes"); err != nil {
		return nil, err
	}
	if r.incidents, err = st.LatestRun(ctx, "incidents"); err != nil {
		return nil, err
	}
	if r.guard, err = rootcause.Guard(ctx, st); err != nil {
		return nil, err
	}
	return r, nil
}
