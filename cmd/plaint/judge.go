package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"go.yaml.in/yaml/v3"

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

// Name is that of the model of the moment.
func (j *judge) Name() string { return j.now.Load().Name }

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
				names = m.KeptNames()
			}
			known[name] = names
		}
		return names
	}
}

// judgeOf is a model that is going to judge. One from a file is kept, so that
// what it says stays explicable. With fresh it is to be tested on most of today's
// complaints.
func (e *env) judgeOf(ctx context.Context, st *store.Store, name string, fresh bool) (*model.Model, error) {
	m, err := e.modelOf(ctx, st, name)
	if err != nil || name == "" {
		return m, err
	}
	champion, err := st.ModelIn(ctx, record.Champion)
	if err != nil {
		return nil, err
	}
	if err := e.mustBeTested(ctx, st, m, name, fresh && champion.Name != m.Name); err != nil || !model.IsFile(name) {
		return m, err
	}
	_, err = e.keepFile(ctx, st, m, whoAmI())
	return m, err
}

// keepFile keeps a model from a file as a candidate, unless it is there; another
// of its name is refused. fresh says whether it is new.
func (e *env) keepFile(ctx context.Context, st *store.Store, m *model.Model, by string) (fresh bool, err error) {
	text, err := yaml.Marshal(m)
	if err != nil {
		return false, err
	}
	have, err := view.LoadModel(ctx, st, m.Name)
	if errors.Is(err, store.ErrNoModel) {
		return true, st.AddModel(ctx, record.ModelVersion{Name: m.Name, Author: by, File: text})
	}
	if err != nil {
		return false, err
	}
	if was, err := yaml.Marshal(have); err != nil || !bytes.Equal(was, text) {
		return false, errors.Join(err, usageError{&worded{"err_model_other", []any{"name", m.Name}}})
	}
	return false, nil
}
