package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"plaint/analysis/rootcause"
	"plaint/internal/record"
	"plaint/internal/store/memory"
	"plaint/scoring/signal"
)

// onBooks are the signals whose reasons name records.
var onBooks = []string{"refuted", "evidence_missing", "logs_refute"}

// linesThenQuery finds the customer's latest lines of a service that worked, of the
// day before a complaint, as far as they had been loaded when it was judged.
const linesThenQuery = `select l.time, coalesce(l.service, '') from log_line l join complaint c on c.customer = l.customer
	where c.seq = $1 and l.arrived <= $2 and l.time > $3 and l.time <= $4 and coalesce(l.level, '') not in ('debug', 'trace')
		and regexp_matches(coalesce(l.message, ''), $5) order by l.time desc limit 20`

// claimQuery reads of a complaint what those signals looked at when it was judged, $2.
const claimQuery = `select coalesce(type, ''), received, received_precision, amount, coalesce(array_to_string(evidence, chr(31)), ''), coalesce(body, ''),
		exists (select 1 from account_version a where a.customer_key = complaint.customer_key and a.arrived <= $2)
	from complaint where seq = $1`

// booksThenQuery finds the customer's transactions, as far as they had been loaded
// when the complaint was judged, $2: what came in one batch has one time, and nothing
// comes in while a run judges.
const booksThenQuery = `select t.key_hi, t.key_lo, t.seq, coalesce(t.external_id, ''), coalesce(t.reference, ''), coalesce(t.type, ''), t.amount, t.requested, t.settled
	from transaction_version t join complaint c on c.customer_key = t.customer_key
	where c.seq = $1 and t.arrived <= $2 order by t.seq desc limit $3`

// books names the records that reasons stand on.
func (r *Reader) books(ctx context.Context, seq int64, judged time.Time, reasons []Reason) error {
	for i := range reasons {
		if reasons[i].Signal == "incident" {
			id, err := r.borneOutBy(ctx, seq)
			if err != nil {
				return err
			}
			reasons[i].Incident = id
		}
	}
	if !slices.ContainsFunc(reasons, func(x Reason) bool { return slices.Contains(onBooks, x.Signal) }) {
		return nil
	}
	c, h, err := r.judgedFrom(ctx, seq, judged)
	if err != nil {
		return fmt.Errorf("read the records behind complaint %d: %w", seq, err)
	}
	for i := range reasons {
		if reasons[i].Signal == "logs_refute" && reasons[i].Value > 0 {
			upTo := c.Received.Last()
			reasons[i].Why = signal.LogsWell
			reasons[i].Lines, err = collect(ctx, r.st, func(rows *sql.Rows, line *ReasonLine) error {
				err := rows.Scan(&line.At, &line.Service)
				line.At = line.At.UTC()
				return err
			}, linesThenQuery, seq, judged, upTo.AddDate(0, 0, -1), upTo, memory.LineWorked)
			if err != nil {
				return fmt.Errorf("read the log lines behind complaint %d: %w", seq, err)
			}
			continue
		}
		b := signal.BooksOf(reasons[i].Signal, reasons[i].Value, c, h)
		reasons[i].Why, reasons[i].Records = b.Why, b.Transactions
		for _, id := range b.Cited {
			if short := Short(id); !slices.Contains(reasons[i].Records, short) {
				reasons[i].Records = append(reasons[i].Records, short)
			}
		}
	}
	return nil
}

// borneOutBy is the incident that bears a complaint out best, by what is known now; 0
// where there is none any more.
func (r *Reader) borneOutBy(ctx context.Context, seq int64) (int64, error) {
	g, err := rootcause.Guard(ctx, r.st)
	if err != nil {
		return 0, err
	}
	var c record.Complaint
	var received *time.Time
	var extra string
	err = r.st.QueryRow(ctx, "select coalesce(type, ''), coalesce(product, ''), coalesce(channel, ''), received, coalesce(extra, '{}') from complaint where seq = $1", seq).
		Scan(&c.Type, &c.Product, &c.Channel, when{&received}, &extra)
	if err != nil || received == nil {
		return 0, err
	}
	c.Received.Time = *received
	asked := rootcause.About(&c)
	var more map[string]string
	if json.Unmarshal([]byte(extra), &more) == nil { // else there are no attributes to ask for
		for name, v := range more {
			if v != "" {
				asked.Attributes[name] = v
			}
		}
	}
	id, _ := g.Corroborates(asked)
	return id, nil
}

// judgedFrom is a complaint with the transactions that were known of its customer
// when it was judged.
func (r *Reader) judgedFrom(ctx context.Context, seq int64, judged time.Time) (*record.Complaint, *record.History, error) {
	c, h := &record.Complaint{}, &record.History{}
	var received *time.Time
	var precision uint8
	var amount sql.NullFloat64
	var evidence string
	var accounts bool
	if err := r.st.QueryRow(ctx, claimQuery, seq, judged).Scan(&c.Type, when{&received}, &precision, &amount, &evidence, &c.Body, &accounts); err != nil {
		return nil, nil, err
	}
	c.Evidence = splitTerms(evidence)
	if c.Received.Precision = record.Precision(precision); received != nil {
		c.Received.Time = *received
	}
	if amount.Valid {
		c.Amount = record.Num(amount.Float64)
	}
	if accounts {
		h.Accounts = []record.Account{{}} // that there are books is all that is asked of them
	}
	list, err := collect(ctx, r.st, func(rows *sql.Rows, t *record.Transaction) error {
		var requested, settled *time.Time
		var amount sql.NullFloat64
		err := rows.Scan(&t.ID.Hi, &t.ID.Lo, &t.Line, &t.ExternalID, &t.Reference, &t.Type, &amount, when{&requested}, when{&settled})
		if amount.Valid {
			t.Amount = record.Num(amount.Float64)
		}
		if requested != nil {
			t.Requested.Time = *requested
		}
		if settled != nil {
			t.Settled.Time = *settled
		}
		return err
	}, booksThenQuery, seq, judged, memory.MostStates)
	h.Transactions = memory.AsAt(nil, memory.LatestVersions(list), c.Received.Last())
	return c, h, err
}
