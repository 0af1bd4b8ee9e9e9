package store

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// Lines that tell of a customer, the same as memory.Counts.
const (
	isIll         = "(coalesce(level, '') in ('warn', 'error', 'fatal') or regexp_matches(coalesce(message, ''), '" + memory.LineFailed + "'))"
	customersLine = " from log_line where customer is not null and time is not null and coalesce(level, '') not in ('debug', 'trace') and (" +
		isIll + " or regexp_matches(coalesce(message, ''), '" + memory.LineWorked + "'))"
	linesFrom  = "select coalesce(min(seq), 0) from (select seq" + customersLine + " order by seq desc limit ?)"
	linesQuery = "select customer, time, " + isIll + " as ill" + customersLine + " and seq >= ? order by seq"
	toldQuery  = "select customer, time, " + isIll + " as ill, seq" + customersLine + ` and time > ? and time <= ? and customer in (select customer from complaint)
		order by time, seq`
)

// loadLines reads the window from the file, after open and after a rollback.
func (s *Store) loadLines(ctx context.Context) error {
	if s.lines != nil || s.next.log == 0 {
		return nil
	}
	from, err := s.number(ctx, linesFrom, int64(memory.LineWindow))
	if err != nil {
		return fmt.Errorf("read the latest log lines: %w", err)
	}
	l := memory.NewLines()
	err = s.arrowRows(ctx, linesQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			x := lineAt(rec, i)
			l.Add(x.customer, x.at, x.ill)
		}
	}, from)
	if err != nil {
		return fmt.Errorf("read the latest log lines: %w", err)
	}
	s.lines = l
	return nil
}

// learnLines takes lines that are being appended into what is remembered.
func (s *Store) learnLines(list []row[record.LogLine]) {
	for i := range list {
		x := list[i].r
		if counts, ill := memory.Counts(x.Customer, x.Level, x.Message, x.Time.Time); counts {
			s.lines.Add(record.Hash64("customer", x.Customer), x.Time.Time, ill)
		}
	}
}

type customerLine struct {
	customer uint64
	at       time.Time
	ill      bool
}

func lineAt(rec arrow.Record, i int) customerLine {
	return customerLine{record.Hash64("customer", textAt(rec, 0, i)), timeAt(rec.Column(1), i), rec.Column(2).(*array.Boolean).Value(i)}
}

// told hands the lines to the memory in the order in which they were written, as
// far as the complaint that is judged next: what a rebuild knows of logs. Only lines
// of customers who complained are read.
type told struct {
	s    *Store
	to   *memory.Lines
	page []customerLine
	from time.Time     // lines after this moment are not read yet
	span time.Duration // that is read at a time
}

const (
	// toldRows is about how many lines are read at a time.
	toldRows = 1 << 18
	// linesBefore is how long before the first complaint the logs are looked at.
	linesBefore = 7 * 24 * time.Hour
)

// upTo hands over what was written by a moment.
func (t *told) upTo(ctx context.Context, at time.Time) error {
	if t.from.IsZero() {
		t.from, t.span = at.Add(-linesBefore), 24*time.Hour
	}
	for {
		for len(t.page) > 0 {
			x := t.page[0]
			if x.at.After(at) {
				return nil
			}
			t.to.Add(x.customer, x.at, x.ill)
			t.page = t.page[1:]
		}
		if !t.from.Before(at) {
			return nil
		}
		if err := t.read(ctx); err != nil {
			return fmt.Errorf("read the log lines: %w", err)
		}
	}
}

// read reads the lines of the next stretch of time: of two moments the engine's zone
// maps leave out what lies before and behind, where a limit would have it sort all
// that is to come.
func (t *told) read(ctx context.Context) error {
	until := t.from.Add(t.span)
	t.page = t.page[:0]
	err := t.s.arrowRows(ctx, toldQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			t.page = append(t.page, lineAt(rec, i))
		}
	}, plainValue(t.from), plainValue(until))
	switch n := len(t.page); {
	case n > toldRows:
		t.span = max(t.span/2, time.Minute)
	case n < toldRows/4:
		t.span = min(2*t.span, 366*24*time.Hour)
	}
	t.from = until
	return err
}
