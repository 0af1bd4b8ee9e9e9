package anomaly

import (
	"math"
	"math/rand/v2"
	"testing"

	"plaint/scoring/feature"
)

// table is 2,000 ordinary rows, of which the last is odd in a number, the one
// before it in its category and the one before that in a missing value.
func table() *feature.Table {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 2000
	amount, kind, age := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		amount[i], kind[i], age[i] = r.NormFloat64(), float64(r.IntN(3)), float64(r.IntN(60))
	}
	amount[n-1], kind[n-2], age[n-3] = 25, 3, math.NaN()
	same := feature.Number("amount again", "amount", amount)
	return &feature.Table{Columns: []feature.Column{feature.Number("amount", "amount", amount), same,
		{Name: "kind", Group: "kind", Values: kind, Levels: []string{"a", "b", "c", "d"}}, feature.Number("age", "age", age)}}
}

func TestOddRowsSurprise(t *testing.T) {
	x := Of(table())
	n := len(x.Bits)
	if len(x.Groups) != 3 {
		t.Fatal(x.Groups)
	}
	for k, group := range []int{0, 1, 2} {
		i := n - 1 - k
		for g, part := range x.Parts {
			if g != group && part[i] > x.Parts[group][i] {
				t.Errorf("row %d surprises by %s: %v > %v", i, x.Groups[g], part[i], x.Parts[group][i])
			}
		}
		if x.Share[i] < .98 {
			t.Errorf("row %d surprises more than %v", i, x.Share[i])
		}
	}
	for i := range x.Bits {
		sum := 0.
		for _, part := range x.Parts {
			sum += part[i]
		}
		if math.Abs(sum-x.Bits[i]) > 1e-9 || math.IsInf(sum, 0) || sum < 0 {
			t.Fatalf("row %d: %v, parts %v", i, x.Bits[i], sum)
		}
	}
}

// TestNamesSurpriseNobody: where each row has its own, no row is odd.
func TestNamesSurpriseNobody(t *testing.T) {
	v := make([]float64, 50)
	levels := make([]string, 50)
	for i := range v {
		v[i] = float64(i)
	}
	x := Of(&feature.Table{Columns: []feature.Column{{Name: "name", Group: "name", Values: v, Levels: levels}}})
	for _, b := range x.Bits {
		if b != 0 {
			t.Fatal(x.Bits)
		}
	}
}

func TestNothingKnown(t *testing.T) {
	x := Of(&feature.Table{Columns: []feature.Column{feature.Number("a", "a", []float64{math.NaN(), math.NaN()})}})
	if x.Bits[0] != 0 || x.Share[1] != 0 {
		t.Errorf("%+v", x)
	}
	if x := Of(&feature.Table{}); len(x.Bits) != 0 {
		t.Errorf("%+v", x)
	}
}
