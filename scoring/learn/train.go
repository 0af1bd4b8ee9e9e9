package learn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/scoring/calibration"
	"plaint/scoring/feature"
	"plaint/scoring/glass"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// Options of a training.
type Options struct {
	Name    string
	By      string
	Created time.Time
	Parent  *model.Model // the model that stands: its signals, and what cannot be learned, are taken over
	Aim     Aim
	Ignore  []string // signals that must have no part
	Seed    uint64
}

// Settings that are one for all trainings.
const (
	stopShare  = .2 // newest share of the learned rows, which tells how many trees go on being right
	leastStop  = 10 // labels of either kind on both sides of that
	fewValues  = 20 // rows on which a signal must not be zero to be learned from
	mostCopies = 50 // of a row that stands for many
	flatters   = .05
	tooGood    = .99 // AUROC of one signal alone
)

// trainer holds one training.
type trainer struct {
	d   *Data
	o   Options
	b   *blocks
	use []int // places of the signals that are learned from
	m   *model.Model
}

// Train makes a model: curves over the oldest block of the labelled rows, a
// calibration and a threshold from the next, figures from the newest. What was
// measured is what is given back; nothing is trained again afterwards. The error
// is a *Problem where there is too little to learn from, or where a signal gives
// the label away.
func Train(d *Data, o Options) (*model.Model, error) {
	b, err := d.blocks()
	if err != nil {
		return nil, err
	}
	t := &trainer{d: d, o: o, b: b, m: &model.Model{Name: o.Name}}
	card := &model.Card{Created: o.Created.UTC(), By: o.By, Parent: o.Parent.Name, Labels: d.told(b), Blocks: b.told(d), Ignored: o.Ignore}
	t.m.Card = card
	t.choose()
	if err := t.leaks(); err != nil {
		return nil, err
	}
	t.curves()
	if err := t.m.Check(); err != nil {
		return nil, fmt.Errorf("the trained model: %w", err)
	}
	t.calibrate()
	// What people wrote stays as they wrote it, after the calibration.
	if t.m.Rules = o.Parent.Rules; len(t.m.Rules) > 0 {
		if err := t.m.Check(); err != nil {
			return nil, err
		}
	}
	if err := t.aim(); err != nil {
		return nil, err
	}
	if card.Test, err = d.figures(t.m, b.test); err != nil {
		return nil, err
	}
	if card.Before, err = d.figures(o.Parent, b.test); err != nil {
		return nil, err
	}
	t.kept()
	card.Random = t.random()
	card.Profile = d.profile(t.m)
	return t.m, nil
}

// told is how the labels stand in a card.
func (d *Data) told(b *blocks) model.Labels {
	l := model.Labels{Source: d.how.Source, AsOf: d.how.AsOf, Maturity: d.how.Maturity.Hours() / 24, Complaints: len(d.Rows), Young: d.Young, Late: b.late, Unread: d.Unread}
	for i := range d.Rows {
		switch r := &d.Rows[i]; {
		case !r.Labelled:
			continue
		case r.Bad:
			l.Abuse++
		default:
			l.Honest++
		}
		if d.Rows[i].Audited {
			l.Audited++
		}
	}
	return l
}

// choose finds the signals to learn from: those that speak against a complaint,
// that are not ignored, and that occur often enough.
func (t *trainer) choose() {
	for j, name := range t.d.Names {
		if signal.Protective[name] || slices.Contains(t.o.Ignore, name) {
			continue
		}
		n := 0
		for _, i := range t.b.learn {
			if t.d.Signals(i)[j] != 0 {
				n++
			}
		}
		if n >= fewValues {
			t.use = append(t.use, j)
		} else {
			t.m.Card.Carried = append(t.m.Card.Carried, name)
		}
	}
}

// leaks refuses signals that alone say the label, as the screen of any table does
// (scoring/tabular): then people decided by that signal, or it was filled in after
// they had, and there is nothing to learn.
func (t *trainer) leaks() error {
	var names []string
	for _, j := range t.use {
		cases := make([]calibration.Case, len(t.b.learn))
		for k, i := range t.b.learn {
			cases[k] = calibration.Case{Score: float64(t.d.Signals(i)[j]), Bad: t.d.Rows[i].Bad, Weight: t.d.Rows[i].Weight}
		}
		if calibration.AUROC(cases) >= tooGood {
			names = append(names, t.d.Names[j])
		}
	}
	if len(names) > 0 {
		return problem("err_learn_leak", "signals", strings.Join(names, ","))
	}
	return nil
}

