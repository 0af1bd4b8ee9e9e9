package simulate

import "strconv"

// gang is an abuser or a group of abusers, as it goes into the truth.
type gang struct {
	ID         string   `json:"id"`
	Kind       string   `json:"kind"`
	Careful    bool     `json:"careful"`
	Incident   int      `json:"incident,omitempty"` // 1-based: the outage it rides on
	Customers  []string `json:"customers"`
	Complaints int      `json:"complaints"`

	number  uint32
	contact uint64
	edit    uint8
	cause   uint8
	members []uint32
	pace    float64 // median hours of a ring from its start to a complaint
}

func gangID(kind motive, n uint32) string {
	return [...]string{"", "R", "P", "G", "X"}[kind] + strconv.Itoa(int(n))
}

// planAbuse plants the four kinds in the shares 30, 25, 30 and 15.
func (w *world) planAbuse(n int) {
	kinds := []struct {
		share int
		plant func(*gang, *dice, int)
		kind  motive
	}{
		{30, w.plantRing, ring},
		{25, w.plantAgent, professional},
		{30, w.plantRefunds, refundAbuse},
		{15, w.plantContradiction, contradiction},
	}
	for _, k := range kinds {
		for left := n * k.share / 100; left > 0; {
			g := &gang{Kind: motives[k.kind], number: uint32(len(w.gangs) + 1)}
			g.ID = gangID(k.kind, g.number)
			d := throw(w.Seed, ofAbuse, uint64(g.number))
			g.Careful = d.chance(.3)
			g.contact = d.pcg.Uint64()
			before := len(w.plans)
			k.plant(g, &d, left)
			g.Complaints = len(w.plans) - before
			left -= g.Complaints
			w.gangs = append(w.gangs, g)
		}
	}
}

// enlist draws a new customer for the gang.
func (w *world) enlist(g *gang, d *dice, r role) uint32 {
	c := w.bystander(d)
	w.roles[c] = r
	g.members = append(g.members, c)
	g.Customers = append(g.Customers, customerID(c))
	return c
}

// plantRing: 8 to 25 accounts opened within weeks, sharing devices and payout
// accounts, complaining in lockstep with one script. A careful ring shares only
// payout accounts, rewords more and takes its time. One in four rides on an outage.
func (w *world) plantRing(g *gang, d *dice, left int) {
	size := 8 + d.n(18)
	w.target(g, d)
	at := w.cal.moment(d)
	if len(w.incidents) > 0 && d.chance(.25) {
		g.Incident = 1 + d.n(len(w.incidents))
		in := w.incidents[g.Incident-1]
		g.cause, at = in.cause, in.start+3600+d.seconds(10, .5)
	}
	devices, payouts := pool(d, 1+size/4), pool(d, 1+size/7)
	g.edit, g.pace = uint8(20+d.n(60)), 9
	if g.Careful {
		g.edit, g.pace = uint8(90+d.n(70)), 50
	}
	opened := at - int64(8+d.n(40))*86400
	for i := range size {
		r := role{opened: opened + int64(d.n(6*86400))}
		if !g.Careful && d.chance(.85) {
			r.device = devices[d.n(len(devices))]
		}
		if d.chance(.7) {
			r.payout = payouts[d.n(len(payouts))]
		}
		c := w.enlist(g, d, r)
		for range 1 + d.n(5)/3 {
			if left > 0 || i < 8 {
				w.plant(g, d, plan{motive: ring, customer: c, at: at + d.seconds(g.pace, .8)})
				left--
			}
		}
	}
}

func pool(d *dice, n int) []uint64 {
	p := make([]uint64, n)
	for i := range p {
		p[i] = d.pcg.Uint64()
	}
	return p
}

// target chooses what the gang complains about: mostly something with money in it.
func (w *world) target(g *gang, d *dice) {
	for {
		g.cause = w.pickCause(d)
		if w.book.causes[g.cause].matter != noMatter || d.chance(.35) {
			return
		}
	}
}

