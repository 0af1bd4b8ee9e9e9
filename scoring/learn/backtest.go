package learn

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/model"
)

// fewOutcomes is how many flagged complaints with a decided claim the
// suppression alarm needs.
const fewOutcomes = 30

// Backtest judges history by two models and says what would have been otherwise.
// It holds no row but those whose truth is known.
type Backtest struct {
	how       Labelling
	orders    Orders
	new, old  *side
	first     time.Time
	last      time.Time
	cost      float64
	seen      int
	days      map[int64]bool // on which complaints came
	unread    int
	unknown   map[string]bool // models whose signals cannot be read
	both      int
	appeared  int
	cleared   int
	verdicts  [2]cell // of what appeared: honest, abuse
	forgotten [2]cell // of what was cleared
	rules     ruleCounts
}

// upheld are decided claims by flagged and upheld.
type upheld [2][2]int

// side is what one model does.
type side struct {
	m       *model.Model
	judges  map[string]*model.Judge // by the model that kept the signals; nil: unreadable
	eval    *Evaluation
	flagged int
	days    map[int64]int
	upheld  upheld
	groups  map[[2]string]*upheld
	lost    float64 // cost
	weight  float64
}

// Change is a complaint of which the two models say different things.
type Change struct {
	Seq      int64
	Source   string
	At       time.Time
	Flagged  bool // by the tested model, and not by the other; else the other way round
	New, Old record.Decision
	Row      Row
}

// NewBacktest of a model against another. cost is that of a missed abuse in
// needless reviews; 0 is not asked for.
func NewBacktest(tested, against *model.Model, orders Orders, how Labelling, cost float64) *Backtest {
	of := func(m *model.Model) *side {
		return &side{m: m, judges: map[string]*model.Judge{}, eval: NewEvaluation(m), days: map[int64]int{}, groups: map[[2]string]*upheld{}}
	}
	return &Backtest{how: how, orders: orders, new: of(tested), old: of(against), cost: cost, days: map[int64]bool{}, unknown: map[string]bool{}, rules: make(ruleCounts, len(tested.Rules))}
}

// judge of the signals that a model kept; nil where it did not keep what is
// needed.
func (s *side) judge(by string, orders Orders) *model.Judge {
	j, ok := s.judges[by]
	if ok {
		return j
	}
	if names := orders(by); names != nil {
		if x, missing := s.m.Over(names); len(missing) == 0 {
			j = &x
		}
	}
	s.judges[by] = j
	return j
}

// Add judges a kept complaint. changed says whether the models disagree.
func (b *Backtest) Add(k *record.Kept) (c Change, changed bool) {
	if !b.how.inside(k.Received) {
		return c, false
	}
	tested, against := b.new.judge(k.Model, b.orders), b.old.judge(k.Model, b.orders)
	if tested == nil || against == nil {
		b.unread++
		b.unknown[k.Model] = true
		return c, false
	}
	c, changed = b.Take(k, tested.Again(k.Signals, k.Facts, k.Protection), against.Again(k.Signals, k.Facts, k.Protection))
	b.rules.add(b.new.m, &c, k)
	return c, changed
}

// Take counts a complaint that both models have judged already.
func (b *Backtest) Take(k *record.Kept, tested, against record.Decision) (c Change, changed bool) {
	b.days[k.Received.Unix()/secondsADay] = true
	if b.seen++; b.first.IsZero() || !k.Received.IsZero() && k.Received.Before(b.first) {
		b.first = k.Received
	}
	if k.Received.After(b.last) {
		b.last = k.Received
	}
	c = Change{Seq: k.Seq, Source: k.Source, At: k.Received, New: tested, Old: against}
	c.Flagged = c.New.Flagged
	c.Row = b.row(k)
	b.new.add(c.New, k, &c.Row, b.cost)
	b.old.add(c.Old, k, &c.Row, b.cost)
	b.compare(&c)
	return c, c.New.Flagged != c.Old.Flagged
}

// row is the complaint's label; a verdict on one that is too young does not
// count.
func (b *Backtest) row(k *record.Kept) Row {
	r := Row{Seq: k.Seq, At: k.Received, By: [3]string{k.Language, k.Country, k.Type}}
	if b.how.AsOf.IsZero() || !k.Received.Add(b.how.Maturity).After(b.how.AsOf) {
		r.Label, r.Labelled = b.how.Labels[k.Seq]
	}
	if r.Weight == 0 {
		r.Weight = 1
	}
	return r
}

func (s *side) add(d record.Decision, k *record.Kept, r *Row, cost float64) {
	if d.Flagged {
		s.flagged++
		s.days[k.Received.Unix()/secondsADay]++
	}
	if k.Upheld != record.Unknown {
		f, u := bit(d.Flagged), bit(k.Upheld == record.Yes)
		s.upheld[f][u]++
		for i, by := range By {
			key := [2]string{by, r.By[i]}
			if s.groups[key] == nil {
				s.groups[key] = &upheld{}
			}
			s.groups[key][f][u]++
		}
	}
	if !r.Labelled {
		return
	}
	s.eval.Add(d, r)
	s.weight += r.Weight
	switch {
	case d.Flagged && !r.Bad:
		s.lost += r.Weight
	case !d.Flagged && r.Bad:
		s.lost += r.Weight * cost
	}
}

