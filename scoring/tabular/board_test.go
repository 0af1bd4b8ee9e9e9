package tabular_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plaint/scoring/calibration"
	"plaint/scoring/tabular"
)

// board is the scoreboard under way, with what is summed up at its end.
type board struct {
	strings.Builder
	promises strings.Builder
	gap      [2]float64    // sum of the challenger's AUROC less the glass box's, and how many
	behind   [2][2]float64 // the same of the features made by hand, less those of each model
}

// sum of some lines that are told as one.
type sum struct {
	n    float64
	of   [2][4]float64
	hand [2]float64
}

const heading = `# Test rows: AUROC, average precision, calibration error (10 bins of equal mass; in brackets the one that the
# same scores would have by chance, were they all true) of the glass box, then of the challenger, then AUROC and
# average precision of the challenger on features made by hand for these payments.
# One setting for all tables. Payments are generated and ordered by time: the last fifth is scored.

`

// line writes what was measured on one table, and adds it to the sums.
func (b *board) line(name string, m [2]measured, hand [2]float64, s *sum) {
	one := sum{n: 1, hand: hand}
	for k, x := range m {
		one.of[k] = [4]float64{x.AUROC, x.AP, x.Error, x.chance}
	}
	b.tell(name, &one)
	s.n++
	for k := range m {
		for i, v := range one.of[k] {
			s.of[k][i] += v
		}
		s.hand[k] += hand[k]
		if hand[0] > 0 {
			b.behind[k][0], b.behind[k][1] = b.behind[k][0]+hand[0]-m[k].AUROC, b.behind[k][1]+1
		}
	}
	b.gap[0], b.gap[1] = b.gap[0]+m[1].AUROC-m[0].AUROC, b.gap[1]+1
}

// tell writes the means of a sum.
func (b *board) tell(name string, s *sum) {
	fmt.Fprintf(b, "%-34s", name)
	for _, v := range s.of {
		fmt.Fprintf(b, "  %.4f %.4f %.4f (%.4f)", v[0]/s.n, v[1]/s.n, v[2]/s.n, v[3]/s.n)
	}
	if s.hand[0] > 0 {
		fmt.Fprintf(b, "  %.4f %.4f", s.hand[0]/s.n, s.hand[1]/s.n)
	}
	b.WriteString("\n")
}

// promise adds what came of the glass box's promises on some tables, taken together.
func (b *board) promise(name string, kept []tabular.Kept) {
	for _, want := range []float64{.7, .8, .9} {
		flagged, bad := 0., 0.
		for _, k := range kept {
			if k.Precision == want {
				flagged, bad = flagged+float64(k.Flagged), bad+k.Reached*float64(k.Flagged)
			}
		}
		if flagged > 0 {
			share, low, high := calibration.Share(bad, flagged, flagged)
			fmt.Fprintf(&b.promises, "%-34s  %.2f  %.3f  %.3f to %.3f  %5.0f rows\n", name, want, share, low, high, flagged)
		}
	}
}

// seeds gives n of them. A gap of AUROC between two models varies by .01 from one
// small table to the next, so that some are needed to tell .003.
func seeds(from uint64, n int) (out []uint64) {
	for k := range n {
		out = append(out, from+uint64(k))
	}
	return out
}

// payments measures generated tables of one size.
func (b *board) payments(t *testing.T, size int, seeds []uint64) {
	t.Helper()
	delays := []float64{0, .05 * float64(size)}
	var kept []tabular.Kept
	sums := make([]sum, len(delays))
	for _, seed := range seeds {
		cells := payments(size, seed)
		for i, delay := range delays {
			r := tabular.Roles{ID: "id", Label: "label", Time: "at", Entities: []string{"source", "target"}, Delay: delay}
			m := measure(t, func() *tabular.Table { return transactions(cells) }, r, func(row int32) bool { return cells[row][6] != "" })
			auroc, ap := handmade(cells, delay)
			b.line(fmt.Sprintf("payments %d, delay %.0f, seed %d", size, delay, seed), m, [2]float64{auroc, ap}, &sums[i])
			kept = append(kept, m[0].kept...)
		}
	}
	if len(seeds) > 1 {
		for i, delay := range delays {
			b.tell(fmt.Sprintf("payments %d, delay %.0f, mean", size, delay), &sums[i])
		}
	}
	b.promise("payments "+strconv.Itoa(size), kept)
}

// tolokers measures the ten official splits.
func (b *board) tolokers(t *testing.T) *sum {
	t.Helper()
	table, ties, part := workers(t)
	var kept []tabular.Kept
	s := &sum{}
	for split := range 10 {
		r := tabular.Roles{ID: "id", Label: "banned", Split: "split" + strconv.Itoa(split), Edges: ties}
		m := measure(t, table, r, func(row int32) bool { return part(row, r.Split) == "test" })
		b.line("tolokers, split "+strconv.Itoa(split), m, [2]float64{}, s)
		kept = append(kept, m[0].kept...)
	}
	b.tell("tolokers, mean", s)
	b.promise("tolokers, all splits", kept)
	return s
}

// TestScoreboard: `go test ./scoring/tabular -run Scoreboard -update -timeout 2h`
// measures all and writes the board; without -update the first lines are measured
// and compared.
func TestScoreboard(t *testing.T) {
	b := &board{}
	b.WriteString(heading)
	if !*update {
		b.payments(t, 6000, seeds(5, 1))
		compare(t, b.String())
		return
	}
	b.payments(t, 6000, slices.Concat(seeds(5, 15), seeds(30, 15))) // features were chosen on those between
	b.payments(t, 20_000, seeds(5, 12))
	b.payments(t, 100_000, seeds(5, 1))
	s := b.tolokers(t)
	fmt.Fprintf(b, "\nmean AUROC of the challenger less that of the glass box: %.4f\n", b.gap[0]/b.gap[1])
	for k, name := range []string{"glass box", "challenger"} {
		fmt.Fprintf(b, "mean AUROC by hand less that of the %s: %.4f\n", name, b.behind[k][0]/b.behind[k][1])
		if b.behind[k][0] > .01*b.behind[k][1] {
			t.Errorf("features made by hand are further ahead of the %s than .01", name)
		}
	}
	b.WriteString("\n# Promised precision of the glass box, what was reached, its 95 % interval (as if rows in several splits were different ones).\n\n" + b.promises.String())
	t.Log("\n" + b.String())
	if g, c := s.of[0], s.of[1]; g[0] < 8.6 || g[1] < 6.1 || c[0] < 8.62 || c[1] < 6.15 {
		t.Errorf("tolokers: %.4f and %.4f", g[0]/10, c[0]/10)
	}
	if err := os.WriteFile(scoreboard, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
