package simulate

import (
	"slices"
	"strconv"
)

// person is what is fixed about a customer: a pure function of seed and number,
// so that no list of customers is held.
type person struct {
	zh             bool
	country, app   uint8
	tariff         uint8
	opened         int64
	device, payout uint64
	address        uint64
	name, tone     uint64 // seeds of the name and of the way of writing
	second         bool   // has a second account
}

// role overrides what an abuser's group decides about a customer.
type role struct {
	opened         int64
	device, payout uint64
	contact        uint64
}

var (
	countries     = [...]string{"CN", "HK", "TW", "SG", "MY", "GB", "AU", "DE", "AE", "ZA"}
	countryWeight = []int{40, 9, 7, 9, 9, 8, 6, 4, 4, 4}
	chinese       = [...]float64{.99, .75, .93, .55, .5, .05, .06, .01, .03, .01}
	apps          = [...]string{"5.6.4", "5.7.1", "5.8.0", "5.8.2", "5.9.0", "web"}
	appWeight     = []int{8, 14, 22, 24, 17, 15}
	tariffs       = [...]string{"standard", "raw", "pro", "vip"}
	tariffWeight  = []int{62, 20, 12, 6}
)

func (w *world) person(c uint32) person {
	d := throw(w.Seed, ofPeople, uint64(c))
	var p person
	p.country = uint8(d.weighted(countryWeight))
	p.app = uint8(d.weighted(appWeight))
	p.zh = d.chance(chinese[p.country])
	p.tariff = uint8(d.weighted(tariffWeight))
	// Accounts are opened over six years, a growing number of them lately.
	age := d.f()
	p.opened = w.cal.end - 86400 - int64(float64(age*float64(age*6*365*86400)))
	p.opened = min(p.opened, w.cal.start+int64(d.n(30*86400)))
	p.device, p.payout, p.address = d.pcg.Uint64(), d.pcg.Uint64(), d.pcg.Uint64()
	p.name, p.tone = d.pcg.Uint64(), d.pcg.Uint64()
	p.second = d.chance(.1)
	w.shareHome(c, &p)
	if r, ok := w.roles[c]; ok {
		w.play(&p, r)
	}
	return p
}

// shareHome lets honest families share an address, a device or a bank account,
// and offices an address.
func (w *world) shareHome(c uint32, p *person) {
	home := throw(w.Seed, ofHouses, uint64(c>>1))
	if home.chance(.08) {
		address, device, payout := home.pcg.Uint64(), home.pcg.Uint64(), home.pcg.Uint64()
		p.address = address
		if home.chance(.45) {
			p.device = device
		}
		if home.chance(.3) {
			p.payout = payout
		}
		return
	}
	office := throw(w.Seed, ofOffices, uint64(c/25))
	if office.chance(.05) && p.tone&1 == 0 {
		p.address = office.pcg.Uint64()
	}
}

func (w *world) play(p *person, r role) {
	if r.opened != 0 {
		p.opened = r.opened
	}
	if r.device != 0 {
		p.device = r.device
	}
	if r.payout != 0 {
		p.payout = r.payout
	}
}

func customerID(c uint32) string { return "C" + strconv.Itoa(1000000+int(c)) }

func appendCustomer(b []byte, c uint32) []byte {
	return strconv.AppendInt(append(b, 'C'), 1000000+int64(c), 10)
}

