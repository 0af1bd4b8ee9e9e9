package scoring_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/analysis/rootcause"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/scoring/model"
	"plaint/scoring/signal"
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

// quarter simulates, loads evidence before complaints, and compares: as they came
// in, and judged again when incidents had been found and every flagged complaint
// had been decided, rightly, a week after it came.
func quarter(t *testing.T, m *model.Model, seed uint64, out *csv.Writer) (first, again outcome) {
	t.Helper()
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: seed}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	var clock time.Time
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{Now: func() time.Time { return clock }, Incidents: rootcause.OpenIncidents})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	truth := map[string]map[string]string{}
	for _, row := range testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv")) {
		truth[row["id"]] = row
	}
	judge := func(o *outcome, out *csv.Writer) store.Decide {
		*o = outcome{byMotive: map[string]int{}, hitsByMotive: map[string]int{}}
		return func(c *record.Complaint, h *record.History) record.Decision {
			d := m.Decide(c, h)
			o.count(truth[c.ExternalID], d)
			if out != nil {
				dumpRow(t, out, m, seed, truth[c.ExternalID], c, h)
			}
			return d
		}
	}
	for _, name := range []string{"accounts.csv", "transactions.csv", "logs.ndjson", "complaints.csv"} {
		testload.File(t, st, filepath.Join(dir, name), judge(&first, nil))
	}
	decideAll(t, st, truth, &clock)
	if _, err := rootcause.Incidents(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Rescore(t.Context(), m.Name, judge(&again, out)); err != nil {
		t.Fatal(err)
	}
	return first, again
}

// decideAll confirms or clears every case a week after its complaint came.
func decideAll(t *testing.T, st *store.Store, truth map[string]map[string]string, clock *time.Time) {
	t.Helper()
	byDay := map[time.Time][]store.Ruling{}
	rows, err := st.Query(t.Context(), "select e.case_id, c.external_id, c.received from case_event e join complaint c on c.seq = e.seq where e.action = 'opened'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r store.Ruling
		var id string
		var at time.Time
		if err := rows.Scan(&r.Case, &id, &at); err != nil {
			t.Fatal(err)
		}
		r.Action, r.By, r.Note = store.Confirmed, "reviewer", "the truth"
		if truth[id]["motive"] == "honest" {
			r.Action = store.Cleared
		}
		day := at.UTC().Truncate(24*time.Hour).AddDate(0, 0, 8)
		byDay[day] = append(byDay[day], r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, day := range slices.SortedFunc(maps.Keys(byDay), time.Time.Compare) {
		*clock = day
		if err := st.Rule(t.Context(), byDay[day]); err != nil {
			t.Fatal(err)
		}
	}
}

// dumpRow writes the truth and every signal of a complaint.
func dumpRow(t *testing.T, out *csv.Writer, m *model.Model, seed uint64, truth map[string]string, c *record.Complaint, h *record.History) {
	t.Helper()
	row := []string{fmt.Sprint(seed), truth["motive"], truth["incident"]}
	for _, name := range m.SignalNames() {
		row = append(row, fmt.Sprint(float32(signal.All[name](c, h))))
	}
	if err := out.Write(row); err != nil {
		t.Fatal(err)
	}
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

func (o outcome) recall() float64    { return float64(o.hits) / float64(o.abuse) }
func (o outcome) precision() float64 { return float64(o.hits) / float64(max(o.flagged, 1)) }
func (o outcome) inCrowd() float64   { return float64(o.crowdFlagged) / float64(max(o.crowd, 1)) }

// String is a line of the board.
func (o outcome) String() string {
	s := fmt.Sprintf("%.3f %.3f %.4f %.4f |", o.recall(), o.precision(), o.inCrowd(), float64(o.honestFlagged)/float64(o.honest))
	for _, k := range []string{"ring", "professional", "refund_abuse", "contradiction"} {
		s += fmt.Sprintf(" %s %.2f", k, float64(o.hitsByMotive[k])/float64(max(o.byMotive[k], 1)))
	}
	return s
}

// check holds the default quarter (seed 1) to the promise; the first complaint of an
// abuser looks like any other, so that quarters with many small groups stay below it.
func (o outcome) check(t *testing.T, seed uint64, when string) {
	t.Helper()
	least := 0.65
	if seed == 1 {
		least = 0.70
	}
	if o.recall() < least || o.precision() < 0.80 || o.inCrowd() > 0.005 {
		t.Errorf("seed %d, %s: recall %.3f (at least %.2f), precision %.3f (at least 0.80), flagged in an outage %.4f (at most 0.005)", seed, when, o.recall(), least, o.precision(), o.inCrowd())
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
	fmt.Fprintf(&b, `model %s on simulated quarters of 6,000 complaints
as they came in, and judged again when incidents had been found and each flagged complaint had been decided a week after it came
seed judged recall precision flagged_in_outage flagged_of_honest | recall by kind
`, m.Name)
	for _, seed := range seeds {
		first, again := quarter(t, m, seed, w)
		for when, o := range map[string]outcome{"first": first, "again": again} {
			o.check(t, seed, when)
		}
		fmt.Fprintf(&b, "%d first %s\n%d again %s\n", seed, first, seed, again)
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
