package ring_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"plaint/internal/record"
)

// world says what a generated quarter holds. Everything but the planted rings
// is honest.
type world struct {
	seed       uint64
	complaints int
	crowd      int // customers whom one outage meets
	guard      bool
	rings      int // of each camouflage level
	least      int // customers of a ring
	most       int
	noise      float64 // times of what honest people share: families, offices, public letters
	miss       float64 // share of letters whose group was not found
	homeless   float64 // share of customers whose address is not known
	levels     []camouflage
}

// camouflage is how a ring hides: how many of its members use what it shares,
// how far apart they complain, and how much of what honest crowds use they use.
type camouflage struct {
	name                             string
	device, payout, letter, handle   float64
	hours                            float64 // median from the start to a complaint
	public, place, phone, own, rides float64 // chance of a public letter, crowded address, branch telephone, further honest complaint; of riding on the outage
}

var levels = []camouflage{
	{name: "open", device: .85, payout: .7, letter: .95, handle: .4, hours: 9, place: .2, phone: .1, own: .1, rides: .25},
	{name: "some", device: .5, payout: .6, letter: .8, handle: .2, hours: 50, public: .1, place: .5, phone: .3, own: .4, rides: .25},
	{name: "heavy", device: .25, payout: .55, letter: .6, hours: 200, public: .25, place: .8, phone: .5, own: .8, rides: .25},
}

// truth of a customer.
type truth struct {
	ring  int // 1-based; 0 honest
	level int
	size  int
	crowd bool
	kind  string // what an honest customer shares: for reading errors
}

type quarter struct {
	*rand.Rand
	world
	rows    []record.Tied
	truth   map[uint64]*truth
	next    uint64
	start   time.Time
	public  []uint64 // letters of advice sites
	popular []float64
	places  []uint64
	phones  []uint64
	outage  float64 // in hours from the start
}

type person struct {
	id   uint64
	keys [record.TieKinds]uint64
}

func (q *quarter) key() uint64 { q.next++; return q.next*0x9E3779B97F4A7C15 | 1 }

const hours = 90 * 24

// generate makes a quarter; the same for the same world.
func generate(w world) (rows []record.Tied, of map[uint64]*truth) {
	q := &quarter{Rand: rand.New(rand.NewPCG(w.seed, 17)), world: w, truth: map[uint64]*truth{}, start: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)}
	for range 25 {
		q.public = append(q.public, q.key())
		q.popular = append(q.popular, 20*math.Exp(q.Float64()*3.7))
	}
	for range 40 {
		q.places = append(q.places, q.key())
	}
	for range 60 {
		q.phones = append(q.phones, q.key())
	}
	q.outage = 200 + q.Float64()*(hours-400)
	q.honest()
	q.outageCrowd()
	q.plant()
	slices.SortStableFunc(q.rows, func(a, b record.Tied) int { return a.Received.Compare(b.Received) })
	for i := range q.rows {
		q.rows[i].Seq = int64(i + 1)
	}
	return q.rows, q.truth
}

func (q *quarter) person(kind string) *person {
	p := person{id: q.key()}
	p.keys[record.TieDevice], p.keys[record.TiePayout] = q.key(), q.key()
	p.keys[record.TieContact], p.keys[record.TieAddress] = q.key(), q.key()
	q.truth[p.id] = &truth{kind: kind}
	return &p
}

// crowded moves an honest person to an address or telephone of thousands.
func (q *quarter) crowded(p *person, place, phone float64) {
	if q.Float64() < place {
		p.keys[record.TieAddress] = q.places[int(float64(len(q.places))*math.Pow(q.Float64(), 2))]
	}
	if q.Float64() < phone {
		p.keys[record.TieContact] = q.phones[int(float64(len(q.phones))*math.Pow(q.Float64(), 2))]
	}
}

func (q *quarter) publicLetter() uint64 {
	total, at := 0.0, 0.0
	for _, p := range q.popular {
		total += p
	}
	at = q.Float64() * total
	for i, p := range q.popular {
		if at -= p; at < 0 {
			return q.public[i]
		}
	}
	return q.public[0]
}

var types = []string{"withdrawal_delay", "login_failure", "abnormal_trade", "fee", "service", "other"}

func (q *quarter) someType() string { return types[int(6*math.Pow(q.Float64(), 1.6))] }

