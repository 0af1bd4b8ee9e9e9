// Package table reads a table or view of another database, PostgreSQL or MySQL,
// again and again: the rows whose cursor column has moved on. Where reading goes
// on is decided by the position that is kept with the rows; nothing is written
// to the other database.
package table

import (
	"cmp"
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"plaint/ingest/stream"
)

// Limits of a batch. It ends with the row that reaches one of them.
const (
	defaultBatch = 1000 // rows
	mostBatch    = 50_000
	batchBytes   = 32 << 20
)

const (
	defaultEvery = 10 * time.Second
	leastEvery   = 20 * time.Millisecond
	mostEvery    = 24 * time.Hour
	// How far behind the last row that is kept reading begins again: a row gets
	// its number or time when it is written, and can be seen only when its
	// transaction ends, which may be after later ones.
	defaultOverlap   = 5 * time.Minute
	defaultOverlapID = 1000
	mostOverlap      = 7 * 24 * time.Hour
	mostOverlapID    = 1_000_000
	// patience is how long one page may take.
	patience = 5 * time.Minute
)

// Settings are those of a table of either kind of database.
type Settings struct {
	stream.Common `yaml:",inline"`
	DSN           stream.Secret `yaml:"dsn"`   // how to connect, password and all
	Table         string        `yaml:"table"` // table, or schema.table; a view is as good
	Query         string        `yaml:"query"` // instead: one select; :cursor stands where rows begin
	Cursor        string        `yaml:"cursor"`
	ID            string        `yaml:"id"`      // column that tells rows apart
	Overlap       string        `yaml:"overlap"` // 5m of a time, 1000 of a number; "" = these
	Batch         int           `yaml:"batch"`   // rows in one transaction at most, 0 = 1000
	Every         time.Duration `yaml:"every"`   // between looks, 0 = 10s
}

// Postgres are the settings of a table in PostgreSQL.
type Postgres struct {
	Settings `yaml:",inline"`
}

// MySQL are the settings of a table in MySQL or MariaDB.
type MySQL struct {
	Settings `yaml:",inline"`
}

// Source checks the settings, and that the secrets can be read, and gives the
// source. It does not connect.
func (c Postgres) Source() (stream.Source, error) { return c.source(postgres{}) }

// Source checks the settings, and that the secrets can be read, and gives the
// source. It does not connect.
func (c MySQL) Source() (stream.Source, error) { return c.source(mysqlServer{}) }

// server is a kind of database.
type server interface {
	// check says what is wrong with an address; it never repeats it.
	check(dsn string) error
	connect(ctx context.Context, dsn string) (session, error)
	quote(name string) string
	place(n int, c column) string // of the n-th argument, from 1, compared with a column
	least(c column) string        // that a cursor can be
}

// session is a connection.
type session interface {
	// look describes what a statement would give.
	look(ctx context.Context, statement string) ([]column, error)
	// each calls row with each row's values as text, nil for NULL, valid during
	// the call, until it says that it has enough. Other columns than wanted are an
	// error; none wanted are any.
	each(ctx context.Context, statement string, args []arg, want []column, row func([][]byte) (more bool, err error)) error
	close()
}

// arg is a value to compare a column with.
type arg struct {
	column column
	value  string
}

func (c *Settings) source(s server) (stream.Source, error) {
	if err := c.checkAll(s); err != nil {
		return nil, err
	}
	return func(ctx context.Context, to stream.Sink) error {
		r := &reader{c: c, server: s, to: to}
		err := r.run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}, nil
}

// name is a table's, or a schema's: it is quoted all the same.
var name = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_$-]{0,62}$`)

var (
	selects = regexp.MustCompile(`(?is)^\s*(?:select|with)\b`)
	cursors = regexp.MustCompile(`(^|[^:\w]):cursor\b`)
)

func (c *Settings) checkAll(s server) error {
	c.Batch, c.Every = cmp.Or(c.Batch, defaultBatch), cmp.Or(c.Every, defaultEvery)
	c.Query = strings.TrimRight(strings.TrimSpace(c.Query), "; \n\t")
	switch {
	case c.Name == "":
		return stream.NoName()
	case c.Table != "" && c.Query != "":
		return stream.Wrong("err_source_exclude", "query", "names", "table, query")
	case c.Table == "" && c.Query == "":
		return stream.Wrong("err_source_either", "table", "names", "table, query", "example", "table: support.tickets")
	case c.Cursor == "":
		return stream.Wrong("err_source_columns", "cursor")
	case c.ID == "":
		return stream.Wrong("err_source_columns", "id")
	case c.Batch < 1 || c.Batch > mostBatch:
		return stream.Outside("batch", c.Batch, 1, mostBatch)
	case c.Every < leastEvery || c.Every > mostEvery:
		return stream.Outside("every", c.Every, leastEvery, mostEvery)
	case !c.DSN.Given():
		return stream.NoSecretNamed("dsn")
	}
	for _, part := range strings.Split(cmp.Or(c.Table, "q"), ".") {
		if !name.MatchString(part) || strings.Count(c.Table, ".") > 2 {
			return stream.Unlike("table", c.Table, "support.tickets")
		}
	}
	if c.Query != "" && (!selects.MatchString(c.Query) || !cursors.MatchString(c.Query)) {
		return stream.Wrong("err_source_query", "query")
	}
	if _, _, err := c.overlap(); err != nil {
		return err
	}
	if _, err := c.Decoder(); err != nil {
		return err
	}
	dsn, err := c.DSN.Value()
	if err != nil {
		return stream.Unreadable("dsn", err)
	}
	return s.check(dsn)
}

// overlap is how far reading goes back, of a time and of a number.
func (c *Settings) overlap() (time.Duration, int64, error) {
	if c.Overlap == "" {
		return defaultOverlap, defaultOverlapID, nil
	}
	if n, err := strconv.ParseInt(c.Overlap, 10, 64); err == nil && n >= 0 && n <= mostOverlapID {
		return time.Duration(n) * time.Second, n, nil
	}
	d, err := time.ParseDuration(c.Overlap)
	if err != nil || d < 0 || d > mostOverlap {
		return 0, 0, stream.Wrong("err_source_overlap", "overlap", "value", stream.Shown(c.Overlap), "longest", "168h", "most", mostOverlapID)
	}
	return d, defaultOverlapID, nil
}
