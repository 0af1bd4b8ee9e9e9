package past

import (
	"math"

	"plaint/scoring/feature"
)

// walk goes through the rows in time and keeps what is known of one entity column.
type walk struct {
	e       *Events
	entity  *Entity
	others  []Entity // whose different values are counted
	order   []int32
	prior   []float64
	span    float64
	things  []thing
	columns []feature.Column
}

// thing is what is known of one value of the entity column.
type thing struct {
	n       float64
	last    float64
	counts  [3]float64 // decayed to last
	amounts []moments
	bad     float64 // of the labels that have arrived
	labels  float64
	badAt   float64    // time of the newest bad one
	recent  [2]float64 // bad and all, decayed to at
	at      float64
	lately  [2]float64        // the same, decayed slower
	late    [][2]float64      // sum and number of the amounts' logarithms, decayed to last
	met     []map[int32]int32 // values of the others, and how often
	new     []float64         // how many of them were new, decayed to last
}

// moments of an amount's logarithm.
type moments struct{ n, mean, m2 float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.m2 += d * (x - m.mean)
}

// names of the columns of an entity, before those of amounts and partners.
var names = [...]string{"times before", "since the last", "short count", "middle count", "long count", "surprise", "bad before", "recently bad before", "lately bad before", "since a bad one"}

const (
	atBefore = iota
	atSince
	atShort
	atMiddle
	atLong
	atSurprise
	atBad
	atRecent
	atLately
	atSinceBad
	atAmounts
)

// run gives the columns.
func (w *walk) run() []feature.Column {
	w.things = make([]thing, w.entity.most()+1)
	first := w.e.Times[w.order[0]]
	for k := range w.things { // so that no decay is of a negative time
		w.things[k].last, w.things[k].at = first, first
	}
	w.prepare()
	entered, arrived := 0, 0
	for _, i := range w.order {
		t := w.e.Times[i]
		for ; w.e.Times[w.order[entered]] < t; entered++ {
			w.enter(w.order[entered])
		}
		for ; w.e.Times[w.order[arrived]]+w.e.Delay < t; arrived++ {
			w.arrive(w.order[arrived])
		}
		w.write(i, t)
	}
	return w.columns
}

// prepare makes the columns, missing everywhere.
func (w *walk) prepare() {
	name := w.entity.Name
	column := func(what string) {
		w.columns = append(w.columns, feature.Number(name+": "+what, name, unknown(len(w.order))))
	}
	for _, n := range names {
		column(n)
	}
	for _, a := range w.e.Amounts {
		column(a.Name + " against its own")
		column(a.Name + " in deviations")
		column(a.Name + " of late against its own")
	}
	for _, o := range w.others {
		column("different " + o.Name + " a row")
		column("this " + o.Name + " a row")
		column("new " + o.Name + " of late")
	}
}

// decay is what is left after a time of something with a half-life of that share
// of the span.
func (w *walk) decay(time, share float64) float64 { return math.Exp2(-time / (share * w.span)) }

// enter takes a row into what is known of its thing.
func (w *walk) enter(i int32) {
	c := w.entity.Codes[i]
	if c < 0 {
		return
	}
	x, t := &w.things[c], w.e.Times[i]
	for k := range x.counts {
		x.counts[k] = x.counts[k]*w.decay(t-x.last, halves[k]) + 1
	}
	left := w.decay(t-x.last, halves[1])
	x.n++
	x.last = t
	if x.amounts == nil {
		x.amounts, x.late = make([]moments, len(w.e.Amounts)), make([][2]float64, len(w.e.Amounts))
		x.met, x.new = make([]map[int32]int32, len(w.others)), make([]float64, len(w.others))
	}
	for k := range w.e.Amounts {
		x.late[k][0], x.late[k][1] = x.late[k][0]*left, x.late[k][1]*left
		if v := w.e.Amounts[k].Values[i]; !math.IsNaN(v) {
			v = signedLog(v)
			x.amounts[k].add(v)
			x.late[k][0], x.late[k][1] = x.late[k][0]+v, x.late[k][1]+1
		}
	}
	for k, o := range w.others {
		x.meet(k, o.Codes[i], left)
	}
}

// meet takes in a value of another column.
func (x *thing) meet(k int, code int32, left float64) {
	if x.met[k] == nil {
		x.met[k] = map[int32]int32{}
	}
	x.new[k] *= left
	if x.met[k][code] == 0 {
		x.new[k]++
	}
	x.met[k][code]++
}

func signedLog(v float64) float64 { return math.Copysign(math.Log1p(math.Abs(v)), v) }

// arrive takes a row's label into what is known of its thing.
func (w *walk) arrive(i int32) {
	c, b := w.entity.Codes[i], w.e.Bad[i]
	if c < 0 || math.IsNaN(b) {
		return
	}
	x, t := &w.things[c], w.e.Times[i]
	x.bad += b
	x.labels++
	if b == 1 {
		x.badAt = t
	}
	left, most := w.decay(t-x.at, recentHalf), w.decay(t-x.at, latelyHalf)
	x.recent = [2]float64{x.recent[0]*left + b, x.recent[1]*left + 1}
	x.lately = [2]float64{x.lately[0]*most + b, x.lately[1]*most + 1}
	x.at = t
}

// write describes a row.
func (w *walk) write(i int32, t float64) {
	c := w.entity.Codes[i]
	if c < 0 {
		return
	}
	x := &w.things[c]
	put := func(k int, v float64) { w.columns[k].Values[i] = v }
	put(atBefore, math.Log1p(x.n))
	put(atBad, (x.bad+pseudo*w.prior[i])/(x.labels+pseudo))
	put(atRecent, (x.recent[0]+pseudo*w.prior[i])/(x.recent[1]+pseudo))
	left := w.decay(t-x.at, latelyHalf) // silence brings it back to the average
	put(atLately, (left*x.lately[0]+fewPseudo*w.prior[i])/(left*x.lately[1]+fewPseudo))
	if x.bad > 0 {
		put(atSinceBad, math.Log1p((t-x.badAt)/w.span*1e6))
	}
	var now [3]float64
	for k := range now {
		now[k] = x.counts[k] * w.decay(t-x.last, halves[k])
		put(atShort+k, math.Log1p(now[k]))
	}
	if x.n == 0 {
		return
	}
	put(atSince, math.Log1p((t-x.last)/w.span*1e6))
	put(atSurprise, math.Log((now[0]+.5)/(now[2]*halves[0]/halves[2]+.5)))
	w.compare(i, x)
}

// compare describes a row's amounts and partners against the history.
func (w *walk) compare(i int32, x *thing) {
	at := atAmounts
	for k := range w.e.Amounts {
		m := &x.amounts[k]
		if v := w.e.Amounts[k].Values[i]; !math.IsNaN(v) && m.n > 0 {
			d := signedLog(v) - m.mean
			w.columns[at].Values[i] = d
			w.columns[at+1].Values[i] = d / math.Sqrt((m.m2+.25)/(m.n+1))
		}
		if m.n > 0 {
			w.columns[at+2].Values[i] = x.late[k][0]/x.late[k][1] - m.mean
		}
		at += 3
	}
	for k, o := range w.others {
		w.columns[at].Values[i] = float64(len(x.met[k])) / x.n
		w.columns[at+1].Values[i] = float64(x.met[k][o.Codes[i]]) / x.n
		w.columns[at+2].Values[i] = x.new[k] / x.counts[1]
		at += 3
	}
}
