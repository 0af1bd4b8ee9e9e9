package cluster

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/ingest/simulate"
	"plaint/internal/text"
)

var update = flag.Bool("update", false, "write the scoreboard of clusters, over all its sets")

// agreement compares a partition with the truth: normalised mutual information
// (arithmetic mean), adjusted Rand index.
func agreement(of []int, truth []string) (nmi, ari float64) {
	n := float64(len(of))
	joint, a, b := map[[2]string]float64{}, map[string]float64{}, map[string]float64{}
	for i, c := range of {
		k := fmt.Sprint(c)
		joint[[2]string{k, truth[i]}]++
		a[k]++
		b[truth[i]]++
	}
	var mutual, ha, hb, pairs, pa, pb float64
	two := func(x float64) float64 { return x * (x - 1) / 2 }
	for k, x := range joint {
		mutual += x / n * math.Log(x*n/(a[k[0]]*b[k[1]]))
		pairs += two(x)
	}
	for _, x := range a {
		ha -= x / n * math.Log(x/n)
		pa += two(x)
	}
	for _, x := range b {
		hb -= x / n * math.Log(x/n)
		pb += two(x)
	}
	expected := pa * pb / two(n)
	return 2 * mutual / (ha + hb), (pairs - expected) / ((pa+pb)/2 - expected)
}

// accuracy is the share of rows that are right when clusters and truth are
// matched one to one as well as can be.
//
// Method: the assignment problem by shortest augmenting paths (Jonker, Volgenant
// 1987).
func accuracy(of []int, truth []string) float64 {
	number := map[string]int{}
	for _, t := range truth {
		if _, ok := number[t]; !ok {
			number[t] = len(number)
		}
	}
	n := max(len(number), slices.Max(of)+1)
	hits := make([][]float64, n)
	for i := range hits {
		hits[i] = make([]float64, n)
	}
	for i, c := range of {
		if c >= 0 {
			hits[c][number[truth[i]]]++
		}
	}
	match := matched(hits)
	right := 0.0
	for t, c := range match {
		right += hits[c][t]
	}
	return right / float64(len(of))
}

