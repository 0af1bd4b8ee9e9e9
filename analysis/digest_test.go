package analysis_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"plaint/analysis"
	"plaint/ingest/simulate"
	"plaint/internal/testload"
)

// TestDigest: between 6 and 12 findings, each with all its arguments. The
// catalogue has words for these codes and no others.
func TestDigest(t *testing.T) {
	want := map[string][]string{
		"digest_volume":             {"from", "last_week", "n", "to", "week_before"},
		"digest_theme_burst":        {"expected", "from", "incident", "language", "n", "theme", "theme_id", "themes", "to", "together", "type"},
		"digest_incident":           {"expected", "from", "incident", "language", "n", "theme", "theme_id", "to", "type"},
		"digest_theme_new":          {"from", "language", "n", "theme", "theme_id"},
		"digest_log_burst":          {"expected", "from", "level", "n", "service", "template", "to"},
		"digest_overdue":            {"as_of", "due_soon", "open", "overdue", "reopened"},
		"digest_department":         {"breached", "department", "high", "low", "n", "overall", "rate"},
		"digest_handlers":           {"expected", "handlers", "low", "rate", "worst"},
		"digest_satisfaction":       {"high", "low", "metric", "n", "score"},
		"digest_satisfaction_trend": {"high", "low", "metric", "slope", "weeks"},
		"digest_driver":             {"driver", "effect", "high", "low", "metric", "n"},
		"digest_theme_growing":      {"language", "n", "theme", "theme_id", "trend"},
		"digest_largest_theme":      {"language", "n", "share", "theme", "theme_id"},
	}
	b := simulated(t, simulate.Config{Seed: 7, Complaints: 2500, LogLines: 40000}, "surveys.csv", "complaints.csv", "logs.ndjson")
	run(t, b.st, analysis.Options{})
	found := rows(t, b.st, "select place, code, arguments from digest order by place")
	if len(found) < 6 || len(found) > 12 {
		t.Errorf("%d findings", len(found))
	}
	for i, f := range found {
		var arguments map[string]any
		if err := json.Unmarshal([]byte(f[2].(string)), &arguments); err != nil {
			t.Fatal(err)
		}
		var names []string
		for n := range arguments {
			names = append(names, n)
		}
		slices.Sort(names)
		if code := f[1].(string); f[0].(int64) != int64(i+1) || !reflect.DeepEqual(names, want[code]) {
			t.Errorf("%d %s: arguments %v, want %v", f[0], code, names, want[code])
		}
	}
	t.Log(found)
}

// TestDigestStrayDates: a complaint of a wrong year is counted and makes neither the
// window nor the last week.
func TestDigestStrayDates(t *testing.T) {
	b := simulated(t, simulate.Config{Seed: 7, Complaints: 600}, "complaints.csv")
	volume := func() (a map[string]any) {
		t.Helper()
		run(t, b.st, analysis.Options{Jobs: []string{"volume", "digest"}})
		found := rows(t, b.st, "select arguments from digest where code = 'digest_volume' order by run desc limit 1")
		if len(found) != 1 {
			t.Fatal(found)
		}
		if err := json.Unmarshal([]byte(found[0][0].(string)), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	want := volume()
	stray := filepath.Join(t.TempDir(), "stray.csv")
	if err := os.WriteFile(stray, []byte("id,source,channel,customer,received,type,body\nF1,s,app,U1,2031-11-01T10:00:00Z,login,later\nF2,s,app,U1,1900-11-01T10:00:00Z,login,before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	testload.File(t, b.st, stray, judge)
	want["n"] = want["n"].(float64) + 2
	if got := volume(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
