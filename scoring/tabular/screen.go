package tabular

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plaint/scoring/boost"
	"plaint/scoring/calibration"
	"plaint/scoring/feature"
	"plaint/scoring/glass"
)

// Result of a screening.
type Result struct {
	Rows    []int32           // that are scored: in the order of the table, or of time
	Score   []float64         // of each of them, the probability that it is bad
	Model   *glass.Model      // nil for the challenger
	Curve   calibration.Curve // from the model's log-odds to those of Score
	Table   *feature.Table    // what the model looks at
	Summary Summary
	raw     []float64
	offset  []float64 // of a row from its calibrated log-odds, by labels that had arrived; nil where that is not followed
}

// newest is the share of the rows learned from that a calibration is chosen on.
const newest = .15

// Screen trains on the rows that may be learned from and scores the others. The
// error is a *Problem or, for columns that leak, a *Refused.
func Screen(t *Table, r Roles) (*Result, error) {
	at := time.Now()
	p, err := newPlan(t, r)
	if err != nil {
		return nil, err
	}
	took := map[string]float64{}
	lap := func(what string) { took[what], at = time.Since(at).Seconds(), time.Now() }
	lap("checks")
	x := &Result{Table: p.features()}
	lap("features")
	block, cases := x.train(p)
	lap("training")
	x.Curve = calibration.Choose(cases)
	for k := range cases {
		cases[k].Score = x.Curve.Of(cases[k].Score)
	}
	if p.times != nil && len(block) > 0 {
		x.follow(p, block, cases)
	}
	x.score(p)
	lap("scoring")
	x.summary(p, cases)
	x.Summary.Times = took
	return x, nil
}

// scorer is a trained model.
type scorer interface {
	Scores(*feature.Table) []float64
}

// fit trains on some rows, and says with how many trees. With later, valid lies
// behind the rows in time; with trees, there are to be so many.
func (x *Result) fit(p *plan, rows []int32, o glass.Options) (scorer, int) {
	bad := make([]float32, len(p.bad))
	for i, b := range p.bad {
		if b == 1 {
			bad[i] = 1
		}
	}
	o.Seed = p.r.Seed
	if p.r.Challenger {
		s := boost.Challenger(o.Seed)
		s.Trees = o.Trees
		d := boost.Bin(x.Table, bad, rows, o.Valid, s.Bins)
		d.Later = o.Later
		m := d.Train(s)
		return m, m.Trees()
	}
	m := glass.Train(x.Table, rows, bad, o)
	n := 0
	for _, t := range m.Trees {
		n += t
	}
	return m, max(1, n/len(m.Trees))
}

// train fits the model that scores, and gives the rows and cases a calibration is chosen on:
// the rows of val or, in time, the newest rows that can be learned from. These are
// scored by a model that knew only what had arrived before the first of them; they
// also tell how many trees go on being right later, and then are learned from too.
func (x *Result) train(p *plan) ([]int32, []calibration.Case) {
	rows := p.rows(Train)
	var m scorer
	var block []int32
	var before []float64
	if p.times == nil {
		block = p.rows(Val)
		m, _ = x.fit(p, rows, glass.Options{Valid: block})
		before = m.Scores(x.Table)
	} else {
		old, newer := p.cut(rows)
		o := glass.Options{}
		if block = newer; len(block) > 0 {
			m, o.Trees = x.fit(p, old, glass.Options{Valid: block, Later: true})
			before = m.Scores(x.Table)
		}
		m, _ = x.fit(p, rows, o)
	}
	x.Model, _ = m.(*glass.Model)
	x.raw = m.Scores(x.Table)
	out := make([]calibration.Case, len(block))
	for k, i := range block {
		out[k] = calibration.Case{Score: before[i], Bad: p.bad[i] == 1}
	}
	return block, out
}

// follow lets labels that arrive after training move the probabilities of later
// rows, if on the block that would have been better. The block's cases, in the order
// of time, and rows whose labels came too late to be learned from, tell it.
func (x *Result) follow(p *plan, block []int32, cases []calibration.Case) {
	var list []calibration.Moment
	for k, i := range block {
		list = append(list, calibration.Moment{Case: cases[k], At: p.times.Numbers[i], Known: true})
	}
	n := p.count(block)
	first, end := slices.Min(p.times.Numbers), slices.Max(p.times.Numbers)
	d := calibration.Drift{Centre: math.Log(float64(n[1]+1) / float64(n[0]+1)), Span: end - first, Delay: p.r.Delay}
	if !d.Helps(list) {
		return
	}
	var later []int32
	for i, part := range p.parts {
		if part != Train {
			later = append(later, int32(i))
		}
	}
	p.inTime(later)
	for _, i := range later {
		c := calibration.Case{Score: x.Curve.Of(x.raw[i]), Bad: p.bad[i] == 1}
		list = append(list, calibration.Moment{Case: c, At: p.times.Numbers[i], Known: !math.IsNaN(p.bad[i])})
	}
	x.offset = make([]float64, len(p.bad))
	for k, s := range d.Follow(list) {
		if k < len(block) {
			cases[k].Score = s
		} else {
			x.offset[later[k-len(block)]] = s - list[k].Score
		}
	}
}

// odds are the calibrated log-odds of a row.
func (x *Result) odds(i int32) float64 {
	s := x.Curve.Of(x.raw[i])
	if x.offset != nil {
		s += x.offset[i]
	}
	return s
}

// inTime puts rows in the order of time.
func (p *plan) inTime(rows []int32) {
	slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(p.times.Numbers[a], p.times.Numbers[b]) })
}

// rows of a part with labels.
func (p *plan) rows(part Part) []int32 {
	var out []int32
	for i, x := range p.parts {
		if x == part && !math.IsNaN(p.bad[i]) {
			out = append(out, int32(i))
		}
	}
	return out
}

// cut gives the newest rows, and those whose labels had arrived before them; none
// where too little would be left of one of them.
func (p *plan) cut(rows []int32) (old, block []int32) {
	order := slices.Clone(rows)
	p.inTime(order)
	block = order[len(order)-int(newest*float64(len(order))):]
	if len(block) == 0 {
		return nil, nil
	}
	from := p.times.Numbers[block[0]]
	for _, i := range rows {
		if p.times.Numbers[i]+p.r.Delay < from {
			old = append(old, i)
		}
	}
	if n := p.count(old); min(n[0], n[1]) < leastLabels {
		return nil, nil
	}
	return old, block
}

// count of good and of bad rows.
func (p *plan) count(rows []int32) (n [2]int) {
	for _, i := range rows {
		n[int(p.bad[i])]++
	}
	return n
}

// score gives the scored rows their probabilities.
func (x *Result) score(p *plan) {
	for i := range p.parts {
		if p.times == nil || p.parts[i] == Test {
			x.Rows = append(x.Rows, int32(i))
		}
	}
	if p.times != nil {
		p.inTime(x.Rows)
	}
	x.Score = make([]float64, len(x.Rows))
	for k, i := range x.Rows {
		x.Score[k] = glass.Probability(x.odds(i))
	}
}

// Inspect looks up the roles of a table as Screen does, without training: it gives
// the columns that would be no features, and why, or the error of Screen.
func Inspect(t *Table, r Roles) (map[string]string, error) {
	p, err := newPlan(t, r)
	if err != nil {
		return nil, err
	}
	return p.left, nil
}
