package service

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"plaint/internal/store"
)

// State is how a clock stands.
type State string

// The states of a clock.
const (
	Met     State = "met"      // settled in time
	Late    State = "late"     // settled too late
	Running State = "running"  // open, in time
	DueSoon State = "due_soon" // open, due within the next quarter of its limit
	Overdue State = "overdue"  // open, too late already
	Again   State = "reopened" // settled once, open again and past its limit: the clock kept running
)

// item is a complaint as it stands now.
type item struct {
	seq                                int64
	kind, channel, handler, department string
	received, stopped                  time.Time
	receivedDay, stoppedDay            bool
	settled                            bool // stopped or not: nobody may have told when
	reopened, escalated                bool
	csatTop, csatN                     int
}

// clock is one complaint's service-level clock. due is zero where it has none.
type clock struct {
	due       time.Time
	breached  bool
	hoursLate float64
	state     State
}

// run measures a complaint against its limit as of now. Dates known to the day
// only are counted by the day: a clock then ends with the day it is due.
func (i *item) run(limit time.Duration, now time.Time) clock {
	if i.received.IsZero() || i.settled && i.stopped.IsZero() {
		return clock{} // nobody can tell
	}
	c := clock{due: i.received.Add(limit)}
	if i.receivedDay || i.stoppedDay {
		c.due = c.due.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	end := i.stopped
	if end.IsZero() {
		end = now
	}
	c.breached = end.After(c.due)
	if c.breached {
		c.hoursLate = end.Sub(c.due).Hours()
	}
	switch {
	case !i.stopped.IsZero() && c.breached:
		c.state = Late
	case !i.stopped.IsZero():
		c.state = Met
	case c.breached && i.reopened:
		c.state = Again
	case c.breached:
		c.state = Overdue
	case c.due.Sub(now) <= limit/4:
		c.state = DueSoon
	default:
		c.state = Running
	}
	return c
}

// itemQuery reads each complaint as it stands, with the answers to surveys
// about it.
const itemQuery = `with csat as (
	select complaint, count(*) as n, count(*) filter (where score >= scale_max - 1) as top from (
		select complaint, score, scale_max, metric from survey where complaint is not null
		qualify row_number() over (partition by key_hi, key_lo order by seq desc) = 1
	) where metric = 'csat' and score is not null group by complaint
)
	select s.seq, coalesce(s.type, '') as type, coalesce(s.channel, '') as channel, coalesce(s.handler, '') as handler,
		coalesce(s.department, '') as department, s.received, s.stopped, not s.open as settled,
		s.received_precision >= 2 as received_day, s.closed_precision >= 2 as stopped_day,
		s.reopened is not null as reopened, s.escalated is not null as escalated,
		coalesce(q.top, 0) as csat_top, coalesce(q.n, 0) as csat_n
	from complaint_now s left join csat q on q.complaint = s.external_id
	where s.seq > $1 and s.seq <= $2 order by s.seq`

// readRows bounds what the driver holds of a result.
const readRows = 200000

// each calls f with every complaint as it stands, in order of arrival.
func each(ctx context.Context, st *store.Store, f func(*item)) (last int64, err error) {
	if err := st.QueryRow(ctx, "select coalesce(max(seq), 0) from complaint").Scan(&last); err != nil {
		return 0, fmt.Errorf("count the complaints: %w", err)
	}
	for from := int64(0); from < last; from += readRows {
		err := st.Each(ctx, itemQuery, func(rows *sql.Rows) error {
			i, err := scan(rows)
			if err == nil {
				f(i)
			}
			return err
		}, from, from+readRows)
		if err != nil {
			return 0, fmt.Errorf("read the complaints' states: %w", err)
		}
	}
	return last, nil
}

func scan(rows *sql.Rows) (*item, error) {
	var i item
	var received, stopped sql.NullTime
	err := rows.Scan(&i.seq, &i.kind, &i.channel, &i.handler, &i.department, &received, &stopped, &i.settled,
		&i.receivedDay, &i.stoppedDay, &i.reopened, &i.escalated, &i.csatTop, &i.csatN)
	if err != nil {
		return nil, fmt.Errorf("read a complaint's state: %w", err)
	}
	i.received, i.stopped = received.Time, stopped.Time
	return &i, nil
}
