package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the embedded migrations that the file does not have yet, in
// the order of their names, each in one transaction.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	have, err := s.version(ctx)
	if err != nil {
		return err
	}
	if have > len(names) {
		return fmt.Errorf("open %s: version %d, this program knows %d: %w", s.path, have, len(names), ErrNewer)
	}
	for i, name := range names[have:] {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		err = s.inTx(ctx, func() error {
			if err := s.exec(ctx, string(script)); err != nil {
				return err
			}
			return s.exec(ctx, "insert into plaint_version values (?, ?, ?)", int64(have+i+1), strings.TrimPrefix(name, "migrations/"), s.now())
		})
		if err != nil {
			return fmt.Errorf("migrate to %s: %w", name, err)
		}
	}
	return nil
}

// version is the number of migrations the file has seen; an empty file gets
// its version table, and a file with other people's tables is refused.
func (s *Store) version(ctx context.Context) (int, error) {
	var ours, tables int
	err := s.db().QueryRowContext(ctx, `select count(*) filter (table_name = 'plaint_version'), count(*)
		from duckdb_tables() where not internal and not temporary`).Scan(&ours, &tables)
	if err != nil {
		return 0, fmt.Errorf("read the version: %w", err)
	}
	if ours == 0 && tables > 0 {
		return 0, fmt.Errorf("open %s: %w", s.path, ErrNotStore)
	}
	if ours == 0 {
		// A new file must not answer from the copy of one that was here before.
		if err := os.RemoveAll(s.path + ".snapshot"); err != nil {
			return 0, fmt.Errorf("remove an old snapshot: %w", err)
		}
		return 0, s.exec(ctx, "create table plaint_version (version bigint, name varchar, applied timestamp)")
	}
	var v sql.NullInt64
	err = s.db().QueryRowContext(ctx, "select max(version) from plaint_version").Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the version: %w", err)
	}
	return int(v.Int64), nil
}
