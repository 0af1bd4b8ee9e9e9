package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"plaint/internal/record"
)

// Errors of models a caller can act on.
var (
	// ErrNoModel means that there is no model of that name in the file.
	ErrNoModel = errors.New("no such model")
	// ErrModelState means that a model cannot come into that state from its own.
	ErrModelState = errors.New("the model cannot come into this state")
	// ErrModelName means that another model has the name.
	ErrModelName = errors.New("a model of this name is there already")
)

const modelsQuery = `with latest as (select name, max(id) as id from model_event group by name)
	select coalesce(m.name, e.name), coalesce(e.state, 'candidate'), e.at, coalesce(e.actor, ''), coalesce(e.reason, ''),
		m.created, coalesce(m.actor, ''), m.from_at, m.to_at, coalesce(m.file, '')
	from model m full join (select e.* from model_event e join latest l on l.id = e.id) e on e.name = m.name
	order by m.created nulls first, 1`

// Models lists the models that the file knows, in the order in which they were
// made. One without a File came with the program.
func (s *Store) Models(ctx context.Context) ([]record.ModelVersion, error) {
	var out []record.ModelVersion
	err := s.Each(ctx, modelsQuery, func(rows *sql.Rows) error {
		var m record.ModelVersion
		var since, created, from, to sql.NullTime
		if err := rows.Scan(&m.Name, &m.State, &since, &m.By, &m.Reason, &created, &m.Author, &from, &to, &m.File); err != nil {
			return err
		}
		m.Since, m.Created, m.From, m.To = since.Time.UTC(), created.Time.UTC(), from.Time.UTC(), to.Time.UTC()
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	return out, nil
}

// Model is one model of the file, or ErrNoModel.
func (s *Store) Model(ctx context.Context, name string) (record.ModelVersion, error) {
	all, err := s.Models(ctx)
	if err != nil {
		return record.ModelVersion{}, err
	}
	for _, m := range all {
		if m.Name == name {
			return m, nil
		}
	}
	return record.ModelVersion{}, fmt.Errorf("%s: %w", name, ErrNoModel)
}

// ModelIn is the model in a state that only one may be in; its Name is empty
// where there is none.
func (s *Store) ModelIn(ctx context.Context, state string) (record.ModelVersion, error) {
	all, err := s.Models(ctx)
	if err != nil {
		return record.ModelVersion{}, err
	}
	for _, m := range all {
		if m.State == state {
			return m, nil
		}
	}
	return record.ModelVersion{}, nil
}

// AddModel keeps a model as a candidate. Of a name there is one for ever.
func (s *Store) AddModel(ctx context.Context, m record.ModelVersion) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, err := s.Models(ctx)
	if err != nil {
		return err
	}
	for _, h := range have {
		if h.Name == m.Name {
			return fmt.Errorf("%s: %w", m.Name, ErrModelName)
		}
	}
	err = s.write(ctx, func() error {
		if err := s.exec(ctx, "insert into model values (?, ?, ?, ?, ?, ?)", m.Name, s.now(), m.Author, plainValue(m.From), plainValue(m.To), string(m.File)); err != nil {
			return err
		}
		return s.modelEvent(ctx, record.ModelVersion{Name: m.Name, State: record.Candidate, By: m.Author, Reason: m.Reason})
	})
	if err != nil {
		return fmt.Errorf("keep the model %s: %w", m.Name, err)
	}
	return nil
}

func (s *Store) modelEvent(ctx context.Context, m record.ModelVersion) error {
	return s.exec(ctx, "insert into model_event select coalesce(max(id), 0) + 1, ?, ?, ?, ?, ? from model_event", m.Name, s.now(), m.By, m.State, m.Reason)
}

// Promote brings a model into a state, in the name of a person and for a
// reason. A new champion retires the old one, a new shadow makes the old one a
// candidate again: their names are given back, empty where there was none. The
// champion itself only goes when another comes. usual is the champion where
// none was ever promoted; known says whether a name that the file does not hold
// is that of a model.
func (s *Store) Promote(ctx context.Context, m record.ModelVersion, usual string, known bool) (displaced string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.Models(ctx)
	if err != nil {
		return "", err
	}
	states, champion := map[string]string{}, usual
	for _, x := range all {
		if states[x.Name] = x.State; x.State == record.Champion {
			champion = x.Name
		}
	}
	if states[champion] == "" {
		states[champion] = record.Champion
	}
	was, ok := states[m.Name]
	switch {
	case !ok && !known:
		return "", fmt.Errorf("%s: %w", m.Name, ErrNoModel)
	case m.Name == champion || was == m.State:
		return "", fmt.Errorf("%s is %s: %w", m.Name, states[m.Name], ErrModelState)
	}
	out := record.ModelVersion{By: m.By, Reason: m.Reason, State: map[string]string{record.Champion: record.Retired, record.Shadow: record.Candidate}[m.State]}
	for name, state := range states {
		if state == m.State && out.State != "" {
			out.Name = name
		}
	}
	err = s.write(ctx, func() error {
		if out.Name != "" {
			if err := s.modelEvent(ctx, out); err != nil {
				return err
			}
		}
		return s.modelEvent(ctx, m)
	})
	if err != nil {
		return "", fmt.Errorf("promote %s: %w", m.Name, err)
	}
	return out.Name, nil
}

// ModelEvents is the history of how models stood, the oldest first.
func (s *Store) ModelEvents(ctx context.Context) ([]record.ModelVersion, error) {
	var out []record.ModelVersion
	err := s.Each(ctx, "select name, state, at, actor, reason from model_event order by id", func(rows *sql.Rows) error {
		var m record.ModelVersion
		if err := rows.Scan(&m.Name, &m.State, &m.Since, &m.By, &m.Reason); err != nil {
			return err
		}
		m.Since = m.Since.UTC()
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the history of the models: %w", err)
	}
	return out, nil
}
