package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// rescoreChunk is how many complaints are read and judged at a time.
const rescoreChunk = 50000

// orderQuery gives the order of judging; the complaints themselves are read in
// chunks, since the driver holds a whole result in memory.
const orderQuery = "select seq from complaint order by received nulls last, seq"

const rescoreQuery = `select seq, customer, received, amount, type, body, subject, evidence, device, payout_account,
	customer_key, device_key, payout_key, s0, s1, s2, s3, s4, s5, s6, s7, external_id, received_precision, product, currency, contact_key,
	source, channel, language, handle_key, extra
	from complaint where seq in (select n::bigint from staged_number) order by received nulls last, seq`

// Rescored says what a rescoring found.
type Rescored struct {
	Run     int64 `json:"run"`
	Judged  int   `json:"judged"`
	Flagged int   `json:"flagged"`
	Opened  int   `json:"opened"`  // newly flagged: cases opened
	Cleared int   `json:"cleared"` // flagged at admission, not any more
}

// Rescore judges every complaint again in the order in which they were
// received, each from what was known by then, whatever the order in which the
// files were loaded. Decisions are kept under a run of their own; cases are
// opened for the newly flagged; nothing is closed, since a person may be at it.
func (s *Store) Rescore(ctx context.Context, modelName string, decide Decide) (Rescored, error) {
	done, err := s.writeBulk(ctx)
	if err != nil {
		return Rescored{}, fmt.Errorf("score again: %w", err)
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	started := s.now()
	var out Rescored
	err = s.write(ctx, func() error {
		s.next.run++
		out.Run = s.next.run
		before, err := s.flaggedNow(ctx)
		if err != nil {
			return err
		}
		r := rescoring{s: s, decide: decide, out: &out, before: before}
		if err := r.all(ctx); err != nil {
			return err
		}
		params, err := json.Marshal(map[string]string{"model": modelName})
		if err != nil {
			return err
		}
		summary, err := json.Marshal(out)
		if err != nil {
			return err
		}
		return s.exec(ctx, "insert into run values (?, 'score', ?, ?, ?, ?, ?)", out.Run, started, s.now(), string(params), s.next.complaint, string(summary))
	})
	if err != nil {
		return Rescored{}, fmt.Errorf("score again: %w", err)
	}
	return out, nil
}

// flaggedNow are the complaints that have a case for their score.
func (s *Store) flaggedNow(ctx context.Context) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := s.arrowRows(ctx, "select distinct seq from case_event where action = 'opened' and actor <> '"+Audit+"'", func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			out[rec.Column(0).(*array.Int64).Value(i)] = true
		}
	})
	return out, err
}

type rescoring struct {
	s      *Store
	decide Decide
	out    *Rescored
	before map[int64]bool
	know   *memory.Knowledge
	told   told
	dry    bool // nothing is kept
}

// Replay hands every complaint to look in the order in which they were received,
// with what was known by then, as Rescore does, and keeps nothing. Line of a
// complaint is its arrival number. Nothing is admitted meanwhile.
func (s *Store) Replay(ctx context.Context, look func(c *record.Complaint, h *record.History)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.write(ctx, func() error {
		r := rescoring{s: s, out: &Rescored{}, dry: true, decide: func(c *record.Complaint, h *record.History) record.Decision {
			look(c, h)
			return record.Decision{}
		}}
		return r.all(ctx)
	})
	if err != nil {
		return fmt.Errorf("look at every complaint again: %w", err)
	}
	return nil
}

