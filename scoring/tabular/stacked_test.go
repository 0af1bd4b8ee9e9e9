package tabular_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"plaint/scoring/feature"
	"plaint/scoring/tabular"
)

// circles is a table of rows tied within small circles, some of them bad ones.
func circles(flip int, flipTest bool) (*tabular.Table, [][2]int32) {
	random := rand.New(rand.NewPCG(6, 6))
	t := tabular.NewTable([]string{"id", "part", "x", "label"})
	var ties [][2]int32
	for i := range 600 {
		bad := random.Float64() < []float64{.05, .8}[i/10%4/3]
		x := random.NormFloat64()
		if bad {
			x += .5
		}
		part := []string{"train", "train", "val", "test"}[random.IntN(4)]
		for range 4 {
			ties = append(ties, [2]int32{int32(i), int32(i/10*10 + random.IntN(10))})
		}
		ties = append(ties, [2]int32{int32(i), int32(random.IntN(600))})
		if i == flip || flipTest && part != "train" {
			bad = !bad
		}
		t.Add([]string{"r" + strconv.Itoa(i), part, strconv.FormatFloat(x, 'f', 3, 64), strconv.Itoa(map[bool]int{true: 1}[bad])})
	}
	return t, ties
}

func looked(t *testing.T, flip int, flipTest bool) *feature.Table {
	t.Helper()
	table, ties := circles(flip, flipTest)
	x, err := tabular.Screen(table, tabular.Roles{ID: "id", Label: "label", Split: "part", Edges: ties})
	if err != nil {
		t.Fatal(err)
	}
	return x.Table
}

// TestNoLabelOfItsOwn: no feature of a row depends on its own label, not even by way
// of what a first model thinks of its neighbours; and none on labels that may not be
// learned from.
func TestNoLabelOfItsOwn(t *testing.T) {
	before := looked(t, -1, false)
	changed := false
	for _, own := range []int{3, 250, 411} {
		for k, c := range looked(t, own, false).Columns {
			for i, v := range c.Values {
				if v == before.Columns[k].Values[i] || v != v {
					continue
				}
				if changed = true; i == own {
					t.Errorf("row %d: its own label changes %s", own, c.Name)
				}
			}
		}
	}
	if !changed {
		t.Error("no label changes anything: nothing was tried")
	}
	for k, c := range looked(t, -1, true).Columns {
		for i, v := range c.Values {
			if v != before.Columns[k].Values[i] && v == v {
				t.Fatalf("labels of val and test change %s of row %d", c.Name, i)
			}
		}
	}
}
