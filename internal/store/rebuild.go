package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	duckdb "github.com/marcboeker/go-duckdb"
)

// ErrReading means that somebody reads all the time: the file cannot be put into
// another's place under a reader.
var ErrReading = errors.New("the file is being read all the time")

// mostReading is how long a moment without readers is waited for.
const mostReading = 20 * time.Second

// Rebuild writes the whole file anew, compares, and puts it in the place of the
// old one: the engine leaves what was deleted in blocks that it only marks as
// free. It needs room for two more copies of the file. Writers wait; readers go
// on until the files change places, and those of that moment fail.
func (s *Store) Rebuild(ctx context.Context) error {
	done, err := s.writeBulk(ctx)
	if err != nil {
		return err
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.exec(ctx, "checkpoint"); err != nil {
		s.health.broken = true
		return fmt.Errorf("fold the log into the file: %w", err)
	}
	from, into := s.path+".new.from", s.path+".new"
	defer func() {
		for _, p := range []string{from, from + ".wal", into, into + ".wal"} {
			os.Remove(p)
		}
	}()
	if err := s.copyTo(from); err != nil {
		return fmt.Errorf("write the file anew: %w", err)
	}
	if err := rewrite(ctx, from, into, s.now()); err != nil {
		return fmt.Errorf("write the file anew: %w", err)
	}
	return s.exchange(ctx, into)
}

// copyTo copies the file as the last checkpoint left it: two engines of one
// process must not have one file open. The caller holds s.mu.
func (s *Store) copyTo(path string) (err error) {
	content, err := s.content()
	if err != nil {
		return err
	}
	os.Remove(path) // left by one that was cut off
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// rewrite makes a new file by the migrations and moves every row into it.
func rewrite(ctx context.Context, from, into string, at time.Time) (err error) {
	os.Remove(into) // left by one that was cut off
	connector, err := duckdb.NewConnector(into, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connector.Close()) }()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := os.Chmod(into, 0o600); err != nil {
		return err
	}
	exec := func(query string, args ...driver.NamedValue) error {
		_, err := conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	}
	steps := []string{fmt.Sprintf("SET memory_limit='%dB'", mostRoom()), "SET wal_autocheckpoint='1TB'",
		"create table plaint_version (version bigint, name varchar, applied timestamp)"}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		steps = append(steps, string(script))
	}
	steps = append(steps, "attach "+literal(from)+" as before (read_only)") // a path, which cannot be a parameter
	for _, q := range steps {
		if err := exec(q); err != nil {
			return err
		}
	}
	if err := moveRows(ctx, conn, exec); err != nil {
		return err
	}
	if err := exec("update keeping set rewritten = ? where rewritten is null", driver.NamedValue{Ordinal: 1, Value: at}); err != nil {
		return err
	}
	return errors.Join(exec("detach before"), exec("checkpoint"))
}

// moveRows copies every table, in order, and compares what arrived.
func moveRows(ctx context.Context, conn driver.Conn, exec func(string, ...driver.NamedValue) error) error {
	names, err := columnOf(ctx, conn, "select table_name from duckdb_tables() where database_name = 'before' and not internal and not temporary order by 1")
	if err != nil {
		return err
	}
	for _, name := range names {
		table := `"` + strings.ReplaceAll(fmt.Sprint(name), `"`, `""`) + `"`
		if err := exec("insert into main." + table + " by name select * from before.main." + table); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		same, err := columnOf(ctx, conn, fmt.Sprintf(`select (select (count(*), sum(hash(t))) from before.main.%s t) is not distinct from (select (count(*), sum(hash(t))) from main.%[1]s t)`, table))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if same[0] != true {
			return fmt.Errorf("%s: not every row arrived as it was", name)
		}
	}
	return nil
}

// columnOf reads the first column of a few rows.
func columnOf(ctx context.Context, conn driver.Conn, query string) (out []driver.Value, err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, values[0])
	}
}

// literal is a text as SQL writes it.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// exchange closes the engine, puts a whole new file in the place of the old one
// and opens it. The caller holds s.mu and has folded the log.
func (s *Store) exchange(ctx context.Context, into string) error {
	if err := syncFile(into); err != nil {
		return err
	}
	db := s.db()
	if !quiet(db, func(st sql.DBStats) int { return st.InUse }, mostReading) {
		return ErrReading
	}
	s.forget()
	s.room.most = 0 // nothing is folded on the way out: there is nothing
	s.health.broken = true
	err := s.stop()
	if !quiet(db, func(st sql.DBStats) int { return st.OpenConnections }, 5*time.Second) {
		return errors.Join(ErrReading, err) // opened again when the reader has ended
	}
	if info, none := os.Stat(s.path + ".wal"); none == nil && info.Size() > 0 {
		err = errors.Join(err, errors.New("the log is not empty"))
	}
	if err == nil {
		if mode, no := os.Stat(s.path); no == nil {
			err = os.Chmod(into, mode.Mode().Perm())
		}
	}
	if err == nil {
		err = errors.Join(os.Rename(into, s.path), syncFile(filepath.Dir(s.path)))
	}
	ctx = context.WithoutCancel(ctx)
	if failed := s.start(ctx); failed != nil {
		return errors.Join(err, failed, s.stop())
	}
	s.health.broken = false
	return err
}

// quiet waits until a number of a pool's connections is zero.
func quiet(db *sql.DB, count func(sql.DBStats) int, most time.Duration) bool {
	for until := time.Now().Add(most); count(db.Stats()) > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
