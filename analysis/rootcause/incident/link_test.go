package incident

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestConnect: the template that goes before the complaints is linked, one that
// bursts at another time, one that follows them and noise are not.
func TestConnect(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	d := everyday(r, 2)
	start := int64(monday + 40*day)
	for range 80 {
		d.add(r, start+5*hour+int64(8*hour*r.Float64()*r.Float64()), 1, 2, int16(r.IntN(3)))
	}
	list := found(t, d)
	if len(list) != 1 {
		t.Fatalf("%d incidents", len(list))
	}
	templates := make([]Template, 40)
	for k := range templates {
		n := map[int64]int32{}
		for h := range int64(90 * 24) {
			if v := count(r, .3); v > 0 {
				n[monday+h*hour] = int32(v)
			}
		}
		from := map[int]int64{0: start, 1: start - 20*day, 2: start + 30*hour}[k]
		for h := range int64(6) {
			if from > 0 {
				n[from+h*hour] += int32(40 - 6*h)
			}
		}
		templates[k] = Template{ID: int64(k + 1), Hours: InOrder(n)}
	}
	look := func(x *Incident, k int) Evidence {
		e := Evidence{WordP: 1, Customers: len(x.Members), Others: 100}
		if k == 0 {
			e.Hit, e.OtherHit = len(x.Members)/2, 1
		}
		return e
	}
	Connect(list, templates, look, 5)
	l := list[0].Links
	if len(l) == 0 || l[0].Template != 1 || !l[0].Linked || l[0].Lag < 3 || l[0].Lag > 9 {
		t.Fatalf("links %+v", l)
	}
	for _, other := range l[1:] {
		if other.Linked {
			t.Errorf("template %d is linked: %+v", other.Template, other)
		}
	}
}

// TestFisher compares with the sum of the hypergeometric terms and with what is
// certain.
func TestFisher(t *testing.T) {
	// 8 of 15 against 10 of 35: sum over k of C(15,k) C(35,18-k) / C(50,18).
	if p := math.Exp(fisher(8, 15, 10, 35)); math.Abs(p-.0894758146) > 1e-9 {
		t.Errorf("P %g", p)
	}
	if fisher(0, 5, 3, 5) != 0 || fisher(5, 5, 0, 1000) > -20 {
		t.Error("none is no evidence, all are")
	}
	if p := math.Exp(together([]float64{math.Log(.05), math.Log(.05)})); math.Abs(p-.01748) > 1e-4 { // .0025(1 - ln .0025)
		t.Errorf("together %g", p)
	}
}