func (r *rescoring) all(ctx context.Context) (err error) {
	r.know = memory.New(memory.NewTrails(), memory.NewLetters(), memory.NewCrowd())
	if r.know.Confirmed, err = r.s.readVerdicts(ctx); err != nil {
		return err
	}
	if err := r.s.insistOnIncidents(ctx); err != nil {
		return err
	}
	r.know.Bears, r.know.Lines = r.s.incidents.bears, memory.NewLines()
	r.told = told{s: r.s, to: r.know.Lines}
	order := make([]uint64, 0, r.s.next.complaint)
	if err := r.s.arrowRows(ctx, orderQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			order = append(order, uint64(rec.Column(0).(*array.Int64).Value(i)))
		}
	}); err != nil {
		return err
	}
	for part := range slices.Chunk(order, rescoreChunk) {
		list, err := r.read(ctx, part)
		if err != nil {
			return err
		}
		if err := r.chunk(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// read reads the complaints with these numbers, in the order of judging.
func (r *rescoring) read(ctx context.Context, numbers []uint64) ([]*record.Complaint, error) {
	if err := r.s.stage(ctx, numbers); err != nil {
		return nil, err
	}
	list := make([]*record.Complaint, 0, len(numbers))
	err := r.s.arrowRows(ctx, rescoreQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			c := complaintAt(rec, i)
			if r.know.Bears != nil {
				c.Extra = extraFields(textAt(rec, 30, i))
			}
			list = append(list, c)
		}
	})
	return list, err
}

// chunk judges a run of complaints and appends their decisions and cases.
func (r *rescoring) chunk(ctx context.Context, list []*record.Complaint) error {
	s, at := r.s, r.s.now()
	clear(r.know.Accounts)
	clear(r.know.Transactions)
	if err := s.readEvidence(ctx, r.know, list); err != nil {
		return err
	}
	for _, c := range list {
		r.know.CompleteKeys(c)
	}
	rows := make([]decided, len(list))
	var cases []caseRow
	for i, c := range list {
		if r.s.next.log > 0 && c.Received.Known() && c.Received.Precision <= record.ToMinute { // of others the logs tell nothing
			if err := r.told.upTo(ctx, c.Received.Last()); err != nil {
				return err
			}
		}
		d := r.decide(c, r.know.Before(c, c.Line))
		d.Seq = c.Line
		rows[i] = decided{&d, r.out.Run, at}
		r.know.After(c, d.Seq)
		if r.dry {
			continue
		}
		r.out.Judged++
		if d.Flagged {
			r.out.Flagged++
		}
		if d.Flagged == r.before[d.Seq] {
			continue
		}
		if !d.Flagged {
			r.out.Cleared++
			continue
		}
		r.out.Opened++
		detail, err := json.Marshal(d.Reasons)
		if err != nil {
			return err
		}
		s.next.caseID++
		cases = append(cases, caseRow{s.next.caseID, d.Seq, at, "machine", "opened", string(detail), c.Keys})
	}
	if r.dry {
		return nil
	}
	if err := insert(ctx, s, decisionTable, rows); err != nil {
		return err
	}
	return insert(ctx, s, caseTable, cases)
}

// complaintAt reads what signals and rules look at; Line holds the arrival number.
func complaintAt(rec arrow.Record, i int) *record.Complaint {
	c := &record.Complaint{Customer: textAt(rec, 1, i), Type: textAt(rec, 4, i), Body: textAt(rec, 5, i), Subject: textAt(rec, 6, i),
		Device: textAt(rec, 8, i), PayoutAccount: textAt(rec, 9, i), Product: textAt(rec, 23, i), Currency: textAt(rec, 24, i)}
	c.Line = rec.Column(0).(*array.Int64).Value(i)
	c.ExternalID, c.Source, c.Channel, c.Language = textAt(rec, 21, i), textAt(rec, 26, i), textAt(rec, 27, i), textAt(rec, 28, i)
	c.Received = record.Moment{Time: timeAt(rec.Column(2), i), Precision: record.Precision(rec.Column(22).(*array.Uint8).Value(i))}
	if a := rec.Column(3).(*array.Float64); a.IsValid(i) {
		c.Amount = record.Num(a.Value(i))
	}
	if l := rec.Column(7).(*array.List); l.IsValid(i) {
		from, to := l.ValueOffsets(i)
		for k := from; k < to; k++ {
			c.Evidence = append(c.Evidence, string([]byte(l.ListValues().(*array.String).Value(int(k)))))
		}
	}
	key := func(col int) uint64 { return hashAt(rec, col, i) }
	c.Keys.Customer, c.Keys.Device, c.Keys.Payout = key(10), key(11), key(12)
	c.Keys.Contact, c.Keys.Handle = key(25), key(29)
	for j := range c.Keys.Sketch {
		c.Keys.Sketch[j] = key(13 + j)
	}
	return c
}