// plant adds one complaint of the gang: asked for sums, and whether the records
// bear it out, are drawn here. Part of an abuser's complaints are true.
func (w *world) plant(g *gang, d *dice, p plan) {
	p.group, p.cause, p.edit = g.number, g.cause, g.edit
	if g.Incident > 0 {
		p.incident = uint8(g.Incident)
	}
	p.amount = max(int64(d.spread(52000, .9)), 2000)
	if p.claim == 0 {
		p.claim = neat(p.amount*int64(90+d.n(160))/100, d)
		if g.Careful {
			p.claim = p.amount
		}
	}
	if w.book.causes[p.cause].matter != noMatter && p.motive != contradiction {
		wrong := [...]float64{0, .3, .2, .55, 0}[p.motive]
		p.groundless = d.chance(wrong)
		p.invented = p.groundless && d.chance(.5)
	}
	if !d.chance([...]float64{0, .95, .85, .65, .6}[p.motive]) {
		p.claim = 0 // named in the text, not in the form
	}
	w.add(p, d)
}

// plantAgent: one agent writes for many customers, over weeks, from one letter.
func (w *world) plantAgent(g *gang, d *dice, left int) {
	size := min(6+d.n(30), left)
	g.edit = uint8(18 + d.n(60))
	if g.Careful {
		g.edit = uint8(80 + d.n(60))
	}
	start, days := w.cal.moment(d), 15+d.n(45)
	for range size {
		w.target(g, d)
		r := role{}
		if d.chance(.5) && !g.Careful {
			r.contact = g.contact
		}
		c := w.enlist(g, d, r)
		w.plant(g, d, plan{motive: professional, customer: c, at: w.fold(start, d.n(days*86400))})
	}
}

// fold adds a span to a moment and turns back at the end of the quarter.
func (w *world) fold(at int64, span int) int64 {
	t := at + int64(span)
	if t >= w.cal.end {
		t = w.cal.end - 1 - (t-w.cal.end)%(w.cal.end-w.cal.start)
	}
	return t
}

// plantRefunds: one customer who complains again and again and asks for more
// each time. A careful one does so three times, in moderation.
func (w *world) plantRefunds(g *gang, d *dice, left int) {
	times, growth := 4+d.n(6), 125+d.n(60)
	g.edit = uint8(110 + d.n(90))
	if g.Careful {
		times, growth, g.edit = 3, 105+d.n(15), 250
	}
	c := w.enlist(g, d, role{})
	at, claim := w.cal.moment(d), int64(d.spread(9000, .6))
	at = max(w.cal.start, min(at, w.cal.end-int64(times)*6*86400))
	for range min(times, max(left, 3)) {
		w.target(g, d)
		p := plan{motive: refundAbuse, customer: c, at: at, claim: max(claim/100, 1) * 100}
		w.plant(g, d, p)
		if !g.Careful {
			// claims on small trades: the sum at stake is well below the claim
			w.plans[len(w.plans)-1].amount = max(claim*int64(15+d.n(50))/100, 500)
		}
		claim = claim * int64(growth) / 100
		at = w.fold(at, 86400+d.n(10*86400))
	}
}

// plantContradiction: a plausible, well-worded complaint that the records refute.
func (w *world) plantContradiction(g *gang, d *dice, left int) {
	c := w.enlist(g, d, role{})
	g.edit = 255
	for range min(1+d.n(5)/3, left) {
		for w.target(g, d); w.book.causes[g.cause].matter == noMatter || w.book.causes[g.cause].matter == tradeMatter && d.chance(.5); {
			w.target(g, d)
		}
		p := plan{motive: contradiction, customer: c, at: w.cal.moment(d), groundless: true}
		// A trade that was made cannot be refuted by its settlement; one that was never made can.
		p.invented = w.book.causes[g.cause].matter == tradeMatter || d.chance(.3)
		w.plant(g, d, p)
	}
}
