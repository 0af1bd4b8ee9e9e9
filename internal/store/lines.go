package store

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// Lines that tell of a customer, the same as memory.Counts.
const (
	customersLine = " from log_line where customer is not null and time is not null and coalesce(level, '') not in ('debug', 'trace')"
	linesFrom     = "select coalesce(min(seq), 0) from (select seq" + customersLine + " order by seq desc limit ?)"
	linesQuery    = "select customer, time, level" + customersLine + " and seq >= ? order by seq"
	toldQuery     = "select customer, time, level, seq" + customersLine + ` and time > ? and customer in (select customer from complaint)
		order by time, seq limit ?`
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
		if counts, ill := memory.Counts(x.Customer, x.Level, x.Time.Time); counts {
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
	customer, at := textAt(rec, 0, i), timeAt(rec.Column(1), i)
	_, ill := memory.Counts(customer, textAt(rec, 2, i), at)
	return customerLine{record.Hash64("customer", customer), at, ill}
}

// told hands the lines to the memory in the order in which they were written, as
// far as the complaint that is judged next: what a rebuild knows of logs.
type told struct {
	s     *Store
	to    *memory.Lines
	page  []customerLine
	from  time.Time // lines after this moment are not read yet
	ended bool
}

// toldRows is how many lines are read at a time.
const toldRows = 1 << 18

// linesBefore is how long before the first complaint the logs are looked at.
const linesBefore = 7 * 24 * time.Hour

// upTo hands over what was written by a moment.
func (t *told) upTo(ctx context.Context, at time.Time) error {
	if t.from.IsZero() {
		t.from = at.Add(-linesBefore)
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
		if t.ended {
			return nil
		}
		if err := t.read(ctx); err != nil {
			return fmt.Errorf("read the log lines: %w", err)
		}
	}
}

// read reads the next page. Lines of one moment stay together: the last moment of a
// full page is left to the next one, unless the page is of that moment alone.
func (t *told) read(ctx context.Context) error {
	for limit := int64(toldRows); ; limit *= 2 {
		t.page = t.page[:0]
		err := t.s.arrowRows(ctx, toldQuery, func(rec arrow.Record) {
			for i := range int(rec.NumRows()) {
				t.page = append(t.page, lineAt(rec, i))
			}
		}, plainValue(t.from), limit)
		if err != nil {
			return err
		}
		n := len(t.page)
		if t.ended = int64(n) < limit; t.ended {
			return nil
		}
		last := t.page[n-1].at
		for n > 0 && t.page[n-1].at.Equal(last) {
			n--
		}
		if t.page = t.page[:n]; n > 0 {
			t.from = t.page[n-1].at
			return nil
		}
	}
}
