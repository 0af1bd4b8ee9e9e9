package tabular

import (
	"math"
	"testing"
)

func TestNumbers(t *testing.T) {
	none := math.NaN()
	for cell, want := range map[string]float64{
		"1200": 1200, "-1.5e3": -1500, "1,200": 1200, "1,234,567.25": 1234567.25, "-$2,500.50": -2500.5, "¥1,200": 1200, "€ 30": 30,
		"1,20": none, "12,00,000": none, "0x1F": none, "1_000": none, "$": none, "1.2.3": none, "A1,200": none, "1e999": none,
	} {
		got, ok := numberOf(cell)
		if ok == math.IsNaN(want) || ok && got != want {
			t.Errorf("%q: %v %v, want %v", cell, got, ok, want)
		}
	}
}
