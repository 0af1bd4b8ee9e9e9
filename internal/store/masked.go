package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	duckdb "github.com/marcboeker/go-duckdb"
)

// maskedTable is a table as people without a right to personal data see it:
// no names, contacts, free texts, devices, addresses or payout accounts, and
// customers under a pseudonym that joins across tables. Tables with a seq are
// read in pages of it; $1 stands for the pseudonym of the customer.
type maskedTable struct {
	name, query string
	paged       bool
}

var maskedTables = []maskedTable{
	{"complaint", `select seq, source, external_id, channel, $1, received, received_precision, arrived, type, product,
		length(coalesce(subject, '') || coalesce(body, '')) as text_length, language, amount, currency, len(evidence) as evidence_count,
		status, changed, handler, department, priority, upheld, redress, closed, reopened, escalated, external_dispute, extra, batch, line from complaint`, true},
	{"complaint_event", `select c.seq, e.source, e.external_id, e.arrived, e.at, e.status, e.handler, e.department, e.priority, e.upheld, e.redress,
		e.closed, e.reopened, e.escalated, e.external_dispute, e.type, e.product, e.channel, e.amount, e.currency
		from complaint_event e join complaint c on c.key_hi = e.key_hi and c.key_lo = e.key_lo`, true},
	{"complaint_now", `select seq, source, external_id, channel, $1, received, received_precision, arrived, type, product, language, amount, currency,
		status, since, stopped, open, states, handler, department, priority, upheld, redress, closed, reopened, escalated, external_dispute from complaint_now`, true},
	{"survey", `select seq, source, external_id, $1, answered, answered_precision, arrived, metric, score, scale_min, scale_max,
		length(comment) as comment_length, language, complaint, handler, channel, product, segment, extra, batch, line from survey`, true},
	{"log_line", `select seq, time, service, host, level, trace, $1, batch, line from log_line`, true},
	{"transaction_version", `select seq, source, external_id, $1, type, status, amount, currency, requested, settled, failed, reference, arrived from transaction_version`, true},
	{"account_version", `select seq, source, external_id, $1, opened, country, tariff, arrived from account_version`, true},
	{"service_level_version", `select seq, type, department, handling, rule, limit_hours, arrived from service_level_version`, true},
	{"decision", `select seq, run, at, model, score, threshold, flagged, signals from decision`, true},
	{"shadow_decision", `select seq, at, model, score, threshold, flagged from shadow_decision`, true},
	{"case_event", `select case_id, seq, at, actor, action, if(action = 'opened', detail, null) as detail from case_event`, true},
	{"entry_event", `select entry_id, at, actor, action, subject from entry_event`, false},
	{"refused", `select id, batch, at, kind, input, profile, line, code, field from refused`, false},
	{"admission", `select * from admission`, false},
}

// maskVersion is part of a snapshot's name: one made by other rules of masking
// is not today's.
const maskVersion = 5

// loadSecret reads the key of the pseudonyms; a new file makes its own.
func (s *Store) loadSecret(ctx context.Context) error {
	err := s.db().QueryRowContext(ctx, "select value from secret where name = 'pseudonym'").Scan(&s.salt)
	if errors.Is(err, sql.ErrNoRows) {
		s.salt = rand.Text()
		err = s.exec(ctx, "insert into secret values ('pseudonym', ?)", s.salt)
	}
	if err != nil {
		return fmt.Errorf("open %s: the key of the pseudonyms: %w", s.path, err)
	}
	return nil
}

// Pseudonym is the name of a customer for people without a right to personal
// data: the same on the page, in queries and in exports, and different in every
// database, so that nobody can find an id by trying.
func (s *Store) Pseudonym(customer string) string {
	if customer == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s.salt + customer))
	return "c" + hex.EncodeToString(sum[:6])
}

// Customers are the ids of the customers who go by a pseudonym: one, or none.
func (s *Store) Customers(ctx context.Context, pseudonym string) ([]string, error) {
	out := []string{}
	err := s.Each(ctx, `select distinct customer from (select customer from complaint union all select customer from complaint_event)
		where customer is not null and 'c' || left(sha256($1 || customer), 12) = $2`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	}, s.salt, pseudonym)
	if err != nil {
		return nil, fmt.Errorf("find a customer: %w", err)
	}
	return out, nil
}

// pseudonymSQL is Pseudonym for the engine. The salt is made of letters and
// digits.
func (s *Store) pseudonymSQL() string {
	return "case when customer is null then null else 'c' || left(sha256('" + s.salt + "' || customer), 12) end as customer"
}

// answerTables are kept whole: they hold no personal data. The example of a
// theme is the number of a complaint, not its text.
var answerTables = []string{"run", "volume", "theme", "theme_member", "theme_window", "log_template", "log_template_count",
	"log_burst", "satisfaction", "satisfaction_driver", "satisfaction_trend", "service_clock", "service_quality", "digest",
	"incident", "incident_theme", "incident_member", "incident_cause", "incident_template", "incident_hour", "knowledge_gap", "knowledge_entry",
	"theme_part", "theme_area", "theme_event", "theme_news", "ring", "ring_member", "ring_evidence", "ring_tie", "ring_money", "model_watch"}

func (s *Store) allMasked() []maskedTable {
	out := append([]maskedTable(nil), maskedTables...)
	for _, t := range answerTables {
		out = append(out, maskedTable{name: t, query: "select * from " + t})
	}
	return out
}

// pageRows is how many rows of a table are read at a time, since the driver
// holds a whole result in memory: whole row groups, which the engine writes
// once.
const pageRows = 2 * rowGroup

// copySettings are those of a copy while it is written.
var copySettings = []string{"SET threads=2", "SET external_threads=2", "SET wal_autocheckpoint='1TB'", "SET memory_limit='512MB'"}

