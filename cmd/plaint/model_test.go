package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web/view"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// labelsFile writes the truth of a simulation as labels and returns its path.
func labelsFile(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "labels.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := [][]string{{"id", "abuse"}}
	for _, r := range testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv")) {
		abuse := "0"
		if r["motive"] != "honest" {
			abuse = "1"
		}
		rows = append(rows, []string{r["id"], abuse})
	}
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return path
}

// modelQuarter loads a simulated quarter and gives its folder; the database is
// t.db in it.
func modelQuarter(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a simulated quarter")
	}
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 101, LogLines: 100}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accounts.csv", "transactions.csv", "complaints.csv"} {
		if code, said := cli(t, dir, "ingest", name, "--db", "t.db", "--quiet"); code != exitDone {
			t.Fatal(said)
		}
	}
	labelsFile(t, dir)
	return dir
}

// ask runs a command that prints JSON.
func ask(t *testing.T, dir string, into any, args ...string) {
	t.Helper()
	code, said := cli(t, dir, append(args, "--json", "--quiet", "--db", "t.db")...)
	if code != exitDone {
		t.Fatalf("%v: %d %s", args, code, said)
	}
	if err := json.Unmarshal([]byte(said), into); err != nil {
		t.Fatalf("%v: %v: %s", args, err, said)
	}
}

// TestModelGoesLiveAsItWasTested trains on labels, tests over history, promotes,
// and finds that the score then says what the backtest said, that new complaints
// are judged by the new champion, and that everything stays explicable.
func TestModelGoesLiveAsItWasTested(t *testing.T) {
	dir := modelQuarter(t)
	do := func(args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append(args, "--db", "t.db")...)
		if code != exitDone {
			t.Fatalf("%v: %d %s", args, code, said)
		}
		return said
	}
	var made struct {
		Model string
		Card  model.Card
	}
	ask(t, dir, &made, "model", "train", "--labels", "labels.csv", "--queue", "8", "--by", "li")
	if made.Model != "own-1" || made.Card.Test.AUROC < .85 || made.Card.Labels.Abuse+made.Card.Labels.Honest != 6000 || made.Card.By != "li" {
		t.Fatalf("%+v", made)
	}
	var kept, afresh learn.Tested
	ask(t, dir, &kept, "backtest", "--model", "own-1", "--out", "changed.csv")
	ask(t, dir, &afresh, "backtest", "--model", "own-1", "--recompute")
	if kept.Newly == 0 || kept.Newly != afresh.Newly || kept.Cleared != afresh.Cleared || kept.Complaints != 6000 {
		t.Errorf("from kept signals %+v, anew %+v", kept, afresh)
	}
	changedRows(t, filepath.Join(dir, "changed.csv"), kept.Newly, kept.Cleared)
	before := count(t, dir, "select (select count(*) from decision) + (select count(*) from case_event)")
	if before != 6000+int64(kept.Against.AllFlagged) {
		t.Errorf("the tests kept something: %d", before)
	}
	do("model", "promote", "own-1", "--by", "li", "--reason", "tested")
	if said := do("score"); !strings.Contains(said, thousands(int64(kept.Model.AllFlagged))) {
		t.Errorf("%d flagged were tested: %s", kept.Model.AllFlagged, said)
	}
	if n := count(t, dir, "select count(*) from case_event where action = 'opened'"); n != int64(kept.Against.AllFlagged+kept.Newly) {
		t.Errorf("%d cases, tested %d and %d more", n, kept.Against.AllFlagged, kept.Newly)
	}
	put(t, dir, "new.csv", head+good)
	do("ingest", "new.csv", "--quiet")
	if n := count(t, dir, "select count(*) from decision where run = 0 and model = 'own-1'"); n != 1 {
		t.Errorf("%d new complaints judged by the champion", n)
	}
	for lang, want := range map[string]string{"en": "Honest people", "zh": "诚实者被标记"} {
		if card := do("model", "card", "own-1", "--lang", lang); !strings.Contains(card, want) || strings.Contains(card, "card_") || strings.Contains(card, "{") {
			t.Errorf("%s: %s", lang, card)
		}
	}
	if said := do("model", "evaluate", "--labels", "labels.csv", "--against", "plaint-2"); !strings.Contains(said, "own-1") || !strings.Contains(said, "PSI") {
		t.Error(said)
	}
	do("model", "promote", "plaint-2", "--by", "wang", "--reason", "back")
	ruleChange(t, dir, do)
	if said := do("model", "list"); !strings.Contains(said, "retired") || !strings.Contains(said, "wang") {
		t.Error(said)
	}
	if code, said := cli(t, dir, "doctor", "--db", "t.db"); code != exitDone {
		t.Error(said)
	}
}

