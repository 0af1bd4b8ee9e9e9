// Package memory is what was known before a complaint arrived: the latest
// complaints by their keys, the latest letters by their sketches, how many came
// when, what people decided of cases. It is bounded, a function of the rows in
// arrival order alone, and knows no table.
package memory

import (
	"sort"
	"time"

	"plaint/internal/record"
)

// Knowledge is what a batch's decisions need to know, read once for the batch and
// kept up to date while its rows are decided one after the other, so that the
// size of a batch never changes a decision.
type Knowledge struct {
	Trails       *Trails
	Letters      *Letters
	Crowd        *Crowd
	Accounts     map[uint64][]record.Account     // by customer, the newest first
	Transactions map[uint64][]record.Transaction // by customer, in arrival order
	Confirmed    Verdicts
	Lines        *Lines // nil: there are none
	// Bears tells how strongly an incident bears a complaint out, one that was sure
	// when the complaint was received; nil where none is known.
	Bears func(c *record.Complaint) float64

	current *record.Complaint // the one being judged
	scratch record.History    // reused: valid during one decision
}

// New knows the latest complaints and letters, how many came when, and nothing
// else yet.
func New(t *Trails, l *Letters, w *Crowd) *Knowledge {
	m := &Knowledge{Trails: t, Letters: l, Crowd: w,
		Accounts: map[uint64][]record.Account{}, Transactions: map[uint64][]record.Transaction{}}
	m.scratch.Lines = m.linesOf
	m.scratch.Protection = record.Protection{
		Crowd: func() float64 { return m.Crowd.Rush(m.current) },
		Incident: func() float64 {
			if m.Bears == nil {
				return 0
			}
			return m.Bears(m.current)
		},
	}
	return m
}

// CompleteKeys sets the device, payout and address keys.
func (m *Knowledge) CompleteKeys(c *record.Complaint) {
	device, payout := c.Device, c.PayoutAccount
	c.Keys.Address = 0 // complaints tell none
	asOf := c.Received.Last()
	for _, a := range m.Accounts[c.Keys.Customer] {
		if !asOf.IsZero() && a.Opened.Time.After(asOf) {
			continue // not the customer's yet
		}
		if device == "" {
			device = a.Device
		}
		if payout == "" {
			payout = a.PayoutAccount
		}
		if c.Keys.Address == 0 {
			c.Keys.Address = a.AddressKey
		}
	}
	c.Keys.Device = record.Hash64("device", record.Device(device))
	c.Keys.Payout = record.Hash64("payout", record.Payout(payout))
}

// Keys are a complaint's by their space.
func Keys(k *record.Keys) [Spaces]uint64 {
	return [Spaces]uint64{k.Customer, k.Device, k.Payout, k.Contact, k.Handle, k.Address}
}

// LatestVersions keeps of the newest MostStates each transaction's latest state, in
// arrival order of that state. Line holds the arrival number.
func LatestVersions(list []record.Transaction) []record.Transaction {
	sort.Slice(list, func(i, j int) bool { return list[i].Line < list[j].Line })
	list = list[max(0, len(list)-MostStates):]
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

// Before is the history of one complaint, whose number is seq: of what was
// admitted earlier, only what had happened by the time it was received.
func (m *Knowledge) Before(c *record.Complaint, seq int64) *record.History {
	m.current = c
	h := &m.scratch
	asOf := c.Received.Last()
	keys := Keys(&c.Keys)
	for space, list := range [Spaces]*[]record.Past{&h.ByCustomer, &h.ByDevice, &h.ByPayout, &h.ByContact, &h.ByHandle, &h.ByAddress} {
		except := c.Keys.Customer
		if space == ByCustomer {
			except = 0
		}
		var all bool
		if *list, all = m.Trails.Under(space, keys[space], asOf, except, (*list)[:0]); space == ByCustomer {
			if h.Since = m.Trails.Begin(); !all && len(*list) > 0 {
				h.Since = (*list)[0].Received
			}
		}
	}
	h.Letters = m.Letters.Near(c.Keys.Sketch, h.Letters[:0])
	kept := h.Letters[:0]
	for _, l := range h.Letters {
		if asOf.IsZero() || !l.Received.After(asOf) {
			kept = append(kept, l)
		}
	}
	h.Letters = kept
	h.Accounts = h.Accounts[:0]
	for _, a := range m.Accounts[c.Keys.Customer] {
		if asOf.IsZero() || !a.Opened.Time.After(asOf) {
			h.Accounts = append(h.Accounts, a)
		}
	}
	h.Transactions = AsAt(h.Transactions[:0], m.Transactions[c.Keys.Customer], asOf)
	h.Confirmed, h.Associated = m.Confirmed.Against(c, seq, asOf, h, h.Associated[:0])
	return h
}

// AsAt appends the transactions as they stood at asOf.
func AsAt(out, list []record.Transaction, asOf time.Time) []record.Transaction {
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

// After makes a decided complaint part of the memory.
func (m *Knowledge) After(c *record.Complaint, seq int64) {
	p := record.Past{Seq: seq, Customer: c.Keys.Customer, Received: c.Received.Time, Amount: c.Amount}
	m.Trails.Add(p, Keys(&c.Keys))
	m.Letters.Add(p, c.Keys.Sketch)
	if c.Received.Known() {
		m.Crowd.Add(c.Type, Hour(c.Received.Time), 1)
	}
}
