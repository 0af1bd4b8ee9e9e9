package tabular_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"plaint/scoring/tabular"
)

// swinging is a table in time in which the share of bad rows goes up and down for
// no reason that a column tells.
func swinging(n int) *tabular.Table {
	random := rand.New(rand.NewPCG(8, 8))
	t := tabular.NewTable([]string{"id", "at", "x", "label"})
	for i := range n {
		x := random.NormFloat64()
		p := 1 / (1 + math.Exp(2-x-1.5*math.Sin(float64(i)/250)))
		bad := map[bool]int{true: 1}[random.Float64() < p]
		t.Add([]string{"r" + strconv.Itoa(i), strconv.Itoa(i), strconv.FormatFloat(x, 'f', 3, 64), strconv.Itoa(bad)})
	}
	return t
}

// TestLabelsMoveProbabilities: where it helps, labels that arrive after training move
// the probabilities of later rows, and the reasons still add up to the score.
func TestLabelsMoveProbabilities(t *testing.T) {
	r := tabular.Roles{ID: "id", Label: "label", Time: "at"}
	x, err := tabular.Screen(swinging(8000), r)
	if err != nil {
		t.Fatal(err)
	}
	sumsUp(t, x)
	if s := x.Summary; !s.Followed || s.Test.Error > .03 {
		t.Errorf("followed: %v, error %v", s.Followed, s.Test.Error)
	}
	r.Delay = 800
	if x, err = tabular.Screen(swinging(8000), r); err != nil {
		t.Fatal(err)
	}
	if x.Summary.Followed {
		t.Error("labels that come when all has changed were followed")
	}
}
