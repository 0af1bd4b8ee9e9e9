package learn

import (
	"cmp"
	"math"
	"slices"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/glass"
	"plaint/scoring/model"
)

// Aim is what a threshold is to do: one of the three is set, or none for a queue
// as long as the parent's.
type Aim struct {
	Queue     float64 // complaints a day
	Precision float64 // share of the flagged that are abuse, promised
	Cost      float64 // of a missed abuse, in needless reviews
}

const secondsADay = 24 * 3600

// aim sets the threshold on the calibration block.
func (t *trainer) aim() error {
	a, m := t.o.Aim, t.m
	told := &m.Card.Threshold
	switch {
	case a.Precision > 0:
		cases := t.cases(t.b.calibrate, -math.MaxFloat64)
		p, ok := calibration.Keep(cases, a.Precision, glass.Probability)
		if !ok {
			return problem("err_learn_promise", "asked", a.Precision, "most", most(cases, a.Precision))
		}
		m.Threshold = p.Threshold
		*told = model.Aim{How: "precision", Asked: a.Precision, Found: p.Found, Low: p.Low}
	case a.Cost > 0:
		m.Threshold = -math.Log(a.Cost)
		*told = model.Aim{How: "cost", Asked: a.Cost}
	default:
		length := t.b.end.Sub(t.b.middle).Seconds() / secondsADay
		if a.Queue == 0 {
			a.Queue = float64(t.flagged(t.o.Parent)) / length
		}
		m.Threshold = t.queue(int(a.Queue * length))
		*told = model.Aim{How: "queue", Asked: a.Queue, Found: float64(t.flagged(m)) / length}
	}
	return nil
}

// most is the highest precision that could be promised, in steps of a hundredth.
func most(cases []calibration.Case, asked float64) float64 {
	for p := asked - .01; p > 0; p -= .01 {
		if _, ok := calibration.Keep(cases, p, glass.Probability); ok {
			return math.Floor(p*100+.5) / 100
		}
	}
	return 0
}

// period are all complaints of the calibration block, labelled or not.
func (t *trainer) period() []int32 {
	var out []int32
	for i := range t.d.Rows {
		if at := t.d.Rows[i].At; !at.Before(t.b.middle) && at.Before(t.b.end) {
			out = append(out, int32(i))
		}
	}
	return out
}

// flagged counts the complaints of the calibration block that a model flags.
func (t *trainer) flagged(m *model.Model) int {
	j, _ := m.Over(t.d.names)
	n := 0
	for _, i := range t.period() {
		n += bit(j.Again(t.d.Signals(i), nil, record.Protection{}).Flagged)
	}
	return n
}

// queue is the lowest threshold that no more than n complaints of the
// calibration block reach.
func (t *trainer) queue(n int) float64 {
	cases := t.cases(t.period(), -math.MaxFloat64)
	if len(cases) == 0 {
		return 0
	}
	slices.SortFunc(cases, func(a, b calibration.Case) int { return cmp.Compare(b.Score, a.Score) })
	if n >= len(cases) {
		return cases[len(cases)-1].Score
	}
	next := cases[n].Score // the first that is too many
	k := n
	for k > 0 && cases[k-1].Score == next {
		k--
	}
	if k == 0 {
		return next + 1
	}
	middle := next + (cases[k-1].Score-next)/2
	if r := round(middle); r > next && r <= cases[k-1].Score {
		return r
	}
	return cases[k-1].Score
}

// kept tells what came of the aim on the block after.
func (t *trainer) kept() {
	told, f := &t.m.Card.Threshold, &t.m.Card.Test
	switch told.How {
	case "precision":
		told.Kept = f.Precision.Share
	case "queue":
		n := 0
		j, _ := t.m.Over(t.d.names)
		for i := range t.d.Rows {
			if !t.d.Rows[i].At.Before(t.b.end) && !t.d.Rows[i].At.After(t.b.to) {
				n += bit(j.Again(t.d.Signals(int32(i)), nil, record.Protection{}).Flagged)
			}
		}
		told.Kept = float64(n) / max(t.b.to.Sub(t.b.end).Seconds()/secondsADay, 1./secondsADay)
	case "cost":
		told.Found, told.Kept = t.cost(t.b.calibrate), t.cost(t.b.test)
	}
}

// cost of a labelled complaint, in needless reviews, on average.
func (t *trainer) cost(rows []int32) float64 {
	sum, n := 0., 0.
	for k, c := range t.cases(rows, t.m.Threshold) {
		w := t.d.Rows[rows[k]].Weight
		n += w
		switch flagged := c.Score >= t.m.Threshold; {
		case flagged && !c.Bad:
			sum += w
		case !flagged && c.Bad:
			sum += w * t.o.Aim.Cost
		}
	}
	return sum / max(n, 1)
}
