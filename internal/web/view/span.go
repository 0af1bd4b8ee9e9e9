package view

import (
	"context"
	"database/sql"
	"time"

	"plaint/analysis/rootcause/incident/dense"
)

// Span is the time in which the complaints were received, without dates that lie
// far from all others: a wrong year must not press all that happened into one bar.
type Span struct {
	From, To time.Time // days, To exclusive; both zero where no complaint has a date
	Strays   int       // complaints with a date outside
	Undated  int
}

// span reads the time in which the complaints were received.
func (r *Reader) span(ctx context.Context) (s Span, err error) {
	days := map[int64]int{}
	if err = r.count(ctx, &s.Undated, "select count(*) from complaint where received is null"); err != nil {
		return s, err
	}
	err = r.st.Each(ctx, "select epoch(date_trunc('day', received))::bigint, count(*) from complaint where received is not null group by 1", func(rows *sql.Rows) error {
		var day int64
		var n int
		err := rows.Scan(&day, &n)
		days[day] += n
		return err
	})
	stretches := dense.Find(days)
	if err != nil || len(stretches) == 0 {
		return s, err
	}
	from, to := stretches[0].From, stretches[len(stretches)-1].To
	s.From, s.To = time.Unix(from, 0).UTC(), time.Unix(to, 0).UTC()
	for day, n := range days {
		if day < from || day >= to {
			s.Strays += n
		}
	}
	return s, nil
}

// step is in which of a number of equal steps of the span a time lies; it may lie
// outside of all.
func (s Span) step(at time.Time, steps int) int {
	if at.Before(s.From) {
		return -1
	}
	return int(int64(at.Sub(s.From)/time.Second) * int64(steps) / max(1, int64(s.To.Sub(s.From)/time.Second)))
}
