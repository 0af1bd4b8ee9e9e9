// Package satisfaction follows how content customers are: CSAT, NPS, CES and
// any other scale by segment and time, what moves them, and where they go.
package satisfaction

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"plaint/internal/store"
)

// answer is one answer to one question, with the complaint it is about.
type answer struct {
	metric                                                string
	at                                                    time.Time // zero if unknown
	score, low, high                                      float64   // on the scale from low to high
	channel, product, handler, department, kind, grouping string

	linked                                            bool
	hours                                             float64 // handling time, NaN if open
	breached, reopened, upheld, escalated, inIncident bool
}

// normal is the score from 0 to 100.
func (a *answer) normal() float64 { return 100 * (a.score - a.low) / (a.high - a.low) }

// answersQuery has the latest version of every answer with a score and a
// scale. People judge the settlement they saw, so a breach is one of the first
// closing, whatever was reopened later. Due times come from the run of the service job, bursts from the run of
// the themes job; without a run nothing is breached and nothing bursts.
const answersQuery = `with answers as (
	select * from survey qualify row_number() over (partition by key_hi, key_lo order by seq desc) = 1
), about as (
	select external_id, seq, received, closed, reopened, escalated, upheld, handler, department, channel, product, type from complaint
	where external_id in (select complaint from survey) qualify row_number() over (partition by external_id order by seq desc) = 1
), burst as (
	select distinct m.seq from theme_member m join theme_window w on w.run = m.run and w.theme = m.theme
	join complaint c on c.seq = m.seq where m.run = $1 and c.received >= w.start_at and c.received < w.end_at
), clocks as (select seq, due, stopped from service_clock where run = $2)
	select lower(coalesce(s.metric, 'other')) as metric, s.answered, s.score, s.scale_min, s.scale_max,
		coalesce(s.channel, c.channel, '') as channel, coalesce(s.product, c.product, '') as product,
		coalesce(s.handler, c.handler, '') as handler, coalesce(c.department, '') as department, coalesce(c.type, '') as type,
		coalesce(s.segment, '') as segment, c.seq is not null as linked,
		epoch(coalesce(c.closed, k.stopped)) - epoch(c.received) as seconds,
		coalesce(coalesce(c.closed, k.stopped) > k.due, false) as breached, c.reopened is not null as reopened, coalesce(c.upheld, false) as upheld,
		c.escalated is not null as escalated, b.seq is not null as in_incident
	from answers s left join about c on c.external_id = s.complaint
	left join clocks k on k.seq = c.seq left join burst b on b.seq = c.seq
	where s.score is not null and s.scale_max > s.scale_min order by s.seq`

func read(ctx context.Context, st *store.Store) ([]answer, error) {
	themes, err := st.LatestRun(ctx, "themes")
	if err != nil {
		return nil, err
	}
	service, err := st.LatestRun(ctx, "service")
	if err != nil {
		return nil, err
	}
	rows, err := st.Query(ctx, answersQuery, themes, service)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	defer rows.Close()
	var out []answer
	for rows.Next() {
		var a answer
		var at sql.NullTime
		var seconds sql.NullFloat64
		err := rows.Scan(&a.metric, &at, &a.score, &a.low, &a.high, &a.channel, &a.product, &a.handler, &a.department, &a.kind,
			&a.grouping, &a.linked, &seconds, &a.breached, &a.reopened, &a.upheld, &a.escalated, &a.inIncident)
		if err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		a.at, a.hours = at.Time, math.NaN()
		if seconds.Valid && seconds.Float64 >= 0 {
			a.hours = seconds.Float64 / 3600
		}
		out = append(out, a)
	}
	return out, rows.Err()
}
