package memory

import (
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"plaint/internal/record"
)

// Evidence holds the accounts and transactions of all customers, packed, so that
// a single complaint need not ask the engine: it would read every row's texts to
// find a few. About 45 bytes a fact, outside of what the garbage collector
// counts: it would let the garbage grow as large.
type Evidence struct {
	accounts, transactions packs
	words                  words
	blocks                 *blocks
	begun                  bool
	undo                   []added // since Begin
}

// added is what a customer's newest fact was before one was added.
type added struct {
	to       *packs
	customer uint64
	older    int64
	known    bool
}

// Begin notes from now on what is added, until Keep or TakeBack.
func (e *Evidence) Begin() { e.begun, e.undo = true, e.undo[:0] }

// Keep ends what Begin began.
func (e *Evidence) Keep() { e.begun, e.undo = false, nil }

// TakeBack takes out what was added since Begin; false where nothing was noted.
func (e *Evidence) TakeBack() bool {
	if !e.begun {
		return false
	}
	for _, a := range slices.Backward(e.undo) {
		if a.known {
			a.to.newest[a.customer] = a.older // the bytes behind it stay, unreachable
		} else {
			delete(a.to.newest, a.customer)
		}
	}
	e.Keep()
	return true
}

// NewEvidence holds nothing.
func NewEvidence() *Evidence {
	e := &Evidence{words: words{code: map[string]uint64{}}, blocks: &blocks{}}
	e.accounts.newest, e.transactions.newest = map[uint64]int64{}, map[uint64]int64{}
	runtime.AddCleanup(e, (*blocks).free, e.blocks)
	return e
}

// blocks are the memory that facts lie in, each behind the one before.
type blocks struct {
	list [][]byte
	used int // of all, in bytes
}

// A fact's place is the number of its block and where it begins there.
const (
	blockBits = 22
	blockSize = 1 << blockBits
)

// add keeps the bytes and returns their place.
func (b *blocks) add(packed []byte) int64 {
	last := len(b.list) - 1
	if last < 0 || len(b.list[last])+len(packed) > cap(b.list[last]) {
		b.list = append(b.list, newBlock(max(blockSize, len(packed))))
		last++
	}
	at := len(b.list[last])
	b.list[last] = append(b.list[last], packed...)
	b.used += len(packed)
	return int64(last)<<blockBits | int64(at)
}

func (b *blocks) at(place int64) []byte { return b.list[place>>blockBits][place&(blockSize-1):] }

func newBlock(size int) []byte {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, 0, size) // too many mappings: the heap does as well
	}
	return b[:0]
}

// free gives the memory back; what came from the heap is not known to Munmap.
func (b *blocks) free() {
	for _, x := range b.list {
		_ = syscall.Munmap(x[:cap(x)])
	}
}

// packs are packed facts, those of one customer linked from the newest to the
// oldest: before each stands the place of the older one and 1 more, 0 at the oldest.
type packs struct{ newest map[uint64]int64 }

func (e *Evidence) add(p *packs, customer uint64, packed []byte) {
	var back uint64
	older, ok := p.newest[customer]
	if ok {
		back = uint64(older) + 1
	}
	if e.begun {
		e.undo = append(e.undo, added{p, customer, older, ok})
	}
	p.newest[customer] = e.blocks.add(append(binary.AppendUvarint(make([]byte, 0, len(packed)+6), back), packed...))
}

// each calls f with the facts of a customer, the newest first, up to MostStates.
func (p *packs) each(e *Evidence, customer uint64, f func(unpacker)) {
	place, ok := p.newest[customer]
	for n := 0; ok && n < MostStates; n++ {
		u := unpacker{e.blocks.at(place), e.words.list}
		back := u.uvarint()
		f(u)
		place, ok = int64(back)-1, back != 0
	}
	runtime.KeepAlive(e) // with it go the blocks
}

// words are texts that many facts share.
type words struct {
	code map[string]uint64
	list []string
	used int
}

func (w *words) of(s string) uint64 {
	c, ok := w.code[s]
	if !ok {
		s = strings.Clone(s) // it may be a piece of a row
		c = uint64(len(w.list))
		w.list = append(w.list, s)
		w.code[s] = c
		w.used += 2*len(s) + 48
	}
	return c
}

// MostStates is how many accounts, and how many states of transactions, of one
// customer are looked at, the newest: a placeholder for unknown customers may have a
// million.
const MostStates = 5000

// Bytes is about how much memory it takes.
func (e *Evidence) Bytes() int {
	return e.blocks.used + e.words.used + 40*(len(e.accounts.newest)+len(e.transactions.newest))
}

// AddAccount takes an account in; Line holds its arrival number. Only what the
// history of a complaint tells is kept.
func (e *Evidence) AddAccount(customer uint64, a *record.Account) {
	b := packTimes(make([]byte, 0, 136), 0, a.Opened.Time)
	b = binary.AppendUvarint(binary.AppendUvarint(b, e.words.of(a.Country)), e.words.of(a.Tariff))
	for _, s := range [...]string{a.Device, a.PayoutAccount, a.ExternalID} {
		b = e.packText(b, s)
	}
	b = binary.LittleEndian.AppendUint64(b, a.AddressKey)
	e.add(&e.accounts, customer, binary.AppendVarint(b, a.Line))
}

// How an amount is packed, in the two highest bits of a transaction's first byte.
const (
	noAmount = iota
	inCents
	inBits
)

