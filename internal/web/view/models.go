package view

import (
	"context"
	"fmt"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/model"
)

// LoadModel gives a model by its name: one that the store keeps, or one that came
// with the program. The error is store.ErrNoModel where there is neither.
func LoadModel(ctx context.Context, st *store.Store, name string) (*model.Model, error) {
	if model.Builtin(name) {
		return model.Load(name)
	}
	v, err := st.Model(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := model.Parse(v.File)
	if err != nil {
		return nil, fmt.Errorf("the kept model %s: %w", name, err)
	}
	return m, nil
}

// Champion is the model that judges: the one that was promoted, else the one that
// comes with the program.
func Champion(ctx context.Context, st *store.Store) (*model.Model, error) {
	v, err := st.ModelIn(ctx, record.Champion)
	if err != nil {
		return nil, err
	}
	if v.Name == "" {
		return model.Load(model.Default)
	}
	return LoadModel(ctx, st, v.Name)
}

// Models lists the champion's predecessors, rivals and itself, in the order in
// which they were made; the one that comes with the program is always there.
func Models(ctx context.Context, st *store.Store) ([]record.ModelVersion, error) {
	list, err := st.Models(ctx)
	if err != nil {
		return nil, err
	}
	usual := record.ModelVersion{Name: model.Default, State: record.Champion}
	for _, m := range list {
		if m.Name == model.Default {
			return list, nil
		}
		if m.State == record.Champion {
			usual.State = record.Retired
		}
	}
	return append([]record.ModelVersion{usual}, list...), nil
}

// ModelRow is a model, how it stands, and, where it was trained here, how good it
// was on complaints that it had not seen, beside the model that stood then.
type ModelRow struct {
	record.ModelVersion
	Threshold float64        `json:"threshold"`
	Test      *model.Figures `json:"test,omitempty"`
	Before    *model.Figures `json:"before,omitempty"`
}

// Models lists the models in the order in which they were made.
func (r *Reader) Models(ctx context.Context) ([]ModelRow, error) {
	list, err := Models(ctx, r.st)
	if err != nil {
		return nil, err
	}
	out := make([]ModelRow, len(list))
	for i, v := range list {
		m, err := LoadModel(ctx, r.st, v.Name)
		if err != nil {
			return nil, err
		}
		out[i] = ModelRow{ModelVersion: v, Threshold: m.Threshold}
		if m.Card != nil {
			out[i].Test, out[i].Before = &m.Card.Test, &m.Card.Before
		}
	}
	return out, nil
}
