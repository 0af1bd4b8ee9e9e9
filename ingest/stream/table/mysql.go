package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"plaint/ingest/stream"
)

// mysqlServer reads from MySQL and MariaDB.
type mysqlServer struct{}

func (mysqlServer) config(dsn string) (*mysql.Config, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil { // it may repeat the address
		return nil, stream.NoAddress("dsn", "user:password@tcp(host:3306)/database?tls=true")
	}
	c.Timeout, c.ReadTimeout, c.WriteTimeout = connecting, patience, patience
	c.ParseTime, c.MultiStatements, c.AllowAllFiles, c.InterpolateParams = false, false, false, false
	c.Logger = log.New(io.Discard, "", 0) // what matters is returned
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params["time_zone"] = "'+00:00'"
	return c, nil
}

func (m mysqlServer) check(dsn string) error {
	_, err := m.config(dsn)
	return err
}

func (m mysqlServer) connect(ctx context.Context, dsn string) (session, error) {
	c, err := m.config(dsn)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, errors.New("connect to the database: the address is not understood")
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	s := &mySession{db: db}
	if s.conn, err = db.Conn(ctx); err == nil {
		_, err = s.conn.ExecContext(ctx, "set session transaction read only")
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return s, nil
}

func (mysqlServer) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (mysqlServer) place(int, column) string { return "?" }

func (mysqlServer) least(c column) string {
	if c.kind == integer {
		return "-9223372036854775808"
	}
	return "1000-01-01"
}

// mySession is a connection of its own: one that breaks is not replaced behind
// our back.
type mySession struct {
	db   *sql.DB
	conn *sql.Conn
}

func (s *mySession) close() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is left to be said
	}
	_ = s.db.Close()
}

func (s *mySession) look(ctx context.Context, statement string) ([]column, error) {
	rows, err := s.conn.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := myColumns(rows)
	if err != nil {
		return nil, err
	}
	return columns, rows.Err()
}

func myColumns(rows *sql.Rows) ([]column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	out := make([]column, len(types))
	for i, t := range types {
		out[i] = column{name: t.Name(), kind: myKind(t.DatabaseTypeName())}
	}
	return out, nil
}

func myKind(name string) kind {
	switch strings.TrimPrefix(name, "UNSIGNED ") {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR":
		return integer
	case "DECIMAL", "FLOAT", "DOUBLE":
		return number
	case "TIMESTAMP":
		return instant
	case "DATETIME":
		return wall
	case "DATE":
		return day
	case "JSON":
		return document
	case "BINARY", "VARBINARY", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "BIT", "GEOMETRY":
		return octets
	}
	return text
}

func (s *mySession) each(ctx context.Context, statement string, args []arg, want []column, row func([][]byte) (bool, error)) error {
	params := make([]any, len(args))
	for i, a := range args {
		params[i] = strings.TrimSuffix(a.value, utc)
		if a.column.kind == integer { // as text it would be compared as a float
			if n, err := strconv.ParseInt(a.value, 10, 64); err == nil {
				params[i] = n
			} else if n, err := strconv.ParseUint(a.value, 10, 64); err == nil {
				params[i] = n
			}
		}
	}
	rows, err := s.conn.QueryContext(ctx, statement, params...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := myColumns(rows)
	if err != nil {
		return err
	}
	if err := same(want, columns); err != nil {
		return err
	}
	raw, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	values := make([][]byte, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range raw {
			values[i] = myValue(columns[i].kind, v)
		}
		more, err := row(values)
		if err != nil || !more {
			return errors.Join(err, rows.Close())
		}
	}
	return rows.Err()
}

// utc is how the zone of a TIMESTAMP is written; MariaDB does not read it.
const utc = "+00:00"

// myValue is a value as it means: 0000-00-00 is no date, and a TIMESTAMP is in
// the session's zone, which is UTC.
func myValue(k kind, v []byte) []byte {
	switch {
	case v == nil:
		return nil
	case (k == day || k == wall || k == instant) && strings.HasPrefix(string(v[:min(len(v), 10)]), "0000-00-00"):
		return nil
	case k == instant:
		return append(append([]byte{}, v...), utc...)
	}
	return v
}
