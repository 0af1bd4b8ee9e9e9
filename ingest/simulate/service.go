package simulate

import (
	"slices"
	"strconv"
)

// outcome is what the broker made of a complaint. Times are unix seconds, 0
// where it did not happen by the end of the quarter.
type outcome struct {
	handler                     int
	department, state, priority uint8
	resolution                  uint8
	closed, reopened, escalated int64
	changed                     int64
	redress                     int64 // cents
	ratio                       float64
	breach, upheld, external    bool
}

const (
	isOpen uint8 = iota
	isInProgress
	isResolved
	isClosed
	isRejected
	isWithdrawn
)

var (
	states      = [...]string{"open", "in_progress", "resolved", "closed", "rejected", "withdrawn"}
	priorities  = [...]string{"low", "normal", "high", "urgent"}
	resolutions = [...]string{"explained", "refund", "goodwill", "corrected", "referred", "no_fault_found", "withdrawn"}
	departments = [...]string{"customer_service", "technical_support", "finance", "risk_control", "trading_guidance", "complaint_handling", "legal_compliance"}
	// breachRate is planted per department; complaint handling is the bad one.
	breachRate = [...]float64{.08, .12, .16, .10, .07, .36, .10}
	// breachShift is the matching mean of the log of time taken over limit, with spread .6.
	breachShift = [...]float64{-.843, -.705, -.597, -.769, -.886, -.215, -.769}
	deskOf      = [...][2]uint8{{0, 0}, {1, 1}, {2, 0}, {1, 3}, {1, 1}, {3, 0}, {4, 4}, {5, 5}, {1, 0}, {6, 6}}
	// limitMinutes is the service-level table; "at once" is 0, "case by case" -1.
	limitMinutes = [...]int{0, 30, 1440, 2880, 0, 0, 30, 4320, 1440, -1}
)

// atOnce is the minutes that "at once" is worked against.
const atOnce = 15

const handlingSpread = .6

func workMinutes(kind uint8) float64 {
	switch m := limitMinutes[kind]; m {
	case 0:
		return atOnce
	case -1:
		return 10 * 1440
	default:
		return float64(m)
	}
}

// handlerQuality is in units of the latent satisfaction; one handler in eleven
// is bad.
func (w *world) handlerQuality(h int) float64 {
	d := throw(w.Seed, ofHandlers, uint64(h))
	q := float64(.2 * d.normal())
	if badHandler(h) {
		q -= .9
	}
	return q
}

func badHandler(h int) bool { return h%11 == 5 }

func (w *world) handlers() int { return min(28+w.Complaints/1500/7*7, 420) }

func appendHandler(b []byte, h int) []byte {
	return strconv.AppendInt(append(b, 'H'), int64(100+h), 10)
}

// handled is what becomes of complaint i: a pure function of its plan.
func (w *world) handled(i int) outcome {
	p := &w.plans[i]
	d := throw(w.Seed, ofHandling, uint64(p.serial))
	kind := p.filed
	o := outcome{department: deskOf[kind][btoi(d.chance(.3))], changed: p.at}
	o.handler = int(o.department) + len(departments)*d.n(w.handlers()/len(departments))
	o.priority = uint8(d.weighted([]int{15, 60, 20, 5}))
	shift := breachShift[o.department]
	if badHandler(o.handler) {
		shift += .3
	}
	if p.incident > 0 {
		shift += .35 // a crowd makes everybody wait
	}
	o.ratio = d.spread(power(shift), handlingSpread)
	o.breach = o.ratio > 1
	took := max(int64(float64(o.ratio*float64(workMinutes(kind)*60))), 40)
	end := p.at + took
	o.upheld = d.chance(upheldChance(p))
	if end >= w.cal.end {
		w.leaveOpen(&o, p, &d)
		return o
	}
	o.closed, o.changed = end, end
	w.settle(&o, p, &d)
	return o
}

func upheldChance(p *plan) float64 {
	switch {
	case p.groundless || p.invented:
		return .06
	case p.incident > 0:
		return .8
	}
	return [...]float64{.55, .35, .3, .3, .06}[p.motive]
}

func (w *world) leaveOpen(o *outcome, p *plan, d *dice) {
	o.upheld = false
	o.breach = o.breach && float64(p.at)+float64(workMinutes(p.filed)*60) < float64(w.cal.end)
	if o.state = isOpen; d.chance(.7) {
		o.state = isInProgress
		o.changed = min(p.at+60+d.seconds(.5, 1), w.cal.end-1)
	}
}

