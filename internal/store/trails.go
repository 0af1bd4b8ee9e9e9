package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

const (
	// trailWindow is how many of the latest complaints are remembered by
	// customer, device, payout account and contact. It bounds memory (about
	// 100 MB when full) and the time to open a large file, where a join with
	// the whole history cost a fifth of the time of a bulk load and grew with
	// the file.
	trailWindow = 1 << 19
	// trailDepth is how many earlier complaints under one key a decision sees,
	// the latest in arrival order.
	trailDepth = 32
)

// Spaces of keys.
const (
	byCustomer = iota
	byDevice
	byPayout
	byContact
	spaces
)

// trails remembers the latest complaints by their keys. Like letters, it is a
// function of the rows in arrival order alone.
type trails struct {
	ring  []trail
	count int64 // complaints ever added; slot = count mod window
	heads postings
}

type trail struct {
	seq      int64
	place    int64 // how many were added before it: falls along a chain, whatever the order of seq
	received int64 // microseconds since 1970, noTime if unknown
	amount   float64
	keys     [spaces]uint64
	next     [spaces]int32
}

const noTime = math.MinInt64

func newTrails() *trails { return &trails{heads: newPostings(1 << 16)} }

func (t *trails) add(p record.Past, keys [spaces]uint64) {
	slot := int32(t.count % trailWindow)
	if int(slot) == len(t.ring) {
		t.ring = append(t.ring, trail{})
	}
	at := trail{seq: p.Seq, place: t.count, received: noTime, amount: math.NaN(), keys: keys}
	if !p.Received.IsZero() {
		at.received = p.Received.UnixMicro()
	}
	if p.Amount.Valid {
		at.amount = p.Amount.Value
	}
	t.ring[slot] = at
	t.count++
	if t.heads.full() {
		t.heads = t.heads.sized(len(t.ring) * spaces)
		for n := max(0, t.count-trailWindow); n < t.count-1; n++ { // the latest follows
			t.link(int32(n % trailWindow))
		}
	}
	t.link(slot)
}

func (t *trails) link(slot int32) {
	at := &t.ring[slot]
	for space, k := range at.keys {
		at.next[space] = -1
		if k != 0 {
			if older := t.heads.set(mixKey(space, k), slot); older != slot {
				at.next[space] = older
			}
		}
	}
}

// under appends to out, in arrival order, the latest complaints under a key
// that were received by asOf, leaving out one customer.
func (t *trails) under(space int, key uint64, asOf time.Time, except uint64, out []record.Past) []record.Past {
	if key == 0 {
		return out
	}
	start, last := len(out), int64(math.MaxInt64)
	limit := int64(math.MaxInt64)
	if !asOf.IsZero() {
		limit = asOf.UnixMicro()
	}
	slot := t.heads.get(mixKey(space, key))
	for depth := 0; slot >= 0 && depth < trailDepth; depth++ {
		at := &t.ring[slot]
		// A slot that was overwritten since ends the chain: it holds another
		// key, or places do not fall any more.
		if at.keys[space] != key || at.place >= last {
			break
		}
		last = at.place
		if at.received <= limit && (except == 0 || at.keys[byCustomer] != except) {
			out = append(out, at.past())
		}
		slot = at.next[space]
	}
	for i, j := start, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (t *trail) past() record.Past {
	p := record.Past{Seq: t.seq, Customer: t.keys[byCustomer]}
	if t.received != noTime {
		p.Received = time.UnixMicro(t.received).UTC()
	}
	if t.amount == t.amount {
		p.Amount = record.Num(t.amount)
	}
	return p
}

const trailsQuery = `select seq, customer_key, received, amount, device_key, payout_key, contact_key
	from complaint where seq > ? order by seq`

// loadTrails reads the window from the file, after open and after a rollback.
func (s *Store) loadTrails(ctx context.Context) error {
	if s.trails != nil {
		return nil
	}
	t := newTrails()
	err := s.arrowRows(ctx, trailsQuery, func(rec arrow.Record) {
		past := pastColumns{rec, 0, 1, 2, 3}
		for i := range int(rec.NumRows()) {
			p := past.at(i)
			t.add(p, [spaces]uint64{p.Customer, hashAt(rec, 4, i), hashAt(rec, 5, i), hashAt(rec, 6, i)})
		}
	}, s.next.complaint-trailWindow)
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
