package book

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
	"time"

	"plaint/analysis/rootcause/template"
	"plaint/internal/record"
	"plaint/internal/store"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plaint.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func admit(t *testing.T, st *store.Store, lines []record.LogLine) {
	t.Helper()
	for i := range lines {
		lines[i].Stamp(nil)
	}
	judge := func(*record.Complaint, *record.History) record.Decision { return record.Decision{} }
	if _, err := st.Admit(t.Context(), &record.Batch{Input: "x", Logs: lines}, judge); err != nil {
		t.Fatal(err)
	}
}

// keep reads what is new and keeps it as a run.
func keep(t *testing.T, st *store.Store) (*Book, int64) {
	t.Helper()
	b, err := Read(t.Context(), st, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	run, err := st.SaveRun(t.Context(), store.Run{Kind: "logs", Started: st.Now(), UpTo: b.Last(), Tables: b.Tables()})
	if err != nil {
		t.Fatal(err)
	}
	return b, run
}

// said are n lines of a few services, the first at the place from: kinds come and
// go, words turn into variables, traces go over several lines.
func said(from, n int) (out []record.LogLine) {
	r := rand.New(rand.NewPCG(uint64(from), 7))
	word := func(k int) string { return string([]byte{'a' + byte(r.IntN(k)), 'x', 'a' + byte(r.IntN(3))}) }
	for i := from; i < from+n; i++ {
		l := record.LogLine{Service: []string{"oms", "pay", "auth"}[i%3], Level: []string{"info", "error"}[i/3%2], Host: "h1",
			Time: record.At(monday.Add(time.Duration(i) * 2 * time.Second))}
		switch k := i % 11; {
		case k < 3:
			l.Message = fmt.Sprintf("order %d accepted for %s", i, word(3+i/400))
		case k < 5:
			l.Message = fmt.Sprintf("link %s is now up after %dms", word(2), i)
		case k == 5 && i > 300:
			l.Message = "panic in worker " + word(26) + word(26)
		case k == 6:
			l.Message = "failed to open the gate"
		case k == 7:
			l.Message, l.Service, l.Host = "\tat a.b.C(D.java:12)", out1(out, "oms"), "h1"
		case k == 8:
			l.Message, l.Time = "订单 "+fmt.Sprint(i)+" 已受理", record.Moment{}
		default:
			l.Message = fmt.Sprintf("user %s logged %s", word(26), []string{"in", "out"}[r.IntN(2)])
		}
		l.ExternalID = fmt.Sprint(i)
		out = append(out, l)
	}
	return out
}

// out1 is the service of the line before, if there is one.
func out1(lines []record.LogLine, or string) string {
	if len(lines) == 0 {
		return or
	}
	return lines[len(lines)-1].Service
}

// groups are the lines of each template of a run, as found again, in an order
// that does not depend on numbers of templates.
func groups(t *testing.T, st *store.Store, b *Book, run int64) (out [][]int64) {
	t.Helper()
	for _, k := range b.Kinds() {
		lines, err := Lines(t.Context(), st, Asked{Run: run, Template: k.ID, Most: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(lines)) != k.N || lines[0] != k.Example {
			t.Fatalf("%s of %q: %d lines found, counted %d from %d on", k.Text, k.Scope, len(lines), k.N, k.Example)
		}
		out = append(out, lines)
	}
	sort.Slice(out, func(i, j int) bool { return out[i][0] < out[j][0] })
	return out
}

// TestRunsAgree: the lines read in any number of runs are grouped and counted as
// in one.
func TestRunsAgree(t *testing.T) {
	const all = 1500
	lines := said(0, all)
	whole := open(t)
	admit(t, whole, slices.Clone(lines))
	b, run := keep(t, whole)
	want := groups(t, whole, b, run)
	for seed := range uint64(2) {
		st := open(t)
		r := rand.New(rand.NewPCG(seed, 1))
		var last *Book
		for from := 0; from < all; {
			to := min(all, from+1+r.IntN(900))
			admit(t, st, slices.Clone(lines[from:to]))
			last, run = keep(t, st)
			if _, fresh := last.Lines(); fresh != int64(to-from) {
				t.Fatalf("%d lines read, %d are new", fresh, to-from)
			}
			from = to
		}
		if got := groups(t, st, last, run); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("seed %d: %d groups, in one run %d", seed, len(got), len(want))
		}
		for _, q := range []string{"select sum(n) from log_template where run = ?", "select sum(n) from log_template_count where run = ?"} {
			var n int64
			if err := st.QueryRow(t.Context(), q, run).Scan(&n); err != nil || n != all {
				t.Errorf("%s: %d, %v", q, n, err)
			}
		}
		var off int64
		if err := st.QueryRow(t.Context(), `select count(*) from log_template t join (select template, service, sum(n) as n from log_template_count
			where run = $1 group by 1, 2) c on c.template = t.id where t.run = $1 and (c.n <> t.n or c.service <> t.service)`, run).Scan(&off); err != nil || off != 0 {
			t.Errorf("%d templates are counted otherwise than their minutes: %v", off, err)
		}
	}
}

func numbers(b *Book) map[string]int64 {
	out := map[string]int64{}
	for _, k := range b.Kinds() {
		out[k.Scope+"|"+k.Text] = k.ID
	}
	return out
}

// TestNumbersStay: a template keeps its number when lines are added, also when
// its text changes, and it is written down where its lines went.
func TestNumbersStay(t *testing.T) {
	st := open(t)
	say := func(at int, messages ...string) {
		var lines []record.LogLine
		for i, m := range messages {
			l := record.LogLine{Service: "s", Level: "info", Message: m, Time: record.At(monday.Add(time.Duration(at+i) * time.Minute))}
			l.ExternalID = fmt.Sprint(at + i)
			lines = append(lines, l)
		}
		admit(t, st, lines)
	}
	say(0, "disk alpha is full now", "disk beta is full now", "disk beta is full now", "the queue is empty")
	first, _ := keep(t, st)
	before := numbers(first)
	again, _ := keep(t, st)
	if _, fresh := again.Lines(); fresh != 0 || fmt.Sprint(numbers(again)) != fmt.Sprint(before) || len(again.Changes()) != 0 {
		t.Errorf("nothing new changed %v to %v", before, numbers(again))
	}
	say(10, "disk gamma is full now", "disk delta is full now", "disk eps is full now", "disk zeta is full now", "the queue is empty")
	then, run := keep(t, st)
	after := numbers(then)
	beta, alpha := before["s\x00info|disk beta is full now"], before["s\x00info|disk alpha is full now"]
	if len(before) != 3 || len(after) != 2 || after["s\x00info|disk <*> is full now"] != beta || after["s\x00info|the queue is empty"] != before["s\x00info|the queue is empty"] {
		t.Errorf("%v became %v", before, after)
	}
	want := []Change{{beta, beta, "changed", 2}, {alpha, beta, "merged", 1}}
	if fmt.Sprint(then.Changes()) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", then.Changes(), want)
	}
	var n int
	if err := st.QueryRow(t.Context(), "select count(*) from log_template_lineage where run = ? and change in ('changed', 'merged')", run).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d changes kept: %v", n, err)
	}
	// Another reading of the same lines gives the same numbers.
	err := st.Change(t.Context(), func(w store.Writer) error {
		return w.Exec(t.Context(), "delete from log_line where message = 'disk zeta is full now'")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lines(t.Context(), st, Asked{Run: run, Template: beta, Most: 10}); !errors.Is(err, ErrGone) {
		t.Errorf("lines of a run whose lines are gone: %v", err)
	}
	anew, _ := keep(t, st)
	if all, fresh := anew.Lines(); all != 8 || fresh != 8 || fmt.Sprint(numbers(anew)) != fmt.Sprint(after) {
		t.Errorf("%d lines, %d read, %v became %v", all, fresh, after, numbers(anew))
	}
}

func kindOf(text string, id int64) *template.Template { return &template.Template{ID: id, Text: text} }

// TestDivided: a template whose lines fall apart keeps its number for most of
// them.
func TestDivided(t *testing.T) {
	a, b := &Kind{N: 5}, &Kind{N: 9}
	a.Template, b.Template = kindOf("a", 1), kindOf("b", 2)
	a.shapes, b.shapes = []*Shape{{n: 5, was: 7}}, []*Shape{{n: 9, was: 7}}
	x := &Book{st: open(t), from: 1, kinds: []*Kind{b, a}}
	if err := x.name(context.Background()); err != nil {
		t.Fatal(err)
	}
	if b.ID != 7 || a.ID != 1 || fmt.Sprint(x.Changes()) != fmt.Sprint([]Change{{7, 7, "changed", 9}, {7, 1, "divided", 5}}) {
		t.Errorf("%d, %d, %v", b.ID, a.ID, x.Changes())
	}
}

// TestLines: drill-down by time, and on from a line.
func TestLines(t *testing.T) {
	st := open(t)
	admit(t, st, said(0, 1000))
	b, run := keep(t, st)
	k := b.Kinds()[0]
	all, err := Lines(t.Context(), st, Asked{Run: run, Template: k.ID, Most: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	from, to := monday.Add(5*time.Minute), monday.Add(15*time.Minute)
	for _, seq := range all {
		var in bool
		if err := st.QueryRow(t.Context(), "select time >= ? and time < ? from log_line where seq = ?", from, to, seq).Scan(&in); err != nil {
			t.Fatal(err)
		}
		if in {
			want = append(want, seq)
		}
	}
	got, err := Lines(t.Context(), st, Asked{Run: run, Template: k.ID, From: from, To: to, Most: 1 << 30})
	if err != nil || len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%v, want %v: %v", got, want, err)
	}
	got, err = Lines(t.Context(), st, Asked{Run: run, Template: k.ID, After: all[3], Most: 4})
	if err != nil || !slices.Equal(got, all[4:8]) {
		t.Errorf("%v, want %v: %v", got, all[4:8], err)
	}
}

// TestOldCounts: a file from before keeps its hourly counts.
func TestOldCounts(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := filepath.Glob("../../../../internal/store/migrations/*.sql")
	if err != nil || len(names) < 6 {
		t.Fatal(names, err)
	}
	for i, name := range names[:6] {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i == 5 {
			if _, err := db.Exec(`insert into log_template values (3, 77, 'x <*>', 'pay', 'error', 5, '2026-03-02 09:10:00', '2026-03-02 10:10:00', 12);
				insert into log_template_count values (3, 77, '2026-03-02 09:00:00', 4), (3, 77, '2026-03-02 10:00:00', 1)`); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Exec(string(script)); err != nil {
			t.Fatal(name, err)
		}
	}
	var got string
	err = db.QueryRow("select string_agg(concat_ws(' ', run, template, service, hour, n), '; ' order by hour) from log_template_count").Scan(&got)
	if want := "3 77 pay 2026-03-02 09:00:00 4; 3 77 pay 2026-03-02 10:00:00 1"; err != nil || got != want {
		t.Errorf("%q, want %q: %v", got, want, err)
	}
}
