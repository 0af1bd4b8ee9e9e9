package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/array"
	duckdb "github.com/marcboeker/go-duckdb"
)

// ErrNotSelect means that foreign SQL is anything but one SELECT.
var ErrNotSelect = errors.New("only one SELECT is allowed")

// foreignSettings lock the engine before foreign SQL runs in it: no files, no
// extensions, no change of settings, bounded memory and threads. Options of a
// DSN are applied in random order, so they are set one by one, the lock last.
var foreignSettings = []string{
	"SET autoinstall_known_extensions=false",
	"SET autoload_known_extensions=false",
	"SET memory_limit='1GB'",
	"SET threads=2",
	"SET temp_directory='spill'", // in the folder the caller made for this query, and takes away after it
	"SET max_temp_directory_size='1GB'",
	"SET max_expression_depth=250",
	"SET enable_external_access=false",
	"SET lock_configuration=true",
}

// Foreign runs one SELECT of a stranger on a snapshot and hands over the
// result, at most limit rows. It must run in a process of its own that can be
// killed: the engine does not stop every statement when the context ends.
func Foreign(ctx context.Context, snapshot, query string, limit int, each func(array.RecordReader) error) (err error) {
	var once sync.Once
	connector, err := duckdb.NewConnector(snapshot+"?access_mode=READ_ONLY", func(ex driver.ExecerContext) error {
		var first error
		once.Do(func() {
			for _, q := range foreignSettings {
				if _, err := ex.ExecContext(ctx, q, nil); err != nil {
					first = errors.Join(first, fmt.Errorf("%s: %w", q, err))
				}
			}
		})
		return first
	})
	if err != nil {
		return fmt.Errorf("open the snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, connector.Close()) }()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return fmt.Errorf("open the snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	query = strings.TrimRight(strings.TrimSpace(query), "; \n\t")
	if err := oneSelect(ctx, connector, query); err != nil {
		return err
	}
	a, err := duckdb.NewArrowFromConn(conn)
	if err != nil {
		return fmt.Errorf("open the snapshot: %w", err)
	}
	reader, err := a.QueryContext(ctx, fmt.Sprintf("select * from (\n%s\n) limit %d", query, limit))
	if err != nil {
		return cleanError(err)
	}
	defer reader.Release()
	return each(reader)
}

// Erased are the pseudonyms of the customers whose personal data was taken out of
// a file, which nobody has open. The file is only read.
func Erased(ctx context.Context, path string) (list []string, err error) {
	connector, err := duckdb.NewConnector(path+"?access_mode=READ_ONLY", nil)
	if err != nil {
		return nil, openError(path, err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, "select distinct customer from keeping where kind = 'erase' and customer is not null order by 1")
	if err != nil {
		return nil, openError(path, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// oneSelect has the engine's own parser say whether the text is one SELECT.
func oneSelect(ctx context.Context, connector *duckdb.Connector, query string) error {
	db := sql.OpenDB(connector) // not closed: that would close the connector under the caller
	var answer string
	if err := db.QueryRowContext(ctx, "select json_serialize_sql(?::varchar)::varchar", query).Scan(&answer); err != nil {
		return cleanError(err)
	}
	var parsed struct {
		Error      bool   `json:"error"`
		Type       string `json:"error_type"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal([]byte(answer), &parsed); err != nil {
		return fmt.Errorf("parse the query: %w", err)
	}
	switch {
	case parsed.Error && strings.Contains(parsed.Message, "Only SELECT"):
		return ErrNotSelect
	case parsed.Error:
		return errors.New(parsed.Message)
	case len(parsed.Statements) != 1:
		return ErrNotSelect
	}
	return nil
}

// cleanError takes the wrapping around the query out of the engine's message.
func cleanError(err error) error {
	text := err.Error()
	if i := strings.Index(text, "\nLINE "); i >= 0 {
		text = text[:i]
	}
	return errors.New(strings.TrimSpace(text))
}
