package scoring_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/scoring/model"
)

var (
	update = flag.Bool("update", false, "write the scoreboard")
	dump   = flag.String("dump", "", "write signals and truth of every complaint to this CSV file")
)

// outcome counts one simulated quarter against its truth.
type outcome struct {
	abuse, flagged, hits   int
	crowd, crowdFlagged    int // honest complaints of an outage
	honest, honestFlagged  int
	byMotive, hitsByMotive map[string]int
}

// quarter simulates, loads evidence before complaints, and compares.
func quarter(t *testing.T, m *model.Model, seed uint64, out *csv.Writer) outcome {
	t.Helper()
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: seed}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	truth := map[string]map[string]string{}
	for _, row := range testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv")) {
		truth[row["id"]] = row
	}
	o := outcome{byMotive: map[string]int{}, hitsByMotive: map[string]int{}}
	judge := func(c *record.Complaint, h *record.History) record.Decision {
		d := m.Decide(c, h)
		o.count(truth[c.ExternalID], d)
		if out != nil {
			row := []string{fmt.Sprint(seed), truth[c.ExternalID]["motive"], truth[c.ExternalID]["incident"]}
			for _, s := range d.Signals {
				row = append(row, fmt.Sprint(s))
			}
			if err := out.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	for _, name := range []string{"accounts.csv", "transactions.csv", "complaints.csv"} {
		testload.File(t, st, filepath.Join(dir, name), judge)
	}
	return o
}

func (o *outcome) count(truth map[string]string, d record.Decision) {
	motive := truth["motive"]
	o.byMotive[motive]++
	if d.Flagged {
		o.flagged++
		o.hitsByMotive[motive]++
	}
	if motive != "honest" {
		o.abuse++
		if d.Flagged {
			o.hits++
		}
		return
	}
	o.honest++
	if d.Flagged {
		o.honestFlagged++
	}
	if truth["incident"] != "" {
		o.crowd++
		if d.Flagged {
			o.crowdFlagged++
		}
	}
}

const scoreboard = "testdata/scoreboard.txt"

// TestScoreboard measures the default model on simulated quarters: `go test
// ./scoring -run Scoreboard -update` writes the board. Seeds 101 to 105 were
// looked at when the points were set; 1 to 3 were not.
func TestScoreboard(t *testing.T) {
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	var w *csv.Writer
	if *dump != "" {
		f, err := os.Create(*dump)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w = csv.NewWriter(f)
		defer w.Flush()
		if err := w.Write(append([]string{"seed", "motive", "incident"}, m.SignalNames()...)); err != nil {
			t.Fatal(err)
		}
	}
	seeds := []uint64{1, 2, 3}
	if *update || *dump != "" {
		seeds = []uint64{1, 2, 3, 101, 102, 103, 104, 105}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "model %s on simulated quarters of 6,000 complaints\nseed recall precision flagged_in_outage flagged_of_honest | recall by kind\n", m.Name)
	for _, seed := range seeds {
		o := quarter(t, m, seed, w)
		recall, precision := float64(o.hits)/float64(o.abuse), float64(o.hits)/float64(max(o.flagged, 1))
		crowd := float64(o.crowdFlagged) / float64(max(o.crowd, 1))
		fmt.Fprintf(&b, "%d %.3f %.3f %.4f %.4f |", seed, recall, precision, crowd, float64(o.honestFlagged)/float64(o.honest))
		for _, k := range []string{"ring", "professional", "refund_abuse", "contradiction"} {
			fmt.Fprintf(&b, " %s %.2f", k, float64(o.hitsByMotive[k])/float64(max(o.byMotive[k], 1)))
		}
		b.WriteString("\n")
		// The default quarter (seed 1) has to meet the promise; the first
		// complaint of an abuser looks like any other, so that quarters with
		// many small groups stay below it.
		least := 0.65
		if seed == 1 {
			least = 0.70
		}
		if recall < least || precision < 0.80 || crowd > 0.005 {
			t.Errorf("seed %d: recall %.3f (at least %.2f), precision %.3f (at least 0.80), flagged in an outage %.4f (at most 0.005)", seed, recall, least, precision, crowd)
		}
	}
	t.Log("\n" + b.String())
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(scoreboard, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
