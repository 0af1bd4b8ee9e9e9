package learn

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/glass"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// Fewest labelled complaints of a group that is told apart, and most groups of a
// kind.
const (
	leastGroup = 30
	mostGroups = 12
)

// cell counts complaints and what they stand for.
type cell struct {
	n       int
	sum     float64 // of the weights
	squares float64
}

func (c *cell) add(weight float64) {
	c.n++
	c.sum += weight
	c.squares += weight * weight
}

func (c cell) plus(x cell) cell { return cell{c.n + x.n, c.sum + x.sum, c.squares + x.squares} }
func (c cell) less(x cell) cell { return cell{c.n - x.n, c.sum - x.sum, c.squares - x.squares} }

// share of part in part and rest.
func (c cell) share(rest cell) model.Rate {
	all := c.plus(rest)
	if all.n == 0 {
		return model.Rate{High: 1}
	}
	s, low, high := calibration.Share(c.sum, all.sum, all.squares)
	return model.Rate{Share: s, Low: low, High: high, N: all.n}
}

// counts are labelled complaints by flagged and bad.
type counts [2][2]cell

func (c *counts) add(flagged, bad bool, weight float64) { c[bit(flagged)][bit(bad)].add(weight) }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *counts) rows() int             { return c[0][0].n + c[0][1].n + c[1][0].n + c[1][1].n }
func (c *counts) bad() int              { return c[0][1].n + c[1][1].n }
func (c *counts) precision() model.Rate { return c[1][1].share(c[1][0]) }
func (c *counts) recall() model.Rate    { return c[1][1].share(c[0][1]) }
func (c *counts) falseRate() model.Rate { return c[1][0].share(c[0][0]) }

// Evaluation gathers what a model says of complaints whose truth is known.
type Evaluation struct {
	m      *model.Model
	cases  []calibration.Case
	all    counts
	groups map[[2]string]*counts
}

// NewEvaluation of a model.
func NewEvaluation(m *model.Model) *Evaluation {
	return &Evaluation{m: m, groups: map[[2]string]*counts{}}
}

// Add takes a decision on a labelled complaint in.
func (e *Evaluation) Add(d record.Decision, r *Row) {
	e.cases = append(e.cases, calibration.Case{Score: d.Score, Bad: r.Bad, Weight: r.Weight})
	e.all.add(d.Flagged, r.Bad, r.Weight)
	for i, by := range By {
		key := [2]string{by, r.By[i]}
		g := e.groups[key]
		if g == nil {
			g = &counts{}
			e.groups[key] = g
		}
		g.add(d.Flagged, r.Bad, r.Weight)
	}
}

// Figures are what came of it. Ranking and calibration are NaN-free: 0 where
// there is only one kind.
func (e *Evaluation) Figures() model.Figures {
	p := slices.Clone(e.cases)
	for i := range p {
		p[i].Score = glass.Probability(p[i].Score)
	}
	return model.Figures{Model: e.m.Name, Rows: e.all.rows(), Bad: e.all.bad(), Threshold: e.m.Threshold, Flagged: e.all[1][0].n + e.all[1][1].n,
		AUROC: number(calibration.AUROC(e.cases)), AP: number(calibration.AveragePrecision(e.cases)), Error: number(calibration.Error(p)),
		Precision: e.all.precision(), Recall: e.all.recall(), FalseRate: e.all.falseRate(), Groups: e.told()}
}

// chance is the calibration error that a calibrated score would have once in a
// thousand times.
func (e *Evaluation) chance() float64 {
	p := slices.Clone(e.cases)
	for i := range p {
		p[i].Score = glass.Probability(p[i].Score)
	}
	return number(calibration.Chance(p))
}

func number(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// told gives the groups that are large enough, the largest first, the rest of a
// kind left out.
func (e *Evaluation) told() []model.Group {
	var out []model.Group
	for _, by := range By {
		var list []model.Group
		for key, c := range e.groups {
			if key[0] == by && c.rows() >= leastGroup && c.rows() < e.all.rows() {
				list = append(list, model.Group{By: by, Name: key[1], Rows: c.rows(), Bad: c.bad(), Precision: c.precision(), Recall: c.recall(),
					FalseRate: c.falseRate(), Ratio: e.ratio(c)})
			}
		}
		slices.SortFunc(list, func(a, b model.Group) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Name, b.Name)) })
		out = append(out, list[:min(len(list), mostGroups)]...)
	}
	return out
}

// ratio of the false positive rate of a group to that of everybody else, with
// the interval of Katz et al. (1978) on the logarithm, half a complaint added to
// each count so that none is zero.
func (e *Evaluation) ratio(c *counts) model.Rate {
	in, out := c[1][0], e.all[1][0].less(c[1][0])
	honest, others := in.plus(c[0][0]), out.plus(e.all[0][0].less(c[0][0]))
	if honest.n == 0 || others.n == 0 {
		return model.Rate{N: honest.n}
	}
	effective := func(x cell) float64 { return x.sum * x.sum / x.squares }
	n, k := effective(honest), effective(others)
	a, b := n*in.sum/honest.sum+.5, k*out.sum/others.sum+.5
	n, k = n+.5, k+.5
	l, s := math.Log(a/n)-math.Log(b/k), math.Sqrt(1/a-1/n+1/b-1/k)
	return model.Rate{Share: math.Exp(l), Low: math.Exp(l - 1.96*s), High: math.Exp(l + 1.96*s), N: honest.n}
}

// Evaluate tells how good models are on the labelled rows received from a moment
// on, each over the same ones.
func (d *Data) Evaluate(from time.Time, models ...*model.Model) ([]model.Figures, error) {
	rows := d.labelled()
	rows = slices.DeleteFunc(rows, func(i int32) bool { return d.Rows[i].At.Before(from) })
	if n := d.count(rows); min(n[0], n[1]) < leastBlock {
		return nil, problem("err_learn_test", "abuse", n[1], "honest", n[0], "least", leastBlock, "unread", d.Unread, "young", d.Young)
	}
	var out []model.Figures
	for _, m := range models {
		f, err := d.figures(m, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Newest is when the newest block of the labelled rows begins.
func (d *Data) Newest() time.Time {
	rows := d.labelled()
	if len(rows) == 0 {
		return time.Time{}
	}
	return d.Rows[rows[int(calibrateShare*float64(len(rows)))]].At
}

// Signals that any of the models keeps, each once, what protects last.
func Signals(models ...*model.Model) []string {
	var out, protective []string
	for _, m := range models {
		for _, name := range m.SignalNames() {
			switch {
			case slices.Contains(out, name) || slices.Contains(protective, name):
			case signal.Protective[name]:
				protective = append(protective, name)
			default:
				out = append(out, name)
			}
		}
	}
	return append(out, protective...)
}

func (d *Data) figures(m *model.Model, rows []int32) (model.Figures, error) {
	j, missing := m.Over(d.names)
	if len(missing) > 0 {
		return model.Figures{}, problem("err_learn_signal", "model", m.Name, "signal", missing[0])
	}
	e := NewEvaluation(m)
	for _, i := range rows {
		e.Add(j.Again(d.Signals(i), nil, record.Protection{}), &d.Rows[i])
	}
	return e.Figures(), nil
}
