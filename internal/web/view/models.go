package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/model"
	"plaint/scoring/watch"
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
// which they were made. The one that comes with the program is always there, those
// that came with it before where they judged something.
func Models(ctx context.Context, st *store.Store) ([]record.ModelVersion, error) {
	list, err := st.Models(ctx)
	if err != nil {
		return nil, err
	}
	usual := record.Champion
	for _, m := range list {
		if m.State == record.Champion {
			usual = record.Retired
		}
	}
	var came []record.ModelVersion
	for _, name := range model.Builtins() {
		m := record.ModelVersion{Name: name, State: usual}
		if slices.ContainsFunc(list, func(x record.ModelVersion) bool { return x.Name == name }) {
			continue
		}
		if name != model.Default {
			m.State = record.Retired
			var judged bool
			if err := st.QueryRow(ctx, "select exists (select 1 from decision where model = ?)", name).Scan(&judged); err != nil {
				return nil, fmt.Errorf("ask what %s judged: %w", name, err)
			}
			if !judged {
				continue
			}
		}
		came = append(came, m)
	}
	return append(came, list...), nil
}

// ModelRow is a model, how it stands, and, where it was trained here, how good it
// was on complaints that it had not seen, beside the model that stood then.
type ModelRow struct {
	record.ModelVersion
	Threshold float64        `json:"threshold"`
	Broken    bool           `json:"unreadable,omitempty"` // its file cannot be read
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
		if err != nil && ctx.Err() == nil {
			out[i] = ModelRow{ModelVersion: v, Broken: true}
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i] = ModelRow{ModelVersion: v, Threshold: m.Threshold}
		if m.Card != nil && m.Card.Test.Model == m.Name { // one with rules has the card of the model that they are on
			out[i].Test, out[i].Before = &m.Card.Test, &m.Card.Before
		}
	}
	return out, nil
}

// ModelDetail is one model, how it stands, and how all models stood before.
type ModelDetail struct {
	record.ModelVersion
	Model  *model.Model          // nil: its file cannot be read
	Events []record.ModelVersion // of all models, the oldest first
}

// Model is everything about one model, or ErrNotFound.
func (r *Reader) Model(ctx context.Context, name string) (ModelDetail, error) {
	list, err := Models(ctx, r.st)
	if err != nil {
		return ModelDetail{}, err
	}
	i := slices.IndexFunc(list, func(v record.ModelVersion) bool { return v.Name == name })
	if i < 0 {
		return ModelDetail{}, ErrNotFound
	}
	d := ModelDetail{ModelVersion: list[i]}
	if d.Model, err = LoadModel(ctx, r.st, name); ctx.Err() != nil {
		return d, err
	}
	d.Events, err = r.st.ModelEvents(ctx)
	return d, err
}

// Watched is what the latest run of the job models found.
type Watched struct {
	Run      int64            `json:"run"` // 0: there was none
	At       *time.Time       `json:"at"`
	Measures []record.Measure `json:"measures"`
}

// Watched reads how the models are doing, as of the latest run.
func (r *Reader) Watched(ctx context.Context) (Watched, error) {
	w := Watched{Measures: []record.Measure{}}
	err := r.st.QueryRow(ctx, "select id, finished from run where kind = 'models' order by id desc limit 1").Scan(&w.Run, when{&w.At})
	if errors.Is(err, sql.ErrNoRows) {
		return w, nil
	}
	if err != nil {
		return w, fmt.Errorf("read how the models are doing: %w", err)
	}
	w.Measures, err = collect(ctx, r.st, func(rows *sql.Rows, m *record.Measure) error {
		err := rows.Scan(&m.Model, &m.Kind, &m.By, &m.Part, &m.Value, &m.Low, &m.High, &m.N, &m.Limit, &m.State)
		if m.Limit != nil {
			m.Alarm = watch.Side(m.Kind)
		}
		return err
	}, `select model, kind, coalesce(part_by, ''), coalesce(part, ''), value, low, high, n, limit_at, state from model_watch where run = ? order by place`, w.Run)
	return w, err
}
