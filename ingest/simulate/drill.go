package simulate

import (
	"slices"
	"strconv"
)

// decoy is what looks like a fault and is none.
type decoy struct {
	Kind       string   `json:"kind"`
	Start      string   `json:"start"`
	End        string   `json:"end"`
	Service    string   `json:"service,omitempty"`
	Templates  []string `json:"templates,omitempty"`
	Complaints int      `json:"complaints"`

	number    uint8 // 1-based, as of plans
	from, to  int64
	templates []template
	lines     int
}

// drillCountries are those with enough customers for a slice of their own.
var drillCountries = []string{"CN", "HK", "SG", "MY", "GB", "TW"}

// planDrill plants faults of any cause, size, length, lag and slice of
// customers, at any time.
func (w *world) planDrill() {
	for i := range w.Incidents {
		d := throw(w.Seed, ofDrill, uint64(i))
		cause := w.book.causes[d.n(len(w.book.causes))].name
		for len(w.book.faults[cause]) == 0 && d.chance(.75) { // most faults are seen in a log
			cause = w.book.causes[d.n(len(w.book.causes))].name
		}
		k := &faultKind{cause: cause, size: int(8 * power(float64(4.135*d.f()))), // 8 to 500
			hours: power(float64(4.787 * d.f())), delay: .25 * power(float64(3.871*d.f()))} // 1 to 120 hours, 0.25 to 12
		if d.chance(.3) {
			k.dead = int64(d.n(36 * 3600)) // a wrong statement is seen when it is sent
		}
		w.slice(k, &d)
		if of := w.book.faults[k.cause]; len(of) > 0 {
			k.service = of[0].service
		}
		start := w.drillStart(k, &d)
		w.incidents = append(w.incidents, incident{kind: k, cause: w.causeNamed(k.cause), start: start,
			end: start + int64(k.hours*3600), slice: k.describe(), customers: map[uint32]bool{}})
	}
	w.planDecoys()
}

// drillStart is when a fault begins: what already goes on cannot begin again, so
// two of one cause keep ten days between them, where there is room.
func (w *world) drillStart(k *faultKind, d *dice) (start int64) {
	room := float64(w.cal.end-w.cal.start) - float64(k.hours*3600) - 8*86400
	for range 50 {
		start = w.cal.start + 5*86400 + int64(float64(d.f()*room))
		end, apart := start+int64(k.hours*3600), int64(10*86400)
		if !slices.ContainsFunc(w.incidents, func(in incident) bool {
			return in.kind.cause == k.cause && start < in.end+apart && in.start < end+apart
		}) {
			break
		}
	}
	return start
}

// slice chooses whom a fault meets: everybody, one attribute or two.
func (w *world) slice(k *faultKind, d *dice) {
	switch d.weighted([]int{30, 20, 15, 15, 10, 10}) {
	case 1:
		k.country = drillCountries[d.n(len(drillCountries))]
	case 2:
		k.product = uint8(1 + d.n(len(products)))
	case 3:
		k.app = apps[d.n(len(apps))]
	case 4:
		k.country, k.product = drillCountries[d.n(len(drillCountries))], uint8(1+d.n(len(products)))
	case 5:
		k.app, k.product = apps[1+d.n(len(apps)-1)], uint8(1+d.n(len(products)))
	}
}

// planDecoys plans bursts of log lines that nobody complains about, some of
// them at the time of a fault that they have nothing to do with.
func (w *world) planDecoys() {
	used := map[string]bool{}
	for _, in := range w.incidents {
		used[in.kind.cause] = true
	}
	var free []string
	for _, c := range w.book.causes {
		if len(w.book.faults[c.name]) > 0 && !used[c.name] {
			free = append(free, c.name)
		}
	}
	for i := range 6 {
		d := throw(w.Seed, ofDrill, 1<<20+uint64(i))
		x := decoy{Kind: "log_burst", from: w.cal.moment(&d), lines: 40 + d.n(400)}
		x.to = x.from + int64(float64(3600*power(float64(3.4*d.f()))))
		if len(free) > 0 && d.chance(.5) {
			x.templates = w.book.faults[free[d.n(len(free))]]
		} else {
			x.templates = []template{w.book.logs[d.n(len(w.book.logs))]}
		}
		if i >= 3 && len(w.incidents) > 0 {
			in := &w.incidents[d.n(len(w.incidents))]
			x.Kind = "log_burst_beside_fault"
			x.from, x.to = max(w.cal.start, in.start-int64(d.n(7200))), in.end
		}
		for _, t := range x.templates {
			x.Templates, x.Service = append(x.Templates, t.text), t.service
		}
		w.decoys = append(w.decoys, x)
	}
}

