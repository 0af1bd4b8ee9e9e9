package feature_test

import (
	"math"
	"testing"

	"plaint/scoring/feature"
)

func TestBinsOfNumbers(t *testing.T) {
	v := []float64{1, 1, 1, 1, 2, 3, 4, math.NaN(), 5, 6}
	c := feature.Number("x", "x", v)
	rows := []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	b := feature.Fit(&c, rows, make([]float32, 10), 5)
	if b.Count() != 4 { // ones are a part of their own weight, and two more are left
		t.Fatalf("%d bins: %v", b.Count(), b.Cuts)
	}
	bins := b.Bin(&c)
	if bins[7] != 0 || bins[0] != 1 || bins[3] != 1 || bins[4] == 1 || bins[9] != 3 {
		t.Error(bins)
	}
	for i := range v {
		if b.One(&c, i) != bins[i] {
			t.Errorf("row %d alone is in bin %d", i, b.One(&c, i))
		}
	}
	if b.Of(math.Inf(1)) != 3 || b.Of(math.Inf(-1)) != 1 {
		t.Error("what is beyond all values is in the last bins")
	}
}

func TestBinsOfCategories(t *testing.T) {
	c := feature.Column{Name: "k", Levels: []string{"worst", "best", "rare", "middle"}}
	var rows []int32
	var bad []float32
	for i := range 60 {
		k := i % 3
		if k == 2 {
			k = 3
		}
		c.Values = append(c.Values, float64(k))
		bad = append(bad, map[bool]float32{true: 1}[k == 0 || k == 3 && i%2 == 0])
		rows = append(rows, int32(i))
	}
	c.Values[59] = 2
	b := feature.Fit(&c, rows, bad, 16)
	if b.Order["best"] != 2 || b.Order["middle"] != 3 || b.Order["worst"] != 4 || b.One(&c, 59) != 1 {
		t.Errorf("%v", b.Order)
	}
	other := feature.Column{Levels: []string{"never seen", "best"}, Values: []float64{0, 1, math.NaN()}}
	if got := b.Bin(&other); got[0] != 1 || got[1] != 2 || got[2] != 0 {
		t.Error(got)
	}
}
