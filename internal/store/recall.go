package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// numberTable is that of numbers on their way to a join: keys of customers,
// or complaints.
var numberTable = newTable("staged_number",
	identity("n", func(x *uint64) uint64 { return *x }),
)

// remember reads the memory for these complaints and completes their keys: the
// customer's always, the device and payout account from the customer's
// accounts where the complaint does not name them.
func (s *Store) remember(ctx context.Context, fresh []*record.Complaint) (*memory.Knowledge, error) {
	m := memory.New(s.trails, s.letters, s.crowd)
	for _, c := range fresh {
		c.Keys.Customer = record.Hash64("customer", c.Customer)
	}
	if err := s.recallEvidence(ctx, m, fresh); err != nil {
		return nil, err
	}
	for _, c := range fresh {
		m.CompleteKeys(c)
	}
	if err := s.loadVerdicts(ctx); err != nil {
		return nil, err
	}
	m.Confirmed = s.verdicts
	if err := s.loadLines(ctx); err != nil {
		return nil, err
	}
	m.Lines, m.Bears = s.lines, s.incidents.bears
	return m, nil
}

func textAt(rec arrow.Record, col, i int) string {
	c := rec.Column(col).(*array.String)
	if c.IsNull(i) {
		return ""
	}
	return strings.Clone(c.Value(i))
}

const trailsQuery = `select seq, customer_key, received, amount, device_key, payout_key, contact_key, handle_key, address_key
	from complaint where seq > ? order by seq`

// loadTrails reads the window from the file, after open and after a rollback.
func (s *Store) loadTrails(ctx context.Context) error {
	if s.trails != nil {
		return nil
	}
	t := memory.NewTrails()
	err := s.arrowRows(ctx, trailsQuery, func(rec arrow.Record) {
		past := pastColumns{rec, 0, 1, 2, 3}
		for i := range int(rec.NumRows()) {
			p := past.at(i)
			keys := [memory.Spaces]uint64{p.Customer}
			for space := 1; space < memory.Spaces; space++ {
				keys[space] = hashAt(rec, 3+space, i)
			}
			t.Add(p, keys)
		}
	}, s.next.complaint-memory.TrailWindow)
	if err != nil {
		return fmt.Errorf("read the latest complaints: %w", err)
	}
	s.trails = t
	return nil
}

func hashAt(rec arrow.Record, col, i int) uint64 {
	a := rec.Column(col).(*array.Uint64)
	if a.IsNull(i) {
		return 0
	}
	return a.Value(i)
}

const lettersQuery = `select seq, customer_key, received, amount, s0, s1, s2, s3, s4, s5, s6, s7
	from complaint where s0 is not null and seq > ? order by seq`

// loadLetters reads the window from the file, after open and after a rollback.
func (s *Store) loadLetters(ctx context.Context) error {
	if s.letters != nil {
		return nil
	}
	var from int64
	err := s.db().QueryRowContext(ctx, `select coalesce(min(seq), 0) - 1 from
		(select seq from complaint where s0 is not null order by seq desc limit ?)`, int64(memory.LetterWindow)).Scan(&from)
	if err != nil {
		return fmt.Errorf("read the latest letters: %w", err)
	}
	l := memory.NewLetters()
	err = s.arrowRows(ctx, lettersQuery, func(rec arrow.Record) {
		c := pastColumns{rec, 0, 1, 2, 3}
		var words [record.SketchSize]*array.Uint64
		for i := range words {
			words[i] = rec.Column(4 + i).(*array.Uint64)
		}
		for i := 0; i < int(rec.NumRows()); i++ {
			var sk record.Sketch
			for j := range sk {
				sk[j] = words[j].Value(i)
			}
			l.Add(c.at(i), sk)
		}
	}, from)
	if err != nil {
		return fmt.Errorf("read the latest letters: %w", err)
	}
	s.letters = l
	return nil
}

// pastColumns reads a record.Past from four columns of an Arrow record.
type pastColumns struct {
	rec                             arrow.Record
	seq, customer, received, amount int
}

func (p pastColumns) at(i int) record.Past {
	out := record.Past{Seq: p.rec.Column(p.seq).(*array.Int64).Value(i)}
	if c := p.rec.Column(p.customer).(*array.Uint64); c.IsValid(i) {
		out.Customer = c.Value(i)
	}
	out.Received = timeAt(p.rec.Column(p.received), i)
	if c := p.rec.Column(p.amount).(*array.Float64); c.IsValid(i) {
		out.Amount = record.Num(c.Value(i))
	}
	return out
}

func timeAt(col arrow.Array, i int) time.Time {
	c := col.(*array.Timestamp)
	if c.IsNull(i) {
		return time.Time{}
	}
	return time.UnixMicro(int64(c.Value(i))).UTC()
}

// loadCrowd counts what the file holds, after open and after a rollback.
func (s *Store) loadCrowd(ctx context.Context) error {
	if s.crowd != nil {
		return nil
	}
	w := memory.NewCrowd()
	err := s.arrowRows(ctx, `select coalesce(type, ''), floor(epoch_us(received) / 3600000000.0)::bigint, count(*)::integer
		from complaint where received is not null group by all`, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			w.Add(textAt(rec, 0, i), rec.Column(1).(*array.Int64).Value(i), rec.Column(2).(*array.Int32).Value(i))
		}
	})
	if err != nil {
		return fmt.Errorf("read the usual numbers: %w", err)
	}
	s.crowd = w
	return nil
}

// loadVerdicts reads the verdicts, again after others were given.
func (s *Store) loadVerdicts(ctx context.Context) (err error) {
	if s.verdicts == nil {
		s.verdicts, err = s.readVerdicts(ctx)
	}
	return err
}

const verdictsQuery = `select case_id, seq, at, action, customer_key, device_key, payout_key, contact_key, handle_key, address_key from case_event
	where case_id in (select case_id from case_event where action = 'confirmed') order by case_id, action <> 'opened', at`

// readVerdicts reads what people decided of the cases.
func (s *Store) readVerdicts(ctx context.Context) (memory.Verdicts, error) {
	out := memory.Verdicts{}
	if s.next.caseID == 0 {
		return out, nil
	}
	var opened memory.Verdict    // the case being read
	var standing *memory.Verdict // its verdict, where one stands
	err := s.arrowRows(ctx, verdictsQuery, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			id, at := rec.Column(0).(*array.Int64).Value(i), timeAt(rec.Column(2), i)
			if id != opened.CaseID {
				opened, standing = memory.Verdict{CaseID: id}, nil
			}
			switch textAt(rec, 3, i) {
			case "opened":
				opened.Seq = rec.Column(1).(*array.Int64).Value(i)
				for space := range memory.Spaces {
					opened.Keys[space] = hashAt(rec, 4+space, i)
				}
			case "confirmed":
				if standing == nil {
					v := opened
					v.From, standing = at, &v
					out.Add(&v)
				}
			case "cleared", "overturned", "reopened":
				if standing != nil {
					standing.Until, standing = at, nil
				}
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts: %w", err)
	}
	out.Sort()
	return out, nil
}
