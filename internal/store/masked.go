package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	duckdb "github.com/marcboeker/go-duckdb"
)

// maskedTable is a table as people without a right to personal data see it:
// no names, contacts, free texts, devices, addresses or payout accounts, and
// customers under a pseudonym that joins across tables.
type maskedTable struct{ name, query string }

const pseudonym = "case when customer is null then null else 'c' || lower(to_hex(hash('customer' || customer))) end as customer"

var maskedTables = []maskedTable{
	{"complaint", `select seq, source, external_id, channel, ` + pseudonym + `, received, received_precision, arrived, type, product,
		length(coalesce(subject, '') || coalesce(body, '')) as text_length, language, amount, currency, len(evidence) as evidence_count,
		status, changed, handler, department, priority, upheld, redress, closed, reopened, escalated, external_dispute, extra, batch, line from complaint`},
	{"complaint_event", `select e.source, e.external_id, e.arrived, e.at, e.status, e.handler, e.department, e.priority, e.upheld, e.redress,
		e.closed, e.reopened, e.escalated, e.external_dispute, c.seq from complaint_event e join complaint c on c.key_hi = e.key_hi and c.key_lo = e.key_lo`},
	{"survey", `select seq, source, external_id, ` + pseudonym + `, answered, answered_precision, arrived, metric, score, scale_min, scale_max,
		length(comment) as comment_length, language, complaint, handler, channel, product, segment, extra, batch, line from survey`},
	{"log_line", `select seq, time, service, host, level, trace, ` + pseudonym + `, batch, line from log_line`},
	{"transaction_version", `select seq, source, external_id, ` + pseudonym + `, type, status, amount, currency, requested, settled, failed, reference, arrived from transaction_version`},
	{"account_version", `select seq, source, external_id, ` + pseudonym + `, opened, country, tariff, arrived from account_version`},
	{"service_level_version", `select type, department, handling, rule, limit_hours, arrived from service_level_version`},
	{"decision", `select seq, run, at, model, score, threshold, flagged, signals from decision`},
	{"case_event", `select case_id, seq, at, actor, action, detail from case_event`},
	{"entry_event", `select entry_id, at, actor, action, subject from entry_event`},
	{"refused", `select id, batch, at, kind, input, profile, line, code, field from refused`},
	{"admission", `select * from admission`},
}

// answerTables are kept whole: they hold no personal data. The example of a
// theme is the number of a complaint, not its text.
var answerTables = []string{"run", "volume", "theme", "theme_member", "theme_window", "log_template", "log_template_count",
	"log_burst", "satisfaction", "satisfaction_driver", "satisfaction_trend", "service_clock", "service_quality", "digest"}

func (s *Store) allMasked() []maskedTable {
	out := append([]maskedTable(nil), maskedTables...)
	for _, t := range answerTables {
		out = append(out, maskedTable{t, "select * from " + t})
	}
	return out
}

// personalKey names extra columns that hold personal data by their names.
var personalKey = regexp.MustCompile(`(?i)"([^"]*(?:name|phone|mobile|email|e-mail|address|passport|id.?card|iban|card.?n|birth|姓名|电话|手机|邮箱|地址|证件|身份证|银行卡|生日|微信)[^"]*)":"(?:[^"\\]|\\.)*",?`)

// maskExtra takes the personal values out of the columns kept as JSON.
func maskExtra(s string) string {
	if !personalKey.MatchString(s) {
		return s
	}
	return strings.Replace(personalKey.ReplaceAllString(s, ""), ",}", "}", 1)
}

// masked rebuilds a record with its extra column masked.
func masked(rec arrow.Record) arrow.Record {
	at := rec.Schema().FieldIndices("extra")
	if len(at) == 0 {
		rec.Retain()
		return rec
	}
	col := rec.Column(at[0]).(*array.String)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(maskExtra(col.Value(i)))
		}
	}
	columns := append([]arrow.Array(nil), rec.Columns()...)
	columns[at[0]] = b.NewArray()
	return array.NewRecord(rec.Schema(), columns, rec.NumRows())
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
	path := filepath.Join(dir, fmt.Sprintf("%d-%d-%d-%d.db", s.next.batch, s.next.run, s.next.caseID, s.next.entry))
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
	connector, err := duckdb.NewConnector(path, func(driver.ExecerContext) error { return nil })
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
	reader, err := s.arrow.QueryContext(ctx, t.query)
	if err != nil {
		return err
	}
	defer reader.Release()
	mask := &maskingReader{RecordReader: reader}
	defer mask.discard()
	release, err := into.RegisterView(mask, "incoming")
	if err != nil {
		return err
	}
	defer release()
	for _, q := range []string{"create table " + t.name + " as select * from incoming", "drop view incoming"} {
		if _, err := exec.ExecContext(ctx, q, nil); err != nil {
			return err
		}
	}
	return nil
}

// maskingReader masks records as they pass.
type maskingReader struct {
	array.RecordReader
	rec arrow.Record
}

func (m *maskingReader) drop() {
	if m.rec != nil {
		m.rec.Release()
		m.rec = nil
	}
}

// discard lets go of the rows: see rowReader.discard.
func (m *maskingReader) discard() {
	m.drop()
	m.RecordReader = nil
}

func (m *maskingReader) Next() bool {
	m.drop()
	if !m.RecordReader.Next() {
		return false
	}
	m.rec = masked(m.RecordReader.Record())
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
	reader, err := s.arrow.QueryContext(ctx, t.query)
	if err != nil {
		return err
	}
	defer reader.Release()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w, err := pqarrow.NewFileWriter(reader.Schema(), f, ParquetProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer func() { err = errors.Join(err, w.Close()) }() // closes the file as well
	for reader.Next() {
		rec := masked(reader.Record())
		err := w.WriteBuffered(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return reader.Err()
}
