package record

import (
	"math/rand/v2"
	"testing"
)

// TestOverlap compares the counted lanes with a count lane by lane.
func TestOverlap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var a, b Sketch
		equal := 0
		for i := range a {
			for lane := range 4 {
				v := r.Uint64N(1 << 16)
				w := v
				switch r.IntN(4) {
				case 0:
					w = v ^ 0x8000
				case 1:
					w = v ^ 1<<r.IntN(16)
				case 2:
					w = r.Uint64N(1 << 16)
				}
				if v == w {
					equal++
				}
				a[i], b[i] = a[i]|v<<(16*lane), b[i]|w<<(16*lane)
			}
		}
		if got := a.Overlap(&b); got != float64(equal)/(4*SketchSize) {
			t.Fatalf("%x and %x: %v, %d lanes are equal", a, b, got, equal)
		}
	}
}
