package tabular_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"plaint/ingest/file"
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

// workers is the table of workers, of which ties are the common tasks.
func workers(t *testing.T) (func() *tabular.Table, [][2]int32) {
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
	var ties [][2]int32
	read(t, "edges.csv.gz", func(row []string) { ties = append(ties, [2]int32{at[row[0]], at[row[1]]}) })
	return func() *tabular.Table {
		table := tabular.NewTable(names)
		for _, r := range rows {
			table.Add(r)
		}
		return table
	}, ties
}

// line measures one table with both models.
func line(t *testing.T, name string, table func() *tabular.Table, r tabular.Roles) (string, [2]tabular.Quality) {
	t.Helper()
	var out [2]tabular.Quality
	text := fmt.Sprintf("%-28s", name)
	for k := range out {
		r.Challenger = k == 1
		x, err := tabular.Screen(table(), r)
		if err != nil {
			t.Fatal(err)
		}
		out[k] = *x.Summary.Test
		if k == 0 {
			sumsUp(t, x)
		}
		text += fmt.Sprintf("  %.4f %.4f %.4f", out[k].AUROC, out[k].AP, out[k].Error)
	}
	return text + "\n", out
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

// TestScoreboard: `go test ./scoring/tabular -run Scoreboard -update` measures all
// and writes the board; without -update the first lines are measured and compared.
func TestScoreboard(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Test rows: AUROC, average precision, calibration error (10 bins of equal mass) of the glass box, then of the challenger.\n" +
		"# One setting for all tables. Payments are generated and ordered by time: the last fifth is scored.\n\n")
	gap, n := 0., 0.
	keep := func(text string, q [2]tabular.Quality) {
		b.WriteString(text)
		gap, n = gap+q[1].AUROC-q[0].AUROC, n+1
	}
	sizes := []int{6000, 20000}
	if !*update {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		for _, delay := range []float64{0, .05} {
			r := tabular.Roles{ID: "id", Label: "label", Time: "at", Entities: []string{"source", "target"}, Delay: delay * float64(size)}
			keep(line(t, fmt.Sprintf("payments %d, delay %.0f", size, r.Delay), func() *tabular.Table { return transactions(size, 5) }, r))
		}
	}
	if !*update {
		compare(t, b.String())
		return
	}
	table, ties := workers(t)
	var mean [2]tabular.Quality
	began := time.Now()
	for s := range 10 {
		text, q := line(t, "tolokers, split "+strconv.Itoa(s), table, tabular.Roles{ID: "id", Label: "banned", Split: "split" + strconv.Itoa(s), Edges: ties})
		keep(text, q)
		for k := range q {
			mean[k].AUROC, mean[k].AP, mean[k].Error = mean[k].AUROC+q[k].AUROC/10, mean[k].AP+q[k].AP/10, mean[k].Error+q[k].Error/10
		}
	}
	fmt.Fprintf(&b, "%-28s  %.4f %.4f %.4f  %.4f %.4f %.4f\n", "tolokers, mean", mean[0].AUROC, mean[0].AP, mean[0].Error, mean[1].AUROC, mean[1].AP, mean[1].Error)
	fmt.Fprintf(&b, "\nmean AUROC of the challenger less that of the glass box: %.4f\n", gap/n)
	t.Logf("tolokers took %v\n%s", time.Since(began), b.String())
	if mean[0].AUROC < .858 || mean[1].AUROC < .860 {
		t.Errorf("tolokers: %.4f and %.4f", mean[0].AUROC, mean[1].AUROC)
	}
	if err := os.WriteFile(scoreboard, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
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
