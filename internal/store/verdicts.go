package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"plaint/internal/record"
)

// ruledQuery names the model of the decision that was kept in the moment, and
// the transaction, in which the case was opened: later runs judge the complaint
// again, and none of them brought it up.
const ruledQuery = `select e.case_id, e.seq, e.at, e.action, if(e.actor = ?, coalesce(e.detail, ''), ''), coalesce(d.model, '')
	from case_event e left join decision d on e.action = 'opened' and e.actor <> ? and d.seq = e.seq and d.at = e.at and d.flagged
	where e.case_id in (select case_id from case_event where action in ('confirmed', 'cleared', 'overturned'))
	and e.action in ('opened', 'confirmed', 'cleared', 'overturned', 'reopened') order by e.case_id, e.action <> 'opened', e.at`

// Verdicts reads what brought cases up and what people decided of them, case by
// case in the order of time.
func (s *Store) Verdicts(ctx context.Context) ([]record.Verdict, error) {
	var out []record.Verdict
	err := s.Each(ctx, ruledQuery, func(rows *sql.Rows) error {
		var v record.Verdict
		var detail string
		if err := rows.Scan(&v.CaseID, &v.Seq, &v.At, &v.Action, &detail, &v.Model); err != nil {
			return err
		}
		if v.At = v.At.UTC(); v.Action == "opened" && detail != "" {
			var reasons []record.Reason
			if err := json.Unmarshal([]byte(detail), &reasons); err != nil {
				return fmt.Errorf("read the draw of case %d: %w", v.CaseID, err)
			}
			if len(reasons) > 0 {
				v.Share = reasons[0].Value
			}
		}
		out = append(out, v)
		return nil
	}, Audit, Audit)
	if err != nil {
		return nil, fmt.Errorf("read the verdicts: %w", err)
	}
	return out, nil
}

// Audit is the actor of cases that were drawn at random, and the name of their
// only reason, whose value is the chance with which they were drawn.
const Audit = "audit"

// Drawing says which complaints an audit sample is drawn from: those received
// from From and before To (zero is open), N of them, by chance of a seed.
type Drawing struct {
	N        int
	Seed     string
	From, To time.Time
}

const undecidedQuery = ` from complaint where seq not in (select seq from case_event where action = 'opened')
	and ($1::timestamp is null or received >= $1::timestamp) and ($2::timestamp is null or received < $2::timestamp)`

// drawnOrder is that of the draw: the same for the same seed and complaints.
const drawnOrder = " order by hash(seq::varchar || $3), seq limit $4"

// Drawn is a complaint that an audit sample would hold.
type Drawn struct {
	Seq        int64     `json:"seq"`
	Source     string    `json:"source"`
	ExternalID string    `json:"external_id"`
	Received   time.Time `json:"received,omitzero"`
	Type       string    `json:"type"`
}

// WouldDraw tells which complaints Draw would open cases for now, in the order of the
// draw, and of how many. It keeps nothing, and tells no score: who is to decide of
// them must not know it.
func (s *Store) WouldDraw(ctx context.Context, d Drawing) (list []Drawn, of int, err error) {
	span := []any{plainValue(d.From), plainValue(d.To)}
	if err := s.QueryRow(ctx, "select count(*)"+undecidedQuery, span...).Scan(&of); err != nil {
		return nil, 0, fmt.Errorf("look at an audit sample: %w", err)
	}
	err = s.Each(ctx, "select seq, coalesce(source, ''), coalesce(external_id, ''), received, coalesce(type, '')"+undecidedQuery+drawnOrder, func(rows *sql.Rows) error {
		var x Drawn
		var received sql.NullTime
		err := rows.Scan(&x.Seq, &x.Source, &x.ExternalID, &received, &x.Type)
		x.Received = received.Time
		list = append(list, x)
		return err
	}, append(span, d.Seed, int64(d.N))...)
	if err != nil {
		return nil, 0, fmt.Errorf("look at an audit sample: %w", err)
	}
	return list, of, nil
}

// Draw opens cases for complaints that have none, drawn at random whatever their
// score, so that what people decide of them says how many are missed. It returns
// how many, and how many there were to draw from.
func (s *Store) Draw(ctx context.Context, d Drawing) (drawn, of int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.write(ctx, func() error {
		w, span := Writer{s}, []driver.Value{plainValue(d.From), plainValue(d.To)}
		err := w.Each(ctx, "select count(*)"+undecidedQuery, func(row []driver.Value) error { of = int(row[0].(int64)); return nil }, span...)
		if err != nil || of == 0 {
			return err
		}
		detail, err := json.Marshal([]record.Reason{{Signal: Audit, Value: min(1, float64(d.N)/float64(of))}})
		if err != nil {
			return err
		}
		var cases []caseRow
		err = w.Each(ctx, "select seq, customer_key, device_key, payout_key, contact_key, handle_key, address_key"+undecidedQuery+drawnOrder, func(row []driver.Value) error {
			s.next.caseID++
			key := func(i int) uint64 { k, _ := row[i].(uint64); return k } // null: 0
			keys := record.Keys{Customer: key(1), Device: key(2), Payout: key(3), Contact: key(4), Handle: key(5), Address: key(6)}
			cases = append(cases, caseRow{s.next.caseID, row[0].(int64), s.now(), Audit, "opened", string(detail), keys})
			return nil
		}, append(span, d.Seed, int64(d.N))...)
		if err != nil {
			return err
		}
		drawn = len(cases)
		return insert(ctx, s, caseTable, cases)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("draw an audit sample: %w", err)
	}
	return drawn, of, nil
}

// ComplaintIDs calls f with the arrival number of every complaint and the id that
// its source gave it, in the order of arrival.
func (s *Store) ComplaintIDs(ctx context.Context, f func(seq int64, id string)) error {
	var last int64
	if err := s.QueryRow(ctx, "select coalesce(max(seq), 0) from complaint").Scan(&last); err != nil {
		return fmt.Errorf("read the ids: %w", err)
	}
	for from := int64(0); from < last; from += historyRows {
		err := s.Each(ctx, "select seq, external_id from complaint where seq > ? and seq <= ? and external_id is not null order by seq", func(rows *sql.Rows) error {
			var seq int64
			var id string
			err := rows.Scan(&seq, &id)
			f(seq, id)
			return err
		}, from, from+historyRows)
		if err != nil {
			return fmt.Errorf("read the ids: %w", err)
		}
	}
	return nil
}
