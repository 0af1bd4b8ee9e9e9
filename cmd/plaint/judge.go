package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/view"
	"plaint/scoring/model"
)

// judge is the model that a server judges by. A promotion changes it while the
// server runs, unless it was named when the server was started.
type judge struct {
	now   atomic.Pointer[model.Model]
	all   sync.Map // by name, every model it was: what it said must stay explicable
	fixed bool
}

func newJudge(m *model.Model, fixed bool) *judge {
	j := &judge{fixed: fixed}
	j.set(m)
	return j
}

func (j *judge) set(m *model.Model) {
	j.all.Store(m.Name, m)
	j.now.Store(m)
}

// Decide judges by the model of the moment.
func (j *judge) Decide(c *record.Complaint, h *record.History) record.Decision {
	return j.now.Load().Decide(c, h)
}

// Explain gives the reasons of a decision by the model that made it.
func (j *judge) Explain(d *record.Decision) []record.Reason {
	m, ok := j.all.Load(d.Model)
	if !ok {
		return nil
	}
	return m.(*model.Model).Reasons(d.Signals)
}

// foresee refuses a model that cannot be used before a database is opened, or
// made, for it.
func (e *env) foresee(name string) error {
	if name == "" || model.Builtin(name) {
		return nil
	}
	if _, err := os.Stat(e.path(e.db)); !model.IsFile(name) && (e.shared != nil || err == nil) {
		return nil // the database may know it
	}
	if _, err := model.Load(e.yamlPath(name)); err != nil {
		return badModel(name, err)
	}
	return nil
}

// modelOf is the model of a name or file, the champion where there is no name.
func (e *env) modelOf(ctx context.Context, st *store.Store, name string) (*model.Model, error) {
	var m *model.Model
	var err error
	switch {
	case name == "":
		return view.Champion(ctx, st)
	case model.IsFile(name):
		m, err = model.Load(e.yamlPath(name))
	default:
		m, err = view.LoadModel(ctx, st, name)
	}
	if errors.Is(err, store.ErrNoModel) {
		return nil, usageError{&worded{"err_no_model", []any{"name", name}}}
	}
	if err != nil {
		return nil, badModel(name, err)
	}
	return m, nil
}

// orders tells in which order the models of a database keep their signals. A
// model file that judged once and is not kept is nobody's.
func (e *env) orders(ctx context.Context, st *store.Store) func(string) []string {
	known := map[string][]string{}
	return func(name string) []string {
		names, ok := known[name]
		if !ok {
			if m, err := view.LoadModel(ctx, st, name); err == nil {
				names = m.SignalNames()
			}
			known[name] = names
		}
		return names
	}
}
