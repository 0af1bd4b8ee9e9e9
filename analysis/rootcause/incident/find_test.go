package incident

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"plaint/internal/record"
)

const monday = 1767571200 // 5 January 2026

var testTypes = []string{"login", "payment", "trade", "down", "fees", "advice"}

// everyday are complaints of ninety days without an incident.
func everyday(r *rand.Rand, perHour float64) *Data {
	d := &Data{Types: testTypes, Attributes: []Attribute{{Name: "country", Values: []string{"a", "b", "c", "d", "e"}, Slices: true}, {Name: "product", Values: []string{"p", "q", "r"}, Slices: true}}}
	for h := range int64(90 * 24) {
		for range count(r, perHour) {
			d.add(r, monday+h*hour+int64(r.IntN(hour)), int32(r.IntN(len(testTypes))), int16(r.IntN(5)), int16(r.IntN(3)))
		}
	}
	return d
}

func (d *Data) add(r *rand.Rand, at int64, kind int32, country, product int16) *Complaint {
	c := Complaint{Seq: int64(len(d.Complaints) + 1), At: at, Customer: r.Uint64(), Type: kind, Theme: -1}
	for a := range c.Values {
		c.Values[a] = -1
	}
	c.Values[0], c.Values[1] = country, product
	d.Complaints = append(d.Complaints, c)
	d.Until = max(d.Until, at)
	return &d.Complaints[len(d.Complaints)-1]
}

func found(t *testing.T, d *Data) []*Incident {
	t.Helper()
	list, err := Find(d)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestNothingWithoutIncident: of twenty quarters at most one has an incident.
func TestNothingWithoutIncident(t *testing.T) {
	n := 0
	for seed := range uint64(20) {
		n += len(found(t, everyday(rand.New(rand.NewPCG(seed, 1)), 2)))
	}
	if n > 1 {
		t.Errorf("%d incidents in twenty quarters without any", n)
	}
}

// TestWhatAllShareIsNone: a campaign raises all types, a pile of mail comes in
// one hour; neither is an incident.
func TestWhatAllShareIsNone(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	d := everyday(r, 2)
	for range 400 {
		d.add(r, monday+30*day+int64(r.IntN(5*day)), int32(r.IntN(6)), int16(r.IntN(5)), int16(r.IntN(3)))
	}
	for range 70 {
		d.add(r, monday+60*day+9*hour+int64(r.IntN(hour)), int32(r.IntN(6)), 1, int16(r.IntN(3)))
	}
	if list := found(t, d); len(list) != 0 {
		t.Errorf("%d incidents: %+v", len(list), *list[0])
	}
}

// TestOneLetterIsNone: a crowd in its own words is an incident, one letter sent
// by as many, or one device behind them, is not.
func TestOneLetterIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		letter, device bool
		want           int
	}{"crowd": {want: 1}, "letter": {letter: true}, "device": {device: true}} {
		r := rand.New(rand.NewPCG(4, 1))
		d := everyday(r, 2)
		texts := map[int64]Text{}
		for range 40 {
			x := d.add(r, monday+40*day+int64(r.IntN(6*hour)), 2, int16(r.IntN(5)), int16(r.IntN(3)))
			if c.device {
				x.Device = 99
			}
			var s record.Sketch
			for w := range s {
				if s[w] = r.Uint64(); c.letter && w < 6 {
					s[w] = uint64(w + 1)
				}
			}
			texts[x.Seq] = Text{Sketch: s}
		}
		d.Texts = func([]int64) (map[int64]Text, error) { return texts, nil }
		list := found(t, d)
		if len(list) != c.want {
			t.Errorf("%s: %d incidents", name, len(list))
		}
		if len(list) == 1 && (list[0].Severity != Severe || list[0].N < 38 || list[0].Seen-list[0].First > 4*hour || !list[0].Everyone || list[0].Open) {
			t.Errorf("%s: %+v", name, *list[0])
		}
	}
}

// TestWhomItMet: of a hundred small incidents in a slice of one or two
// attributes, or in none, at least 85 are told exactly.
func TestWhomItMet(t *testing.T) {
	exact, all := 0, 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 9))
		d := everyday(r, 2)
		want := map[string]string{}
		country, product := int16(r.IntN(5)), int16(r.IntN(3))
		if seed%3 > 0 {
			want["country"] = d.Attributes[0].Values[country]
		}
		if seed%3 > 1 {
			want["product"] = d.Attributes[1].Values[product]
		}
		for range 12 + r.IntN(40) {
			c, p := country, product
			if seed%3 < 1 || r.IntN(10) == 0 {
				c = int16(r.IntN(5))
			}
			if seed%3 < 2 || r.IntN(10) == 0 {
				p = int16(r.IntN(3))
			}
			d.add(r, monday+40*day+int64(r.IntN(12*hour)), 1, c, p)
		}
		for _, x := range found(t, d) {
			all++
			got := map[string]string{}
			if len(x.Causes) > 0 {
				got = x.Causes[0].Values
			}
			if len(x.Causes) < 2 && fmt.Sprint(got) == fmt.Sprint(want) {
				exact++
			}
		}
	}
	t.Logf("%d of %d exactly", exact, all)
	if all < 95 || exact*100 < 85*all {
		t.Errorf("%d of %d exactly", exact, all)
	}
}

