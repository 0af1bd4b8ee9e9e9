package model

import (
	"slices"

	"plaint/internal/record"
	"plaint/scoring/rule"
	"plaint/scoring/signal"
)

// readRules makes the model's rules ready. They see the signals before the
// protective ones, which are looked at only where the score is high. A trial must
// be of these very rules: who changes one must not show the figures of another.
func (m *Model) readRules() (err error) {
	same := func(r rule.Rule, t Ruled) bool { return r.Name == t.Name && r.When == t.When && r.Points == t.Points }
	if m.Trial != nil && !slices.EqualFunc(m.Rules, m.Trial.Rules, same) {
		return &rule.Error{Code: "err_rule_trial"}
	}
	m.rules = nil
	if len(m.Rules) > 0 {
		m.rules, err = rule.Compile(m.Rules, m.SignalNames()[:m.plain])
	}
	return err
}

// asking is how the rules are asked about one complaint. Facts are read only where
// there is a rule.
func (m *Model) asking(facts func() record.Facts) func(r int, signals []float32) float32 {
	if m.rules == nil {
		return nil
	}
	var v *rule.View
	return func(r int, signals []float32) float32 {
		if v == nil {
			f := facts()
			v = &rule.View{Set: m.rules, Facts: &f, Signals: signals}
		}
		return v.Ask(r)
	}
}

// evidence are the complaints behind a reason; those of a rule are behind the
// signals that it looks at.
func (m *Model) evidence(reason string, c *record.Complaint, h *record.History) []int64 {
	r := slices.IndexFunc(m.Rules, func(r rule.Rule) bool { return r.Reason() == reason })
	if r < 0 {
		return signal.Evidence(reason, c, h)
	}
	var out []int64
	for _, name := range m.rules.Signals(r) {
		out = append(out, signal.Evidence(name, c, h)...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[max(0, len(out)-20):]
}

// KeptNames tells what is kept with a decision, in its order: the signals, then the
// outcomes of rules by their condition.
func (m *Model) KeptNames() []string {
	out := m.SignalNames()
	for i := range m.Rules {
		out = append(out, m.Rules[i].Key())
	}
	return out
}

// Without decides what a decision would have been if a rule had not held.
func (m *Model) Without(d *record.Decision, r int, by record.Protection) record.Decision {
	return m.judge(func(i int) float64 {
		if v := d.Signals[i]; i < m.plain || v != 0 {
			return float64(v)
		}
		return m.funcs[i](&record.Complaint{}, &record.History{Protection: by})
	}, func(x int, _ []float32) float32 {
		if x == r {
			return rule.Not
		}
		return d.Signals[len(m.funcs)+x]
	})
}

// WithRules is the model under another name with these rules in place of its own.
// Signals that only the rules look at are added without points, so that they are
// kept and the rules can be asked again. It has the card of the model, but for how
// its scores lay: they lie elsewhere now.
func (m *Model) WithRules(name string, rules []rule.Rule) (*Model, error) {
	more, err := rule.Missing(rules, m.SignalNames())
	if err != nil {
		return nil, err
	}
	out := *m
	out.Name, out.Rules, out.Trial = name, rules, nil
	out.Signals = slices.Clone(m.Signals)
	for _, s := range more {
		out.Signals = slices.Insert(out.Signals, m.plain, Unused(s))
	}
	if m.Card != nil {
		c := *m.Card
		c.Profile = slices.DeleteFunc(slices.Clone(c.Profile), func(p Profile) bool { return p.Name == "score" })
		out.Card = &c
	}
	return &out, out.Check()
}

// Words are the texts that a rule of the model compares facts with, as a whole.
func (m *Model) Words(r int) []rule.Word { return m.rules.Words(r) }

// Doubts are what a reader of a rule must know before it is believed.
type Doubts struct {
	Falls  []string // signals of which more may lower the score
	Alone  bool     // it flags by itself, whatever else is known
	Speech bool     // it looks at the language people write in
}

// Doubts about a rule of the model.
func (m *Model) Doubts(r int) Doubts {
	none := m.Base
	for i := range m.plain {
		none += m.Signals[i].points(0)
	}
	none = m.Calibration.Of(none)
	p := m.Rules[r].Points
	return Doubts{Falls: m.rules.Falls(r, p), Alone: none < m.Threshold && none+p >= m.Threshold, Speech: m.rules.LooksAt(r, "language")}
}
