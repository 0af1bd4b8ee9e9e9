package simulate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// types are the ten rows of the service-level table, in its order.
var types = [...]string{"trading_rules", "login", "withdrawal_delay", "abnormal_trade", "platform_down",
	"risk_disclosure", "strategy_advice", "complaint_handling", "platform_update", "legal_compliance"}

var typeWeight = []int{8, 16, 22, 16, 9, 6, 5, 8, 5, 5}

// neighbours says under which other type people file a complaint by mistake.
var neighbours = [...][]uint8{{3, 6}, {4, 8}, {7, 3}, {0, 4}, {1, 8}, {9, 6}, {0, 5}, {9, 2}, {4, 1}, {5, 7}}

// motive says why a complaint was made.
type motive uint8

const (
	honest motive = iota
	refundAbuse
	professional
	ring
	contradiction
)

var motives = [...]string{"honest", "refund_abuse", "professional", "ring", "contradiction"}

// plan is a complaint before it is worded: about 90 bytes, so that a million
// can be put in order of time and then written as a stream.
type plan struct {
	at, hit    int64 // received; when the fault of its incident met the customer
	amount     int64 // of the movement it is about, cents
	claim      int64 // asked for, cents; 0 for none
	customer   uint32
	group      uint32 // campaign or ring, 1-based
	serial     uint32 // order of planning; the key of all its chances
	product    uint8
	cause      uint8
	filed      uint8 // type it was filed under
	motive     motive
	incident   uint8 // 1-based
	edit       uint8 // of 255: how much of a shared text is reworded
	decoy      uint8 // 1-based
	channel    uint8 // 1-based; 0 for any
	groundless bool  // the records refute it
	invented   bool  // there is no such movement
	cites      bool
	logs       telling // what the logs tell of it
}

var products = [...]string{"forex", "gold", "index_cfd", "crypto", "stocks", "futures"}
var productWeight = []int{28, 24, 14, 12, 12, 10}

// schedule plans all complaints and puts them in order of time.
func (w *world) schedule() {
	abusive := int(float64(float64(w.Complaints) * w.Fraud))
	crowd := w.Complaints * w.Incidents * 3 / 100
	w.plans = make([]plan, 0, w.Complaints+64)
	w.planIncidents()
	w.planAbuse(abusive)
	w.planCrowds(crowd)
	if w.Drill {
		w.planSwells()
	}
	w.planHonest(w.Complaints - len(w.plans))
	slices.SortFunc(w.plans, func(a, b plan) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.serial, b.serial))
	})
}

// add gives the plan what every complaint has, and keeps it.
func (w *world) add(p plan, d *dice) {
	c := &w.book.causes[p.cause]
	p.serial = uint32(len(w.plans))
	p.at = w.cal.within(p.at)
	p.filed = c.kind
	if d.chance(.06) {
		n := neighbours[c.kind]
		p.filed = n[d.n(len(n))]
	}
	if p.product == 0 {
		p.product = uint8(d.weighted(productWeight))
	} else {
		p.product--
	}
	if p.amount == 0 {
		p.amount = max(int64(d.spread(65000, 1.2)), 1500)
	}
	p.amount = neat(p.amount, d)
	if p.motive == honest {
		p.claim = honestClaim(&p, c, d)
		p.groundless = c.matter != noMatter && d.chance(.03)
	}
	if c.matter != noMatter {
		p.cites = d.chance([...]float64{.4, .3, .3, .3, .4}[p.motive])
	}
	w.plans = append(w.plans, p)
}

// neat rounds most sums, as people withdraw round sums.
func neat(cents int64, d *dice) int64 {
	switch {
	case d.chance(.35):
		return max(cents/10000, 1) * 10000
	case d.chance(.4):
		return max(cents/1000, 1) * 1000
	}
	return cents
}

func honestClaim(p *plan, c *cause, d *dice) int64 {
	if c.matter == noMatter {
		if d.chance(.2) {
			return neat(int64(d.spread(16000, 1)), d)
		}
		return 0
	}
	switch d.weighted([]int{68, 17, 15}) {
	case 0:
		return p.amount
	case 1:
		return p.amount * int64(20+d.n(120)) / 100
	}
	return 0
}

func (w *world) pickCause(d *dice) uint8 {
	of := w.book.byType[d.weighted(typeWeight)]
	weights := make([]int, 0, 8)
	for _, i := range of {
		weights = append(weights, w.book.causes[i].weight)
	}
	return uint8(of[d.weighted(weights)])
}

// planHonest spreads the everyday complaints over the quarter. One in eight
// comes from a small circle who complain three to five times, honestly.
func (w *world) planHonest(n int) {
	d := throw(w.Seed, ofHonest, 0)
	circle := make([]uint32, 0, n/32+1)
	for range n/32 + 1 {
		circle = append(circle, w.bystander(&d))
	}
	for range n {
		p := plan{at: w.grown(w.cal.moment(&d), &d), cause: w.pickCause(&d)}
		if d.chance(.125) {
			p.customer = circle[d.n(len(circle))]
		} else {
			p.customer = w.bystander(&d)
		}
		w.add(p, &d)
	}
}