// TestOpen: what goes on at the end of the data is open.
func TestOpen(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	d := everyday(r, 2)
	for range 30 {
		d.add(r, d.Until-int64(r.IntN(4*hour)), 3, int16(r.IntN(5)), int16(r.IntN(3)))
	}
	list := found(t, d)
	if len(list) != 1 || !list[0].Open {
		t.Errorf("%d incidents: %+v", len(list), list)
	}
}

// TestNowcast: where half of the complaints come a day late, the last day is
// half known, and its baseline is half as high.
func TestNowcast(t *testing.T) {
	var delays []int64
	for i := range int64(400) {
		delays = append(delays, i%2*day+i)
	}
	f := Nowcast(delays)
	if f(hour) != .5 || f(2*day) != 1 || Nowcast(delays[:100]) != nil {
		t.Errorf("%v %v", f(hour), f(2*day))
	}
	events := make([][]Tally, 1)
	for h := range int64(30 * 24) {
		events[0] = append(events[0], Tally{monday + h*hour, 2})
	}
	c := newClock(events, false)
	before := c.profile[29*24+20] / c.profile[10*24+20]
	c.delayed(monday+30*day, f)
	if after := c.profile[29*24+20] / c.profile[10*24+20]; after > .51*before || after < .49*before {
		t.Errorf("the last hours are expected at %.2f of %.2f", after, before)
	}
}

// TestStrays: a few dates that are wrong by years change nothing.
func TestStrays(t *testing.T) {
	data := func() (*Data, *rand.Rand) {
		r := rand.New(rand.NewPCG(5, 1))
		d := everyday(r, 2)
		for range 30 {
			d.add(r, d.Until-int64(r.IntN(4*hour)), 3, int16(r.IntN(5)), int16(r.IntN(3)))
		}
		return d, r
	}
	plain, _ := data()
	want := found(t, plain)
	for _, years := range [][]int64{{-2}, {2}, {-2, -1, 3, 3, 40}} {
		d, r := data()
		for _, y := range years {
			d.add(r, monday+y*365*day, 1, 1, 1)
		}
		if n := d.LeaveOut(); n != len(years) {
			t.Errorf("%v: %d are left out", years, n)
		}
		got := found(t, d)
		if len(got) != 1 || len(want) != 1 || got[0].Start != want[0].Start || got[0].End != want[0].End || got[0].N != want[0].N || !got[0].Open || got[0].Expected != want[0].Expected {
			t.Errorf("%v: %d incidents, %d without strays: %+v", years, len(got), len(want), got)
		}
	}
}

// TestCausesAreOwn: whom an incident met is told of its own complaints, also
// beside a larger one of the same type.
func TestCausesAreOwn(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	d := everyday(r, 2)
	texts := map[int64]Text{}
	for k := range 260 {
		x := d.add(r, monday+40*day+int64(r.IntN(30*hour)), 1, 2, int16(r.IntN(3)))
		code := "pay-2107"
		if k < 60 { // another fault, by what they write, of the same type and people
			code = "pay-9350"
			x.Theme = 3
		}
		texts[x.Seq] = Text{Words: []string{code}}
	}
	d.Texts = func([]int64) (map[int64]Text, error) { return texts, nil }
	list := found(t, d)
	if len(list) != 2 {
		t.Fatalf("%d incidents", len(list))
	}
	for _, x := range list {
		for _, c := range x.Causes {
			if c.N > x.N || c.Expected > x.Expected || c.Share > 1 || float64(c.N) < c.Expected {
				t.Errorf("of %d complaints, %.1f usual: %+v", x.N, x.Expected, c)
			}
		}
		if len(x.Causes) != 1 || x.Causes[0].Values["country"] != "c" {
			t.Errorf("causes %+v", x.Causes)
		}
	}
}

// TestUnsureJoins: what is hardly above the usual beside a large incident of its
// type is part of it, what is sure is not.
func TestUnsureJoins(t *testing.T) {
	for p, want := range map[float64]bool{2e-5: true, 1e-9: false} {
		x, y := &Incident{Start: 0, End: 100, Type: 1, N: 163}, &Incident{Start: 20, End: 120, Type: 1, N: 53, P: p}
		if got := x.oneWith(y); got != want {
			t.Errorf("P %g: %v", p, got)
		}
	}
}

// TestJoin: a weaker incident at the same time behind the same log template is
// part of the stronger, one behind another template is not.
func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		template int64
		want     int
	}{"same": {7, 1}, "another": {8, 2}} {
		r := rand.New(rand.NewPCG(8, 1))
		d := everyday(r, 2)
		texts := map[int64]Text{}
		for k := range 260 {
			x := d.add(r, monday+40*day+int64(r.IntN(30*hour)), 1, 2, int16(r.IntN(3)))
			texts[x.Seq] = Text{Words: []string{"pay-2107"}}
			if k < 60 {
				x.Theme = 3
				texts[x.Seq] = Text{Words: []string{"pay-9350"}}
			}
		}
		d.Texts = func([]int64) (map[int64]Text, error) { return texts, nil }
		list := found(t, d)
		n := 0
		for i, x := range list {
			n += x.N
			x.Links = []Link{{Template: []int64{7, c.template}[i], Linked: true}}
		}
		got := Join(list)
		sum := 0
		for _, x := range got {
			sum += x.N
			if x.N != len(x.Members) || len(x.Causes) == 0 || x.Causes[0].N > x.N {
				t.Errorf("%s: %+v", name, *x)
			}
		}
		if len(list) != 2 || len(got) != c.want || sum != n {
			t.Errorf("%s: %d of %d incidents, %d of %d complaints", name, len(got), len(list), sum, n)
		}
	}
}
