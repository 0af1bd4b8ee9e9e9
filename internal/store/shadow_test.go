package store

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"plaint/internal/record"
)

// rude is a shadow that flags everything, writes into what it is given and fails
// now and then.
func rude(c *record.Complaint, h *record.History) record.Decision {
	d := nosy(c, h)
	d.Model, d.Flagged, d.Score = "rude", true, -d.Score
	d.Reasons = []record.Reason{{Signal: "x", Points: 1, Evidence: []int64{1}}}
	c.Customer, c.Body, c.Keys = "somebody else", "", record.Keys{}
	if h.ByCustomer = nil; c.ExternalID[len(c.ExternalID)-1] == '7' {
		panic("rude")
	}
	return d
}

// everything is all that the file holds, table by table, without what only a
// shadow writes.
func everything(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	names, err := s.Query(t.Context(), "select table_name from duckdb_tables() where not internal and not temporary")
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if name != "shadow_decision" && name != "secret" && name != "plaint_version" {
			out[name] = rowsOf(t, s, name)
		}
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func rowsOf(t *testing.T, s *Store, table string) (out []string) {
	t.Helper()
	query := "select x::varchar from " + table + " x"
	if table == "admission" {
		query = "select x::varchar from (select * exclude (micros) from admission) x"
	}
	rows, err := s.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// shaded admits complaints in batches of a size and gives the store and what the
// receipts say.
func shaded(t *testing.T, size int, shadow Decide) (*Store, []record.Receipt) {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir()+"/t.db", Options{Now: func() time.Time { return day0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Shade(shadow)
	var told []record.Receipt
	for batch := range slices.Chunk(complaints(600), size) {
		r, err := s.Admit(t.Context(), &record.Batch{Input: "x", Detail: true, Complaints: batch}, nosy)
		if err != nil {
			t.Fatal(err)
		}
		r.Took = 0
		told = append(told, r)
	}
	return s, told
}

// TestShadowHasNoEffect: with a shadow that does what none should, every table,
// decision, case and receipt is what it is without one.
func TestShadowHasNoEffect(t *testing.T) {
	without, told := shaded(t, 50, nil)
	with, toldToo := shaded(t, 50, rude)
	if !reflect.DeepEqual(told, toldToo) {
		t.Error("the receipts differ")
	}
	a, b := everything(t, without), everything(t, with)
	if len(a) < 20 || len(a["case_event"]) == 0 || len(a["decision"]) != 600 {
		t.Fatalf("%d tables, %d cases", len(a), len(a["case_event"]))
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			t.Errorf("%s differs with a shadow", name)
		}
	}
	if n := len(rowsOf(t, without, "shadow_decision")); n != 0 {
		t.Errorf("%d rows without a shadow", n)
	}
	if n := len(rowsOf(t, with, "shadow_decision")); n != 540 { // it fails on one in ten
		t.Errorf("%d rows of 540", n)
	}
}

// TestShadowScoresWhateverTheBatch: singly, in hundreds or in one file.
func TestShadowScoresWhateverTheBatch(t *testing.T) {
	var first []string
	for _, size := range []int{600, 100, 7} {
		s, _ := shaded(t, size, rude)
		rows := rowsOf(t, s, "shadow_decision")
		if first == nil {
			first = rows
		}
		if !slices.Equal(rows, first) {
			t.Errorf("batches of %d: other scores", size)
		}
	}
}

// TestShadedIsReadBack beside the decision that counted, and what was missed is
// counted.
func TestShadedIsReadBack(t *testing.T) {
	s, _ := shaded(t, 600, rude)
	if _, err := s.Rescore(t.Context(), "other", func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "other"} }); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := s.Shaded(t.Context(), "rude", func(x *record.Shaded) error {
		if n++; x.Judged.Model != "nosy" || x.Shadow.Score != -x.Judged.Score || !x.Shadow.Flagged || x.Received.IsZero() {
			return fmt.Errorf("%+v", x)
		}
		return nil
	})
	if err != nil || n != 540 {
		t.Error(n, err)
	}
	if n, err := s.Unshaded(t.Context(), "rude", day0.Add(-time.Hour)); err != nil || n != 60 {
		t.Error(n, err)
	}
	if err := s.Shaded(t.Context(), "nobody", func(*record.Shaded) error { return fmt.Errorf("a row") }); err != nil {
		t.Error(err)
	}
}

// BenchmarkShadow is what a shadow costs intake, which is more than the same
// without one.
func BenchmarkShadow(b *testing.B) {
	for _, size := range []int{1, 640, 6400} {
		for name, d := range map[string]Decide{"without": nil, "with": nosy} {
			b.Run(fmt.Sprintf("rows=%d/%s", size, name), func(b *testing.B) {
				s := fresh(b)
				s.Shade(d)
				rows, n := complaints(size), 0
				for b.Loop() {
					for i := range rows {
						n++
						rows[i].ExternalID, rows[i].Customer = fmt.Sprint("N", n), fmt.Sprint("U", n%50_000)
						rows[i].Stamp(nil)
					}
					if _, err := s.Admit(b.Context(), &record.Batch{Input: "x", Complaints: rows}, nosy); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
