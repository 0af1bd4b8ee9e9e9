package simulate

import (
	"cmp"
	"slices"
)

// telling is what the logs tell of a technical complaint that no fault explains.
type telling uint8

const (
	tellsNothing telling = iota // the customer is not in them
	tellsTrouble
	tellsNone // the customer was there, and nothing was wrong
)

var tellings = [...]string{"", "trouble", "none"}

// noTrouble is how often a technical complaint speaks of what never was.
var noTrouble = [...]float64{.04, .5, .3, .3, .6}

// sameTrouble is the span in which a customer who complains again speaks of the
// same trouble. It is longer than traces lie back: what bears out one complaint
// would stand before another that is to be refuted.
const sameTrouble = 86400

// technical says whether complaints of a type are about what a log can show.
func technical(kind uint8) bool {
	switch types[kind] {
	case "login", "platform_down", "platform_update":
		return true
	}
	return false
}

// witness decides what the logs tell of each technical complaint; those whom a
// fault met are in its own lines.
func (w *world) witness() {
	last := map[uint32]*plan{}
	for i := range w.plans {
		p := &w.plans[i]
		if p.hit != 0 || !technical(w.book.causes[p.cause].kind) {
			continue
		}
		d := throw(w.Seed, ofLogs, 1<<44+uint64(p.serial))
		switch before := last[p.customer]; {
		case before != nil && p.at-before.at < sameTrouble:
			p.logs = before.logs
		case d.chance(.35):
			p.logs = tellsNothing
		case p.incident > 0 || d.chance(noTrouble[p.motive]): // who rides on an outage was not met by it
			p.logs = tellsNone
		default:
			p.logs = tellsTrouble
		}
		last[p.customer] = p
	}
}

// trace is a log line about a customer who will complain. Its words have a
// stream of their own: no other line's words change with it.
type trace struct {
	at       int64 // milliseconds
	of       *template
	stream   uint64
	customer uint32
}

// traces are the lines that bear technical complaints out or refute them.
func (w *world) traces() []trace {
	var out []trace
	signs, calm := w.book.about("warn", "error"), w.book.about("info")
	for i := range w.plans {
		p := &w.plans[i]
		if p.logs == tellsNothing {
			continue
		}
		stream := 1<<45 + uint64(p.serial)<<4
		d := throw(w.Seed, ofLogs, stream)
		// A complaint takes a minute to write; most are written within hours.
		until := (p.at - 60) * 1000
		span := float64(min(until-w.cal.start*1000, 20*3600e3-60e3))
		add := func(from *palette, n int) {
			for range n {
				stream++
				at := until - int64(float64(d.f()*float64(d.f()*span)))
				out = append(out, trace{at: at, of: from.pick(&d), stream: stream, customer: p.customer})
			}
		}
		if p.logs == tellsNone {
			add(calm, 1+d.n(4))
			continue
		}
		add(signs, 1+d.n(3))
		if d.chance(.5) {
			add(calm, 1+d.n(2)) // they got in at last, or before
		}
	}
	slices.SortFunc(out, func(a, b trace) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.stream, b.stream)) })
	return out
}

// palette is templates to draw from by weight.
type palette struct {
	of      []*template
	weights []int
}

func (l *palette) pick(d *dice) *template { return l.of[d.weighted(l.weights)] }

// about are the everyday templates of signing in and of the app that name a
// customer. Lines of faults are not among them: they tell of incidents.
func (bk *book) about(levels ...string) *palette {
	var l palette
	for i := range bk.logs {
		t := &bk.logs[i]
		if slices.Contains([]string{"auth", "auth-sms", "mobile-api"}, t.service) && slices.Contains(levels, t.level) && t.say.names("cid") {
			l.of, l.weights = append(l.of, t), append(l.weights, t.weight)
		}
	}
	return &l
}

func (p phrase) names(slot string) bool {
	return slices.ContainsFunc(p, func(q piece) bool { return q.slot != noSlot && slotNames[q.slot] == slot })
}
