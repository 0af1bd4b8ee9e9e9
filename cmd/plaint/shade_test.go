package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/metrics"
)

const shadowFile = "name: own-1\nthreshold: -9\nbase: 1.25\nsignals: [{signal: agent, cuts: [0.5], steps: [0, 2]}]\n"

// withShadow makes a database with a model file in the state of a shadow.
func withShadow(t *testing.T, dir, db, file string) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(dir, db), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.AddModel(t.Context(), record.ModelVersion{Name: "own-1", Author: "P", File: []byte(file)})
	_, promoted := st.Promote(t.Context(), record.ModelVersion{Name: "own-1", State: record.Shadow, By: "P", Reason: "x"}, "plaint-2", false)
	if err := errors.Join(err, promoted, st.Close()); err != nil {
		t.Fatal(err)
	}
}

var momentOf = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|"customer":"c[0-9a-f]{12}"`)

// answers are what a server says to complaints and of them.
func answers(t *testing.T, dir string) string {
	t.Helper()
	_, url := serving(t, dir)
	var all strings.Builder
	read := func(r *http.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		said, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode >= 300 {
			t.Fatal(err, r.Status, string(said))
		}
		all.WriteString(momentOf.ReplaceAllString(string(said), "T"))
	}
	posted := []string{`{"id":"C1","customer":"U1","body":"请联系微信 wx2509998"}`, `[{"id":"C2","customer":"U2","body":"my withdrawal is late"},{"id":"C3","customer":"U1","body":"请联系微信 wx2509998"}]`}
	for i := range 8 {
		posted = append(posted, fmt.Sprintf(`{"id":"R%d","customer":"R%d","received":"2026-01-05T08:%02d:00Z","payout_account":"P1","device":"D1","body":"提现三天了还没有到账，请尽快处理，请联系微信 wx2509998，不然就去投诉你们平台。"}`, i, i, i))
	}
	for _, c := range posted {
		read(http.Post(url+"v1/complaints", "application/json", strings.NewReader(c)))
	}
	for _, path := range []string{"api/v1/cases", "api/v1/complaints", "api/v1/complaints/1", "api/v1/overview"} {
		read(http.Get(url + path))
	}
	return all.String()
}

// TestShadowAnswersNothing: what a server answers is the same to the byte without
// a shadow, with one that flags everything, and with one that cannot be read.
func TestShadowAnswersNothing(t *testing.T) {
	plain := answers(t, t.TempDir())
	if !strings.Contains(plain, `"flagged":true`) {
		t.Error("nothing is flagged: the test shows little")
	}
	for _, file := range []string{shadowFile, "name: own-1\nnonsense: [", ""} {
		dir := t.TempDir()
		withShadow(t, dir, "x.db", file)
		if said := answers(t, dir); said != plain {
			t.Errorf("with %q: %s\nwithout: %s", file, said, plain)
		}
	}
}

// TestShadowComesAndGoes: it judges from its promotion to the next one, and one
// that cannot be read stops nothing and is told.
func TestShadowComesAndGoes(t *testing.T) {
	dir := t.TempDir()
	withShadow(t, dir, "t.db", shadowFile)
	put(t, dir, "a.csv", head+good)
	put(t, dir, "b.csv", head+strings.ReplaceAll(good, "C1", "C9"))
	shaded := func() int64 {
		t.Helper()
		return count(t, dir, "select count(*) from shadow_decision where model = 'own-1' and score >= 1.25")
	}
	for _, args := range [][]string{{"ingest", "a.csv"}, {"model", "promote", "own-1", "--to", "candidate", "--by", "li", "--reason", "x"}, {"ingest", "b.csv"}} {
		if code, said := cli(t, dir, append(args, "--db", "t.db")...); code != exitDone {
			t.Fatal(said)
		}
		if n := shaded(); n != 1 {
			t.Errorf("%v: %d scores of the shadow", args, n)
		}
	}
	withShadow(t, dir, "u.db", "nonsense")
	if code, said := cli(t, dir, "ingest", "a.csv", "--db", "u.db"); code != exitDone || !strings.Contains(said, "the shadow own-1 cannot be read") {
		t.Errorf("%d %s", code, said)
	}
}

// TestModelWatchSays what champion and shadow do, in both languages and without a
// code that has no words; the job of analyze keeps the same, and metrics show it.
func TestModelWatchSays(t *testing.T) {
	dir := t.TempDir()
	withShadow(t, dir, "t.db", shadowFile)
	var rows strings.Builder
	for i := range 400 {
		fmt.Fprintf(&rows, "N%d,U%d,2026-0%d-%02d,login,%s,%d\n", i, i, 1+i%3, 1+i%28, []string{"The code never arrives", "请联系微信 wx2509998，否则投诉"}[i%2], i)
	}
	put(t, dir, "a.csv", head+rows.String())
	if code, said := cli(t, dir, "ingest", "a.csv", "--db", "t.db", "--quiet"); code != exitDone {
		t.Fatal(said)
	}
	var told struct{ Measures []record.Measure }
	ask(t, dir, &told, "model", "watch")
	got := map[string]record.Measure{}
	for _, m := range told.Measures {
		got[m.Kind] = m
	}
	if m := got["newly"]; m.Value == nil || *m.Value < 150 || *m.Value+*got["both"].Value != 400 || m.Model != "own-1" || m.Part != "plaint-2" {
		t.Errorf("%+v", m)
	}
	if m := got["missed"]; m.Value == nil || *m.Value != 0 || m.State != record.WatchOK {
		t.Errorf("%+v", m)
	}
	for lang, want := range map[string]string{"en": "shadow agrees", "zh": "影子模型一致率"} {
		code, said := cli(t, dir, "model", "watch", "--db", "t.db", "--lang", lang)
		if code != exitDone || !strings.Contains(said, want) || strings.Contains(said, "watch_") || strings.Contains(said, "{") {
			t.Errorf("%s: %d %s", lang, code, said)
		}
	}
	if code, said := cli(t, dir, "analyze", "--jobs", "models", "--db", "t.db"); code != exitDone || !strings.Contains(said, "alarms") {
		t.Errorf("%d %s", code, said)
	}
	if n := count(t, dir, "select count(*) from model_watch"); n != int64(len(told.Measures)) {
		t.Errorf("%d measures kept of %d", n, len(told.Measures))
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	reg := prometheus.NewPedanticRegistry()
	if err := metrics.Register(reg, st, metrics.Options{Longest: time.Hour}); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "plaint_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	have := map[string]int{}
	for _, f := range families {
		have[f.GetName()] = len(f.GetMetric())
	}
	for name, n := range map[string]int{"plaint_model_alarms": 40, "plaint_shadow_complaints": 3, "plaint_shadow_agreement_ratio": 1, "plaint_shadow_missed": 1} {
		if have[name] != n {
			t.Errorf("%s: %d values, want %d", name, have[name], n)
		}
	}
	if have["plaint_model_psi"] < 10 {
		t.Errorf("%d drifts", have["plaint_model_psi"])
	}
}
