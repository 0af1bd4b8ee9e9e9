package lineage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/analysis/rootcause/cluster"
	"plaint/analysis/rootcause/lineage"
	"plaint/ingest/simulate"
	"plaint/internal/testload"
	"plaint/internal/text"
)

// stage is a fit of the first complaints of a simulated broker.
type stage struct {
	of   []int32
	k    int
	main []string // the commonest cause of each cluster
}

// refits are fits of a half, six tenths, … of a broker's English complaints.
func refits(t *testing.T, seed uint64) (list []stage) {
	t.Helper()
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: seed, Complaints: 6000}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	rows, truth := testload.Rows(t, filepath.Join(dir, "complaints.csv")), testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv"))
	var texts, causes []string
	for i, r := range rows {
		if text.Language(r["subject"]+" "+r["body"]) == "en" {
			texts, causes = append(texts, r["subject"]+" "+r["body"]), append(causes, truth[i]["cause"])
		}
	}
	for part := 5; part <= 10; part++ {
		n := len(texts) * part / 10
		c := cluster.Texts(texts[:n], 0, nil)
		s := stage{of: make([]int32, n), k: len(c.Labels), main: make([]string, len(c.Labels))}
		count := make([]map[string]int, s.k)
		for i, x := range c.Of {
			if s.of[i] = int32(x); x < 0 {
				continue
			}
			if count[x] == nil {
				count[x] = map[string]int{}
			}
			if count[x][causes[i]]++; count[x][causes[i]] > count[x][s.main[x]] {
				s.main[x] = causes[i]
			}
		}
		list = append(list, s)
	}
	return list
}

// alone are the causes that are the main one of one theme, with its id.
func alone(s stage, ids []int64) map[string]int64 {
	out, n := map[string]int64{}, map[string]int{}
	for c, cause := range s.main {
		out[cause] = ids[c]
		n[cause]++
	}
	for cause, k := range n {
		if k > 1 {
			delete(out, cause)
		}
	}
	return out
}

// tally is how identity went over refits.
type tally struct{ same, lost, kept, wrong, themes, events int }

func (y *tally) follow(stages []stage, least float64) {
	var before []int64
	var was map[string]int64
	cause := map[int64]string{}
	next := int64(1)
	for _, s := range stages {
		f := &lineage.Fit{Clusters: s.k, Next: next}
		for i, c := range s.of {
			old := int64(lineage.Unseen)
			if i < len(before) {
				old = before[i]
			}
			f.Seqs, f.Before, f.Now = append(f.Seqs, int64(i+1)), append(f.Before, old), append(f.Now, c)
		}
		l := lineage.FollowAt(f, least)
		is := alone(s, l.IDs)
		for c, id := range is {
			if old, ok := was[c]; ok && old == id {
				y.same++
			} else if ok {
				y.lost++
			}
		}
		for c, id := range l.IDs {
			if old, ok := cause[id]; ok && old == s.main[c] {
				y.kept++
			} else if ok {
				y.wrong++
			}
			cause[id], next = s.main[c], max(next, id+1)
		}
		y.themes += s.k
		y.events += len(l.Events)
		before, was = make([]int64, len(s.of)), is
		for i, c := range f.Now {
			if c >= 0 {
				before[i] = l.IDs[c]
			}
		}
	}
}

// TestIdentityScoreboard: the least overlap for a theme to go on, by what became
// of the themes of a growing broker.
func TestIdentityScoreboard(t *testing.T) {
	if !*lineage.Update {
		t.Skip("only with -update")
	}
	var all [][]stage
	for seed := range uint64(4) {
		all = append(all, refits(t, seed+1))
	}
	var b strings.Builder
	b.WriteString("# identity over 5 refits of 4 growing brokers, English texts, no edits\n# same: causes with one theme before and after that kept its id; wrong: ids whose main cause changed\n")
	fmt.Fprintf(&b, "%-8s %8s %8s %8s %8s %8s %8s %8s\n", "least", "themes", "same", "lost", "same %", "kept", "wrong", "wrong %")
	for _, least := range []float64{.05, .1, .15, .2, .25, .3, .4, .5, .6, .7} {
		var y tally
		for _, stages := range all {
			y.follow(stages, least)
		}
		fmt.Fprintf(&b, "%-8.2f %8d %8d %8d %8.1f %8d %8d %8.1f\n", least, y.themes, y.same, y.lost, 100*float64(y.same)/float64(y.same+y.lost), y.kept, y.wrong, 100*float64(y.wrong)/float64(y.kept+y.wrong))
	}
	if err := os.WriteFile("testdata/identity.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