// bystander is a customer without a part in any abuse.
func (w *world) bystander(d *dice) uint32 {
	for {
		c := uint32(d.n(w.Customers))
		if _, taken := w.roles[c]; !taken {
			return c
		}
	}
}

// incident is a fault of a service with the honest crowd that follows it.
type incident struct {
	kind       *faultKind
	cause      uint8
	start, end int64
	slice      string
	first      int64 // complaint
	last       int64
	complaints int
	customers  map[uint32]bool
}

// faultKind says what breaks and whom it meets.
type faultKind struct {
	service, cause string
	country        string // customers met; "" for all
	app            string
	product        uint8 // 1-based; 0 for all
	hours          float64
	delay          float64 // median hours from the fault to the complaint
	dead           int64   // seconds in which nobody can know of it; only in drills
	size           int     // complaints; 0 for an equal share; only in drills
}

var faultKinds = []faultKind{
	{service: "payment-gateway", cause: "gateway_timeout", country: "MY", hours: 22, delay: 9},
	{service: "order-engine", cause: "duplicate_order", product: 2, hours: 7, delay: 2.5},
	{service: "auth-sms", cause: "sms_missing", country: "HK", hours: 11, delay: .8},
	{service: "mobile-api", cause: "update_crash", app: "5.9.0", hours: 30, delay: 3},
	{service: "quote-feed", cause: "wrong_price", product: 4, hours: 5, delay: 3},
	{service: "kyc", cause: "identity_stuck", country: "SG", hours: 36, delay: 14},
}

func (f *faultKind) describe() string {
	var parts []string
	if f.app != "" {
		parts = append(parts, "app_version="+f.app)
	}
	if f.country != "" {
		parts = append(parts, "country="+f.country)
	}
	if f.product > 0 {
		parts = append(parts, "product="+products[f.product-1])
	}
	return strings.Join(parts, ",")
}

func (w *world) planIncidents() {
	if w.Drill {
		w.planDrill()
		return
	}
	for i := range w.Incidents {
		d := throw(w.Seed, ofIncidents, uint64(i))
		k := &faultKinds[i%len(faultKinds)]
		span := float64(w.Days) / float64(w.Incidents)
		day := float64(span * (float64(i) + .25 + float64(.5*d.f())))
		start := w.cal.start + int64(day)*86400 + w.cal.clock(&d)
		end := start + 1800 + d.seconds(k.hours, .25)
		w.incidents = append(w.incidents, incident{kind: k, cause: w.causeNamed(k.cause), start: start,
			end: min(end, w.cal.end-7200), slice: k.describe(), customers: map[uint32]bool{}})
	}
}

func (w *world) causeNamed(name string) uint8 {
	return uint8(slices.IndexFunc(w.book.causes, func(c cause) bool { return c.name == name }))
}

// planCrowds lets the customers whom a fault met complain minutes to days
// later. The fault is worst in its first third.
func (w *world) planCrowds(n int) {
	for i := range w.incidents {
		in := &w.incidents[i]
		d := throw(w.Seed, ofCrowd, uint64(i))
		size := n / len(w.incidents) * (75 + d.n(50)) / 100
		if in.kind.size > 0 {
			size = in.kind.size
		}
		for range size {
			hit := in.start + int64(float64(d.f()*float64(d.f()*float64(in.end-in.start))))
			p := plan{hit: hit, at: hit + 240 + in.kind.dead + d.seconds(in.kind.delay, 1), cause: in.cause, incident: uint8(i + 1)}
			p.customer = w.victim(in.kind, &d)
			if in.kind.product > 0 && d.chance(.9) {
				p.product = in.kind.product
			}
			if p.at < w.cal.end {
				w.add(p, &d)
			}
		}
	}
}

// victim draws a customer of the slice that the fault met; one in ten is not of it.
func (w *world) victim(k *faultKind, d *dice) uint32 {
	stray := d.chance(.1)
	for tries := 0; ; tries++ {
		c := w.bystander(d)
		p := w.person(c)
		// A very small broker may have nobody in the slice.
		if stray || tries > 2000 || (k.country == "" || countries[p.country] == k.country) && (k.app == "" || apps[p.app] == k.app) {
			return c
		}
	}
}

// closeIncidents notes what became of each incident once the order is known.
func (w *world) closeIncidents() {
	for i := range w.plans {
		p := &w.plans[i]
		if p.incident == 0 || p.motive != honest {
			continue
		}
		in := &w.incidents[p.incident-1]
		if in.first == 0 {
			in.first = p.at
		}
		in.last = p.at
		in.complaints++
		in.customers[p.customer] = true
	}
}

func appendComplaintID(b []byte, i int) []byte {
	return strconv.AppendInt(append(b, 'K'), 100000001+int64(i), 10)
}
