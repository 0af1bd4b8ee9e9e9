package space

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Vector instructions and plain Go add in one order: equal to the last bit, for
// every length and place in memory.
func TestKernelsAreTheSameOnEveryMachine(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no AVX2: there is one kernel only")
	}
	random := rand.New(rand.NewPCG(1, 2))
	room := make([]float32, 400)
	room64 := make([]float64, len(room))
	for i := range room {
		room[i] = float32(random.NormFloat64() * math.Exp(random.NormFloat64()*8))
		room64[i] = random.NormFloat64() * math.Exp(random.NormFloat64()*8)
	}
	for n := range 150 {
		for range 8 {
			i, j := random.IntN(len(room)-n), random.IntN(len(room)-n)
			a, b := room[i:i+n], room[j:j+n]
			if got, want := dotVector(a, b), dotPlain(a, b); got != want {
				t.Fatalf("product of %d numbers: %g, in plain Go %g", n, got, want)
			}
			if got, want := dot64Vector(room64[i:i+n], room64[j:j+n]), dot64Plain(room64[i:i+n], room64[j:j+n]); got != want {
				t.Fatalf("product of %d double numbers: %g, in plain Go %g", n, got, want)
			}
			got, want := slices.Clone(room), slices.Clone(room)
			addScaledVector(got[i:i+n], .7, slices.Clone(b))
			addScaledPlain(want[i:i+n], .7, slices.Clone(b))
			if !slices.Equal(got, want) {
				t.Fatalf("sum of %d numbers at %d", n, i)
			}
		}
	}
}

func TestDotIsTheInnerProduct(t *testing.T) {
	for n := range 100 {
		a, b, want := make([]float32, n), make([]float32, n), float32(0)
		for i := range n {
			a[i], b[i] = float32(i+1), float32(2*i-3)
			want += a[i] * b[i] // whole numbers: exact in any order
		}
		if got := Dot(a, b); got != want {
			t.Errorf("%d numbers: %g, want %g", n, got, want)
		}
	}
}

func BenchmarkKernels(b *testing.B) {
	for _, n := range []int{50, 277} {
		x, y := make([]float32, n), make([]float32, n)
		per := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds()/1e9, "G/s")
			})
		}
		var keep float32
		per("product", func() { keep += Dot(x, y) })
		per("product_plain", func() { keep += dotPlain(x, y) })
		per("sum", func() { addScaled(x, .5, y) })
	}
}