func (w *world) settle(o *outcome, p *plan, d *dice) {
	o.state, o.resolution = isResolved, uint8([...]int{0, 3, 4, 5}[d.weighted([]int{50, 10, 15, 25})])
	switch {
	case !o.upheld && d.chance(.05):
		o.state, o.resolution = isWithdrawn, 6
	case !o.upheld && d.chance(.35):
		o.state, o.resolution = isRejected, 5
	case d.chance(.3):
		o.state = isClosed
	}
	if o.upheld {
		o.resolution = uint8([...]int{1, 2, 3}[d.weighted([]int{45, 20, 35})])
	}
	if o.upheld && p.claim > 0 && d.chance(.6) {
		o.redress = max(p.claim*int64(20+d.n(80))/100, 100)
	}
	late := .04
	if o.breach {
		late = .12
	}
	if badHandler(o.handler) {
		late += .1
	}
	if t := o.closed + d.seconds(40, .8); d.chance(late) && t < w.cal.end {
		o.reopened, o.changed, o.state = t, t, isInProgress
	}
	if t := p.at + (o.closed-p.at)/2; d.chance(late) {
		o.escalated = t
	}
	o.external = d.chance(late / 3)
}

// answer is one line of surveys.csv before it is written.
type answer struct {
	at     int64
	plan   int32 // -1 for a poll at random
	person uint32
	metric uint8
	score  uint8
}

var (
	metrics  = [...]string{"csat", "nps", "ces"}
	scaleMin = [...]int{1, 0, 1}
	scaleMax = [...]int{5, 10, 7}
	// cuts of the latent satisfaction (spread 1) into each scale's steps.
	cuts = [...][]float64{
		{-1.3, -.6, .1, 1},
		{-2, -1.6, -1.3, -1, -.7, -.4, -.1, .25, .75, 1.3},
		{-1.6, -1, -.5, 0, .5, 1.2},
	}
)

// The true effects on the latent satisfaction, in its standard deviations.
const (
	effectBase     = -.25
	effectBreach   = -.55
	effectSlow     = -.25 // per e-fold of time taken over the limit
	effectUpheld   = .6
	effectIncident = -.45
	effectBadDesk  = -.3
	effectWeekend  = -.12
	effectHoliday  = -.1 // first six weeks of the quarter
	effectTrend    = -.15
	effectPoll     = 1.1 // asked without a complaint
)

// surveys are the answers given, in order of time: every second closed
// complaint is asked about, and customers are polled at random.
func (w *world) surveys() []answer {
	out := make([]answer, 0, len(w.plans)/5+w.Customers/12)
	for i := range w.plans {
		if a, ok := w.asked(i); ok {
			out = append(out, a)
		}
	}
	for k := range w.Customers / 12 {
		d := throw(w.Seed, ofPolls, uint64(k))
		a := answer{at: w.cal.moment(&d), plan: -1, person: uint32(d.n(w.Customers)), metric: 1}
		latent := effectBase + effectPoll + float64(w.seasonal(a.at)) + d.normal()
		if w.grade(&a, latent, &d) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b answer) int { return int(a.at - b.at) })
	return out
}

func (w *world) asked(i int) (answer, bool) {
	o := w.handled(i)
	d := throw(w.Seed, ofSurveys, uint64(w.plans[i].serial))
	if o.closed == 0 || !d.chance(.5) {
		return answer{}, false
	}
	p := &w.plans[i]
	a := answer{at: o.closed + 600 + d.seconds(9, 1.1), plan: int32(i), person: p.customer}
	a.metric = uint8(d.weighted([]int{55, 20, 25}))
	latent := effectBase + w.handlerQuality(o.handler) + float64(w.seasonal(a.at)) + d.normal()
	latent += float64(effectSlow * max(min(ratioLog(o.ratio), 2), -2))
	for _, e := range [...]struct {
		on   bool
		size float64
	}{{o.breach, effectBreach}, {o.upheld, effectUpheld}, {p.incident > 0, effectIncident}, {departments[o.department] == "complaint_handling", effectBadDesk}} {
		if e.on {
			latent += e.size
		}
	}
	return a, w.grade(&a, latent, &d) && a.at < w.cal.end
}

