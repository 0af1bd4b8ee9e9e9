package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"plaint/internal/record"
)

// shadowTable holds what the shadow said, without its signals: those that the
// decision beside it kept are the same.
var shadowTable = newTable("shadow_decision",
	whole("seq", func(x *decided) int64 { return x.Seq }),
	when("at", func(x *decided) time.Time { return x.at }),
	text("model", func(x *decided) string { return x.Model }),
	float("score", func(x *decided) float64 { return x.Score }),
	float("threshold", func(x *decided) float64 { return x.Threshold }),
	flag("flagged", func(x *decided) bool { return x.Flagged }),
)

// Shade lets a shadow judge every new complaint beside whoever decides, from now
// on; nil ends it. What it says is kept in the transaction of the admission and
// has no effect: it opens no case and is in no receipt. A complaint that it
// fails on has no row of it.
func (s *Store) Shade(d Decide) {
	if d == nil {
		s.shadow.Store(nil)
		return
	}
	s.shadow.Store(&d)
}

// shade is what the shadow says of a complaint that has been decided. It is given
// copies, and its fault is its own: intake goes on.
func shade(d Decide, c record.Complaint, h record.History) (said *record.Decision) {
	defer func() {
		if recover() != nil {
			said = nil
		}
	}()
	x := d(&c, &h)
	return &x
}

const shadedQuery = `with s as (select seq, model, score, threshold, flagged from shadow_decision where model = $1 and seq > $2 and seq <= $3),
	c as (select seq, key_hi, key_lo, received, type, language, customer_key, upheld from complaint where seq > $2 and seq <= $3),
	a as (select customer_key, arg_max(country, seq) as country from account_version
		where country is not null and customer_key in (select customer_key from c) group by customer_key),
	e as (select key_hi, key_lo, arg_max(upheld, coalesce(at, arrived)) as upheld from complaint_event
		where upheld is not null and (key_hi, key_lo) in (select (key_hi, key_lo) from c) group by all)
	select c.seq, c.received, coalesce(c.type, ''), coalesce(c.language, ''), coalesce(a.country, ''), coalesce(e.upheld, c.upheld),
		x.model, x.score, x.threshold, x.flagged, s.model, s.score, s.threshold, s.flagged
	from s join c using (seq) join decision x on x.seq = s.seq and x.run = 0 and x.seq > $2 and x.seq <= $3
	left join a on a.customer_key = c.customer_key left join e on e.key_hi = c.key_hi and e.key_lo = c.key_lo order by c.seq`

// Shaded calls f with every complaint that a shadow judged when it was admitted,
// in the order of arrival.
func (s *Store) Shaded(ctx context.Context, shadow string, f func(*record.Shaded) error) error {
	var first, last int64
	if err := s.QueryRow(ctx, "select coalesce(min(seq), 1), coalesce(max(seq), 0) from shadow_decision where model = ?", shadow).Scan(&first, &last); err != nil {
		return fmt.Errorf("read what the shadow said: %w", err)
	}
	for from := first - 1; from < last; from += historyRows {
		err := s.Each(ctx, shadedQuery, func(rows *sql.Rows) error {
			var x record.Shaded
			var received sql.NullTime
			var upheld sql.NullBool
			if err := rows.Scan(&x.Seq, &received, &x.Type, &x.Language, &x.Country, &upheld, &x.Judged.Model, &x.Judged.Score, &x.Judged.Threshold, &x.Judged.Flagged,
				&x.Shadow.Model, &x.Shadow.Score, &x.Shadow.Threshold, &x.Shadow.Flagged); err != nil {
				return err
			}
			x.Received, x.Model, x.Flagged = received.Time.UTC(), x.Judged.Model, x.Judged.Flagged
			if upheld.Valid {
				x.Upheld = map[bool]record.Tri{true: record.Yes, false: record.No}[upheld.Bool]
			}
			x.Judged.Seq, x.Shadow.Seq = x.Seq, x.Seq
			return f(&x)
		}, shadow, from, from+historyRows)
		if err != nil {
			return fmt.Errorf("read what the shadow said: %w", err)
		}
	}
	return nil
}

// Unshaded counts the complaints admitted after a moment that a shadow did not
// judge.
func (s *Store) Unshaded(ctx context.Context, shadow string, since time.Time) (n int, err error) {
	err = s.QueryRow(ctx, `select count(*) from decision where run = 0 and at > ? and seq not in (select seq from shadow_decision where model = ?)`, since, shadow).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what the shadow missed: %w", err)
	}
	return n, nil
}