// complain adds a complaint at an hour of the quarter.
func (q *quarter) complain(p *person, at float64, kind string, letter uint64) {
	r := record.Tied{Customer: p.id, Type: kind, Keys: p.keys, Currency: "USD"}
	if q.homeless > 0 && float64(p.id>>11)/(1<<53) < q.homeless {
		r.Keys[record.TieAddress] = 0
	}
	r.Received = q.start.Add(time.Duration(max(0, min(at, hours-1)) * float64(time.Hour)))
	if q.Float64() < .7 {
		r.Amount = record.Num(math.Round(math.Exp(5 + 1.2*q.NormFloat64())))
	}
	if letter != 0 && q.Float64() >= q.miss {
		r.Keys[record.TieLetter] = letter
	}
	if q.guard && kind == types[0] && at >= q.outage && at < q.outage+36 {
		r.Explained = .85
	}
	q.rows = append(q.rows, r)
}

// day draws an hour: fewer complaints at weekends and at night.
func (q *quarter) hour() float64 {
	for {
		h := q.Float64() * hours
		day, clock := int(h/24)%7, math.Mod(h, 24)
		p := 1.0
		if day >= 5 {
			p = .4
		}
		if clock < 8 || clock > 22 {
			p *= .3
		}
		if q.Float64() < p {
			return h
		}
	}
}

// honest fills the quarter with people alone, families, offices, dormitories,
// users of public computers and of pooled accounts.
func (q *quarter) honest() {
	for len(q.rows) < q.complaints-q.crowd {
		switch u := q.Float64() / q.noise; {
		case u < .09:
			q.family()
		case u < .11:
			q.friends()
		case u < .112:
			q.office()
		case u < .1121:
			q.dormitory()
		case u < .1123:
			q.kiosk()
		default:
			q.alone()
		}
	}
}

func (q *quarter) letterOf(share float64) uint64 {
	if q.Float64() < share {
		return q.publicLetter()
	}
	if q.Float64() < .01 { // chance likeness
		if n := len(q.rows); n > 0 {
			if k := &q.rows[q.IntN(n)].Keys[record.TieLetter]; *k == 0 {
				*k = q.key()
				return *k
			}
		}
	}
	return 0
}

func (q *quarter) alone() {
	p := q.person("alone")
	q.crowded(p, .3, .2)
	if q.Float64() < .01 { // an account that a payment service pools
		p.keys[record.TiePayout] = q.phones[q.IntN(5)] + 1
	}
	if q.Float64() < .01 && len(q.rows) > 0 { // a second-hand device
		p.keys[record.TieDevice] = q.rows[q.IntN(len(q.rows))].Keys[record.TieDevice]
	}
	q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
	for q.Float64() < .15 {
		q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
	}
}

func (q *quarter) family() {
	n := 2
	for n < 7 && q.Float64() < .4 {
		n++
	}
	first := q.person("family")
	q.crowded(first, .2, .2)
	together, at, kind := q.Float64() < .3, q.hour(), q.someType()
	letter := uint64(0)
	if q.Float64() < .15 {
		letter = q.key()
	}
	for i := range n {
		p := first
		if i > 0 {
			p = q.person("family")
			p.keys[record.TieAddress] = first.keys[record.TieAddress]
			if q.Float64() < .5 {
				p.keys[record.TieDevice] = first.keys[record.TieDevice]
			}
			if q.Float64() < .3 {
				p.keys[record.TiePayout] = first.keys[record.TiePayout]
			}
			if q.Float64() < .25 {
				p.keys[record.TieContact] = first.keys[record.TieContact]
			}
		}
		if together {
			q.complain(p, at+q.ExpFloat64()*20, kind, letter)
		} else {
			q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
		}
	}
}

// friends live apart, lend each other devices and accounts, and may pass on a
// letter and complain together.
func (q *quarter) friends() {
	n := 2
	for n < 9 && q.Float64() < .4 {
		n++
	}
	device, payout, letter := q.key(), q.key(), uint64(0)
	if q.Float64() < .15 {
		letter = q.key()
	}
	together, at, kind := q.Float64() < .3, q.hour(), q.someType()
	for range n {
		p := q.person("friends")
		q.crowded(p, .3, .2)
		if q.Float64() < .4 {
			p.keys[record.TieDevice] = device
		}
		if q.Float64() < .15 {
			p.keys[record.TiePayout] = payout
		}
		if together {
			q.complain(p, at+q.ExpFloat64()*40, kind, letter)
		} else {
			q.complain(p, q.hour(), q.someType(), letter)
		}
	}
}

