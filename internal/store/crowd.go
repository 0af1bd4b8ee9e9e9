package store

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

// usualDays is how far back the usual number of complaints a day is taken from.
const usualDays = 28

// crowd counts complaints by type and hour, and by type and day, so that a
// sudden rush can be told from a usual day.
type crowd map[string]*arrivals

type arrivals struct {
	hours map[int64]int32 // hours since 1970
	days  map[int64]int32 // days since 1970
}

func (w crowd) add(kind string, hour int64, n int32) {
	a := w[kind]
	if a == nil {
		a = &arrivals{hours: map[int64]int32{}, days: map[int64]int32{}}
		w[kind] = a
	}
	a.hours[hour] += n
	a.days[hour/24] += n
}

// rush is how many times more complaints of the type came in the 24 hours
// before than on a usual day of the four weeks before that; both sides get one
// complaint more, so that small numbers prove little.
func (w crowd) rush(c *record.Complaint) float64 {
	a := w[c.Type]
	if a == nil || !c.Received.Known() {
		return 1
	}
	hour := c.Received.Time.Unix() / 3600
	last, usual := int32(0), int32(0)
	// Whole hours before this one: of its own hour, some may come later.
	for h := hour - 24; h < hour; h++ {
		last += a.hours[h]
	}
	for d := hour/24 - 1 - usualDays; d < hour/24-1; d++ {
		usual += a.days[d]
	}
	return float64(last+1) / (float64(usual)/usualDays + 1)
}

// readCrowd counts what the file holds of the weeks before these complaints.
func (s *Store) readCrowd(ctx context.Context, w crowd, fresh []*record.Complaint) error {
	var from, to time.Time
	for _, c := range fresh {
		t := c.Received.Time
		if !c.Received.Known() {
			continue
		}
		if from.IsZero() || t.Before(from) {
			from = t
		}
		if t.After(to) {
			to = t
		}
	}
	if from.IsZero() {
		return nil
	}
	err := s.arrowRows(ctx, `select coalesce(type, ''), epoch(received)::bigint // 3600, count(*)::integer
		from complaint where received between ? and ? group by all`, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			w.add(textAt(rec, 0, i), rec.Column(1).(*array.Int64).Value(i), rec.Column(2).(*array.Int32).Value(i))
		}
	}, from.Add(-(usualDays+2)*24*time.Hour), to)
	if err != nil {
		return fmt.Errorf("read the usual numbers: %w", err)
	}
	return nil
}