// ruleChange takes the built-in model's file, changes a rule, tests it and lets it
// judge: it is kept, and no other model of its name may judge after it.
func ruleChange(t *testing.T, dir string, do func(...string) string) {
	t.Helper()
	file := do("model", "card", "plaint-2", "--yaml")
	put(t, dir, "mine.yaml", strings.Replace(strings.Replace(file, "name: plaint-2", "name: mine", 1), "threshold: -0.5", "threshold: 0.25", 1))
	var tested learn.Tested
	var afresh learn.Tested
	ask(t, dir, &tested, "backtest", "--model", "mine.yaml")
	ask(t, dir, &afresh, "backtest", "--model", "mine.yaml", "--recompute")
	if tested.Cleared != afresh.Cleared || tested.Model.AllFlagged != afresh.Model.AllFlagged {
		t.Errorf("after a run: from kept signals %+v, anew %+v", tested, afresh)
	}
	if tested.Cleared == 0 || tested.Newly != 0 || tested.Model.Threshold != .25 {
		t.Errorf("%+v", tested)
	}
	if said := do("score", "--model", "mine.yaml"); !strings.Contains(said, thousands(int64(tested.Model.AllFlagged))) {
		t.Errorf("%d flagged were tested: %s", tested.Model.AllFlagged, said)
	}
	put(t, dir, "mine.yaml", strings.Replace(file, "name: plaint-2", "name: mine", 1))
	if code, said := cli(t, dir, "score", "--model", "mine.yaml", "--db", "t.db"); code != exitUsage || !strings.Contains(said, "mine") {
		t.Errorf("%d %s", code, said)
	}
}

// changedRows checks that the table holds every change once, and that reasons add
// up to the score of each.
func changedRows(t *testing.T, path string, newly, cleared int) {
	t.Helper()
	n, at := map[string]int{}, []string{}
	for _, r := range testload.Rows(t, path) {
		n[r["change"]]++
		at = append(at, fmt.Sprintf("(%s, '%s', '%s')", r["seq"], r["source"], r["id"]))
		var score, sum float64
		fmt.Sscan(r["score"], &score)
		for _, reason := range strings.Fields(r["reasons"]) {
			var p float64
			_, points, _ := strings.Cut(reason, "=")
			fmt.Sscan(points, &p)
			sum += p
		}
		if d := sum - score; d > 1e-9 || d < -1e-9 {
			t.Fatalf("%v: reasons add up to %v", r, sum)
		}
	}
	if n["flagged"] != newly || n["cleared"] != cleared {
		t.Errorf("%v, want %d and %d", n, newly, cleared)
	}
	if found := count(t, filepath.Dir(path), "select count(*) from complaint where (seq, source, external_id) in ("+strings.Join(at, ", ")+")"); found != int64(newly+cleared) {
		t.Errorf("%d of %d are found by their id: %s", found, newly+cleared, at[:1])
	}
}

func count(t *testing.T, dir, query string) (n int64) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestVerdictsTeach trains from the verdicts on cases alone, says that nobody drew
// a sample, and no longer says so once there is one.
func TestVerdictsTeach(t *testing.T) {
	dir := modelQuarter(t)
	truth := map[string]bool{}
	for _, r := range testload.Rows(t, filepath.Join(dir, "truth", "complaints.csv")) {
		truth[r["id"]] = r["motive"] != "honest"
	}
	decide := func() { decideCases(t, dir, truth) }
	decide()
	code, said := cli(t, dir, "model", "train", "--db", "t.db")
	if code != exitDone || !strings.Contains(said, "plaint model audit") {
		t.Fatalf("%d %s", code, said)
	}
	flagged := count(t, dir, "select count(*) from case_event where action = 'opened'")
	rest := thousands(6000 - flagged)
	for lang, want := range map[string]string{"en": "1,200 cases would be opened of " + rest, "zh": "将从 " + rest + " 件未立案的投诉中抽取 1,200 件立案"} {
		if code, said := cli(t, dir, "model", "audit", "--count", "1200", "--dry-run", "--db", "t.db", "--lang", lang); code != exitDone || !strings.Contains(said, want) || strings.Count(said, "\n") < 1201 {
			t.Fatal(said)
		}
	}
	if code, said := cli(t, dir, "model", "audit", "--count", "1200", "--db", "t.db"); code != exitDone || !strings.Contains(said, "1,200 cases opened of "+rest) {
		t.Fatal(said)
	}
	drawnAreBlind(t, dir)
	decide()
	var made struct{ Card model.Card }
	ask(t, dir, &made, "model", "train")
	if l := made.Card.Labels; l.Audited != 1200 || l.Abuse+l.Honest != 1200+int(flagged) || l.Source != "verdicts" {
		t.Errorf("%+v", l)
	}
	if code, said := cli(t, dir, "model", "train", "--as-of", "2026-01-20", "--db", "t.db"); code != exitFailed || !strings.Contains(said, "at least 50") {
		t.Errorf("before anybody decided: %d %s", code, said)
	}
}

