package dense

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

const monday = 1767571200 // 5 January 2026

// even are n times a day on so many days.
func even(from int64, days, n int) (out []int64) {
	for d := range int64(days) {
		for k := range int64(n) {
			out = append(out, from+d*Day+k*600)
		}
	}
	return out
}

// TestStretches: strays before and after, alone, several, close by or a whole
// heap on one day, are left out; what is rare, grows, rests or came in two loads
// is not.
func TestStretches(t *testing.T) {
	quarter := even(monday, 91, 60)
	all := Stretches{{monday, monday + 91*Day}}
	with := func(more ...int64) []int64 { return append(append([]int64{}, quarter...), more...) }
	r := rand.New(rand.NewPCG(1, 2))
	var many []int64
	for range 40 {
		many = append(many, monday-int64(200+r.IntN(1500))*Day, monday+int64(200+r.IntN(1500))*Day)
	}
	var rare []int64
	for at := int64(monday); at < monday+1000*Day; at += int64(1+r.IntN(40)) * Day {
		rare = append(rare, at)
	}
	var grown []int64
	for w := range int64(60) {
		grown = append(grown, even(monday+w*week, 7, 1+int(w*w/40))...)
	}
	for name, c := range map[string]struct {
		times []int64
		want  Stretches
	}{
		"none":              {nil, nil},
		"one":               {[]int64{monday + 5}, Stretches{{monday, monday + Day}}},
		"quarter":           {quarter, all},
		"one stray before":  {with(monday - 735*Day), all},
		"one stray after":   {with(monday + 735*Day), all},
		"many strays":       {with(many...), all},
		"strays close by":   {with(monday-15*Day, monday-31*Day, monday-50*Day, monday+110*Day, monday+130*Day), all},
		"a heap on one day": {with(append(even(monday-735*Day, 1, 140), even(monday-735*Day, 1, 140)...)...), all},
		"two loads":         {with(even(monday-735*Day, 60, 20)...), Stretches{{monday - 735*Day, monday - 675*Day}, {monday, monday + 91*Day}}},
		"a rest":            {append(even(monday, 40, 9), even(monday+60*Day, 40, 9)...), Stretches{{monday, monday + 100*Day}}},
		"last day begun":    {with(monday + 91*Day), Stretches{{monday, monday + 92*Day}}},
		"growth":            {grown, Stretches{{monday, monday + 420*Day}}},
		"one outage":        {append(even(monday, 91, 1), even(monday+50*Day, 2, 1500)...), all},
		"rare":              {rare, Stretches{{Floor(rare[0]), Floor(rare[len(rare)-1]) + Day}}},
	} {
		if got := Of(c.times); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
