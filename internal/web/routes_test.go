package web_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/scoring/model"
)

// TestProgramsAreToldInJSON, also where nothing is: a program does not read pages.
func TestProgramsAreToldInJSON(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Decide: m.Decide})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, host string
		status             int
		code               string
	}{
		{"POST", "/v1/quibbles", "localhost", 404, "no_such_kind"},
		{"GET", "/v1/quibbles", "localhost", 404, "no_such_kind"},
		{"POST", "/v1", "localhost", 404, "no_such_kind"},
		{"POST", "/hooks/nosuch", "localhost", 404, "no_such_hook"},
		{"POST", "/hooks", "localhost", 404, "no_such_hook"},
		{"GET", "/v1/complaints", "localhost", 405, "only_post"},
		{"POST", "/v1/complaints", "evil.example", 421, "wrong_host"},
		{"POST", "/hooks/nosuch", "evil.example", 421, "wrong_host"},
		{"GET", "/api/v1/overview", "evil.example", 421, "wrong_host"},
		{"POST", "/v1/" + strings.Repeat("x", 2000), "localhost", 414, "too_long"},
		{"GET", "/v1x", "localhost", 404, ""},
		{"GET", "/", "evil.example", 421, ""},
	} {
		r := httptest.NewRequest(c.method, "http://localhost"+c.path, strings.NewReader("{}"))
		r.Host = c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var e struct {
			Error struct{ Code, Message string }
		}
		err := json.Unmarshal(w.Body.Bytes(), &e)
		if page := c.code == ""; w.Code != c.status || e.Error.Code != c.code || page == (err == nil) || !page && (e.Error.Message == "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json")) {
			t.Errorf("%s %.40s to %s: %d %.200s", c.method, c.path, c.host, w.Code, w.Body)
		}
	}
}

// TestScoresAreRound: the API gives scores and points with at most six digits
// behind the point, and the points of a case still add up to its score.
func TestScoresAreRound(t *testing.T) {
	b := open(t)
	var list struct {
		Rows []struct {
			ID  int64
			Seq int64 `json:"complaint_seq"`
		}
	}
	if err := json.Unmarshal(b.get("/api/v1/cases?limit=200", "en").Body.Bytes(), &list); err != nil || len(list.Rows) == 0 {
		t.Fatal(err, len(list.Rows))
	}
	short := func(n json.Number) bool {
		_, digits, _ := strings.Cut(n.String(), ".")
		return len(digits) <= 6
	}
	var paths []string
	for _, c := range list.Rows {
		paths = append(paths, fmt.Sprint("/api/v1/cases/", c.ID), fmt.Sprint("/api/v1/complaints/", c.Seq))
	}
	for _, path := range paths {
		w := b.get(path, "en")
		var a struct {
			Score     json.Number
			Threshold json.Number
			Reasons   []struct{ Value, Points json.Number }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK || len(a.Reasons) == 0 {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		sum, ok := 0.0, short(a.Score) && short(a.Threshold)
		for _, r := range a.Reasons {
			p, err := r.Points.Float64()
			sum, ok = sum+p, ok && err == nil && short(r.Points) && short(r.Value)
		}
		if score, err := a.Score.Float64(); !ok || err != nil || math.Abs(sum-score) > 1e-6 {
			t.Errorf("%s: the points sum to %v: %s", path, sum, w.Body)
		}
	}
	var all struct{ Rows []struct{ Score json.Number } }
	if err := json.Unmarshal(b.get("/api/v1/complaints?limit=1000", "en").Body.Bytes(), &all); err != nil || len(all.Rows) == 0 {
		t.Fatal(err, len(all.Rows))
	}
	for _, c := range all.Rows {
		if !short(c.Score) {
			t.Errorf("a score of the list is %s", c.Score)
		}
	}
}
