// Package watch tells how a model is doing that judges, and how a shadow does
// beside it: what has moved since it was trained, whether its probabilities still
// hold, what people make of its proposals, whom it wrongs. It reads no table, and
// computes nothing that learn computes.
package watch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// What is watched. The README says when each is an alarm.
const (
	PSI          = "psi"          // by signal, and of the score
	KS           = "ks"           // by signal, and of the score
	Calibration  = "calibration"  // error of the probabilities
	Delay        = "delay"        // days from receipt to the verdict: median and p90
	Override     = "override"     // share of proposals that people turned down
	Appeal       = "appeal"       // share of confirmations that were reopened or overturned
	FalseRatio   = "false_ratio"  // of a group's false positive rate to that of everybody else
	Upheld       = "upheld"       // share of claims that are right: of the flagged, of the others
	Suppression  = "suppression"  // how much less often flagged claims are upheld
	Unreadable   = "unreadable"   // a model file
	Unread       = "unread"       // complaints whose kept signals cannot be read
	Missed       = "missed"       // complaints that the shadow did not judge
	Agreement    = "agreement"    // of champion and shadow: same side of the threshold
	Rank         = "rank"         // Spearman's correlation of their scores
	Both         = "both"         // flagged by both
	Newly        = "newly"        // flagged by the shadow alone
	Cleared      = "cleared"      // flagged by the other alone
	Precision    = "precision"    // of each, where verdicts have come
	NewlyAbuse   = "newly_abuse"  // share of abuse among the newly flagged
	ClearedAbuse = "clear_abuse"  // among the cleared
	Rule         = "rule"         // share of complaints of which a rule held
	RuleFailed   = "rule_failed"  // complaints of which a rule could not be worked out
	Elsewhere    = "other_models" // complaints that another model than the present one judged beside the shadow
)

// Kinds that can become an alarm, in the order of the page.
var Kinds = []string{Unreadable, PSI, KS, Calibration, Suppression, FalseRatio, Override, Appeal, Delay, Missed}

// Limits and windows. A limit that chance alone would reach is moved to where it
// does so once in a thousand times.
const (
	day         = 24 * time.Hour
	recent      = 28 * day  // of drift
	earlier     = 84 * day  // before it: what a model without a card is compared with
	decided     = 182 * day // of verdicts and outcomes
	usualMature = 14        // days, of a model without a card

	fewComplaints = 100
	fewVerdicts   = 30

	lookPSI, actPSI   = .1, .25
	lookKS, actKS     = .1, .2
	lookError         = .025
	actError          = .05
	mostOverride      = .5
	mostAppeal        = .1
	actRatio          = 1.25
	asOftenAs         = .8 // flagged upheld at least so often as others: as good as equal
	onceInAThousand   = 3.09
	kolmogorovOneIn1k = 1.95
)

// watcher gathers measures of one model.
type watcher struct {
	in     *record.Watching
	labels map[int64]learn.Label
	cache  map[string]*model.Model
	out    []record.Measure
}

