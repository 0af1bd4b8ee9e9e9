package keep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plaint/internal/store"
)

// Backup says what a backup holds. It was compared with the database, table by
// table.
type Backup struct {
	Path   string        `json:"path"`
	Bytes  int64         `json:"bytes"`
	Tables int           `json:"tables"`
	Rows   int64         `json:"rows"`
	Held   time.Duration `json:"-"` // how long nothing was taken in, at most
	Took   time.Duration `json:"-"`
}

// DifferenceError means that the copy does not hold what the database held.
type DifferenceError struct {
	Table      string
	Want, Have int64 // rows
}

func (e *DifferenceError) Error() string {
	return fmt.Sprintf("%s: %d rows in the copy, %d in the database, or other ones", e.Table, e.Have, e.Want)
}

// Make copies the database to a file while it is in use, opens the copy, and
// compares every row of every table with the database as it was at that moment.
// The file is there, whole and compared, or it is not there. replace lets it take
// the place of an earlier one.
func Make(ctx context.Context, st *store.Store, to string, replace bool, p Progress) (Backup, error) {
	b := Backup{Path: to}
	started := time.Now()
	if err := free(st, to, replace); err != nil {
		return b, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return b, err
	}
	need := sizeOf(st.Path()) + 3*(64<<20) // the log is folded into the copy
	if err := room(filepath.Dir(to), need); err != nil {
		return b, err
	}
	d, err := newDraft(to)
	if err != nil {
		return b, err
	}
	defer d.drop()
	view, held, err := copyStill(ctx, st, d, p)
	if err != nil {
		return b, fmt.Errorf("copy the database: %w", err)
	}
	defer view.Rollback() //nolint:errcheck // it only read
	b.Held = held
	if err := b.compare(ctx, d.path, view, p); err != nil {
		return b, err
	}
	if err := d.finish(replace); err != nil {
		return b, err
	}
	b.Bytes, b.Took = sizeOf(to), time.Since(started)
	return b, nil
}

// free makes sure that a backup may stand there.
func free(st *store.Store, to string, replace bool) error {
	there, err := os.Stat(to)
	if err == nil {
		if own, failed := os.Stat(st.Path()); failed == nil && os.SameFile(own, there) {
			return ErrSame
		}
		if !there.Mode().IsRegular() {
			return ErrExists
		}
	}
	if !replace {
		if exists(to) || exists(to+".wal") {
			return ErrExists
		}
		return nil
	}
	if err == nil {
		if err := unowned(to); err != nil {
			return err
		}
	}
	return nil
}

// copyStill copies the file while it stands still and the log at one moment, and
// returns what reads the database as of that moment.
func copyStill(ctx context.Context, st *store.Store, d *draft, p Progress) (view *sql.Tx, held time.Duration, err error) {
	still, err := st.HoldStill(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer still.Release()
	content, err := still.File()
	if err != nil {
		return nil, 0, err
	}
	if err := copyBytes(ctx, d.f, content, content.Size(), p); err != nil {
		return nil, 0, err
	}
	view, err = still.View(ctx, func(log string) error { return copyFile(ctx, log, d.path+".wal", nil) })
	return view, still.Held, err
}

// compare opens the copy, which folds its log, and compares it with the view.
func (b *Backup) compare(ctx context.Context, path string, view rowsReader, p Progress) (err error) {
	c, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	tables, err := tablesOf(ctx, view)
	if err != nil {
		return err
	}
	for i, t := range tables {
		p.at("compare", int64(i), int64(len(tables)))
		want, err := digestOf(ctx, view, t)
		if err != nil {
			return fmt.Errorf("read the database: %w", err)
		}
		have, err := digestOf(ctx, live{c}, t)
		if err != nil {
			return fmt.Errorf("read the copy: %w", err)
		}
		if want != have {
			return &DifferenceError{t, want.rows, have.rows}
		}
		b.Rows += want.rows
	}
	b.Tables = len(tables)
	if extra, err := tablesOf(ctx, live{c}); err != nil || len(extra) != len(tables) {
		return errors.Join(err, &DifferenceError{Table: fmt.Sprint(extra)})
	}
	return nil
}

// rowsReader is a store, or a transaction on one.
type rowsReader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// live reads a store as it is now.
type live struct{ *store.Store }

func (l live) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return l.Query(ctx, query, args...)
}

// each calls f for every row of a read.
func each(ctx context.Context, r rowsReader, query string, f func(*sql.Rows) error, args ...any) error {
	rows, err := r.QueryContext(ctx, query, args...)
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

// tablesOf lists every table with rows that last.
func tablesOf(ctx context.Context, r rowsReader) (out []string, err error) {
	err = each(ctx, r, "select table_name from duckdb_tables() where not internal and not temporary order by 1", func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return out, nil
}

// digest is what a table holds, whatever the order of its rows.
type digest struct {
	rows int64
	sum  string
}

// digestOf reads every column of every row, so that every block's checksum is
// looked at, too.
func digestOf(ctx context.Context, r rowsReader, table string) (d digest, err error) {
	err = each(ctx, r, "select count(*), coalesce(sum(hash(t)), 0)::varchar from "+quoted(table)+" t", func(rows *sql.Rows) error {
		return rows.Scan(&d.rows, &d.sum)
	})
	if err != nil {
		return d, &TableError{table, err}
	}
	return d, nil
}

// TableError says which table cannot be read.
type TableError struct {
	Table string
	Err   error
}

func (e *TableError) Error() string { return e.Table + ": " + e.Err.Error() }
func (e *TableError) Unwrap() error { return e.Err }

// quoted is the name of a table, as the catalogue tells it, in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
