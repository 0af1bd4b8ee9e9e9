package rootcause

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// loggedStore holds the lines of ten days of two services; in one hour of the
// eighth day one kind of line comes fifty times as often.
func loggedStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plaint.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	b := record.Batch{Input: "x"}
	say := func(at time.Time, service, level, message string) {
		l := record.LogLine{Service: service, Level: level, Message: message, Time: record.At(at)}
		l.ExternalID = fmt.Sprint(len(b.Logs))
		l.Stamp(nil)
		b.Logs = append(b.Logs, l)
	}
	for h := range 240 {
		at := begin.Add(time.Duration(h) * time.Hour)
		for i := range 6 {
			say(at.Add(time.Duration(i)*7*time.Minute), "oms", "info", fmt.Sprintf("order %d accepted for user%c", 100*h+i, 'a'+rune(i)))
		}
		n := 1
		if h == 170 {
			n = 50
		}
		for i := range n {
			say(at.Add(time.Duration(i)*time.Minute), "pay", "error", fmt.Sprintf("rail HK-%d timed out after %dms", i, 30*h+i))
		}
	}
	if _, err := st.Admit(t.Context(), &b, func(*record.Complaint, *record.History) record.Decision { return record.Decision{} }); err != nil {
		t.Fatal(err)
	}
	return st
}

// TestLogTemplates: one run or several that go on from each other find the same
// templates, counts and bursts.
func TestLogTemplates(t *testing.T) {
	type found struct{ templates, counts, bursts string }
	ask := func(st *store.Store, run int64, query string) (out string) {
		if err := st.QueryRow(t.Context(), "select coalesce(string_agg(x, '; ' order by x), '') from ("+query+")", run).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	look := func(most int64) (f found, r Result) {
		defer func(n int64) { logLines = n }(logLines)
		logLines = most
		st := loggedStore(t)
		r, err := LogTemplates(t.Context(), st)
		if err != nil {
			t.Fatal(err)
		}
		f.templates = ask(st, r.Run, "select concat_ws(' ', template, service, level, n, first, last, example) as x from log_template where run = ?")
		f.counts = ask(st, r.Run, "select concat_ws(' ', service, minute, hour, n, first_seq, last_seq) as x from log_template_count where run = ?")
		f.bursts = ask(st, r.Run, "select concat_ws(' ', t.service, start_at, end_at, b.n) as x from log_burst b join log_template t on t.run = b.run and t.id = b.template where b.run = ?")
		return f, r
	}
	whole, r := look(logLines)
	if r.Run != 1 || r.Numbers["lines"] != int64(240*6+239+50) || r.Numbers["templates"] != 2 || r.Numbers["other_lines"] != int64(0) {
		t.Errorf("run %d: %v", r.Run, r.Numbers)
	}
	if want := "pay 2026-03-09 02:00:00 2026-03-09 03:00:00 50"; whole.bursts != want {
		t.Errorf("bursts %q, want %q", whole.bursts, want)
	}
	parts, r := look(500)
	if r.Run != 4 {
		t.Errorf("%d runs", r.Run)
	}
	if parts != whole {
		t.Errorf("%v\nand in one run\n%v", parts, whole)
	}
}