func (q *quarter) office() {
	place, board, reception := q.key(), q.key(), q.key()
	event, at := q.Float64() < .1, q.hour()
	for range 5 + q.IntN(56) {
		p := q.person("office")
		p.keys[record.TieAddress] = place
		if q.Float64() < .3 {
			p.keys[record.TieContact] = board
		}
		if q.Float64() < .05 {
			p.keys[record.TieDevice] = reception
		}
		if event && q.Float64() < .5 {
			q.complain(p, at+q.ExpFloat64()*12, types[1], q.letterOf(.05))
		} else {
			q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
		}
	}
}

func (q *quarter) dormitory() {
	place, labs := q.key(), []uint64{q.key(), q.key(), q.key(), q.key(), q.key(), q.key()}
	campaign, at, letter, kind := q.Float64() < .5, q.hour(), q.publicLetter(), q.someType()
	for range 100 + q.IntN(300) {
		p := q.person("dormitory")
		p.keys[record.TieAddress] = place
		if q.Float64() < .3 {
			p.keys[record.TieDevice] = labs[q.IntN(len(labs))]
		}
		if campaign && q.Float64() < .3 {
			q.complain(p, at+q.ExpFloat64()*72, kind, letter)
		} else {
			q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
		}
	}
}

// kiosk is a computer of a library.
func (q *quarter) kiosk() {
	device := q.key()
	for range 20 + q.IntN(130) {
		p := q.person("kiosk")
		q.crowded(p, .3, .2)
		p.keys[record.TieDevice] = device
		q.complain(p, q.hour(), q.someType(), q.letterOf(.1))
	}
}

// outageCrowd is many people with one true trouble: four in ten use a public
// letter, others pass letters on, a part of them live in homes together.
func (q *quarter) outageCrowd() {
	public := []uint64{q.public[0], q.public[1], q.key()}
	var passed []uint64
	for left := q.crowd; left > 0; {
		n := 1
		for n < 5 && n < left && q.Float64() < .08 {
			n++
		}
		left -= n
		first := q.person("crowd")
		q.crowded(first, .6, .3)
		for i := range n {
			p := first
			if i > 0 {
				p = q.person("crowd")
				p.keys = first.keys
				if q.Float64() < .5 {
					p.keys[record.TieDevice] = q.key()
				}
				if q.Float64() < .7 {
					p.keys[record.TiePayout] = q.key()
				}
			}
			q.truth[p.id].crowd = true
			letter := uint64(0)
			switch u := q.Float64(); {
			case u < .4:
				letter = public[q.IntN(len(public))]
			case u < .7:
				if len(passed) == 0 || q.Float64() < .08 {
					passed = append(passed, q.key())
				}
				letter = passed[q.IntN(len(passed))]
			}
			q.complain(p, q.outage+1+q.ExpFloat64()*10, types[0], letter)
		}
	}
}

// plant adds the rings: sizes are drawn evenly on a logarithmic scale.
func (q *quarter) plant() {
	number := 0
	for l := range q.levels {
		for range q.rings {
			number++
			size := int(math.Round(float64(q.least) * math.Pow(float64(q.most)/float64(q.least), q.Float64())))
			q.plantRing(number, l, size)
		}
	}
}

func (q *quarter) plantRing(number, level, size int) {
	c := &q.levels[level]
	devices, payouts := q.keys(1+size/4), q.keys(1+size/7)
	letter, handle := q.key(), q.key()
	at, kind := q.hour(), types[q.IntN(3)]
	if q.Float64() < c.rides {
		at, kind = q.outage+1+q.Float64()*10, types[0]
	}
	for range size {
		p := q.person("ring")
		*q.truth[p.id] = truth{ring: number, level: level, size: size, kind: "ring"}
		q.crowded(p, c.place, c.phone)
		if q.Float64() < c.device {
			p.keys[record.TieDevice] = devices[q.IntN(len(devices))]
		}
		if q.Float64() < c.payout {
			p.keys[record.TiePayout] = payouts[q.IntN(len(payouts))]
		}
		if q.Float64() < c.handle {
			p.keys[record.TieHandle] = handle
		}
		written := q.letterOf(c.public)
		if q.Float64() < c.letter {
			written = letter
		}
		q.complain(p, at+c.hours*math.Exp(.8*q.NormFloat64()), kind, written)
		p.keys[record.TieHandle] = 0
		if q.Float64() < c.own {
			q.complain(p, q.hour(), q.someType(), q.letterOf(.05))
		}
	}
}

func (q *quarter) keys(n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = q.key()
	}
	return out
}
