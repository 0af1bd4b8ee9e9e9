package glass_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"plaint/scoring/feature"
	"plaint/scoring/glass"
)

// made is a table whose truth is a sum of curves, of one pair and of a category;
// the first feature only raises it, and where the third is missing it is higher.
func made(n, features int, seed uint64) (*feature.Table, []int32, []float32) {
	random := rand.New(rand.NewPCG(seed, 9))
	t := &feature.Table{}
	for j := range features {
		c := feature.Number(fmt.Sprintf("x%d", j), fmt.Sprintf("x%d", j), make([]float64, n))
		for i := range c.Values {
			c.Values[i] = random.NormFloat64()
			if j == 2 && random.IntN(8) == 0 {
				c.Values[i] = feature.Missing()
			}
		}
		t.Columns = append(t.Columns, c)
	}
	kind := feature.Column{Name: "kind", Group: "kind", Values: make([]float64, n), Levels: []string{"a", "b", "c", "d"}}
	rows, bad := make([]int32, n), make([]float32, n)
	for i := range n {
		kind.Values[i] = float64(random.IntN(4))
		x := func(j int) float64 { return t.Columns[j].Values[i] }
		z := -2.5 + math.Tanh(2*x(0)) + math.Abs(x(1)) + 1.5*math.Copysign(1, x(3)*x(4)) + kind.Values[i]*(kind.Values[i]-2)/2
		if math.IsNaN(x(2)) {
			z += 2
		}
		if random.Float64() < 1/(1+math.Exp(-z)) {
			bad[i] = 1
		}
		rows[i] = int32(i)
	}
	t.Columns = append(t.Columns, kind)
	return t, rows, bad
}

func TestContributionsAddUp(t *testing.T) {
	table, rows, bad := made(2000, 6, 1)
	m := glass.Train(table, rows, bad, glass.Options{Bags: 2})
	scores, out := m.Scores(table), make([]float64, len(m.Terms))
	for i, s := range scores {
		sum := m.Intercept
		if got := m.Explain(table, i, out); got != s {
			t.Fatalf("row %d: %v, explained %v", i, s, got)
		}
		for _, c := range out {
			sum += c
		}
		if math.Abs(sum-s) > 1e-9 {
			t.Fatalf("row %d: %v, reasons add up to %v", i, s, sum)
		}
	}
}

// TestPure: every curve is zero on average, and every surface along each line.
func TestPure(t *testing.T) {
	table, rows, bad := made(4000, 6, 2)
	m := glass.Train(table, rows, bad, glass.Options{Bags: 2})
	found := false
	for k, x := range m.Terms {
		found = found || m.Name(k) == "x3 × x4"
		wide := max(x.Wide, len(x.Scores))
		if len(x.Features) == 2 {
			wide = x.Wide
		}
		for from := 0; from < len(x.Scores); from += wide {
			sum, n := 0., 1e-9
			for c := from; c < from+wide; c++ {
				sum, n = sum+x.Scores[c]*x.Rows[c], n+x.Rows[c]
			}
			if n > 10 && math.Abs(sum/n) > 1e-3 {
				t.Errorf("%s from %d: mean %v of %v rows", m.Name(k), from, sum/n, n)
			}
		}
	}
	if !found {
		t.Error("the pair that matters was not found")
	}
}

func TestMonotone(t *testing.T) {
	table, rows, bad := made(2000, 6, 3)
	table.Columns[0].Sign, table.Columns[5].Sign = 1, -1
	m := glass.Train(table, rows, bad, glass.Options{Bags: 2})
	for _, x := range m.Terms {
		if len(x.Features) == 2 && (x.Features[0] == 0 || slices.Contains(x.Features, 5)) {
			t.Error("a feature that is held monotone is in a pair")
		}
	}
	for b := 2; b < len(m.Terms[0].Scores); b++ {
		if m.Terms[0].Scores[b] < m.Terms[0].Scores[b-1]-1e-12 {
			t.Errorf("x0 falls at bin %d", b)
		}
	}
	for b := 2; b < len(m.Terms[5].Scores); b++ {
		if m.Terms[5].Scores[b] > m.Terms[5].Scores[b-1]+1e-12 {
			t.Errorf("x5 rises at bin %d", b)
		}
	}
	if c := m.Terms[0].Scores; c[len(c)-1]-c[1] < 1 {
		t.Errorf("x0 goes from %v to %v only", c[1], c[len(c)-1])
	}
	if c := m.Terms[2].Scores; c[0] < 1 {
		t.Errorf("a missing x2 counts %v", c[0])
	}
}

// TestSameOnAnyMachine: the number of processors changes nothing, and a model that
// was kept as JSON scores as before.
func TestSameOnAnyMachine(t *testing.T) {
	table, rows, bad := made(1000, 6, 4)
	train := func() []byte {
		text, err := json.Marshal(glass.Train(table, rows, bad, glass.Options{Bags: 2, Trees: 60}))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	many := train()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if one := train(); string(one) != string(many) {
		t.Error("one processor gives another model")
	}
	var m glass.Model
	if err := json.Unmarshal(many, &m); err != nil {
		t.Fatal(err)
	}
	if a, b := m.Scores(table), glass.Train(table, rows, bad, glass.Options{Bags: 2, Trees: 60}).Scores(table); !slices.Equal(a, b) {
		t.Error("a kept model scores otherwise")
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, c := range []struct {
		name           string
		rows, features int
	}{{"30k_33", 30_000, 32}, {"1M_30", 1_000_000, 29}} {
		b.Run(c.name, func(b *testing.B) {
			table, rows, bad := made(c.rows, c.features, 5)
			for b.Loop() {
				glass.Train(table, rows, bad, glass.Options{})
			}
		})
	}
}
