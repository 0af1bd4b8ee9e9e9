package format

import "testing"

// TestParts: rounded parts add up to the rounded total, and parts that never did
// are left as they are.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		total       float64
		parts, want []float64
	}{
		{-4.5 + 0.05 + 0.85, []float64{-4.5, 0.05, 0.8500000000000001}, []float64{-4.5, 0.05, 0.85}},
		{0.0000016, []float64{0.0000004, 0.0000004, 0.0000004, 0.0000004}, []float64{0.000002, 0, 0, 0}},
		{5, []float64{1.00000049, 2}, []float64{1, 2}},
		{3, nil, nil},
	} {
		var at []*float64
		for i := range c.parts {
			at = append(at, &c.parts[i])
		}
		Parts(c.total, at)
		for i, want := range c.want {
			if c.parts[i] != want {
				t.Errorf("%v: part %d is %v, want %v", c.total, i, c.parts[i], want)
			}
		}
	}
}
