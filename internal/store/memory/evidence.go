package memory

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"plaint/internal/record"
)

// Evidence holds the accounts and transactions of all customers, packed, so that
// a single complaint need not ask the engine: it would read every row's texts to
// find a few. About 60 bytes a fact.
type Evidence struct {
	accounts, transactions packs
	bytes                  int
}

// packs are packed facts in blocks, those of one customer linked from the newest
// to the oldest.
type packs struct {
	newest map[uint64]int32 // customer to the place in links
	links  []fact
	blocks [][]byte
}

// fact is the place of a packed fact.
type fact struct {
	older     int32 // -1 at the oldest
	block, at int32
}

const packBlock = 1 << 20

func (p *packs) add(customer uint64, packed []byte) {
	last := len(p.blocks) - 1
	if last < 0 || len(p.blocks[last])+len(packed) > cap(p.blocks[last]) {
		p.blocks = append(p.blocks, make([]byte, 0, max(packBlock, len(packed))))
		last++
	}
	older, ok := p.newest[customer]
	if !ok {
		older = -1
	}
	if p.newest == nil {
		p.newest = map[uint64]int32{}
	}
	p.newest[customer] = int32(len(p.links))
	p.links = append(p.links, fact{older, int32(last), int32(len(p.blocks[last]))})
	p.blocks[last] = append(p.blocks[last], packed...)
}

// each calls f with the facts of a customer, the newest first.
func (p *packs) each(customer uint64, f func(unpacker)) {
	i, ok := p.newest[customer]
	if !ok {
		return
	}
	for ; i >= 0; i = p.links[i].older {
		l := p.links[i]
		f(unpacker{p.blocks[l.block][l.at:]})
	}
}

// Bytes is about how much memory it takes.
func (e *Evidence) Bytes() int { return e.bytes }

// AddAccount takes an account in; Line holds its arrival number. Only what the
// history of a complaint tells is kept.
func (e *Evidence) AddAccount(customer uint64, a *record.Account) {
	b := make([]byte, 0, 128)
	b = packTime(b, a.Opened.Time)
	for _, s := range [...]string{a.Country, a.Device, a.PayoutAccount, a.Tariff, a.ExternalID} {
		b = packText(b, s)
	}
	b = binary.AppendVarint(b, a.Line)
	e.accounts.add(customer, b)
	e.bytes += len(b) + 40
}

// AddTransaction takes a state of a transaction in; Line holds its arrival
// number. Only what the history of a complaint tells is kept.
func (e *Evidence) AddTransaction(customer uint64, t *record.Transaction) {
	b := make([]byte, 0, 160)
	b = packTime(packTime(packTime(b, t.Requested.Time), t.Settled.Time), t.Failed.Time)
	for _, s := range [...]string{t.Type, t.Status, t.Reference, t.ExternalID} {
		b = packText(b, s)
	}
	valid := byte(0)
	if t.Amount.Valid {
		valid = 1
	}
	b = append(b, valid)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(t.Amount.Value))
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, t.ID.Hi), t.ID.Lo)
	b = binary.AppendVarint(b, t.Line)
	e.transactions.add(customer, b)
	e.bytes += len(b) + 40
}

// Accounts are a customer's, the newest first.
func (e *Evidence) Accounts(customer uint64) (list []record.Account) {
	e.accounts.each(customer, func(u unpacker) {
		var a record.Account
		a.Opened.Time = u.time()
		a.Country, a.Device, a.PayoutAccount, a.Tariff, a.ExternalID = u.text(), u.text(), u.text(), u.text(), u.text()
		a.Line = u.varint()
		list = append(list, a)
	})
	return list
}

// Transactions are a customer's, each in its latest state, in the order in which
// those states arrived.
func (e *Evidence) Transactions(customer uint64) (list []record.Transaction) {
	e.transactions.each(customer, func(u unpacker) {
		var t record.Transaction
		t.Requested.Time, t.Settled.Time, t.Failed.Time = u.time(), u.time(), u.time()
		t.Type, t.Status, t.Reference, t.ExternalID = u.text(), u.text(), u.text(), u.text()
		valid := u.byte() == 1
		if v := math.Float64frombits(u.word()); valid {
			t.Amount = record.Num(v)
		}
		t.ID.Hi, t.ID.Lo = u.word(), u.word()
		t.Line = u.varint()
		list = append(list, t)
	})
	slices.Reverse(list)
	return LatestVersions(list)
}

func packText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// packTime keeps microseconds, as the file does; unknown is the smallest number.
func packTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, math.MinInt64)
	}
	return binary.AppendVarint(b, t.UnixMicro())
}

// unpacker reads what the pack functions wrote.
type unpacker struct{ b []byte }

func (u *unpacker) varint() int64 {
	v, n := binary.Varint(u.b)
	u.b = u.b[n:]
	return v
}

func (u *unpacker) text() string {
	n, w := binary.Uvarint(u.b)
	s := string(u.b[w : w+int(n)])
	u.b = u.b[w+int(n):]
	return s
}

func (u *unpacker) time() time.Time {
	v := u.varint()
	if v == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

func (u *unpacker) byte() byte {
	v := u.b[0]
	u.b = u.b[1:]
	return v
}

func (u *unpacker) word() uint64 {
	v := binary.LittleEndian.Uint64(u.b)
	u.b = u.b[8:]
	return v
}
