package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	duckdb "github.com/marcboeker/go-duckdb"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// historyRows is how many complaints are read at a time, since the driver holds
// a whole result in memory.
const historyRows = 100_000

// keptQuery reads a stretch of complaints with their latest decisions, in the
// order of arrival. The claim's outcome is the latest that was told.
const keptQuery = `with c as (select seq, key_hi, key_lo, received, received_precision, source, channel, type, product, language, amount, currency, customer_key, upheld, extra
		from complaint where seq > $1 and seq <= $2),
	d as (select seq, max(run) as run from decision where seq > $1 and seq <= $2 group by seq),
	a as (select customer_key, arg_max(country, seq) as country from account_version
		where country is not null and customer_key in (select customer_key from c) group by customer_key),
	e as (select key_hi, key_lo, arg_max(upheld, coalesce(at, arrived)) as upheld from complaint_event
		where upheld is not null and (key_hi, key_lo) in (select (key_hi, key_lo) from c) group by all)
	select c.seq, c.received, coalesce(c.type, ''), coalesce(c.language, ''), coalesce(a.country, ''), coalesce(e.upheld, c.upheld) as upheld,
		d.run, x.model, x.flagged, x.signals, coalesce(c.source, ''), coalesce(c.channel, ''), coalesce(c.product, ''), coalesce(c.currency, ''), c.amount, c.received_precision, if($3, coalesce(c.extra, ''), '')
	from c join d on d.seq = c.seq join decision x on x.seq = d.seq and x.run = d.run and x.seq > $1 and x.seq <= $2
	left join a on a.customer_key = c.customer_key left join e on e.key_hi = c.key_hi and e.key_lo = c.key_lo
	order by c.seq`

// History calls f with every complaint that was judged, in the order of arrival,
// by its latest decision. Writers may go on beside it; what comes after it began
// is not read. A kept complaint is valid only during the call.
func (s *Store) History(ctx context.Context, f func(*record.Kept) error) (err error) {
	var last int64
	if err := s.db().QueryRowContext(ctx, "select coalesce(max(seq), 0) from complaint").Scan(&last); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	h := &keptReader{each: f, then: memory.NewCrowd(), all: memory.NewCrowd()}
	if err := s.countCrowd(ctx, h.all, last); err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	s.mu.Lock()
	connector := s.connector
	err = s.insistOnIncidents(ctx)
	h.bears = s.incidents.bears
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	reader, err := duckdb.NewArrowFromConn(conn)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	for from := int64(0); from < last; from += historyRows {
		if err := h.page(ctx, reader, from, min(from+historyRows, last)); err != nil {
			return fmt.Errorf("read the history: %w", err)
		}
	}
	return nil
}

// countCrowd counts the complaints up to a number.
func (s *Store) countCrowd(ctx context.Context, w *memory.Crowd, last int64) error {
	return s.Each(ctx, `select coalesce(type, ''), floor(epoch_us(received) / 3600000000.0)::bigint, count(*)::integer
		from complaint where received is not null and seq <= ? group by all`, func(rows *sql.Rows) error {
		var kind string
		var hour int64
		var n int32
		if err := rows.Scan(&kind, &hour, &n); err != nil {
			return err
		}
		w.Add(kind, hour, n)
		return nil
	}, last)
}

// keptReader gives complaints with what was known of the crowd around them: of
// one judged at admission, those that had arrived before it; of one judged in a
// run, which goes by the order of receipt, all. Incidents are those that are known
// now and were sure then.
type keptReader struct {
	each      func(*record.Kept) error
	then, all *memory.Crowd
	bears     Bears
}

func (h *keptReader) page(ctx context.Context, a *duckdb.Arrow, from, to int64) error {
	reader, err := a.QueryContext(ctx, keptQuery, from, to, h.bears != nil)
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec := reader.Record()
		for i := range int(rec.NumRows()) {
			if err := h.row(rec, i); err != nil {
				return err
			}
		}
	}
	return reader.Err()
}

func (h *keptReader) row(rec arrow.Record, i int) error {
	k := record.Kept{Seq: rec.Column(0).(*array.Int64).Value(i), Received: timeAt(rec.Column(1), i), Type: textAt(rec, 2, i), Language: textAt(rec, 3, i),
		Country: textAt(rec, 4, i), Run: rec.Column(6).(*array.Int64).Value(i), Model: textAt(rec, 7, i), Flagged: rec.Column(8).(*array.Boolean).Value(i)}
	if u := rec.Column(5).(*array.Boolean); u.IsValid(i) {
		k.Upheld = record.No
		if u.Value(i) {
			k.Upheld = record.Yes
		}
	}
	if l := rec.Column(9).(*array.List); l.IsValid(i) {
		from, to := l.ValueOffsets(i)
		k.Signals = l.ListValues().(*array.Float32).Float32Values()[from:to]
	}
	k.Source, k.Channel, k.Product, k.Currency = textAt(rec, 10, i), textAt(rec, 11, i), textAt(rec, 12, i), textAt(rec, 13, i)
	if a := rec.Column(14).(*array.Float64); a.IsValid(i) {
		k.Amount = record.Num(a.Value(i))
	}
	k.Precision = record.Precision(rec.Column(15).(*array.Uint8).Value(i))
	crowd := h.all
	if k.Run == 0 {
		crowd = h.then
	}
	k.Crowd = func() float64 { return crowd.Rush(&record.Complaint{Type: k.Type, Received: record.At(k.Received)}) }
	if h.bears != nil {
		extra := rec.Column(16).(*array.String).Value(i) // valid as long as k
		k.Incident = func() float64 {
			return h.bears(&record.Complaint{Type: k.Type, Product: k.Product, Channel: k.Channel, Received: record.Moment{Time: k.Received, Precision: k.Precision},
				Origin: record.Origin{Extra: extraFields(extra)}})
		}
	}
	if err := h.each(&k); err != nil {
		return err
	}
	if !k.Received.IsZero() {
		h.then.Add(k.Type, memory.Hour(k.Received), 1)
	}
	return nil
}
