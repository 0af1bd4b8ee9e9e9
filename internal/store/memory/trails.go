package memory

import (
	"math"
	"slices"
	"time"

	"plaint/internal/record"
)

const (
	// TrailWindow is how many of the latest complaints are remembered by
	// their keys. It bounds memory (about 130 MB when full) and the time to open a large file, where a join with
	// the whole history cost a fifth of the time of a bulk load and grew with
	// the file.
	TrailWindow = 1 << 19
	// trailDepth is how many earlier complaints under one key a decision sees,
	// the latest in arrival order; trailSteps is how many are looked at for it,
	// those of the customer and those that came before what they followed among
	// them.
	trailDepth = 32
	trailSteps = 256
)

// The spaces of keys, and how many there are.
const (
	ByCustomer = iota
	ByDevice
	ByPayout
	ByContact
	ByHandle
	ByAddress
	Spaces
)

// Trails remembers the latest complaints by their keys. Like letters, it is a
// function of the rows in arrival order alone.
type Trails struct {
	ring  []trail
	count int64 // complaints ever added; slot = count mod window
	heads postings
}

type trail struct {
	seq      int64
	place    int64 // how many were added before it: falls along a chain, whatever the order of seq
	received int64 // microseconds since 1970, noTime if unknown
	amount   float64
	keys     [Spaces]uint64
	next     [Spaces]int32
}

const noTime = math.MinInt64

// NewTrails is an empty memory.
func NewTrails() *Trails { return &Trails{heads: newPostings(1 << 16)} }

// Add remembers a complaint under its keys; zero is no key.
func (t *Trails) Add(p record.Past, keys [Spaces]uint64) {
	slot := int32(t.count % TrailWindow)
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
		t.heads = t.heads.sized(len(t.ring) * Spaces)
		for n := max(0, t.count-TrailWindow); n < t.count-1; n++ { // the latest follows
			t.link(int32(n % TrailWindow))
		}
	}
	t.link(slot)
}

func (t *Trails) link(slot int32) {
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

// Begin is from when on complaints are remembered: when the oldest of them was
// received, zero where that is not known.
func (t *Trails) Begin() time.Time {
	if t.count == 0 {
		return time.Time{}
	}
	return t.ring[max(0, t.count-TrailWindow)%TrailWindow].past().Received
}

// Under appends to out, in arrival order, the latest complaints under a key
// that were received by asOf, leaving out one customer. all tells whether there are
// no older ones, as far as is remembered.
func (t *Trails) Under(space int, key uint64, asOf time.Time, except uint64, out []record.Past) (list []record.Past, all bool) {
	if key == 0 {
		return out, true
	}
	start, last := len(out), int64(math.MaxInt64)
	limit := int64(math.MaxInt64)
	if !asOf.IsZero() {
		limit = asOf.UnixMicro()
	}
	slot := t.heads.get(mixKey(space, key))
	for range trailSteps {
		if slot < 0 || len(out)-start == trailDepth {
			break
		}
		at := &t.ring[slot]
		// A slot that was overwritten since ends the chain: it holds another
		// key, or places do not fall any more.
		if at.keys[space] != key || at.place >= last {
			slot = -1
			break
		}
		last = at.place
		if at.received <= limit && (except == 0 || at.keys[ByCustomer] != except) {
			out = append(out, at.past())
		}
		slot = at.next[space]
	}
	slices.Reverse(out[start:])
	return out, slot < 0
}

func (t *trail) past() record.Past {
	p := record.Past{Seq: t.seq, Customer: t.keys[ByCustomer]}
	if t.received != noTime {
		p.Received = time.UnixMicro(t.received).UTC()
	}
	if t.amount == t.amount {
		p.Amount = record.Num(t.amount)
	}
	return p
}