// maskedPages calls f with the pages of a table as it may be seen; the first
// is there even if the table is empty, for its columns.
func (s *Store) maskedPages(ctx context.Context, t maskedTable, f func(array.RecordReader) error) error {
	query, last := strings.ReplaceAll(t.query, "$1", s.pseudonymSQL()), int64(0)
	seen := shared{}
	if t.paged {
		if err := s.db().QueryRowContext(ctx, "select coalesce(max(seq), 0) from ("+query+")").Scan(&last); err != nil {
			return err
		}
		query = "select * from (" + query + ") where seq > ? and seq <= ?"
	}
	if strings.Contains(t.query, " extra,") {
		var err error
		if seen, err = s.sharedExtras(ctx, t, last); err != nil {
			return err
		}
	}
	for from := int64(0); from == 0 || from < last; from += pageRows {
		var page []any
		if t.paged {
			page = []any{from, from + pageRows}
		}
		if err := s.maskedPage(ctx, query, page, seen, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) maskedPage(ctx context.Context, query string, page []any, seen shared, f func(array.RecordReader) error) error {
	reader, err := s.arrow.QueryContext(ctx, query, page...)
	if err != nil {
		return err
	}
	defer reader.Release()
	mask := &maskingReader{RecordReader: reader, seen: seen}
	defer mask.discard()
	return f(mask)
}

// Snapshot brings a copy of the store without personal data into the folder
// beside its file, unless the one there is still of today's content, and
// returns its path. Readers of earlier snapshots keep theirs.
func (s *Store) Snapshot(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := s.path + ".snapshot"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a snapshot: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%d-%d-%d-%d-%d.db", s.Pseudonym("snapshot"), maskVersion, s.next.batch, s.next.run, s.next.caseID, s.next.entry))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", fmt.Errorf("make a snapshot: %w", err)
	}
	if err := s.copyMasked(ctx, path+".new"); err != nil {
		return "", errors.Join(fmt.Errorf("make a snapshot: %w", err), os.Remove(path+".new"))
	}
	for _, o := range old {
		os.Remove(o) // a reader that has it open keeps it
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", fmt.Errorf("make a snapshot: %w", err)
	}
	return path, nil
}

func (s *Store) copyMasked(ctx context.Context, path string) (err error) {
	os.Remove(path) // left by a copy that was cut off
	var once sync.Once
	connector, err := duckdb.NewConnector(path, func(ex driver.ExecerContext) (err error) {
		once.Do(func() {
			for _, q := range copySettings {
				_, failed := ex.ExecContext(ctx, q, nil)
				err = errors.Join(err, failed)
			}
		})
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connector.Close()) }()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	into, err := duckdb.NewArrowFromConn(conn)
	if err != nil {
		return err
	}
	exec := conn.(driver.ExecerContext)
	for _, t := range s.allMasked() {
		if err := s.copyTable(ctx, t, into, exec); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

func (s *Store) copyTable(ctx context.Context, t maskedTable, into *duckdb.Arrow, exec driver.ExecerContext) error {
	first := true
	return s.maskedPages(ctx, t, func(page array.RecordReader) error {
		release, err := into.RegisterView(page, "incoming")
		if err != nil {
			return err
		}
		defer release()
		how := "insert into " + t.name + " select * from incoming"
		if first {
			how, first = "create table "+t.name+" as select * from incoming", false
		}
		for _, q := range []string{how, "drop view incoming"} {
			if _, err := exec.ExecContext(ctx, q, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// maskingReader masks records as they pass.
type maskingReader struct {
	array.RecordReader
	seen shared
	rec  arrow.Record
}

func (m *maskingReader) drop() {
	if m.rec != nil {
		m.rec.Release()
		m.rec = nil
	}
}

// discard lets go of the rows: a view never tells its reader that it is gone.
func (m *maskingReader) discard() {
	m.drop()
	m.RecordReader = nil
}

func (m *maskingReader) Next() bool {
	m.drop()
	if !m.RecordReader.Next() {
		return false
	}
	m.rec = m.seen.mask(m.RecordReader.Record())
	return true
}

func (m *maskingReader) Record() arrow.Record { return m.rec }

// ExportParquet writes every table without personal data into a folder, one
// Parquet file (zstd) each, and returns the files' paths.
func (s *Store) ExportParquet(ctx context.Context, dir string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	var out []string
	for _, t := range s.allMasked() {
		path := filepath.Join(dir, t.name+".parquet")
		if err := s.exportTable(ctx, t, path); err != nil {
			return out, fmt.Errorf("export %s: %w", t.name, err)
		}
		out = append(out, path)
	}
	return out, nil
}

// ParquetProperties are how Parquet is written from the engine's results: zstd,
// and no column statistics, whose writer (arrow 17) keeps the smallest and
// largest text by reference, in memory that the engine frees with each chunk.
func ParquetProperties() *parquet.WriterProperties {
	return parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithStats(false))
}

func (s *Store) exportTable(ctx context.Context, t maskedTable, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var w *pqarrow.FileWriter
	defer func() {
		if w == nil {
			err = errors.Join(err, f.Close())
			return
		}
		err = errors.Join(err, w.Close()) // closes the file as well
	}()
	return s.maskedPages(ctx, t, func(page array.RecordReader) (err error) {
		if w == nil {
			if w, err = pqarrow.NewFileWriter(page.Schema(), f, ParquetProperties(), pqarrow.DefaultWriterProps()); err != nil {
				return err
			}
		}
		for page.Next() {
			if err := w.WriteBuffered(page.Record()); err != nil {
				return err
			}
		}
		return page.Err()
	})
}
