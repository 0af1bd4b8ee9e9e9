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
)

// knowledge is what a batch's decisions need to know, read once for the batch and
// kept up to date while its rows are decided one after the other, so that the
// size of a batch never changes a decision.
type knowledge struct {
	trails       *trails
	accounts     map[uint64][]record.Account
	transactions map[uint64][]record.Transaction
	confirmed    verdicts
	letters      *letters
	crowd        crowd
	current      *record.Complaint // the one being judged

	scratch record.History // reused: valid during one decision
}

// numberColumns are those of numbers on their way to a join: keys of customers,
// or complaints.
var numberColumns = []column[uint64]{
	identity("n", func(x *uint64) uint64 { return *x }),
}

func newKnowledge(t *trails, l *letters) *knowledge {
	m := &knowledge{trails: t, letters: l, crowd: crowd{},
		accounts: map[uint64][]record.Account{}, transactions: map[uint64][]record.Transaction{}}
	m.scratch.Crowd = func() float64 { return m.crowd.rush(m.current) }
	return m
}

// remember reads the memory for these complaints and completes their keys: the
// customer's always, the device and payout account from the customer's
// accounts where the complaint does not name them.
func (s *Store) remember(ctx context.Context, fresh []*record.Complaint) (*knowledge, error) {
	m := newKnowledge(s.trails, s.letters)
	for _, c := range fresh {
		c.Keys.Customer = record.Hash64("customer", c.Customer)
	}
	if err := s.readEvidence(ctx, m, fresh); err != nil {
		return nil, err
	}
	for _, c := range fresh {
		m.completeKeys(c)
	}
	if s.next.complaint > 0 {
		if err := s.readCrowd(ctx, m.crowd, fresh); err != nil {
			return nil, err
		}
	}
	var err error
	m.confirmed, err = s.readVerdicts(ctx)
	return m, err
}

// completeKeys sets the device and payout keys.
func (m *knowledge) completeKeys(c *record.Complaint) {
	device, payout := c.Device, c.PayoutAccount
	asOf := c.Received.Last()
	for _, a := range m.accounts[c.Keys.Customer] {
		if !asOf.IsZero() && a.Opened.Time.After(asOf) {
			continue // not the customer's yet
		}
		if device == "" {
			device = a.Device
		}
		if payout == "" {
			payout = a.PayoutAccount
		}
	}
	c.Keys.Device = record.Hash64("device", device)
	c.Keys.Payout = record.Hash64("payout", payout)
}

func keysOf(c *record.Complaint) [spaces]uint64 {
	return [spaces]uint64{c.Keys.Customer, c.Keys.Device, c.Keys.Payout, c.Keys.Contact}
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
func (s *Store) readEvidence(ctx context.Context, m *knowledge, fresh []*record.Complaint) error {
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
			m.accounts[key] = append(m.accounts[key], a)
		}
	})
	if err != nil {
		return fmt.Errorf("read the accounts: %w", err)
	}
	for _, list := range m.accounts { // Line holds the arrival number here; newest first
		sort.Slice(list, func(i, j int) bool { return list[i].Line > list[j].Line })
	}
	return s.readTransactions(ctx, m)
}

func (s *Store) readTransactions(ctx context.Context, m *knowledge) error {
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
			m.transactions[key] = append(m.transactions[key], t)
		}
	})
	if err != nil {
		return fmt.Errorf("read the transactions: %w", err)
	}
	for key, list := range m.transactions {
		m.transactions[key] = latestVersions(list)
	}
	return nil
}

// latestVersions keeps of each transaction its latest state, in arrival order
// of that state. Line holds the arrival number.
func latestVersions(list []record.Transaction) []record.Transaction {
	sort.Slice(list, func(i, j int) bool { return list[i].Line < list[j].Line })
	last := map[record.Identity]int{}
	for i, t := range list {
		last[t.ID] = i
	}
	out := list[:0]
	for i, t := range list {
		if last[t.ID] == i {
			out = append(out, t)
		}
	}
	return out
}

func textAt(rec arrow.Record, col, i int) string {
	c := rec.Column(col).(*array.String)
	if c.IsNull(i) {
		return ""
	}
	return strings.Clone(c.Value(i))
}

// before is the history of one complaint, whose number is seq: of what was
// admitted earlier, only what had happened by the time it was received.
func (m *knowledge) before(c *record.Complaint, seq int64) *record.History {
	m.current = c
	h := &m.scratch
	asOf := c.Received.Last()
	h.ByCustomer = m.trails.under(byCustomer, c.Keys.Customer, asOf, 0, h.ByCustomer[:0])
	h.ByDevice = m.trails.under(byDevice, c.Keys.Device, asOf, c.Keys.Customer, h.ByDevice[:0])
	h.ByPayout = m.trails.under(byPayout, c.Keys.Payout, asOf, c.Keys.Customer, h.ByPayout[:0])
	h.ByContact = m.trails.under(byContact, c.Keys.Contact, asOf, c.Keys.Customer, h.ByContact[:0])
	h.Letters = m.letters.near(c.Keys.Sketch, h.Letters[:0])
	kept := h.Letters[:0]
	for _, l := range h.Letters {
		if asOf.IsZero() || !l.Received.After(asOf) {
			kept = append(kept, l)
		}
	}
	h.Letters = kept
	h.Accounts = h.Accounts[:0]
	for _, a := range m.accounts[c.Keys.Customer] {
		if asOf.IsZero() || !a.Opened.Time.After(asOf) {
			h.Accounts = append(h.Accounts, a)
		}
	}
	h.Transactions = asAt(h.Transactions[:0], m.transactions[c.Keys.Customer], asOf)
	h.Confirmed = m.confirmed.against(c, seq, asOf)
	return h
}

// asAt appends the transactions as they stood at asOf.
func asAt(out, list []record.Transaction, asOf time.Time) []record.Transaction {
	for _, t := range list {
		if !asOf.IsZero() {
			if t.Requested.Time.After(asOf) {
				continue
			}
			if t.Settled.Time.After(asOf) {
				t.Settled = record.Moment{}
			}
			if t.Failed.Time.After(asOf) {
				t.Failed = record.Moment{}
			}
		}
		out = append(out, t)
	}
	return out
}

// after makes a decided complaint part of the memory.
func (m *knowledge) after(c *record.Complaint, seq int64) {
	p := record.Past{Seq: seq, Customer: c.Keys.Customer, Received: c.Received.Time, Amount: c.Amount}
	m.trails.add(p, keysOf(c))
	m.letters.add(p, c.Keys.Sketch)
	if c.Received.Known() {
		m.crowd.add(c.Type, c.Received.Time.Unix()/3600, 1)
	}
}