// planSwells plants complaints that come in heaps without a fault: a campaign
// that brings customers with every kind of complaint, a pile of mail that is
// entered in two hours, small heaps of chance, and letters that go around.
func (w *world) planSwells() {
	d := throw(w.Seed, ofDrill, 1<<21)
	start := w.cal.start + int64(10+d.n(max(w.Days-20, 1)))*86400
	days := int64(3 + d.n(4))
	perDay := w.Complaints / w.Days
	w.heap(&d, decoy{Kind: "campaign", from: start, to: start + days*86400}, perDay*int(days)*(80+d.n(70))/100, func(p *plan) {
		p.at = start + int64(d.n(int(days)))*86400 + w.cal.clock(&d)
	})
	monday := w.cal.start + int64(7*(1+d.n(max(w.Days/7-2, 1))))*86400 + 9*3600
	w.heap(&d, decoy{Kind: "backlog", from: monday, to: monday + 7200}, 40+d.n(60), func(p *plan) {
		p.at, p.channel = monday+int64(d.n(7200)), 4 // mail
	})
	for range 5 {
		at, cause := w.cal.moment(&d), w.pickCause(&d)
		w.heap(&d, decoy{Kind: "small_heap", from: at, to: at + 7200}, 3+d.n(3), func(p *plan) {
			p.at, p.cause = at+int64(d.n(7200)), cause
		})
	}
	for range 2 {
		w.plantLetter(&d)
	}
}

// heap plans n everyday complaints of everyday people and then lets change
// alter them.
func (w *world) heap(d *dice, x decoy, n int, change func(*plan)) {
	x.number, x.Complaints = uint8(len(w.decoys)+1), n
	for range n {
		p := plan{cause: w.pickCause(d), customer: w.bystander(d), decoy: x.number}
		change(&p)
		w.add(p, d)
	}
	w.decoys = append(w.decoys, x)
}

// plantLetter lets one letter be sent by many within two days.
func (w *world) plantLetter(d *dice) {
	g := &gang{Kind: motives[professional], number: uint32(len(w.gangs) + 1), edit: uint8(10 + d.n(40)), contact: d.pcg.Uint64()}
	g.ID = gangID(professional, g.number)
	w.target(g, d)
	cause, start := g.cause, w.cal.moment(d)
	x := decoy{Kind: "letter", from: start, to: start + 2*86400, number: uint8(len(w.decoys) + 1), Complaints: 30 + d.n(50)}
	for range x.Complaints {
		g.cause = cause
		c := w.enlist(g, d, role{})
		w.plant(g, d, plan{motive: professional, customer: c, at: start + d.seconds(8, .8), decoy: x.number})
	}
	g.Complaints = x.Complaints
	w.gangs, w.decoys = append(w.gangs, g), append(w.decoys, x)
}

// grown draws the later of two moments for some complaints: a growing number
// of customers.
func (w *world) grown(at int64, d *dice) int64 {
	if w.Drill && d.chance(.35) {
		return max(at, w.cal.moment(d))
	}
	return at
}

// faultCauses are the faults that also show without an incident now and then.
func (w *world) faultCauses() (out []string) {
	if !w.Drill {
		for _, k := range faultKinds {
			out = append(out, k.cause)
		}
		return out
	}
	for name := range w.book.faults {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// decoyBursts are the lines of bursts that nobody complains about.
func (w *world) decoyBursts() (out []burst) {
	for i := range w.decoys {
		x := &w.decoys[i]
		d := throw(w.Seed, ofLogs, 1<<43+uint64(i))
		for range x.lines {
			at := x.from + int64(float64(d.f()*float64(d.f()*float64(x.to-x.from))))
			out = append(out, burst{at: at, customer: uint32(d.n(w.Customers)), known: d.chance(.5), incident: -1 - i, of: x.templates})
		}
	}
	return out
}

func (w *world) decoyTruth() any {
	for i := range w.decoys {
		x := &w.decoys[i]
		x.Start, x.End = iso(x.from), iso(x.to)
	}
	return w.decoys
}

func appendDecoy(b []byte, number uint8) []byte {
	if number == 0 {
		return b
	}
	return strconv.AppendInt(append(b, 'D'), int64(number), 10)
}
