package coordination_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/analysis"
	"plaint/analysis/coordination"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/scoring/duplicate"
	"plaint/scoring/ring"
)

var tools = coordination.Tools{Letters: duplicate.Groups, Find: ring.Find}

func judge(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} }

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func number(t *testing.T, st *store.Store, query string, args ...any) (n int64) {
	t.Helper()
	if err := st.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestQuarter looks for the planted groups of a simulated quarter, from files to
// tables: whom it proposes belongs to one, most of the groups are found, and a
// second run finds the same under the same ids.
func TestQuarter(t *testing.T) {
	dir, st := t.TempDir(), open(t)
	if _, err := (simulate.Config{Seed: 1, Complaints: 3000, LogLines: 5000}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accounts.csv", "logs.ndjson", "complaints.csv"} {
		testload.File(t, st, filepath.Join(dir, name), judge)
	}
	s, err := analysis.Run(t.Context(), st, analysis.Options{Jobs: []string{"themes", "logs", "incidents", "rings"}, Rings: tools})
	if err != nil {
		t.Fatal(err)
	}
	run := s.Jobs[len(s.Jobs)-1].Run
	truth := map[string]map[string]string{}
	planted := map[string]int{}
	for _, row := range testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv")) {
		truth[row["id"]] = row
		if row["motive"] == "ring" || row["motive"] == "professional" {
			planted[row["group"]]++
		}
	}
	rows, err := st.Query(t.Context(), "select m.ring, m.confidence, c.external_id from ring_member m join complaint c using (seq) where m.run = ?", run)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	flagged, honest := map[string]int{}, 0
	for rows.Next() {
		var id int64
		var sure float64
		var external string
		if err := rows.Scan(&id, &sure, &external); err != nil {
			t.Fatal(err)
		}
		switch row := truth[external]; {
		case sure < ring.Proposal:
		case row["motive"] == "honest":
			honest++
		default:
			flagged[row["group"]]++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for group, n := range planted {
		if 2*flagged[group] >= n {
			found++
		}
	}
	if honest > 3 || 2*found < len(planted) {
		t.Errorf("%d honest complaints proposed, %d of %d groups found", honest, found, len(planted))
	}
	again, _, err := coordination.Measure(t.Context(), st, tools)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"ring", "ring_member", "ring_evidence", "ring_tie", "ring_money"} {
		columns := "* exclude (run)"
		if n := number(t, st, fmt.Sprintf("select count(*) from (select %[1]s from %[2]s where run = ? except select %[1]s from %[2]s where run = ?)", columns, table), run, again); n != 0 {
			t.Errorf("%d rows of %s differ in a second run", n, table)
		}
	}
	if n := number(t, st, "select count(*) from ring_tie t where t.example not in (select seq from ring_member m where m.run = t.run and m.ring = t.ring)"); n != 0 {
		t.Errorf("%d examples are of other complaints", n)
	}
}

// TestLittle: a store with nothing, without accounts, without dates, and with
// values that nobody would write.
func TestLittle(t *testing.T) {
	st := open(t)
	if run, numbers, err := coordination.Measure(t.Context(), st, tools); err != nil || run == 0 || numbers["rings"] != 0 {
		t.Errorf("%d %v %v", run, numbers, err)
	}
	huge := strings.Repeat("团\x1b[31m\u202e<script>", 20000)
	var b record.Batch
	for i := range 40 {
		c := record.Complaint{Customer: fmt.Sprint("C", i), Type: "fee", Body: fmt.Sprint("我的提现在三天前提交之后一直没有到账，客服也不回复，请尽快处理这件事。", i%3), Received: record.At(time.Date(2026, 3, 2, 9, i, 0, 0, time.UTC))}
		if i < 20 {
			c.Device, c.PayoutAccount, c.Contact, c.Currency = huge, huge+"1", "<b>"+huge, "\x1b[31m<i>U\u202eSD"
			c.Extra = []record.Field{{Name: huge, Value: "\x01"}}
		}
		if i%2 == 0 {
			c.Received = record.Moment{}
		}
		c.ExternalID = fmt.Sprint(i)
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	if _, err := st.Admit(t.Context(), &b, judge); err != nil {
		t.Fatal(err)
	}
	run, numbers, err := coordination.Measure(t.Context(), st, tools)
	if err != nil || numbers["rings"] != 1 || number(t, st, "select customers from ring where run = ?", run) < 20 {
		t.Errorf("%v %v", numbers, err)
	}
}

// TestLettersStop: an error of the store ends the reading and is told.
func TestLettersStop(t *testing.T) {
	st := open(t)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := coordination.Measure(t.Context(), st, coordination.Tools{Letters: func(iter.Seq[[]string]) []int { return nil }, Find: ring.Find}); err == nil {
		t.Error("a closed store was read")
	}
}