// drawnAreBlind: neither a case of the audit nor its complaint shows score or
// reasons, until it is decided.
func drawnAreBlind(t *testing.T, dir string) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	r := view.New(st)
	list, err := r.Cases(t.Context(), view.CaseFilter{Limit: 1000, Signal: store.Audit})
	if err != nil || len(list.Rows) != 1000 {
		t.Fatalf("%d, %v", len(list.Rows), err)
	}
	for _, c := range list.Rows {
		if c.Score != nil || c.Top != store.Audit || !c.Blind {
			t.Fatalf("%+v", c)
		}
	}
	about, err := r.Complaint(t.Context(), list.Rows[0].Seq)
	if err != nil || !about.Blind || about.Score != nil || about.Flagged || len(about.Reasons) != 0 || about.Ring != 0 {
		t.Errorf("%+v, %v", about, err)
	}
	low := -100.
	scored, err := r.Complaints(t.Context(), view.Filter{Least: &low, Limit: 1000})
	if err != nil || slices.ContainsFunc(scored.Rows, func(c view.Complaint) bool { return c.Blind }) {
		t.Errorf("a bound of the score tells of what is blind: %v", err)
	}
	c, err := r.Case(t.Context(), list.Rows[0].ID)
	if err != nil || c.Score != nil || len(c.Reasons) != 1 || c.Reasons[0].Points != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, x := range []view.Case{c, list.Rows[0]} { // a 0 would be a score, and a low one
		if text, err := json.Marshal(x); err != nil || !strings.Contains(string(text), `"score":null`) {
			t.Errorf("%s, %v", text, err)
		}
	}
}

// decideCases gives every open case the verdict that is true, an hour after the
// complaint came.
func decideCases(t *testing.T, dir string, truth map[string]bool) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	type verdict struct {
		id, seq int64
		at      time.Time
		bad     bool
	}
	var list []verdict
	rows, err := st.Query(t.Context(), `select e.case_id, e.seq, c.received, c.external_id from case_event e join complaint c using (seq)
		where e.action = 'opened' and e.case_id not in (select case_id from case_event where action <> 'opened')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v verdict
		var id string
		if err := rows.Scan(&v.id, &v.seq, &v.at, &id); err != nil {
			t.Fatal(err)
		}
		v.bad = truth[id]
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	err = st.Change(t.Context(), func(w store.Writer) error {
		for _, v := range list {
			action := map[bool]string{true: "confirmed", false: "cleared"}[v.bad]
			if err := w.Exec(context.Background(), "insert into case_event (case_id, seq, at, actor, action) values (?, ?, ?, 'P', ?)", v.id, v.seq, v.at.Add(time.Hour), action); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPromotionWhileServing: a model that is promoted through a running server
// judges what is posted from then on, and its reasons are its own.
func TestPromotionWhileServing(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("name: own-1\nthreshold: 9\nbase: 1.25\nsignals: [{signal: agent, cuts: [0.5], steps: [0, 2]}]\n")
	if err := errors.Join(st.AddModel(t.Context(), record.ModelVersion{Name: "own-1", Author: "P", File: file}), st.Close()); err != nil {
		t.Fatal(err)
	}
	_, url := serving(t, dir)
	post := func(id string) string {
		t.Helper()
		r, err := http.Post(url+"v1/complaints", "application/json", strings.NewReader(`{"id":"`+id+`","customer":"U1","body":"请联系微信 wx2509998"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		said, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	if said := post("C1"); !strings.Contains(said, `"plaint-2"`) {
		t.Error(said)
	}
	if said, err := program(t, dir, "model", "promote", "own-1", "--by", "li", "--reason", "x", "--db", "x.db").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if said := post("C2"); !strings.Contains(said, `"own-1"`) || !strings.Contains(said, `"score":3.25`) || !strings.Contains(said, `"points":1.25`) {
		t.Error(said)
	}
	if said, err := program(t, dir, "model", "promote", "plaint-2", "--by", "li", "--reason", "y", "--db", "x.db").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if said := post("C3"); !strings.Contains(said, `"plaint-2"`) {
		t.Error(said)
	}
	r, err := http.Get(url + "api/v1/complaints/2")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if said, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(said), "1.25") {
		t.Errorf("what a former champion said is not explained: %v %s", err, said)
	}
}
