package metrics

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"plaint/internal/record"
	"plaint/internal/store"
)

func loaded(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	judge := func(c *record.Complaint, _ *record.History) record.Decision {
		return record.Decision{Model: "m", Score: float64(len(c.Body)), Threshold: 10, Flagged: len(c.Body) >= 10, Reasons: []record.Reason{}}
	}
	b := record.Batch{Profile: "p"}
	for _, body := range []string{"short", "a longer body"} {
		c := record.Complaint{Body: body, Received: record.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	b.Refused = []record.Refusal{{Kind: record.Complaints, Code: "bad_date", Line: 3}}
	for range 2 { // the second time all is known
		if _, err := st.Admit(t.Context(), &b, judge); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.SaveRun(t.Context(), store.Run{Kind: "service", Started: st.Now(), Tables: []store.Table{{Name: "service_clock", Rows: [][]any{
		{int64(1), "login", "finance", "within", st.Now(), nil, true, 2.0, "overdue"}, {int64(2), "login", "finance", "within", st.Now(), nil, false, nil, "due_soon"}}}}}); err != nil {
		t.Fatal(err)
	}
	return st
}

// patient waits for every question, on however busy a machine.
var patient = Options{Version: "1.2.3", Commit: "abc", Longest: time.Hour}

func TestMetrics(t *testing.T) {
	st := loaded(t)
	reg := prometheus.NewPedanticRegistry()
	if err := Register(reg, st, patient); err != nil {
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
	want := `
# HELP plaint_rows_total Rows that came in, by profile, kind and what became of them; updated ones are among the loaded.
# TYPE plaint_rows_total counter
plaint_rows_total{kind="complaints",outcome="known",source="p"} 2
plaint_rows_total{kind="complaints",outcome="loaded",source="p"} 2
plaint_rows_total{kind="complaints",outcome="refused",source="p"} 2
plaint_rows_total{kind="complaints",outcome="updated",source="p"} 0
# HELP plaint_breaches Complaints past their service level in the latest run, settled ones included.
# TYPE plaint_breaches gauge
plaint_breaches{department="finance"} 1
# HELP plaint_overdue Open complaints past their limit, reopened ones included.
# TYPE plaint_overdue gauge
plaint_overdue 1
# HELP plaint_due_soon Open complaints that are due within the next quarter of their limit.
# TYPE plaint_due_soon gauge
plaint_due_soon 1
# HELP plaint_complaints_flagged Complaints that the latest decision flags.
# TYPE plaint_complaints_flagged gauge
plaint_complaints_flagged 1
# HELP plaint_analysis_runs_total Runs of each job that were kept.
# TYPE plaint_analysis_runs_total counter
plaint_analysis_runs_total{job="service"} 1
`
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("lacks %s", line)
		}
	}
	if err := Register(reg, st, patient); err == nil {
		t.Error("registered twice")
	}
}

// TestBrokenStore: a store that does not answer breaks no scrape, and says so.
func TestBrokenStore(t *testing.T) {
	st := loaded(t)
	reg := prometheus.NewPedanticRegistry()
	if err := Register(reg, st, patient); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "plaint_scrape_errors_total" && f.GetMetric()[0].GetCounter().GetValue() >= 10 {
			return
		}
	}
	t.Error("failures were not counted")
}

// TestKept: within ten seconds the store is asked once.
func TestKept(t *testing.T) {
	st := loaded(t)
	c := newCollector(st, patient.Longest)
	first := collected(c)
	c.at = time.Now().Add(time.Hour) // however long the next lines take
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	again := collected(c)
	if len(first) < 20 || len(again) != len(first) {
		t.Errorf("%d metrics, then %d", len(first), len(again))
	}
	errors := &dto.Metric{}
	if err := c.errors.Write(errors); err != nil || errors.GetCounter().GetValue() != 0 {
		t.Error("the closed store was asked", err)
	}
}

func collected(c prometheus.Collector) (out []prometheus.Metric) {
	ch := make(chan prometheus.Metric)
	go func() { c.Collect(ch); close(ch) }()
	for m := range ch {
		out = append(out, m)
	}
	return out
}

// TestNoTime: questions that there is no time for break no scrape, and are
// counted.
func TestNoTime(t *testing.T) {
	c := newCollector(loaded(t), 1)
	collected(c)
	errors := &dto.Metric{}
	if err := c.errors.Write(errors); err != nil || errors.GetCounter().GetValue() < 10 {
		t.Error(errors, err)
	}
}
