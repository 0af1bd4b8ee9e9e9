package tabular_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plaint/ingest/file"
	"plaint/scoring/calibration"
	"plaint/scoring/tabular"
)

var update = flag.Bool("update", false, "measure everything and write the scoreboard")

const (
	tolokers   = "../../../shared/data/tolokers"
	scoreboard = "testdata/scoreboard.txt"
)

// read reads a table of the shared data.
func read(t *testing.T, name string, each func(row []string)) []string {
	t.Helper()
	in, err := file.OpenTable(t.Context(), filepath.Join(tolokers, name), "")
	if err != nil {
		t.Skipf("the shared data is not here: %v", err)
	}
	defer in.Close()
	for {
		row, err := in.Next()
		if err != nil {
			return in.Columns
		}
		each(row)
	}
}

// workers is the table of workers, of which ties are the common tasks, and the part
// that a row has in a split.
func workers(t *testing.T) (table func() *tabular.Table, ties [][2]int32, part func(row int32, split string) string) {
	var rows [][]string
	names := read(t, "nodes.csv.gz", func(row []string) {
		kept := make([]string, len(row))
		for i, c := range row {
			kept[i] = strings.Clone(c)
		}
		rows = append(rows, kept)
	})
	at := map[string]int32{}
	for i, r := range rows {
		at[r[0]] = int32(i)
	}
	read(t, "edges.csv.gz", func(row []string) { ties = append(ties, [2]int32{at[row[0]], at[row[1]]}) })
	table = func() *tabular.Table {
		table := tabular.NewTable(names)
		for _, r := range rows {
			table.Add(r)
		}
		return table
	}
	return table, ties, func(row int32, split string) string { return rows[row][slices.Index(names, split)] }
}

// measured is what one model reached on one table.
type measured struct {
	tabular.Quality
	chance float64 // the calibration error that it would have, were its probabilities true
	kept   []tabular.Kept
}

// measure screens one table with both models. tested tells the rows that are judged.
func measure(t *testing.T, table func() *tabular.Table, r tabular.Roles, tested func(row int32) bool) (out [2]measured) {
	t.Helper()
	for k := range out {
		r.Challenger = k == 1
		x, err := tabular.Screen(table(), r)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			sumsUp(t, x)
		}
		out[k] = measured{*x.Summary.Test, byChance(x, tested), x.Summary.Promises}
	}
	return out
}

// byChance is the calibration error that the scores of tested rows would have if
// they were all true: the mean over labels that are drawn from them.
func byChance(x *tabular.Result, tested func(row int32) bool) (mean float64) {
	const draws = 100
	random := rand.New(rand.NewPCG(1, 1))
	var c []calibration.Case
	for k, row := range x.Rows {
		if tested(row) {
			c = append(c, calibration.Case{Score: x.Score[k]})
		}
	}
	for range draws {
		for i := range c {
			c[i].Bad = random.Float64() < c[i].Score
		}
		mean += calibration.Error(c) / draws
	}
	return mean
}

// sumsUp checks that the reasons of every scored row add up to its score.
func sumsUp(t *testing.T, x *tabular.Result) {
	t.Helper()
	told := x.Reasons()
	for k, row := range x.Rows {
		r := told.Of(row)
		sum := r.Base + r.Calibration
		for _, g := range r.Groups {
			sum += g
		}
		p := x.Score[k]
		if math.Abs(sum-r.LogOdds) > 1e-9 || math.Abs(1/(1+math.Exp(-sum))-p) > 1e-9 {
			t.Fatalf("row %d: reasons add up to %v, the score is %v of log-odds %v", row, sum, p, r.LogOdds)
		}
	}
}

// compare wants what was measured to be the beginning of the board.
func compare(t *testing.T, got string) {
	t.Helper()
	want, err := os.ReadFile(scoreboard)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(want), got) {
		t.Errorf("the scoreboard is not met; -update writes it anew. Measured:\n%s", got)
	}
}
