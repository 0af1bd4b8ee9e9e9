package analysis_test

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"

	"plaint/analysis"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func admit(t testing.TB, st *store.Store, b record.Batch) {
	t.Helper()
	for i := range b.Complaints {
		b.Complaints[i].Stamp(nil)
	}
	for i := range b.Surveys {
		b.Surveys[i].Stamp(nil)
	}
	for i := range b.Logs {
		b.Logs[i].Stamp(nil)
	}
	for i := range b.Levels {
		b.Levels[i].Stamp()
	}
	if _, err := st.Admit(t.Context(), &b, judge); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, st *store.Store, o analysis.Options) analysis.Summary {
	t.Helper()
	s, err := analysis.Run(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEmptyStore(t *testing.T) {
	st := open(t)
	s := run(t, st, analysis.Options{})
	if len(s.Jobs) != len(analysis.Jobs)-3 || s.AsOf.IsZero() { // no answers are given, so no gaps are looked for, and nothing to look for rings or to watch models with
		t.Errorf("summary %+v", s)
	}
	if d := rows(t, st, "select code from digest"); len(d) != 1 || d[0][0] != "digest_nothing" {
		t.Errorf("digest of an empty store: %v", d)
	}
}

// TestSmall runs every job on stores that are hardly there.
func TestSmall(t *testing.T) {
	say := func(n int, body func(int) string) (out []record.Complaint) {
		for i := range n {
			c := record.Complaint{Body: body(i), Received: record.At(monday.Add(time.Duration(i) * time.Hour))}
			c.ExternalID = fmt.Sprint("C", i)
			out = append(out, c)
		}
		return out
	}
	undated := say(12, func(i int) string { return fmt.Sprint("提现没有到账 ", i) })
	for i := range undated {
		undated[i].Received = record.Moment{}
	}
	daily := say(40, func(int) string { return "登录收不到验证码，很着急" })
	for i := range daily {
		daily[i].Type = "login"
		daily[i].Received = record.Moment{Time: monday.Truncate(24*time.Hour).AddDate(0, 0, i/4), Precision: record.ToDay}
	}
	for name, c := range map[string]struct {
		complaints []record.Complaint
		themes     int
	}{
		"one complaint":          {say(1, func(int) string { return "提现没有到账" }), 1},
		"one language":           {say(30, func(i int) string { return []string{"my withdrawal is late", "the app crashes"}[i%2] }), 2},
		"no text":                {say(5, func(int) string { return "" }), 0},
		"one text":               {say(50, func(int) string { return "withdrawal pending for days" }), 1},
		"no dates":               {undated, 1},
		"dates without an hour":  {daily, 1},
		"only numbers and marks": {say(20, func(i int) string { return fmt.Sprint(i, " !!! ??? 。。。") }), 0},
	} {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			admit(t, st, record.Batch{Complaints: c.complaints})
			run(t, st, analysis.Options{})
			themes := rows(t, st, "select label, size from theme")
			members := rows(t, st, "select count(*) from theme_member")
			if len(themes) != c.themes || members[0][0].(int64) != int64(len(c.complaints)*min(c.themes, 1)) {
				t.Errorf("%d themes %v, %v members", len(themes), themes, members[0][0])
			}
		})
	}
}

func TestUnknownJob(t *testing.T) {
	st := open(t)
	if _, err := analysis.Run(t.Context(), st, analysis.Options{Jobs: []string{"volume", "magic"}}); err == nil {
		t.Error("an unknown job ran")
	}
	var seen []string
	run(t, st, analysis.Options{Jobs: []string{"logs", "volume"}, Progress: func(j string) { seen = append(seen, j) }})
	if !reflect.DeepEqual(seen, []string{"volume", "logs"}) {
		t.Errorf("ran %v", seen)
	}
}

