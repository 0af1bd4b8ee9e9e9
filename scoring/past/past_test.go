package past_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"plaint/scoring/feature"
	"plaint/scoring/past"
)

func made(n int, delay float64) *past.Events {
	r := rand.New(rand.NewPCG(4, 4))
	e := &past.Events{Delay: delay, Times: make([]float64, n), Bad: make([]float64, n)}
	amount := feature.Number("amount", "amount", make([]float64, n))
	a, b := past.Entity{Name: "source", Codes: make([]int32, n)}, past.Entity{Name: "target", Codes: make([]int32, n)}
	for i := range n {
		e.Times[i], e.Bad[i] = float64(i/2), float64(r.IntN(2)) // two rows at each time
		if r.IntN(4) == 0 {
			e.Bad[i] = math.NaN()
		}
		a.Codes[i], b.Codes[i], amount.Values[i] = int32(r.IntN(12))-1, int32(r.IntN(9)), r.Float64()*100
	}
	e.Entities, e.Amounts = []past.Entity{a, b}, []feature.Column{amount}
	return e
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// TestNothingOfLater: rows from a time on, and labels that have not arrived by then,
// change nothing before it.
func TestNothingOfLater(t *testing.T) {
	const n, delay, at = 400, 15, 120
	before := made(n, delay).Features()
	e := made(n, delay)
	for i := range n {
		if e.Times[i] >= at {
			e.Entities[0].Codes[i], e.Entities[1].Codes[i], e.Amounts[0].Values[i] = 3, 3, 1e6
		}
		if e.Times[i]+delay >= at {
			e.Bad[i] = 1
		}
	}
	for k, c := range e.Features() {
		for i := range n {
			if e.Times[i] < at && !same(c.Values[i], before[k].Values[i]) {
				t.Fatalf("%s of row %d: %v, before %v", c.Name, i, c.Values[i], before[k].Values[i])
			}
		}
	}
}

// TestLabelsArrive: a label counts when its time has come, and not at that very
// time.
func TestLabelsArrive(t *testing.T) {
	e := &past.Events{Delay: 5, Times: []float64{0, 5, 6}, Bad: []float64{1, math.NaN(), math.NaN()},
		Entities: []past.Entity{{Name: "who", Codes: []int32{0, 0, 0}}}}
	for _, c := range e.Features() {
		if c.Name == "who: bad before" && (c.Values[0] != c.Values[1] || c.Values[2] <= c.Values[1]) {
			t.Error(c.Values)
		}
	}
}

// TestOrderOfRows: the order in which a table holds its rows changes nothing.
func TestOrderOfRows(t *testing.T) {
	e := made(300, 7)
	before := e.Features()
	p := rand.New(rand.NewPCG(1, 1)).Perm(300)
	x := made(300, 7)
	for k, i := range p {
		x.Times[k], x.Bad[k], x.Amounts[0].Values[k] = e.Times[i], e.Bad[i], e.Amounts[0].Values[i]
		x.Entities[0].Codes[k], x.Entities[1].Codes[k] = e.Entities[0].Codes[i], e.Entities[1].Codes[i]
	}
	for c, column := range x.Features() {
		for k, i := range p {
			if a, b := column.Values[k], before[c].Values[i]; !same(a, b) && math.Abs(a-b) > 1e-9 {
				t.Fatalf("%s of row %d: %v, before %v", column.Name, i, a, b)
			}
		}
	}
}

// TestAnyClock: it does not matter when a clock began, before the rows or after.
func TestAnyClock(t *testing.T) {
	e := made(300, 7)
	before := e.Features()
	for i := range e.Times {
		e.Times[i] -= 1 << 20
	}
	for c, column := range e.Features() {
		for i, v := range column.Values {
			if !same(v, before[c].Values[i]) {
				t.Fatalf("%s of row %d: %v, before %v", column.Name, i, v, before[c].Values[i])
			}
		}
	}
}