// account is one line of accounts.csv as a sortable key: opened and customer.
func (w *world) accountKeys() []uint64 {
	keys := make([]uint64, 0, w.Customers+w.Customers/9)
	epoch := w.cal.start - 20*365*86400
	for c := range uint32(w.Customers) {
		p := w.person(c)
		keys = append(keys, uint64(p.opened-epoch)<<32|uint64(c)<<1)
		if p.second {
			later := p.opened + (w.cal.start-p.opened)/2
			if later > p.opened {
				keys = append(keys, uint64(later-epoch)<<32|uint64(c)<<1|1)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func (w *world) appendAccount(b []byte, key uint64) []byte {
	c, opened := uint32(key>>1&(1<<31-1)), int64(key>>32)+w.cal.start-20*365*86400
	p := w.person(c)
	b = appendAccountID(b, c, key&1)
	b = appendCustomer(append(b, ','), c)
	b = appendTime(append(b, ','), opened)
	b = append(append(append(b, ','), countries[p.country]...), ',')
	b = appendDevice(b, p.device)
	b = append(b, ',')
	b = w.book.appendAddress(b, p)
	b = appendPayout(append(b, ','), p.payout)
	return append(append(append(b, ','), tariffs[p.tariff]...), '\n')
}

func appendAccountID(b []byte, c uint32, second uint64) []byte {
	return strconv.AppendUint(append(b, 'A'), 10000000+uint64(c)<<1|second, 10)
}

func appendDevice(b []byte, d uint64) []byte {
	const hex = "0123456789abcdef"
	b = append(b, "dv-"...)
	for i := range 12 {
		b = append(b, hex[d>>(4*i)&15])
	}
	return b
}

func appendPayout(b []byte, p uint64) []byte {
	return strconv.AppendUint(append(b, "62"...), 100000000000+p%899999999999, 10)
}

// movement is one transaction. Amounts are in cents, times in unix seconds, 0
// where it did not happen.
type movement struct {
	key                        uint64 // what its id is made of
	customer                   uint32
	kind                       uint8 // deposit, withdrawal, trade
	status                     uint8
	amount                     int64
	requested, settled, failed int64
}

const (
	deposit uint8 = iota
	withdrawal
	trade
)

const (
	pending uint8 = iota
	settled
	failed
)

var (
	movementKinds  = [...]string{"deposit", "withdrawal", "trade"}
	movementStates = [...]string{"pending", "settled", "failed"}
)

// matterSlot marks a movement that a complaint is about; its reference is then
// the number of the complaint's plan.
const matterSlot = 63

// movementKeys lists all movements as request time, owner and number, sorted;
// eight bytes each, so that ten million take 80 MB.
func (w *world) movementKeys() []uint64 {
	keys := make([]uint64, 0, w.Customers*4+len(w.plans)/2)
	add := func(m movement, owner uint64, slot int) {
		offset := max(m.requested-(w.cal.start-60*86400), 0)
		keys = append(keys, uint64(offset)<<34|owner<<6|uint64(slot))
	}
	for c := range uint32(w.Customers) {
		for k := range w.movements(c) {
			add(w.movement(c, k), uint64(c), k)
		}
	}
	for i := range w.plans {
		if m, ok := w.matter(i); ok {
			add(m, uint64(i), matterSlot)
		}
	}
	slices.Sort(keys)
	return keys
}

func (w *world) fromKey(key uint64) movement {
	owner, slot := key>>6&(1<<28-1), int(key&63)
	if slot == matterSlot {
		m, _ := w.matter(int(owner))
		return m
	}
	return w.movement(uint32(owner), slot)
}

// movements is how many ordinary movements a customer has: 3.9 on average.
func (w *world) movements(c uint32) int {
	d := throw(w.Seed, ofMoney, uint64(c)<<6|matterSlot)
	if d.chance(.2) {
		return d.n(15)
	}
	return 1 + d.n(6)
}

// movement is the customer's k-th ordinary movement. One withdrawal in seventy
// is late and one in fifty fails without anybody complaining.
func (w *world) movement(c uint32, k int) movement {
	key := uint64(c)<<6 | uint64(k)
	d := throw(w.Seed, ofMoney, key)
	m := movement{key: key, customer: c, status: settled}
	m.kind = [...]uint8{deposit, withdrawal, trade}[d.weighted([]int{25, 21, 54})]
	m.requested = w.cal.moment(&d)
	m.amount = int64(d.spread(42000, 1.1))
	hours, fails := .2, .01
	switch m.kind {
	case withdrawal:
		hours, fails = 5, .02
	case trade:
		hours, fails = .001, .015
	}
	end := m.requested + 1 + d.seconds(hours, .7)
	w.conclude(&m, end, d.chance(fails))
	return m
}

func (w *world) conclude(m *movement, end int64, fails bool) {
	switch {
	case end >= w.cal.end:
		m.status = pending
	case fails:
		m.status, m.failed = failed, end
	default:
		m.status, m.settled = settled, end
	}
}

// matter is the movement that complaint i is about; ok is false where there is
// none, either because the cause is not about money or because it is invented.
func (w *world) matter(i int) (m movement, ok bool) {
	p := &w.plans[i]
	kind := w.book.causes[p.cause].matter
	if kind == noMatter || p.invented {
		return movement{}, false
	}
	d := throw(w.Seed, ofMatter, uint64(p.serial))
	m = movement{key: uint64(i)<<6 | matterSlot, customer: p.customer, kind: withdrawal, status: settled, amount: p.amount}
	if p.incident > 0 && p.hit > 0 {
		m.requested = p.hit
	}
	if kind == tradeMatter {
		m.kind = trade
		w.dealt(&m, p, &d)
		return m, true
	}
	w.withdrawn(&m, p, kind, &d)
	return m, true
}

func (w *world) dealt(m *movement, p *plan, d *dice) {
	if m.requested == 0 {
		m.requested = p.at - 300 - min(d.seconds(6, 1.1), 20*86400)
	}
	m.settled = m.requested + 1 + int64(d.n(5))
	if !p.groundless && d.chance(.15) {
		m.status, m.failed, m.settled = failed, m.settled, 0
	}
}

// withdrawn makes the records agree with the complaint, unless it is groundless:
// then the money had arrived before the customer said that it had not.
func (w *world) withdrawn(m *movement, p *plan, kind matterKind, d *dice) {
	if p.groundless {
		m.requested = p.at - 3600 - d.seconds(40, .6)
		m.settled = m.requested + (p.at-m.requested)/int64(2+d.n(6))
		return
	}
	if m.requested == 0 {
		m.requested = p.at - 26*3600 - min(d.seconds(30, .8), 25*86400)
	}
	fails := kind == failedMatter || d.chance(.2)
	if fails {
		m.status, m.failed, m.settled = failed, m.requested+(p.at-m.requested)/int64(2+d.n(5)), 0
		return
	}
	w.conclude(m, p.at+1800+d.seconds(22, .9), false)
}

// appendMovementID scrambles the key by a bijection of 36 bits, so that the
// ids of movements with a complaint look like all others.
func appendMovementID(b []byte, key uint64) []byte {
	const mask = 1<<36 - 1
	x := key * 0x9E3779B97F4A7C15 & mask
	x ^= x >> 17
	x = x * 0xD6E8FEB86659FD93 & mask
	x ^= x >> 19
	return strconv.AppendUint(append(b, 'T'), 100000000000+x, 10)
}

var symbols = [...]string{"XAUUSD", "EURUSD", "GBPJPY", "BTCUSDT", "US30", "HSI2603", "USOIL", "AAPL", "TSLA", "700.HK", "NAS100", "SI2605"}

func (w *world) appendMovement(b []byte, key uint64) []byte {
	m := w.fromKey(key)
	p := w.person(m.customer)
	b = appendMovementID(b, m.key)
	b = appendCustomer(append(b, ','), m.customer)
	b = appendAccountID(append(b, ','), m.customer, 0)
	b = append(append(append(b, ','), movementKinds[m.kind]...), ',')
	b = append(append(b, movementStates[m.status]...), ',')
	b = appendCents(b, m.amount)
	b = append(append(append(b, ','), p.currency()...), ',')
	for _, t := range [...]int64{m.requested, m.settled, m.failed} {
		if t != 0 {
			b = appendTime(b, t)
		}
		b = append(b, ',')
	}
	r := scramble(m.key ^ w.Seed)
	if m.kind == trade {
		b = append(append(b, symbols[r%uint64(len(symbols))]...), '-')
	} else {
		b = append(b, "PG-"...)
	}
	return append(strconv.AppendUint(b, 1000000+r>>20%8999999, 10), '\n')
}

func (p *person) currency() string {
	if p.country == 0 && p.tone&2 == 0 {
		return "CNY"
	}
	return "USD"
}
