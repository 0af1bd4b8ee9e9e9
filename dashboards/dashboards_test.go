// Package dashboards_test keeps dashboard and rules in step with the metrics.
package dashboards_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"plaint/analysis"
	"plaint/ingest/simulate"
	"plaint/ingest/stream"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web/intake"
	"plaint/internal/web/metrics"
	"plaint/scoring/model"
	"plaint/scoring/watch"
)

// exposed gathers the names and labels that a small real store exposes.
func exposed(t *testing.T) map[string]map[string]bool {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := (simulate.Config{Seed: 3, Complaints: 300, LogLines: 2000}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(bad, []byte("id,source,channel,customer,received,type,body\nX1,s,app,U1,no date,login,hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "surveys.csv"), filepath.Join(dir, "complaints.csv"), bad} {
		testload.File(t, st, path, m.Decide)
	}
	if _, err := analysis.Run(t.Context(), st, analysis.Options{Watch: watch.Measures}); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	if err := metrics.Register(reg, st, metrics.Options{Version: "test", Commit: "test", Longest: time.Minute}); err != nil {
		t.Fatal(err)
	}
	meter := stream.NewMeter()
	meter.Behind(0)
	if err := errors.Join(metrics.RegisterSources(reg, []stream.Running{{Name: "q", Type: "jetstream", Meter: meter}}), metrics.RegisterIntake(reg, &intake.Counts{}), metrics.RegisterScreening(reg, st)); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{"up": {"job": true, "instance": true}}
	for _, f := range families {
		labels := map[string]bool{"job": true, "instance": true, "exported_job": true}
		for _, x := range f.GetMetric() {
			for _, l := range x.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		out[f.GetName()] = labels
		if f.GetMetric()[0].GetHistogram() != nil {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				out[f.GetName()+suffix] = maps.Clone(labels)
			}
			out[f.GetName()+"_bucket"]["le"] = true
		}
	}
	return out
}

var (
	metricName = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	selector   = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-zA-Z_]+)\s*(?:=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	noise      = regexp.MustCompile(`"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)`)
	functions  = []string{"sum", "max", "rate", "increase", "histogram_quantile", "clamp_min", "sort_desc", "bool"}
)

// check fails for every metric and label of an expression that nothing exposes.
func check(t *testing.T, where, expr string, have map[string]map[string]bool, recorded map[string]bool) {
	t.Helper()
	for _, name := range metricName.FindAllString(noise.ReplaceAllString(expr, " "), -1) {
		if have[name] == nil && !recorded[name] && !slices.Contains(functions, name) {
			t.Errorf("%s: nothing exposes %s", where, name)
		}
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		for _, l := range labelName.FindAllStringSubmatch(s[2], -1) {
			if !have[s[1]][l[1]] {
				t.Errorf("%s: %s has no label %s", where, s[1], l[1])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(g[1], ",") {
			known := false
			for _, labels := range have {
				known = known || labels[strings.TrimSpace(label)]
			}
			if !known {
				t.Errorf("%s: nothing has a label %s", where, label)
			}
		}
	}
}

func TestNamesExist(t *testing.T) {
	have := exposed(t)
	raw, err := os.ReadFile("grafana/plaint.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Schema int `json:"schemaVersion"`
		Panels []struct {
			Title, Description, Type string
			Targets                  []struct{ Expr, LegendFormat string }
		}
		Templating struct {
			List []struct{ Name, Type string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	panels := 0
	for _, p := range board.Panels {
		for _, x := range p.Targets {
			check(t, p.Title, x.Expr, have, nil)
		}
		if p.Type != "row" {
			panels++
			if len(p.Targets) == 0 || p.Title == "" || p.Description == "" {
				t.Errorf("panel %q needs a target and words in both languages", p.Title)
			}
		}
	}
	if panels < 15 || board.Schema < 39 || len(board.Templating.List) == 0 || board.Templating.List[0].Type != "datasource" {
		t.Errorf("%d panels, schema %d", panels, board.Schema)
	}
	checkRules(t, have)
}

func checkRules(t *testing.T, have map[string]map[string]bool) {
	t.Helper()
	raw, err := os.ReadFile("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Record, Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(raw, &rules); err != nil {
		t.Fatal(err)
	}
	recorded, n := map[string]bool{}, 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			recorded[r.Record] = true
		}
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			check(t, r.Record+r.Alert, r.Expr, have, recorded)
		}
	}
	if n == 0 {
		t.Error("no rules")
	}
}

// TestCheckFails: the check itself finds what is wrong.
func TestCheckFails(t *testing.T) {
	have := map[string]map[string]bool{"plaint_themes": {"job": true}}
	for _, expr := range []string{"sum(plaint_thems)", `plaint_themes{department="x"}`, "sum by (colour) (plaint_themes)"} {
		inner := &testing.T{}
		check(inner, "", expr, have, nil)
		if !inner.Failed() {
			t.Errorf("%s passed", expr)
		}
	}
}
