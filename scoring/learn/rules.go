package learn

import (
	"plaint/internal/record"
	"plaint/scoring/model"
	"plaint/scoring/rule"
)

// ruleCounts are what the rules of a tested model did, in their order.
type ruleCounts []struct {
	held, failed, flagged, cleared int
	abuse, changed                 [2]cell // honest, abuse: where it held, and of what it alone flagged or cleared
	upheld                         [2]int
}

// add counts a complaint that the model judged from kept signals.
func (n ruleCounts) add(m *model.Model, c *Change, k *record.Kept) {
	for r := range n {
		x := &n[r]
		switch c.New.Signals[len(m.Signals)+r] {
		case rule.Failed:
			x.failed++
		case rule.Holds:
			x.held++
			if k.Upheld != record.Unknown {
				x.upheld[bit(k.Upheld == record.Yes)]++
			}
			if c.Row.Labelled {
				x.abuse[bit(c.Row.Bad)].add(c.Row.Weight)
			}
			without := m.Without(&c.New, r, k.Protection).Flagged
			if without == c.New.Flagged {
				continue
			}
			x.flagged, x.cleared = x.flagged+bit(c.New.Flagged), x.cleared+bit(without)
			if c.Row.Labelled {
				x.changed[bit(c.Row.Bad)].add(c.Row.Weight)
			}
		}
	}
}

func (n ruleCounts) told(m *model.Model) (out []model.Ruled) {
	for r := range n {
		x, of := &n[r], &m.Rules[r]
		out = append(out, model.Ruled{Name: of.Name, When: of.When, Points: of.Points, Held: x.held, Failed: x.failed, Flagged: x.flagged, Cleared: x.cleared,
			Abuse: x.abuse[1].share(x.abuse[0]), Changed: x.changed[1].share(x.changed[0]), Upheld: rate(x.upheld)})
	}
	return out
}

// Trial is what a backtest of a model with rules found, for its card.
func (t *Tested) Trial() *model.Trial {
	of := func(s *Side) model.Queue {
		return model.Queue{Flagged: s.AllFlagged, ADay: s.ADay, Busiest: s.Busiest, Precision: s.Precision, Recall: s.Recall, Upheld: s.Upheld}
	}
	return &model.Trial{On: t.Against.Model, Complaints: t.Complaints, From: t.From, To: t.To, Unread: t.Unread, Before: of(&t.Against), After: of(&t.Model), Rules: t.Rules}
}