// Measures of the champion and of the shadow. A model that cannot be read is a
// measure, not an error.
func Measures(in *record.Watching) ([]record.Measure, error) {
	w := &watcher{in: in, labels: learn.Labels(in.Verdicts, in.Now), cache: map[string]*model.Model{}}
	name := cmp.Or(in.Champion.Name, model.Default)
	if m := w.model(name); m == nil {
		w.add(record.Measure{Model: name, Kind: Unreadable, Value: num(1), State: record.WatchAct})
	} else {
		w.add(record.Measure{Model: name, Kind: Unreadable, Value: num(0), State: record.WatchOK})
		if err := w.champion(m); err != nil {
			return nil, err
		}
	}
	if in.Shadow.Name != "" {
		if err := w.shadow(); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

// model by its name; nil where it is nobody's or cannot be read.
func (w *watcher) model(name string) *model.Model {
	m, ok := w.cache[name]
	if ok {
		return m
	}
	if model.Builtin(name) {
		m, _ = model.Load(name)
	}
	for _, v := range w.in.Models {
		if m == nil && v.Name == name && len(v.File) > 0 {
			m, _ = model.Parse(v.File)
		}
	}
	w.cache[name] = m
	return m
}

func (w *watcher) orders(name string) []string {
	if m := w.model(name); m != nil {
		return m.KeptNames()
	}
	return nil
}

func num(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Side of its limit on which a kind of measure is an alarm.
func Side(kind string) string {
	if kind == Suppression {
		return record.AlarmBelow // flagged claims should be upheld less often, by a margin
	}
	return record.AlarmAbove
}

func (w *watcher) add(m record.Measure) {
	if m.Limit != nil {
		m.Alarm = Side(m.Kind)
	}
	w.out = append(w.out, m)
}

// rate keeps a share with its interval; few where fewer than least are behind it.
func (w *watcher) rate(m record.Measure, r model.Rate, least int, state string) {
	m.N, m.State = r.N, state
	if r.N > 0 {
		m.Value, m.Low, m.High = num(r.Share), num(r.Low), num(r.High)
	}
	if r.N < least {
		m.State = record.WatchFew
	}
	w.add(m)
}

// grade of a value, worse the higher it is.
func grade(look, act bool) string {
	switch {
	case act:
		return record.WatchAct
	case look:
		return record.WatchLook
	}
	return record.WatchOK
}

// mature is how many days old a complaint is before its verdict is final.
func mature(m *model.Model) float64 {
	if m.Card != nil && m.Card.Labels.Maturity > 0 {
		return m.Card.Labels.Maturity
	}
	return usualMature
}

func (w *watcher) champion(m *model.Model) error {
	d := w.drift(m)
	since := w.in.Latest.Add(-decided)
	unseen := since
	if c := m.Card; c != nil && len(c.Blocks) > 0 && c.Blocks[len(c.Blocks)-1].From.After(since) {
		unseen = c.Blocks[len(c.Blocks)-1].From // what it learned from would flatter it
	}
	how := learn.Labelling{Labels: w.labels, AsOf: w.in.Now, Maturity: time.Duration(mature(m) * float64(day)), From: unseen}
	b := learn.NewBacktest(m, m, w.orders, how, 0)
	var delays []float64
	err := w.in.History(func(k *record.Kept) error {
		if !k.Received.Before(d.first) {
			d.data.Add(k)
		}
		if l, ok := w.labels[k.Seq]; ok && !k.Received.Before(since) && !l.Decided.IsZero() {
			delays = append(delays, max(0, l.Decided.Sub(k.Received).Hours()/24))
		}
		b.Add(k)
		return nil
	})
	if err != nil {
		return err
	}
	w.moved(m, d)
	t := b.Result()
	w.calibrated(m, &t.Model)
	w.suppressed(m, &t.Model)
	w.groups(m, &t.Model)
	w.rules(m, &t)
	w.reviews(m)
	w.delayed(m, delays)
	if t.Unread > 0 {
		w.add(record.Measure{Model: m.Name, Kind: Unread, Value: num(float64(t.Unread)), N: t.Unread + t.Complaints, State: record.WatchTold})
	}
	return nil
}

// drift is what is needed to tell how far signals and scores have moved.
type drift struct {
	data        *learn.Data
	first, from time.Time // of the rows that are read, and of the recent among them
}

func (w *watcher) drift(m *model.Model) *drift {
	d := &drift{from: w.in.Latest.Add(-recent)}
	if c := m.Card; c != nil && len(c.Blocks) > 0 && c.Blocks[len(c.Blocks)-1].To.After(d.from) {
		d.from = c.Blocks[len(c.Blocks)-1].To.Add(1)
	}
	if d.first = d.from; m.Card == nil || len(m.Card.Profile) == 0 {
		d.first = d.from.Add(-earlier)
	}
	d.data = learn.NewData(m.SignalNames(), w.orders, learn.Labelling{}, m)
	return d
}

// moved tells the drift against the window of the card, or, of a model without
// one, against the weeks before.
func (w *watcher) moved(m *model.Model, d *drift) {
	var before []model.Profile
	n, now := 0, 0
	if m.Card != nil && len(m.Card.Profile) > 0 {
		before, n = m.Card.Profile, max(m.Card.Labels.Complaints, 1)
	} else {
		before, n = d.data.Profile(m, d.from)
	}
	for i := range d.data.Rows {
		if !d.data.Rows[i].At.Before(d.from) {
			now++
		}
	}
	list := d.data.Moved(m, before, d.from)
	if n == 0 {
		list = nil
	}
	if len(list) == 0 {
		list = []learn.Moved{{Name: learn.Score, PSI: math.NaN(), KS: math.NaN()}}
	}
	few := min(n, now) < fewComplaints
	noise := 1/float64(max(now, 1)) + 1/float64(max(n, 1))
	for _, x := range list {
		k := float64(x.Cuts)
		chance := noise * (k + onceInAThousand*math.Sqrt(2*k)) // chi-square with as many degrees of freedom (Yurdakul 2018)
		w.limit(record.Measure{Model: m.Name, Kind: PSI, By: "signal", Part: x.Name, Value: num(x.PSI), N: now}, max(lookPSI, chance), max(actPSI, chance), few)
		chance = kolmogorovOneIn1k * math.Sqrt(noise)
		w.limit(record.Measure{Model: m.Name, Kind: KS, By: "signal", Part: x.Name, Value: num(x.KS), N: now}, max(lookKS, chance), max(actKS, chance), few)
	}
}

// limit grades a value by two limits. Where chance has moved the limit to where no
// value of the measure can be beyond it, nothing could ever ring: then there is too
// little to say and no limit.
func (w *watcher) limit(m record.Measure, look, act float64, few bool) {
	if act >= most(m.Kind) {
		m.State = record.WatchFew
		w.add(m)
		return
	}
	m.Limit, m.State = num(act), record.WatchFew
	if m.Value != nil && !few {
		m.State = grade(*m.Value > look, *m.Value > act)
	}
	w.add(m)
}

// most is what a measure can be at most.
func most(kind string) float64 {
	if kind == KS || kind == Calibration { // a difference of probabilities
		return 1
	}
	return math.Inf(1)
}

func (w *watcher) calibrated(m *model.Model, s *learn.Side) {
	x := record.Measure{Model: m.Name, Kind: Calibration, N: s.Rows}
	if s.Rows > 0 {
		x.Value = num(s.Error)
	}
	w.limit(x, max(lookError, s.Chance), max(actError, s.Chance), s.Rows < fewVerdicts || s.Bad == 0 || s.Bad == s.Rows)
}

// suppressed compares how often claims are upheld. It is an alarm where flagged
// ones are surely upheld at least four fifths as often as others: then the score
// finds people who are right.
func (w *watcher) suppressed(m *model.Model, s *learn.Side) {
	w.rate(record.Measure{Model: m.Name, Kind: Upheld, By: "flagged", Part: "yes"}, s.Upheld, 1, record.WatchTold)
	w.rate(record.Measure{Model: m.Name, Kind: Upheld, By: "flagged", Part: "no"}, s.Others, 1, record.WatchTold)
	w.suppression(record.Measure{Model: m.Name}, s.Upheld, s.Others)
	for _, g := range s.ByGroup {
		w.suppression(record.Measure{Model: m.Name, By: g.By, Part: g.Name}, g.Flagged, g.Others)
	}
}

func (w *watcher) suppression(x record.Measure, flagged, others model.Rate) {
	d := learn.Difference(others, flagged)
	margin := (1 - asOftenAs) * others.Share
	x.Kind, x.Limit = Suppression, num(margin)
	w.rate(x, d, fewVerdicts, grade(d.Low <= 0, d.High < margin))
}

// groups tells of whom the model flags more honest people than of others.
func (w *watcher) groups(m *model.Model, s *learn.Side) {
	for _, g := range s.Groups {
		w.rate(record.Measure{Model: m.Name, Kind: FalseRatio, By: g.By, Part: g.Name, Limit: num(actRatio)}, g.Ratio, fewVerdicts, grade(g.Ratio.Low > 1, g.Ratio.Low > actRatio))
	}
}

// rules tells how often each held, of what came in half a year, and which could
// not be worked out.
func (w *watcher) rules(m *model.Model, t *learn.Tested) {
	for _, r := range t.Rules {
		w.rate(record.Measure{Model: m.Name, Kind: Rule, By: "rule", Part: r.Name}, shareOf(r.Held, t.Complaints), 1, record.WatchTold)
		if r.Failed > 0 {
			w.add(record.Measure{Model: m.Name, Kind: RuleFailed, By: "rule", Part: r.Name, Value: num(float64(r.Failed)), N: t.Complaints, Limit: num(0), State: record.WatchLook})
		}
	}
}

// reviews tells what people made of the cases that this model opened.
func (w *watcher) reviews(m *model.Model) {
	r := learn.Review(w.in.Verdicts, m.Name, w.in.Now.Add(-decided), w.in.Now)
	most := mostOverride
	if m.Card != nil && m.Card.Threshold.How == "precision" {
		most = 1 - m.Card.Threshold.Asked // as it was promised
	}
	w.share(record.Measure{Model: m.Name, Kind: Override}, r.Overridden, r.Kept+r.Overridden, most)
	w.share(record.Measure{Model: m.Name, Kind: Appeal}, r.Contested, r.Confirmed, mostAppeal)
}

func (w *watcher) share(m record.Measure, k, n int, most float64) {
	r := shareOf(k, n)
	m.Limit = num(most)
	w.rate(m, r, fewVerdicts, grade(r.Share > most, r.Low > most))
}

func shareOf(k, n int) model.Rate {
	if n == 0 {
		return model.Rate{}
	}
	s, low, high := calibration.Share(float64(k), float64(n), float64(n))
	return model.Rate{Share: s, Low: low, High: high, N: n}
}

// delayed tells how long verdicts take. Where one in ten takes longer than the
// maturity window, labels that are held to be final are not.
func (w *watcher) delayed(m *model.Model, days []float64) {
	slices.Sort(days)
	at := func(share float64) *float64 {
		if len(days) == 0 {
			return nil
		}
		return num(days[int(share*float64(len(days)-1)+.5)])
	}
	w.add(record.Measure{Model: m.Name, Kind: Delay, By: "share", Part: "median", Value: at(.5), N: len(days), State: record.WatchTold})
	w.limit(record.Measure{Model: m.Name, Kind: Delay, By: "share", Part: "p90", Value: at(.9), N: len(days)}, mature(m), 2*mature(m), len(days) < fewVerdicts)
}
