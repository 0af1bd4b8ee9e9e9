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

// trailDepth is how many earlier complaints of one customer, device or payout
// account a decision sees: the latest in arrival order.
const trailDepth = 64

// Spaces of keys.
const (
	byCustomer = iota
	byDevice
	byPayout
	byContact
	spaces
)

const trailsQuery = `
	select h.space, h.hash, c.seq, c.customer_key, c.received, c.amount
	from staged_hash h join complaint c on c.customer_key = h.hash where h.space = 0
	union all select h.space, h.hash, c.seq, c.customer_key, c.received, c.amount
	from staged_hash h join complaint c on c.device_key = h.hash where h.space = 1
	union all select h.space, h.hash, c.seq, c.customer_key, c.received, c.amount
	from staged_hash h join complaint c on c.payout_key = h.hash where h.space = 2
	union all select h.space, h.hash, c.seq, c.customer_key, c.received, c.amount
	from staged_hash h join complaint c on c.contact_key = h.hash where h.space = 3`

// knowledge is what a batch's decisions need to know, read once for the batch and
// kept up to date while its rows are decided one after the other, so that the
// size of a batch never changes a decision.
type knowledge struct {
	trails       [spaces]map[uint64][]record.Past
	accounts     map[uint64][]record.Account
	transactions map[uint64][]record.Transaction
	confirmed    map[uint64]int
	letters      *letters
	crowd        crowd
	current      *record.Complaint    // the one being judged
	ahead        map[stagedHash]int32 // rows of the batch still to come, by key; nil = unknown

	scratch record.History // reused: valid during one decision
}

// stagedHash is a key on its way to the join with the history.
type stagedHash struct {
	space uint8
	hash  uint64
}

var stagedHashColumns = []column[stagedHash]{
	small("space", func(x *stagedHash) uint8 { return x.space }),
	identity("hash", func(x *stagedHash) uint64 { return x.hash }),
}

func newKnowledge(l *letters) *knowledge {
	m := &knowledge{confirmed: map[uint64]int{}, letters: l,
		accounts: map[uint64][]record.Account{}, transactions: map[uint64][]record.Transaction{}, crowd: crowd{}}
	m.scratch.Crowd = func() float64 { return m.crowd.rush(m.current) }
	for i := range m.trails {
		m.trails[i] = map[uint64][]record.Past{}
	}
	return m
}

// remember reads the memory for these complaints and completes their keys: the
// customer's always, the device and payout account from the customer's
// accounts where the complaint does not name them.
func (s *Store) remember(ctx context.Context, fresh []*record.Complaint) (*knowledge, error) {
	m := newKnowledge(s.letters)
	for _, c := range fresh {
		c.Keys.Customer = record.Hash64("customer", c.Customer)
	}
	if s.next.account+s.next.transaction > 0 {
		m.count(fresh)
		if err := s.stageHashes(ctx, m); err != nil {
			return nil, err
		}
		if err := s.readEvidence(ctx, m); err != nil {
			return nil, err
		}
	}
	for _, c := range fresh {
		m.completeKeys(c)
	}
	m.count(fresh)
	if s.next.complaint == 0 {
		return m, nil
	}
	if err := s.stageHashes(ctx, m); err != nil {
		return nil, err
	}
	return m, s.readTrails(ctx, m, fresh)
}