func (b *Backtest) compare(c *Change) {
	switch {
	case c.New.Flagged && c.Old.Flagged:
		b.both++
	case c.New.Flagged:
		b.appeared++
		if c.Row.Labelled {
			b.verdicts[bit(c.Row.Bad)].add(c.Row.Weight)
		}
	case c.Old.Flagged:
		b.cleared++
		if c.Row.Labelled {
			b.forgotten[bit(c.Row.Bad)].add(c.Row.Weight)
		}
	}
}

// Tested is what a backtest found.
type Tested struct {
	Complaints int       `json:"complaints"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Unread     int       `json:"unread"` // their signals were kept by models that nobody knows, or not all of them were
	Unknown    []string  `json:"unread_models,omitempty"`
	Newly      int       `json:"newly_flagged"`
	Cleared    int       `json:"cleared"`
	Both       int       `json:"flagged_by_both"`
	// Of those with a verdict: how many of the newly flagged were abuse, and how
	// many of the cleared.
	NewlyAbuse   model.Rate `json:"newly_flagged_abuse"`
	ClearedAbuse model.Rate `json:"cleared_abuse"`
	Model        Side       `json:"model"`
	Against      Side       `json:"against"`
	// What the rules of the tested model did.
	Rules []model.Ruled `json:"rules,omitempty"`
}

// Side is what one model would have done.
type Side struct {
	model.Figures
	AllFlagged int        `json:"all_flagged"` // labelled or not
	ADay       float64    `json:"queue_a_day"`
	Busiest    int        `json:"busiest_day"`
	Upheld     model.Rate `json:"upheld_flagged"` // of flagged claims that were decided
	Others     model.Rate `json:"upheld_others"`
	// Suppression is set where flagged claims are not surely upheld less often
	// than others: then the score finds people who are right.
	Suppression bool     `json:"suppression_alarm"`
	Cost        *float64 `json:"cost,omitempty"`     // of a labelled complaint, in needless reviews
	Chance      float64  `json:"calibration_chance"` // error that a calibrated score would have once in a thousand times on as many labels
	ByGroup     []Upheld `json:"upheld_by_group,omitempty"`
}

// Upheld tells how often the claims of a group are upheld, where enough of those
// that are flagged, and of the others, were decided.
type Upheld struct {
	By      string     `json:"by"`
	Name    string     `json:"name"`
	Flagged model.Rate `json:"flagged"`
	Others  model.Rate `json:"others"`
}

// Result of what was added.
func (b *Backtest) Result() Tested {
	t := Tested{Complaints: b.seen, From: b.first, To: b.last, Unread: b.unread, Newly: b.appeared, Cleared: b.cleared, Both: b.both,
		NewlyAbuse: b.verdicts[1].share(b.verdicts[0]), ClearedAbuse: b.forgotten[1].share(b.forgotten[0])}
	for name := range b.unknown {
		t.Unknown = append(t.Unknown, name)
	}
	slices.Sort(t.Unknown)
	length := max(min(b.last.Sub(b.first).Seconds()/secondsADay, float64(len(b.days))), 1) // a stray date makes no years
	t.Model, t.Against = b.new.told(length, b.cost), b.old.told(length, b.cost)
	t.Rules = b.rules.told(b.new.m)
	return t
}

func (s *side) told(length, cost float64) Side {
	out := Side{Figures: s.eval.Figures(), AllFlagged: s.flagged, ADay: float64(s.flagged) / length}
	for _, n := range s.days {
		out.Busiest = max(out.Busiest, n)
	}
	out.Upheld, out.Others, out.ByGroup = rate(s.upheld[1]), rate(s.upheld[0]), s.byGroup()
	out.Suppression = out.Upheld.N >= fewOutcomes && out.Others.N >= fewOutcomes && !surelyLess(out.Upheld, out.Others)
	out.Chance = s.eval.chance()
	if cost > 0 && s.weight > 0 {
		c := s.lost / s.weight
		out.Cost = &c
	}
	return out
}

func (s *side) byGroup() (out []Upheld) {
	for key, u := range s.groups {
		if x := (Upheld{key[0], key[1], rate(u[1]), rate(u[0])}); x.Flagged.N >= fewOutcomes && x.Others.N >= fewOutcomes && u.all() < s.upheld.all() {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Upheld) int { return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Name, b.Name)) })
	return out
}

func (u *upheld) all() int { return u[0][0] + u[0][1] + u[1][0] + u[1][1] }

// surelyLess tells whether the interval of the difference of two rates lies above
// zero.
func surelyLess(a, b model.Rate) bool {
	d := Difference(b, a)
	return d.Low > 0
}

// Difference of two rates with its 95 % interval (Newcombe 1998); N is the
// smaller of both.
func Difference(a, b model.Rate) model.Rate {
	d := a.Share - b.Share
	return model.Rate{Share: d, Low: d - math.Hypot(a.Share-a.Low, b.High-b.Share), High: d + math.Hypot(a.High-a.Share, b.Share-b.Low), N: min(a.N, b.N)}
}

// rate of the second among both.
func rate(n [2]int) model.Rate {
	all := float64(n[0] + n[1])
	if all == 0 {
		return model.Rate{High: 1}
	}
	s, low, high := calibration.Share(float64(n[1]), all, all)
	return model.Rate{Share: s, Low: low, High: high, N: n[0] + n[1]}
}
