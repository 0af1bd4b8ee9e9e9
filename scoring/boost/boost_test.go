package boost_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"plaint/scoring/boost"
	"plaint/scoring/calibration"
	"plaint/scoring/feature"
)

// parity of three signs: no curve and no pair sees it.
func parity(n int) (*feature.Table, []int32, []float32) {
	random := rand.New(rand.NewPCG(1, 1))
	t := &feature.Table{}
	bad, rows := make([]float32, n), make([]int32, n)
	for range 3 {
		t.Columns = append(t.Columns, feature.Number("x", "x", make([]float64, n)))
	}
	for i := range n {
		rows[i] = int32(i)
		negative := 0
		for j := range t.Columns {
			x := random.NormFloat64() + .3
			t.Columns[j].Values[i] = x
			if x < 0 {
				negative++
			}
		}
		bad[i] = float32(negative % 2)
	}
	return t, rows, bad
}

func auroc(scores []float64, rows []int32, bad []float32) float64 {
	var c []calibration.Case
	for _, i := range rows {
		c = append(c, calibration.Case{Score: scores[i], Bad: bad[i] > 0})
	}
	return calibration.AUROC(c)
}

func TestChallengerSeesWhatPairsCannot(t *testing.T) {
	table, rows, bad := parity(3000)
	s := boost.Challenger(1)
	s.Forests = 1
	full := boost.Bin(table, bad, rows[:2000], nil, s.Bins).Train(s)
	if a := auroc(full.Scores(table), rows[2000:], bad); a < .9 {
		t.Errorf("challenger %v", a)
	}
	s.Pairs = true
	pairs := boost.Bin(table, bad, rows[:2000], nil, s.Bins).Train(s)
	if a, b := auroc(pairs.Scores(table), rows[2000:], bad), auroc(full.Scores(table), rows[2000:], bad); a > b-.02 {
		t.Errorf("pairs alone %v, without a limit %v", a, b)
	}
	for _, f := range pairs.Forests {
		for _, tree := range f.Trees {
			if most(tree, 0, nil) > 2 {
				t.Fatal("a way to a leaf looks at more than two features")
			}
		}
	}
}

// most features on a way from a node to a leaf.
func most(tree boost.Tree, at int32, on []int32) int {
	n := tree[at]
	if n.Feature < 0 {
		return len(on)
	}
	if !slices.Contains(on, n.Feature) {
		on = append(slices.Clone(on), n.Feature)
	}
	return max(most(tree, n.Left, on), most(tree, n.Left+1, on))
}

func TestSameOnAnyMachine(t *testing.T) {
	table, rows, bad := parity(1000)
	train := func() []float64 {
		s := boost.Challenger(2)
		s.Trees = 40
		return boost.Bin(table, bad, rows, nil, s.Bins).Train(s).Scores(table)
	}
	many := train()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !slices.Equal(many, train()) {
		t.Error("one processor gives another model")
	}
}