// AddTransaction takes a state of a transaction in; Line holds its arrival
// number. Only what the history of a complaint tells is kept, and of its identity
// the lower half: enough to tell the transactions of one customer apart.
func (e *Evidence) AddTransaction(customer uint64, t *record.Transaction) {
	amount, kind := uint64(0), byte(noAmount)
	if v := t.Amount.Value; t.Amount.Valid {
		amount, kind = math.Float64bits(v), inBits
		if cents := math.Round(v * 100); cents >= 0 && cents < 1<<53 && cents/100 == v && !math.Signbit(v) {
			amount, kind = uint64(cents), inCents
		}
	}
	b := packTimes(make([]byte, 0, 160), kind<<6, t.Requested.Time, t.Settled.Time, t.Failed.Time)
	switch kind {
	case inCents:
		b = binary.AppendUvarint(b, amount)
	case inBits:
		b = binary.LittleEndian.AppendUint64(b, amount)
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, e.words.of(t.Type)), e.words.of(t.Status))
	b = e.packText(e.packText(b, t.Reference), t.ExternalID)
	b = binary.LittleEndian.AppendUint64(b, t.ID.Lo)
	e.add(&e.transactions, customer, binary.AppendVarint(b, t.Line))
}

// Accounts are a customer's, the newest first.
func (e *Evidence) Accounts(customer uint64) (list []record.Account) {
	e.accounts.each(e, customer, func(u unpacker) {
		var a record.Account
		u.times(&a.Opened.Time)
		a.Country, a.Tariff = u.word(), u.word()
		a.Device, a.PayoutAccount, a.ExternalID = u.text(), u.text(), u.text()
		a.AddressKey = u.eight()
		a.Line = u.varint()
		list = append(list, a)
	})
	return list
}

// Transactions are a customer's, each in its latest state, in the order in which
// those states arrived.
func (e *Evidence) Transactions(customer uint64) (list []record.Transaction) {
	e.transactions.each(e, customer, func(u unpacker) {
		var t record.Transaction
		switch kind := u.times(&t.Requested.Time, &t.Settled.Time, &t.Failed.Time) >> 6; kind {
		case inCents:
			t.Amount = record.Num(float64(u.uvarint()) / 100)
		case inBits:
			t.Amount = record.Num(math.Float64frombits(u.eight()))
		}
		t.Type, t.Status = u.word(), u.word()
		t.Reference, t.ExternalID = u.text(), u.text()
		t.ID.Lo = u.eight()
		t.Line = u.varint()
		list = append(list, t)
	})
	slices.Reverse(list)
	return LatestVersions(list)
}

// longestHead is how long the beginning of a numbered text may be that is kept
// as a word.
const longestHead = 4

// packText keeps a text, a short beginning and a number where it is that: most
// identifiers are.
func (e *Evidence) packText(b []byte, s string) []byte {
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	if i <= longestHead && i < len(s) && (s[i] != '0' || i == len(s)-1) {
		if n, err := strconv.ParseUint(s[i:], 10, 64); err == nil {
			return binary.AppendUvarint(binary.AppendUvarint(b, e.words.of(s[:i])<<1|1), n)
		}
	}
	return append(binary.AppendUvarint(b, uint64(len(s))<<1), s...)
}

// How a time is packed: two bits of the first byte for each of up to three.
const (
	unknown = iota
	inSeconds
	inMicroseconds // as the file does
)

// packTimes begins a fact with its times, each as far from the one before; first
// is what else the first byte says, above bit 5.
func packTimes(b []byte, first byte, times ...time.Time) []byte {
	head := len(b)
	b = append(b, first)
	var before int64
	for i, t := range times {
		if t.IsZero() {
			continue
		}
		now := t.UnixMicro()
		if now%1e6 == 0 && before%1e6 == 0 {
			b[head] |= inSeconds << (2 * i)
			b = binary.AppendVarint(b, now/1e6-before/1e6)
		} else {
			b[head] |= inMicroseconds << (2 * i)
			b = binary.AppendVarint(b, now-before)
		}
		before = now
	}
	return b
}

// unpacker reads what the pack functions wrote.
type unpacker struct {
	b     []byte
	words []string
}

// times reads what packTimes wrote, and returns the first byte.
func (u *unpacker) times(times ...*time.Time) byte {
	first := u.b[0]
	u.b = u.b[1:]
	var before int64
	for i, t := range times {
		switch first >> (2 * i) & 3 {
		case unknown:
			continue
		case inSeconds:
			before += u.varint() * 1e6
		case inMicroseconds:
			before += u.varint()
		}
		*t = time.UnixMicro(before).UTC()
	}
	return first
}

func (u *unpacker) varint() int64 {
	v, n := binary.Varint(u.b)
	u.b = u.b[n:]
	return v
}

func (u *unpacker) uvarint() uint64 {
	v, n := binary.Uvarint(u.b)
	u.b = u.b[n:]
	return v
}

func (u *unpacker) word() string { return u.words[u.uvarint()] }

func (u *unpacker) text() string {
	x := u.uvarint()
	if x&1 == 1 {
		return u.words[x>>1] + strconv.FormatUint(u.uvarint(), 10)
	}
	s := string(u.b[:x>>1])
	u.b = u.b[x>>1:]
	return s
}

func (u *unpacker) eight() uint64 {
	v := binary.LittleEndian.Uint64(u.b)
	u.b = u.b[8:]
	return v
}
