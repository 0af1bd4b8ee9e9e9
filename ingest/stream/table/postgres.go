package table

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"plaint/ingest/stream"
)

// postgres reads from PostgreSQL. Values come as the server writes them: their
// text has every digit.
type postgres struct{}

const connecting = 15 * time.Second

func (postgres) config(dsn string) (*pgconn.Config, error) {
	c, err := pgconn.ParseConfig(dsn)
	if err != nil { // it may repeat the address
		return nil, stream.NoAddress("dsn", "postgres://user:password@host:5432/database?sslmode=verify-full")
	}
	c.ConnectTimeout = connecting
	c.RuntimeParams["application_name"], c.RuntimeParams["client_encoding"] = "plaint", "UTF8"
	return c, nil
}

func (p postgres) check(dsn string) error {
	_, err := p.config(dsn)
	return err
}

func (p postgres) connect(ctx context.Context, dsn string) (session, error) {
	c, err := p.config(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	// Not when connecting: poolers refuse parameters that they do not know.
	const session = "set default_transaction_read_only = on; set TimeZone = 'UTC'; set DateStyle = 'ISO, YMD'; set IntervalStyle = 'iso_8601'; set bytea_output = 'hex'"
	if _, err := conn.Exec(ctx, session).ReadAll(); err != nil {
		(&pgSession{conn}).close()
		return nil, fmt.Errorf("begin a session: %w", err)
	}
	return &pgSession{conn}, nil
}

func (postgres) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// place leaves the type of other columns to the server.
func (postgres) place(n int, c column) string {
	if c.as == "" {
		return fmt.Sprintf("$%d", n)
	}
	return fmt.Sprintf("$%d::%s", n, c.as)
}

func (postgres) least(c column) string {
	switch c.as {
	case "int2":
		return "-32768"
	case "int4":
		return "-2147483648"
	case "int8":
		return "-9223372036854775808"
	}
	return "-infinity"
}

type pgSession struct{ conn *pgconn.PgConn }

func (s *pgSession) close() {
	ctx, cancel := context.WithTimeout(context.Background(), connecting)
	defer cancel()
	_ = s.conn.Close(ctx) // nothing is left to be said
}

func (s *pgSession) look(ctx context.Context, statement string) ([]column, error) {
	d, err := s.conn.Prepare(ctx, "", statement, nil)
	if err != nil {
		return nil, err
	}
	out := make([]column, len(d.Fields))
	for i, f := range d.Fields {
		out[i] = pgColumn(f.Name, f.DataTypeOID)
	}
	return out, nil
}

func pgColumn(name string, oid uint32) column {
	c := column{name: name, kind: pgKind(oid)}
	switch oid {
	case pgtype.Int2OID:
		c.as = "int2"
	case pgtype.Int4OID:
		c.as = "int4"
	case pgtype.Int8OID:
		c.as = "int8"
	case pgtype.TimestampOID:
		c.as = "timestamp"
	case pgtype.TimestamptzOID:
		c.as = "timestamptz"
	case pgtype.DateOID:
		c.as = "date"
	case pgtype.UUIDOID:
		c.as = "uuid"
	}
	for array, item := range map[uint32]uint32{pgtype.Int2ArrayOID: pgtype.Int2OID, pgtype.Int4ArrayOID: pgtype.Int4OID, pgtype.Int8ArrayOID: pgtype.Int8OID,
		pgtype.Float4ArrayOID: pgtype.Float4OID, pgtype.Float8ArrayOID: pgtype.Float8OID, pgtype.NumericArrayOID: pgtype.NumericOID,
		pgtype.BoolArrayOID: pgtype.BoolOID, pgtype.TextArrayOID: pgtype.TextOID, pgtype.VarcharArrayOID: pgtype.TextOID, pgtype.BPCharArrayOID: pgtype.TextOID,
		pgtype.UUIDArrayOID: pgtype.UUIDOID, pgtype.TimestampArrayOID: pgtype.TimestampOID, pgtype.TimestamptzArrayOID: pgtype.TimestamptzOID,
		pgtype.DateArrayOID: pgtype.DateOID, pgtype.JSONArrayOID: pgtype.JSONOID, pgtype.JSONBArrayOID: pgtype.JSONBOID} {
		if oid == array {
			c.kind, c.item = list, pgKind(item)
		}
	}
	return c
}

func pgKind(oid uint32) kind {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return integer
	case pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		return number
	case pgtype.BoolOID:
		return boolean
	case pgtype.TimestamptzOID:
		return instant
	case pgtype.TimestampOID:
		return wall
	case pgtype.DateOID:
		return day
	case pgtype.JSONOID, pgtype.JSONBOID:
		return document
	case pgtype.ByteaOID:
		return octets
	}
	return text
}

func (s *pgSession) each(ctx context.Context, statement string, args []arg, want []column, row func([][]byte) (bool, error)) error {
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a.value)
	}
	rows := s.conn.ExecParams(ctx, statement, params, nil, nil, nil)
	var columns []column
	var failed error
	enough := false
	for rows.NextRow() {
		if enough || failed != nil {
			continue // the connection is used again: what is on its way is read
		}
		if columns == nil {
			for _, f := range rows.FieldDescriptions() {
				columns = append(columns, pgColumn(f.Name, f.DataTypeOID))
			}
			if failed = same(want, columns); failed != nil {
				continue
			}
		}
		values := rows.Values()
		for i, v := range values {
			if columns[i].kind == octets && len(v) >= 2 {
				if n, err := hex.Decode(v[2:], v[2:]); err == nil {
					values[i] = v[2 : 2+n]
				}
			}
		}
		more, err := row(values)
		enough, failed = !more, err
	}
	if _, err := rows.Close(); err != nil {
		return err
	}
	return failed
}