// matched gives each column a row so that the sum is largest.
func matched(gain [][]float64) (rowOf []int) {
	n := len(gain)
	u, v, at := make([]float64, n+1), make([]float64, n+1), make([]int, n+1)
	for r := 1; r <= n; r++ {
		at[0] = r
		column := 0
		least, way, used := make([]float64, n+1), make([]int, n+1), make([]bool, n+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for at[column] != 0 {
			used[column] = true
			row, delta, next := at[column], math.Inf(1), 0
			for j := 1; j <= n; j++ {
				if used[j] {
					continue
				}
				if d := -gain[row-1][j-1] - u[row] - v[j]; d < least[j] {
					least[j], way[j] = d, column
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			for j := range n + 1 {
				if used[j] {
					u[at[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			column = next
		}
		for column != 0 {
			at[column], column = at[way[column]], way[column]
		}
	}
	rowOf = make([]int, n)
	for j := 1; j <= n; j++ {
		rowOf[j-1] = at[j] - 1
	}
	return rowOf
}

// clusterSet is texts with their truth; the last scored rows are scored.
type clusterSet struct {
	name         string
	texts, truth []string
	scored       int
	slow         bool // only looked at when the scoreboard is written
}

// publicSet reads columns of files that are no part of the project; nothing if
// they are not there.
func publicSet(t *testing.T, name, text, truth string, files ...string) *clusterSet {
	t.Helper()
	s := &clusterSet{name: name}
	for _, f := range files {
		r, err := os.Open("../../../../shared/data/" + f)
		if err != nil {
			t.Logf("%s is left out: %v", name, err)
			return nil
		}
		rows, err := csv.NewReader(r).ReadAll()
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		a, b := slices.Index(rows[0], text), slices.Index(rows[0], truth)
		for _, row := range rows[1:] {
			s.texts, s.truth = append(s.texts, row[a]), append(s.truth, row[b])
		}
		s.scored = len(rows) - 1
	}
	return s
}

// The languages of a simulated set.
const (
	onlyChinese = "Chinese"
	onlyEnglish = "English"
	bothTongues = "both"
)

// simulatedSet is a simulated broker's complaints in some languages, by type or by
// planted cause.
func simulatedSet(t *testing.T, seed uint64, languages, truth string) *clusterSet {
	t.Helper()
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: seed}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	column, rows := table(t, filepath.Join(dir, "complaints.csv"))
	known, planted := table(t, filepath.Join(dir, "truth", "complaints.csv"))
	of := map[string]string{}
	for _, row := range planted {
		of[row[known["id"]]] = row[known[truth]]
	}
	s := &clusterSet{name: fmt.Sprintf("simulation, seed %d, %s, by %s", seed, languages, truth), slow: seed > 1 || languages != bothTongues || truth != "type"}
	for _, row := range rows {
		w := row[column["subject"]] + "\n" + row[column["body"]]
		if chinese := text.Language(w) == "zh"; languages == bothTongues || chinese == (languages == onlyChinese) {
			s.texts, s.truth = append(s.texts, w), append(s.truth, of[row[column["id"]]])
		}
	}
	s.scored = len(s.texts)
	return s
}

// table reads a file with a heading.
func table(t *testing.T, path string) (column map[string]int, rows [][]string) {
	t.Helper()
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if rows, err = csv.NewReader(r).ReadAll(); err != nil {
		t.Fatal(err)
	}
	column = map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	return column, rows[1:]
}

// TestClusterScoreboard measures clusters against the truth and compares the
// figures with the committed ones. Where a set is not there, its line is left
// alone. A change on purpose is written with
//
//	go test ./analysis/rootcause/cluster -run ClusterScoreboard -timeout 1h -update
func TestClusterScoreboard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	const path = "testdata/clusters.txt"
	was, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	lines := strings.Split(string(was), "\n")
	var out strings.Builder
	out.WriteString("# Clusters of texts without labels against the truth, over 100; seconds and MB on two processors are not compared.\n" +
		"# k \"-\" = not given. The last column is the agreement of the rows that are scored, all rows clustered together.\n")
	measure := func(s *clusterSet, given bool) {
		if s == nil || (s.slow || !given) && !*update {
			return
		}
		line, cost := s.measure(given)
		out.WriteString(line + cost + "\n")
		if !*update && !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) }) {
			t.Errorf("not in %s: %s", path, line)
		}
	}
	banking := publicSet(t, "banking77", "text", "category", "banking77/train.csv", "banking77/test.csv")
	if banking != nil {
		banking.slow = true
	}
	measure(banking, true)
	measure(banking, false)
	measure(publicSet(t, "cfpb_1000", "narrative", "product", "cfpb_1000/dataset.csv"), true)
	for seed := range uint64(3) {
		measure(simulatedSet(t, seed+1, onlyChinese, "type"), true)
		measure(simulatedSet(t, seed+1, onlyEnglish, "type"), true)
		measure(simulatedSet(t, seed+1, bothTongues, "type"), true)
		measure(simulatedSet(t, seed+1, bothTongues, "cause"), true)
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *clusterSet) measure(given bool) (line, cost string) {
	kinds := map[string]bool{}
	for _, x := range s.truth {
		kinds[x] = true
	}
	k, said := 0, "-"
	if given {
		k = len(kinds)
		said = fmt.Sprint(k)
	}
	runtime.GC()
	start := time.Now()
	got := Texts(s.texts, k, nil)
	took := time.Since(start).Seconds()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	from := len(s.texts) - s.scored
	of, truth := got.Of[from:], s.truth[from:]
	outliers := 0
	for _, c := range got.Of {
		if c < 0 {
			outliers++
		}
	}
	nmi, ari := agreement(of, truth)
	line = fmt.Sprintf("%-37s k %3s: %3d of %3d, NMI %4.1f, ARI %4.1f, ACC %4.1f, outliers %.2f %%;",
		s.name, said, len(got.Labels), len(kinds), 100*nmi, 100*ari, 100*accuracy(of, truth), 100*float64(outliers)/float64(len(got.Of)))
	return line, fmt.Sprintf(" %.0f s, %d MB", took, m.Sys>>20)
}