// table lays rows out for a training. A row that stands for many is there as many
// times, each with a chance of its own to be looked at by a tree.
func (t *trainer) table(rows []int32) (*feature.Table, []float32) {
	var copies []int32
	least := math.Inf(1)
	for _, i := range rows {
		least = min(least, t.d.Rows[i].Weight)
	}
	for _, i := range rows {
		for range min(mostCopies, int(math.Round(t.d.Rows[i].Weight/least))) {
			copies = append(copies, i)
		}
	}
	bad := make([]float32, len(copies))
	for k, i := range copies {
		bad[k] = float32(bit(t.d.Rows[i].Bad))
	}
	out := &feature.Table{}
	for _, j := range t.use {
		v := make([]float64, len(copies))
		for k, i := range copies {
			v[k] = float64(t.d.Signals(i)[j])
		}
		c := feature.Number(t.d.Names[j], t.d.Names[j], v)
		c.Sign = 1
		out.Columns = append(out.Columns, c)
	}
	return out, bad
}

// fit trains on rows in the order of time: first without the newest of them,
// which tell how many trees go on being right, then on all.
func (t *trainer) fit(rows []int32, bags int) *glass.Model {
	table, bad := t.table(rows)
	n := int32(len(bad))
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	old, newer := all[:n-int32(stopShare*float64(n))], all[n-int32(stopShare*float64(n)):]
	o := glass.Options{Pairs: -1, Bags: bags, Seed: t.o.Seed}
	if both(bad[:len(old)]) && both(bad[len(old):]) {
		first := o
		first.Valid, first.Later, first.Bags = newer, true, 4
		trees := 0
		for _, k := range glass.Train(table, old, bad, first).Trees {
			trees += k
		}
		o.Trees = max(1, trees/first.Bags)
	}
	return glass.Train(table, all, bad, o)
}

// both tells whether there are enough of either kind.
func both(bad []float32) bool {
	n := 0
	for _, b := range bad {
		n += int(b)
	}
	return min(n, len(bad)-n) >= leastStop
}

// calibrate bends the sum where that predicts the calibration block better.
func (t *trainer) calibrate() {
	t.m.Card.Curve = "identity"
	t.m.Calibration = calibration.Choose(t.cases(t.b.calibrate, math.MaxFloat64))
	if !t.m.Calibration.Identity() {
		t.m.Card.Curve = "isotonic"
	}
}

// cases scores rows as if the threshold were another one: the greatest leaves
// out what protects, the least always looks at it.
func (t *trainer) cases(rows []int32, threshold float64) []calibration.Case {
	m := *t.m
	m.Threshold = threshold
	j, _ := m.Over(t.d.names)
	out := make([]calibration.Case, len(rows))
	for k, i := range rows {
		r := &t.d.Rows[i]
		out[k] = calibration.Case{Score: j.Again(t.d.Signals(i), nil, record.Protection{}).Score, Bad: r.Bad, Weight: r.Weight}
	}
	return out
}

// random is the AUROC that the same training would show if rows were parted at
// random instead of by time.
func (t *trainer) random() float64 {
	rows := t.d.labelled()
	rand.New(rand.NewPCG(t.o.Seed, 5)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	cut := int(calibrateShare * float64(len(rows)))
	x := &trainer{d: t.d, o: t.o, b: t.b, use: t.use, m: &model.Model{Name: "random", Card: &model.Card{}}}
	x.shapes(x.fit(rows[:cut], 2))
	if x.m.Check() != nil {
		return 0
	}
	return number(calibration.AUROC(x.cases(rows[cut:], math.MaxFloat64)))
}

// Flatters tells whether parting rows at random would have promised more than
// time holds.
func Flatters(c *model.Card) bool { return c.Random-c.Test.AUROC > flatters }
