package store

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// numberColumns are those of numbers on their way to a join: keys of customers,
// or complaints.
var numberColumns = []column[uint64]{
	identity("n", func(x *uint64) uint64 { return *x }),
}

// remember reads the memory for these complaints and completes their keys: the
// customer's always, the device and payout account from the customer's
// accounts where the complaint does not name them.
func (s *Store) remember(ctx context.Context, fresh []*record.Complaint) (*memory.Knowledge, error) {
	m := memory.New(s.trails, s.letters)
	for _, c := range fresh {
		c.Keys.Customer = record.Hash64("customer", c.Customer)
	}
	if err := s.readEvidence(ctx, m, fresh); err != nil {
		return nil, err
	}
	for _, c := range fresh {
		m.CompleteKeys(c)
	}
	if s.next.complaint > 0 {
		if err := s.readCrowd(ctx, m.Crowd, fresh); err != nil {
			return nil, err
		}
	}
	var err error
	m.Confirmed, err = s.readVerdicts(ctx)
	return m, err
}

const (
	accountsQuery = `select a.customer_key, a.opened, a.country, a.device, a.payout_account, a.tariff, a.external_id, a.seq
		from staged_number h join account_version a on a.customer_key = h.n`
	transactionsQuery = `select t.customer_key, t.requested, t.settled, t.failed, t.type, t.status, t.amount,
		t.external_id, t.key_hi, t.key_lo, t.seq, t.reference
		from staged_number h join transaction_version t on t.customer_key = h.n`
)

// stageCustomers hands the complaints' customers to the engine for a join.
func (s *Store) stageCustomers(ctx context.Context, fresh []*record.Complaint) error {
	seen := make(map[uint64]struct{}, len(fresh))
	staged := make([]uint64, 0, len(fresh))
	for _, c := range fresh {
		k := c.Keys.Customer
		if _, dup := seen[k]; k != 0 && !dup {
			seen[k] = struct{}{}
			staged = append(staged, k)
		}
	}
	return s.stage(ctx, staged)
}

// stage replaces the numbers that the next query joins with.
func (s *Store) stage(ctx context.Context, numbers []uint64) error {
	if err := s.exec(ctx, "delete from staged_number"); err != nil {
		return fmt.Errorf("clear the staging: %w", err)
	}
	return insert(ctx, s, "staged_number", numberColumns, numbers)
}

// readEvidence reads the customers' accounts and transactions.
func (s *Store) readEvidence(ctx context.Context, m *memory.Knowledge, fresh []*record.Complaint) error {
	if s.next.account+s.next.transaction == 0 {
		return nil
	}
	if err := s.stageCustomers(ctx, fresh); err != nil {
		return err
	}
	err := s.arrowRows(ctx, accountsQuery, func(rec arrow.Record) {
		for i := 0; i < int(rec.NumRows()); i++ {
			a := record.Account{Opened: record.Moment{Time: timeAt(rec.Column(1), i)}, Country: textAt(rec, 2, i),
				Device: textAt(rec, 3, i), PayoutAccount: textAt(rec, 4, i), Tariff: textAt(rec, 5, i)}
			a.ExternalID, a.Line = textAt(rec, 6, i), rec.Column(7).(*array.Int64).Value(i)
			key := rec.Column(0).(*array.Uint64).Value(i)
			m.Accounts[key] = append(m.Accounts[key], a)
		}
	})
	if err != nil {
		return fmt.Errorf("read the accounts: %w", err)
	}
	for _, list := range m.Accounts { // Line holds the arrival number here; newest first
		sort.Slice(list, func(i, j int) bool { return list[i].Line > list[j].Line })
	}
	return s.readTransactions(ctx, m)
}

func (s *Store) readTransactions(ctx context.Context, m *memory.Knowledge) error {
	err := s.arrowRows(ctx, transactionsQuery, func(rec arrow.Record) {
		for i := 0; i < int(rec.NumRows()); i++ {
			t := record.Transaction{Requested: record.Moment{Time: timeAt(rec.Column(1), i)},
				Settled: record.Moment{Time: timeAt(rec.Column(2), i)}, Failed: record.Moment{Time: timeAt(rec.Column(3), i)},
				Type: textAt(rec, 4, i), Status: textAt(rec, 5, i), Reference: textAt(rec, 11, i)}
			if a := rec.Column(6).(*array.Float64); a.IsValid(i) {
				t.Amount = record.Num(a.Value(i))
			}
			t.ExternalID = textAt(rec, 7, i)
			t.ID = record.Identity{Hi: rec.Column(8).(*array.Uint64).Value(i), Lo: rec.Column(9).(*array.Uint64).Value(i)}
			t.Line = rec.Column(10).(*array.Int64).Value(i)
			key := rec.Column(0).(*array.Uint64).Value(i)
			m.Transactions[key] = append(m.Transactions[key], t)
		}
	})
	if err != nil {
		return fmt.Errorf("read the transactions: %w", err)
	}
	for key, list := range m.Transactions {
		m.Transactions[key] = memory.LatestVersions(list)
	}
	return nil
}

func textAt(rec arrow.Record, col, i int) string {
	c := rec.Column(col).(*array.String)
	if c.IsNull(i) {
		return ""
	}
	return strings.Clone(c.Value(i))
}

const trailsQuery = `select seq, customer_key, received, amount, device_key, payout_key, contact_key
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
			t.Add(p, [memory.Spaces]uint64{p.Customer, hashAt(rec, 4, i), hashAt(rec, 5, i), hashAt(rec, 6, i)})
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
	err := s.db.QueryRowContext(ctx, `select coalesce(min(seq), 0) - 1 from
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

// factTables hold the identities of everything that came in.
var factTables = []string{"complaint", "complaint_event", "survey", "log_line", "transaction_version", "account_version", "service_level_version"}

// loadSeen reads the identities in the file, once.
func (s *Store) loadSeen(ctx context.Context) error {
	if s.seen != nil {
		return nil
	}
	seen := &memory.Seen{}
	for _, table := range factTables {
		err := s.arrowRows(ctx, "select key_hi, key_lo from "+table, func(rec arrow.Record) {
			hi, lo := rec.Column(0).(*array.Uint64), rec.Column(1).(*array.Uint64)
			for i := range int(rec.NumRows()) {
				seen.Add(record.Identity{Hi: hi.Value(i), Lo: lo.Value(i)})
			}
		})
		if err != nil {
			return fmt.Errorf("read what is known: %w", err)
		}
	}
	s.seen = seen
	return nil
}

// readCrowd counts what the file holds of the weeks before these complaints.
func (s *Store) readCrowd(ctx context.Context, w memory.Crowd, fresh []*record.Complaint) error {
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
	err := s.arrowRows(ctx, `select coalesce(type, ''), floor(epoch_us(received) / 3600000000.0)::bigint, count(*)::integer
		from complaint where received between ? and ? group by all`, func(rec arrow.Record) {
		for i := range int(rec.NumRows()) {
			w.Add(textAt(rec, 0, i), rec.Column(1).(*array.Int64).Value(i), rec.Column(2).(*array.Int32).Value(i))
		}
	}, from.Add(-(memory.UsualDays+2)*24*time.Hour), to)
	if err != nil {
		return fmt.Errorf("read the usual numbers: %w", err)
	}
	return nil
}

const verdictsQuery = `select case_id, seq, at, action, customer_key, device_key, payout_key, contact_key from case_event
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
	return out, nil
}
