package record

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// hasher is a small streaming 128-bit hash (two multiply-fold lanes over
// length-prefixed fields). It is not cryptographic: identities guard against
// accident, not against an attacker, who could send a false id anyway.
type hasher struct{ a, b uint64 }

const (
	mulA = 0x9E3779B97F4A7C15
	mulB = 0xC2B2AE3D27D4EB4F
	mulC = 0x165667B19E3779F9
)

func newHasher(seed uint64) hasher { return hasher{a: seed ^ mulA, b: seed*mulB + mulC} }

func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

func (h *hasher) word(w uint64) {
	h.a = fold(h.a^w, mulA)
	h.b = fold(bits.RotateLeft64(h.b, 29)+w, mulB|1) + h.a
}

func (h *hasher) text(s string) {
	h.word(uint64(len(s)) ^ mulC)
	for len(s) >= 8 {
		h.word(binary.LittleEndian.Uint64([]byte(s[:8])))
		s = s[8:]
	}
	if len(s) > 0 {
		var tail [8]byte
		copy(tail[:], s)
		h.word(binary.LittleEndian.Uint64(tail[:]))
	}
}

func (h *hasher) number(n Number) {
	if !n.Valid {
		h.word(mulC)
		return
	}
	h.word(math.Float64bits(n.Value))
}

func (h *hasher) moment(m Moment) {
	if !m.Known() {
		h.word(mulB)
		return
	}
	h.word(uint64(m.Time.UnixMicro()))
	h.word(uint64(m.Precision))
}

func (h *hasher) sum() Identity {
	x, y := h.a, h.b
	x ^= fold(y, mulC|1)
	y ^= fold(x, mulA)
	return Identity{Hi: x, Lo: y}
}

// Hash64 is the 64-bit hash of a name in one of the product's key spaces
// ("customer", "device", "payout"); it is 0 only for the empty name.
func Hash64(space, name string) uint64 {
	if name == "" {
		return 0
	}
	h := newHasher(uint64(len(space)))
	h.text(space)
	h.text(name)
	if v := h.sum().Hi; v != 0 {
		return v
	}
	return 1
}

func (o *Origin) begin(k Kind) hasher {
	h := newHasher(uint64(k))
	h.text(o.Source)
	h.text(o.ExternalID)
	for _, f := range byName(o.Extra) {
		h.text(f.Name)
		h.text(f.Value)
	}
	return h
}

// byName orders fields by name, so that an export whose columns were put in
// another order brings the same records.
func byName(fields []Field) []Field {
	if slices.IsSortedFunc(fields, ByName) {
		return fields
	}
	return slices.SortedFunc(slices.Values(fields), ByName)
}

// ByName orders fields by name, then by value.
func ByName(a, b Field) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}

// finish sets Content from the hash of all fields, and ID from source and
// external id. Without an external id the content says who the record is, and
// seen tells equal ones apart.
func (o *Origin) finish(k Kind, h hasher, seen *Seen) {
	sum := h.sum()
	o.Content = sum.Hi
	if o.ExternalID != "" {
		id := newHasher(uint64(k))
		id.text(o.Source)
		id.text(o.ExternalID)
		o.ID = id.sum()
		return
	}
	if seen != nil && seen.Salt != "" {
		h.text(seen.Salt)
		sum = h.sum()
	}
	if n := seen.next(sum.Lo); n > 0 {
		h.word(uint64(n))
		sum = h.sum()
	}
	o.ID = sum
}

// Seen tells equal rows without an id of one input apart by how often the same
// content came before, so that two equal answers of two people are two records
// while the same file loaded twice is known. Its size grows by about 20 bytes
// per distinct row without an id, and by nothing for rows that have one. A nil
// Seen makes every repeat known.
type Seen struct {
	// Salt names the place of the rows in a stream that never says the same place
	// twice, or the delivery: equal rows under different salts are different
	// records. "" for files, whose rows are known wherever they stand.
	Salt string
	n    map[uint64]uint32
}

func (s *Seen) next(content uint64) uint32 {
	if s == nil {
		return 0
	}
	if s.n == nil {
		s.n = map[uint64]uint32{}
	}
	n := s.n[content]
	s.n[content] = n + 1
	return n
}

// Stamp sets the complaint's identity and content hash.
func (c *Complaint) Stamp(seen *Seen) {
	h := c.begin(Complaints)
	for _, s := range [...]string{c.Channel, c.Customer, c.CustomerName, c.Contact, c.Type, c.Product,
		c.Subject, c.Body, c.Currency, c.Status, c.Handler, c.Department, c.Priority,
		c.Resolution, c.Device, c.PayoutAccount} {
		h.text(s)
	}
	for _, e := range c.Evidence {
		h.text(e)
	}
	h.moment(c.Received)
	h.moment(c.Closed)
	h.moment(c.Reopened)
	h.moment(c.Escalated)
	h.moment(c.Changed)
	h.number(c.Amount)
	h.number(c.Redress)
	h.word(uint64(c.Upheld)<<8 | uint64(c.ExternalDispute))
	c.finish(Complaints, h, seen)
}

// Stamp sets the survey's identity and content hash.
func (s *Survey) Stamp(seen *Seen) {
	h := s.begin(Surveys)
	for _, t := range [...]string{s.Customer, s.Metric, s.Comment, s.Complaint, s.Handler, s.Channel, s.Product, s.Segment} {
		h.text(t)
	}
	h.moment(s.Answered)
	h.number(s.Score)
	h.word(math.Float64bits(s.ScaleMin))
	h.word(math.Float64bits(s.ScaleMax))
	s.finish(Surveys, h, seen)
}

// Stamp sets the log line's identity and content hash.
func (l *LogLine) Stamp(seen *Seen) {
	h := l.begin(Logs)
	for _, t := range [...]string{l.Service, l.Host, l.Level, l.Message, l.Trace, l.Customer} {
		h.text(t)
	}
	h.moment(l.Time)
	l.finish(Logs, h, seen)
}

// Stamp sets the transaction's identity and content hash.
func (t *Transaction) Stamp(seen *Seen) {
	h := t.begin(Transactions)
	for _, s := range [...]string{t.Customer, t.Account, t.Type, t.Status, t.Currency, t.Reference} {
		h.text(s)
	}
	h.number(t.Amount)
	h.moment(t.Requested)
	h.moment(t.Settled)
	h.moment(t.Failed)
	t.finish(Transactions, h, seen)
}

// Stamp sets the account's identity and content hash.
func (a *Account) Stamp(seen *Seen) {
	h := a.begin(Accounts)
	for _, s := range [...]string{a.Customer, a.Country, a.Device, a.Address, a.PayoutAccount, a.Tariff} {
		h.text(s)
	}
	h.moment(a.Opened)
	a.finish(Accounts, h, seen)
}

// Stamp sets the service level's identity, which is its type, and content hash.
func (l *ServiceLevel) Stamp() {
	l.ExternalID = l.Type
	h := l.begin(ServiceLevels)
	for _, s := range [...]string{l.Type, l.Department, l.Handling, string(l.Rule)} {
		h.text(s)
	}
	h.word(uint64(l.Limit))
	l.finish(ServiceLevels, h, nil)
}
