package format

import "math"

// Round leaves six digits behind the point: what is below them is the leavings
// of binary fractions.
func Round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// Parts rounds the parts of a total. Parts that add up to it add up to the
// rounded total, too: what rounding took goes to the largest.
func Parts(total float64, parts []*float64) {
	before, after := 0.0, 0.0
	var most *float64
	for _, p := range parts {
		before += *p
		*p = Round(*p)
		after += *p
		if most == nil || math.Abs(*p) > math.Abs(*most) {
			most = p
		}
	}
	if most != nil && math.Abs(before-total) < 1e-6 {
		*most = Round(*most + Round(total) - after)
	}
}