// TestSameAnywhere: one processor or many, the first run or the second.
func TestSameAnywhere(t *testing.T) {
	b := simulated(t, simulate.Config{Seed: 9, Complaints: 1200, LogLines: 20000}, "surveys.csv", "complaints.csv", "logs.ndjson")
	answers := func() (all [][][]any) {
		run(t, b.st, analysis.Options{})
		for _, table := range []struct{ name, kind string }{{"theme", "themes"}, {"theme_member", "themes"}, {"theme_window", "themes"},
			{"log_template", "logs"}, {"log_burst", "logs"}, {"incident", "incidents"}, {"incident_member", "incidents"}, {"incident_template", "incidents"}, {"incident_hour", "incidents"}, {"service_clock", "service"}, {"service_quality", "service"},
			{"satisfaction", "satisfaction"}, {"satisfaction_driver", "satisfaction"}, {"digest", "digest"}, {"volume", "volume"}} {
			id, err := b.st.LatestRun(t.Context(), table.kind)
			if err != nil {
				t.Fatal(err)
			}
			not := "run"
			if table.name == "incident" {
				not += ", themes_run, logs_run" // of the runs before it
			}
			all = append(all, rows(t, b.st, "select * exclude ("+not+") from "+table.name+" where run = ?", id))
		}
		return all
	}
	first := answers()
	before := runtime.GOMAXPROCS(1)
	second := answers()
	runtime.GOMAXPROCS(before)
	for i := range first {
		if len(first[i]) == 0 {
			t.Errorf("table %d is empty", i)
		}
		if !reflect.DeepEqual(first[i], second[i]) {
			t.Errorf("table %d differs between one processor and %d", i, before)
		}
	}
}

// TestQuestions asks every named question of a real store.
func TestQuestions(t *testing.T) {
	b := simulated(t, simulate.Config{Seed: 9, Complaints: 300, LogLines: 3000}, "accounts.csv", "transactions.csv", "surveys.csv", "complaints.csv", "logs.ndjson")
	questions, err := analysis.Questions()
	if err != nil {
		t.Fatal(err)
	}
	if len(questions) < 10 {
		t.Errorf("only %d questions", len(questions))
	}
	with := map[string]any{"as_of": monday.AddDate(0, 3, 0), "least": 1}
	for _, q := range questions {
		var args []any
		for _, p := range q.With {
			args = append(args, with[p])
		}
		r, err := analysis.Ask(t.Context(), b.st, q.Name, args...)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for r.Next() {
			n++
		}
		if err := r.Close(); err != nil || n == 0 {
			t.Errorf("%s: %d rows, %v", q.Name, n, err)
		}
	}
	if _, err := analysis.Ask(t.Context(), b.st, "volume", 1); err == nil {
		t.Error("a parameter too many was taken")
	}
}

// TestReopenedClock: a later state stops a clock, being reopened starts it
// again, and the firm's own table comes before ours.
func TestReopenedClock(t *testing.T) {
	st := open(t)
	state := func(id, status string, changed time.Time, closed time.Time) record.Complaint {
		c := record.Complaint{Type: "withdrawal_delay", Body: "提现没有到账", Received: record.At(monday), Status: status, Changed: record.At(changed)}
		c.Source, c.ExternalID = "test", id
		if !closed.IsZero() {
			c.Closed = record.At(closed)
		}
		return c
	}
	at := func(h int) time.Time { return monday.Add(time.Duration(h) * time.Hour) }
	day := state("day", "closed", at(0), monday.AddDate(0, 0, 1).Truncate(24*time.Hour))
	day.Received.Precision, day.Closed.Precision = record.ToDay, record.ToDay
	admit(t, st, record.Batch{Complaints: []record.Complaint{state("settled", "open", at(0), time.Time{}), state("again", "closed", at(2), at(2)),
		state("open", "open", at(0), time.Time{}), day, state("late", "closed", at(30), at(30))}})
	again := state("again", "open", at(20), time.Time{})
	again.Reopened = record.At(at(20))
	admit(t, st, record.Batch{Complaints: []record.Complaint{state("settled", "resolved", at(3), at(3)), again}})
	check := func(now time.Time, want map[string]string) {
		t.Helper()
		run(t, st, analysis.Options{Now: now, Jobs: []string{"service"}})
		got := map[string]string{}
		for _, r := range rows(t, st, `select c.external_id, k.state from service_clock k join complaint c on c.seq = k.seq where k.run = (select max(run) from service_clock)`) {
			got[r[0].(string)] = r[1].(string)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("at %s: %v, want %v", now, got, want)
		}
	}
	check(at(10), map[string]string{"settled": "met", "again": "running", "open": "running", "day": "met", "late": "late"})
	check(at(20), map[string]string{"settled": "met", "again": "due_soon", "open": "due_soon", "day": "met", "late": "late"})
	check(at(25), map[string]string{"settled": "met", "again": "reopened", "open": "overdue", "day": "met", "late": "late"})
	admit(t, st, record.Batch{Levels: []record.ServiceLevel{{Type: "withdrawal_delay", Rule: record.Within, Limit: 100 * time.Hour}}})
	check(at(25), map[string]string{"settled": "met", "again": "running", "open": "running", "day": "met", "late": "met"})
}
