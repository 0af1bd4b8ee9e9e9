package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	duckdb "github.com/marcboeker/go-duckdb"
)

// Query reads. It must not be given foreign SQL: for that there is the
// locked-up query command.
func (s *Store) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.db().QueryContext(ctx, query, args...)
}

// QueryRow reads one row.
func (s *Store) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return s.db().QueryRowContext(ctx, query, args...)
}

// Each calls f for every row of a read, the cursor standing on it.
func (s *Store) Each(ctx context.Context, query string, f func(*sql.Rows) error, args ...any) error {
	rows, err := s.db().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Now is the store's clock, in UTC.
func (s *Store) Now() time.Time { return s.now() }

// Table is rows for one of the answer tables, without their run column: one
// value per further column, in the table's order. nil is null; times are UTC.
type Table struct {
	Name string
	Rows [][]any
}

// Run is one run of an analysis job and what it found.
type Run struct {
	Kind    string // themes, logs, satisfaction, service, digest, score, ...
	Started time.Time
	Params  any // what it was asked, kept as JSON
	Summary any // what it found in short, kept as JSON
	UpTo    int64
	Tables  []Table
	Latest  []string // tables that keep the rows of the latest run alone
	Unless  string   // a query of a count; where it is not 0, the run is not kept: ErrOvertaken
}

// ErrOvertaken means that what a run was made from has changed since.
var ErrOvertaken = errors.New("what it was made from has changed meanwhile")

// flushRows keeps the driver from holding all rows of an append in memory.
const flushRows = 50000

// SaveRun keeps a run and its tables in one transaction and returns its id.
func (s *Store) SaveRun(ctx context.Context, r Run) (int64, error) {
	params, err := json.Marshal(r.Params)
	if err != nil {
		return 0, fmt.Errorf("keep the run: %w", err)
	}
	summary, err := json.Marshal(r.Summary)
	if err != nil {
		return 0, fmt.Errorf("keep the run: %w", err)
	}
	done, err := s.writeBulk(ctx)
	if err != nil {
		return 0, fmt.Errorf("keep the run: %w", err)
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	var id int64
	err = s.write(ctx, func() error {
		if r.Unless != "" {
			if n, err := s.number(ctx, r.Unless); err != nil || n != 0 {
				return cmp.Or(err, ErrOvertaken)
			}
		}
		s.next.run++
		id = s.next.run
		for _, name := range r.Latest {
			if err := s.exec(ctx, "delete from "+name); err != nil {
				return err
			}
		}
		for _, t := range r.Tables {
			if err := s.appendTable(t, id); err != nil {
				return err
			}
		}
		return s.exec(ctx, "insert into run values (?, ?, ?, ?, ?, ?, ?)", id, r.Kind, r.Started.UTC(), s.now(), string(params), r.UpTo, string(summary))
	})
	if err != nil {
		return 0, fmt.Errorf("keep the run of %s: %w", r.Kind, err)
	}
	switch r.Kind {
	case "incidents":
		s.incidents = incidentsState{}
		return id, nil
	case "themes":
	default:
		return id, nil
	}
	s.themes = themesState{}
	if err := s.loadThemes(ctx); err != nil { // the run is kept all the same
		return id, fmt.Errorf("keep the run of %s: %w", r.Kind, err)
	}
	return id, nil
}

// number is what a query of one number gives in the writer's connection.
func (s *Store) number(ctx context.Context, query string, args ...driver.Value) (n int64, err error) {
	err = Writer{s}.Each(ctx, query, func(row []driver.Value) error {
		n, _ = row[0].(int64)
		return nil
	}, args...)
	return n, err
}

func (s *Store) appendTable(t Table, run int64) (err error) {
	if len(t.Rows) == 0 {
		return nil
	}
	appender, err := duckdb.NewAppenderFromConn(s.conn, "", t.Name)
	if err != nil {
		return fmt.Errorf("append to %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, appender.Close()) }()
	values := make([]driver.Value, 0, 16)
	for i, row := range t.Rows {
		values = append(values[:0], run)
		for _, v := range row {
			values = append(values, plainValue(v))
		}
		if err := appender.AppendRow(values...); err != nil {
			return fmt.Errorf("append to %s: %w", t.Name, err)
		}
		if i%flushRows == flushRows-1 {
			if err := appender.Flush(); err != nil {
				return fmt.Errorf("append to %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// plainValue turns what a job may put into a row into what the driver takes:
// whole numbers become int64, unknown times and empty texts null.
func plainValue(v any) driver.Value {
	switch x := v.(type) {
	case int:
		return int64(x)
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return x.UTC()
	case string:
		if x == "" {
			return nil
		}
	case []string:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = e
		}
		return list
	}
	return v
}

// LatestRun is the id of the latest run of a kind, 0 if there is none.
func (s *Store) LatestRun(ctx context.Context, kind string) (int64, error) {
	var id int64
	err := s.db().QueryRowContext(ctx, "select coalesce(max(id), 0) from run where kind = ?", kind).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find the latest run of %s: %w", kind, err)
	}
	return id, nil
}