// ratioLog is the natural logarithm by bisection of power, for the reason given there.
func ratioLog(x float64) float64 {
	lo, hi := -4.0, 4.0
	for range 24 {
		if mid := (lo + hi) / 2; power(mid) < x {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func (w *world) seasonal(at int64) float64 {
	share := float64(at-w.cal.start) / float64(w.cal.end-w.cal.start)
	s := float64(effectTrend * share)
	if day := (at/86400 + 4) % 7; day == 0 || day == 6 {
		s += effectWeekend
	}
	if at < w.cal.start+42*86400 {
		s += effectHoliday
	}
	return s
}

// grade turns the latent satisfaction into a score, if it is given at all:
// fewer answer as the quarter goes on, and those in the middle least.
func (w *world) grade(a *answer, latent float64, d *dice) bool {
	for _, c := range cuts[a.metric] {
		if latent > c {
			a.score++
		}
	}
	a.score += uint8(scaleMin[a.metric])
	share := float64(a.at-w.cal.start) / float64(w.cal.end-w.cal.start)
	chance := .62 - float64(.2*share)
	if latent > -.7 && latent < .7 {
		chance -= .22
	}
	return d.chance(chance)
}

const surveyHeader = "id,customer,answered,metric,score,scale_min,scale_max,comment,complaint,handler,channel,product,segment\n"

func (w *world) appendSurvey(b []byte, i int, a *answer) []byte {
	d := throw(w.Seed, ofPolls, 1<<40+uint64(i))
	who := w.person(a.person)
	b = strconv.AppendInt(append(b, 'S'), 10000001+int64(i), 10)
	b = appendTime(append(appendCustomer(append(b, ','), a.person), ','), a.at)
	b = append(append(append(b, ','), metrics[a.metric]...), ',')
	for _, n := range [...]int{int(a.score), scaleMin[a.metric], scaleMax[a.metric]} {
		b = append(strconv.AppendInt(b, int64(n), 10), ',')
	}
	b = w.appendComment(b, a, btoi(who.zh), &d)
	b = append(b, ',')
	product := products[d.weighted(productWeight)]
	if a.plan >= 0 {
		b = append(appendComplaintID(b, int(a.plan)), ',')
		b = appendHandler(b, w.handled(int(a.plan)).handler)
		product = products[w.plans[a.plan].product]
	} else {
		b = append(b, ',')
	}
	b = append(append(b, ','), [...]string{"app", "email", "sms"}[d.weighted([]int{50, 30, 20})]...)
	b = append(append(append(b, ','), product...), ',')
	return append(append(b, countries[who.country]...), '\n')
}

func (w *world) appendComment(b []byte, a *answer, l int, d *dice) []byte {
	if !d.chance(.35) {
		return b
	}
	mood := "mid"
	switch scale := scaleMax[a.metric] - scaleMin[a.metric]; {
	case int(a.score)-scaleMin[a.metric] >= scale*3/4:
		mood = "good"
	case int(a.score)-scaleMin[a.metric] <= scale/3:
		mood = "bad"
	}
	of := w.book.frame[l]["comment."+mood]
	s := scribe{w: w, l: l, p: &plan{at: a.at, amount: 10000, customer: a.person}, who: w.person(a.person), facts: *d}
	return appendQuoted(b, of[d.n(len(of))].say(nil, d, s.fill))
}

func (w *world) satisfactionTruth() any {
	return map[string]any{
		"unit": "standard deviations of the latent satisfaction within one customer",
		"effects": map[string]float64{"base": effectBase, "breach": effectBreach, "per_efold_slower_than_limit": effectSlow,
			"upheld": effectUpheld, "incident": effectIncident, "department_complaint_handling": effectBadDesk,
			"weekend": effectWeekend, "first_six_weeks": effectHoliday, "trend_over_the_period": effectTrend, "bad_handler": -.9,
			"poll_instead_of_complaint": effectPoll},
		"cuts":         map[string][]float64{"csat": cuts[0], "nps": cuts[1], "ces": cuts[2]},
		"non_response": map[string]float64{"answer_at_start": .62, "fall_over_the_period": .2, "less_if_latent_within_0.7": .22},
	}
}

func (w *world) serviceTruth(by [len(departments)]load) any {
	type truth struct {
		Department string  `json:"department"`
		Rate       float64 `json:"planted_breach_rate"`
		load
	}
	all := make([]truth, 0, len(departments))
	for i, d := range departments {
		all = append(all, truth{d, breachRate[i], by[i]})
	}
	bad := []string{}
	for h := range w.handlers() {
		if badHandler(h) {
			bad = append(bad, string(appendHandler(nil, h)))
		}
	}
	limits := map[string]int{}
	for i, t := range types {
		limits[t] = limitMinutes[i]
	}
	return map[string]any{"departments": all, "bad_handlers": bad, "limit_minutes": limits, "at_once_is_worked_against_minutes": atOnce,
		"note": "the planted rate holds for good handlers without an incident; both raise it"}
}
