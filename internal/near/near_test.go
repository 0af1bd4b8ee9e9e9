package near

import (
	"math"
	"math/rand/v2"
	"testing"
)

func of(s string) []uint16 {
	var out []uint16
	for _, r := range s {
		out = append(out, uint16(r))
	}
	return out
}

// TestJaroWinkler: the values of Winkler (1990).
func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"martha", "marhta", .9611}, {"dixon", "dicksonx", .8133}, {"dwayne", "duane", .84}, {"", "a", 0}, {"a", "a", 1}, {"abc", "xyz", 0}, {"王小明", "王小敏", .8222}} {
		if got := JaroWinkler(of(c.a), of(c.b)); math.Abs(got-c.want) > .0001 {
			t.Errorf("%s, %s: %.4f, not %.4f", c.a, c.b, got, c.want)
		}
		if a, b := JaroWinkler(of(c.a), of(c.b)), JaroWinkler(of(c.b), of(c.a)); a != b {
			t.Errorf("%s, %s: not symmetric", c.a, c.b)
		}
	}
}

// slow is the distance by its definition.
func slow(a, b []uint16) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			c := 1
			if a[i-1] == b[j-1] {
				c = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+c)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// TestEdits compares with the definition on random strings of few letters.
func TestEdits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	word := func() []uint16 {
		w := make([]uint16, rng.IntN(10))
		for i := range w {
			w[i] = uint16('a' + rng.IntN(3))
		}
		return w
	}
	for range 200_000 {
		a, b, most := word(), word(), 1+rng.IntN(3)
		if got, want := Edits(a, b, most), min(slow(a, b), most+1); got != want {
			t.Fatalf("%v, %v up to %d: %d, not %d", a, b, most, got, want)
		}
	}
}

func TestOverlap(t *testing.T) {
	a := []uint32{1, 2, 3, 4, 5, 6}
	if got := Overlap(a, a); got != 1 {
		t.Errorf("the same: %v", got)
	}
	if got := Overlap(a[:5], append(a, 7, 8, 9, 10)); got != .9 {
		t.Errorf("a part: %v", got)
	}
	if got := Overlap(a, nil) + Overlap(a, []uint32{9}); got != 0 {
		t.Errorf("nothing: %v", got)
	}
}