// completeKeys sets the device and payout keys.
func (m *knowledge) completeKeys(c *record.Complaint) {
	device, payout := c.Device, c.PayoutAccount
	for _, a := range m.accounts[c.Keys.Customer] {
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

func (s *Store) stageHashes(ctx context.Context, m *knowledge) error {
	if err := s.exec(ctx, "delete from staged_hash"); err != nil {
		return fmt.Errorf("clear the staging: %w", err)
	}
	staged := make([]stagedHash, 0, len(m.ahead))
	for k := range m.ahead {
		staged = append(staged, k)
	}
	return insert(ctx, s, "staged_hash", stagedHashColumns, staged)
}

func keysOf(c *record.Complaint) [spaces]uint64 {
	return [spaces]uint64{c.Keys.Customer, c.Keys.Device, c.Keys.Payout, c.Keys.Contact}
}

// count notes how many rows of the batch have each key.
func (m *knowledge) count(fresh []*record.Complaint) {
	m.ahead = make(map[stagedHash]int32, 2*len(fresh))
	for _, c := range fresh {
		for space, h := range keysOf(c) {
			if h != 0 {
				m.ahead[stagedHash{uint8(space), h}]++
			}
		}
	}
}

func (s *Store) readTrails(ctx context.Context, m *knowledge, fresh []*record.Complaint) error {
	err := s.arrowRows(ctx, trailsQuery, func(rec arrow.Record) {
		space, keys, past := rec.Column(0).(*array.Uint8), rec.Column(1).(*array.Uint64), pastColumns{rec, 2, 3, 4, 5}
		for i := 0; i < int(rec.NumRows()); i++ {
			m.push(int(space.Value(i)), keys.Value(i), past.at(i))
		}
	})
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if err := s.readCrowd(ctx, m.crowd, fresh); err != nil {
		return err
	}
	return s.readConfirmed(ctx, m)
}

// push keeps the trailDepth latest complaints of a key in arrival order,
// whatever order they come in.
func (m *knowledge) push(space int, key uint64, p record.Past) {
	if key == 0 {
		return
	}
	t := m.trails[space][key]
	if len(t) == trailDepth {
		if p.Seq < t[0].Seq {
			return
		}
		t = append(t[:0], t[1:]...)
	}
	t = append(t, p)
	for i := len(t) - 1; i > 0 && t[i].Seq < t[i-1].Seq; i-- {
		t[i], t[i-1] = t[i-1], t[i]
	}
	m.trails[space][key] = t
}

const (
	accountsQuery = `select a.customer_key, a.opened, a.country, a.device, a.payout_account, a.tariff, a.external_id, a.seq
		from staged_hash h join account_version a on a.customer_key = h.hash where h.space = 0`
	transactionsQuery = `select t.customer_key, t.requested, t.settled, t.failed, t.type, t.status, t.amount,
		t.external_id, t.key_hi, t.key_lo, t.seq, t.reference
		from staged_hash h join transaction_version t on t.customer_key = h.hash where h.space = 0`
	// A label counts from the moment it was decided, until it is overturned.
	confirmedQuery = `select customer_key, device_key, payout_key, contact_key from (
		select case_id, arg_max(action, at) as verdict, any_value(customer_key) as customer_key,
			any_value(device_key) as device_key, any_value(payout_key) as payout_key, any_value(contact_key) as contact_key
		from case_event where action in ('opened', 'confirmed', 'cleared', 'overturned') group by case_id)
		where verdict = 'confirmed'`
)

func (s *Store) readConfirmed(ctx context.Context, m *knowledge) error {
	if s.next.caseID == 0 {
		return nil
	}
	err := s.arrowRows(ctx, confirmedQuery, func(rec arrow.Record) {
		for i := 0; i < int(rec.NumRows()); i++ {
			for c := range spaces {
				if k := rec.Column(c).(*array.Uint64); k.IsValid(i) {
					m.confirmed[k.Value(i)]++
				}
			}
		}
	})
	if err != nil {
		return fmt.Errorf("read the verdicts: %w", err)
	}
	return nil
}

func (s *Store) readEvidence(ctx context.Context, m *knowledge) error {
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

// before is the history of one complaint: of what was admitted earlier, only
// what had happened by the time the complaint was received.
func (m *knowledge) before(c *record.Complaint) *record.History {
	m.current = c
	h := &m.scratch
	asOf := c.Received.Time
	h.ByCustomer = happened(h.ByCustomer[:0], m.trails[byCustomer][c.Keys.Customer], asOf, 0)
	h.ByDevice = happened(h.ByDevice[:0], m.trails[byDevice][c.Keys.Device], asOf, c.Keys.Customer)
	h.ByPayout = happened(h.ByPayout[:0], m.trails[byPayout][c.Keys.Payout], asOf, c.Keys.Customer)
	h.ByContact = happened(h.ByContact[:0], m.trails[byContact][c.Keys.Contact], asOf, c.Keys.Customer)
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
	h.Confirmed = 0
	for _, k := range keysOf(c) {
		if k != 0 {
			h.Confirmed += m.confirmed[k]
		}
	}
	return h
}

// happened appends the complaints received by asOf, leaving out one customer.
func happened(out, trail []record.Past, asOf time.Time, except uint64) []record.Past {
	for _, p := range trail {
		if (asOf.IsZero() || !p.Received.After(asOf)) && (except == 0 || p.Customer != except) {
			out = append(out, p)
		}
	}
	return out
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
	for space, h := range keysOf(c) {
		k := stagedHash{uint8(space), h}
		if h == 0 {
			continue
		}
		if m.ahead != nil {
			if m.ahead[k]--; m.ahead[k] <= 0 {
				continue // no later row of the batch will ask
			}
		}
		m.push(space, h, p)
	}
	m.letters.add(p, c.Keys.Sketch)
	if c.Received.Known() {
		m.crowd.add(c.Type, c.Received.Time.Unix()/3600, 1)
	}
}
