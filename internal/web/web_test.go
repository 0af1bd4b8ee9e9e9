package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"index/suffixarray"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/analysis"
	"plaint/analysis/coordination"
	"plaint/ingest/simulate"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web"
	"plaint/internal/web/locale"
	"plaint/internal/web/view"
	"plaint/scoring/duplicate"
	"plaint/scoring/model"
	"plaint/scoring/review"
	"plaint/scoring/ring"
	"plaint/scoring/watch"
)

// broker is a small simulated broker behind a handler, made once.
type broker struct {
	st      *store.Store
	handler http.Handler
	rows    []map[string]string // the complaints as they were written
}

var (
	once   sync.Once
	shared *broker
	folder string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "web")
	if err != nil {
		panic(err)
	}
	folder = dir
	code := m.Run()
	if shared != nil {
		shared.st.Close()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func open(t testing.TB) *broker {
	t.Helper()
	once.Do(func() { shared = build(t) })
	if shared == nil {
		t.Fatal("there is no broker")
	}
	return shared
}

func build(t testing.TB) *broker {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := store.Open(t.Context(), filepath.Join(folder, "t.db"), store.Options{})
	check(err)
	_, err = simulate.Config{Seed: 5, Complaints: 500, LogLines: 6000}.WriteDir(filepath.Join(folder, "q"))
	check(err)
	m, err := model.Load(model.Default)
	check(err)
	for _, name := range []string{"accounts.csv", "transactions.csv", "logs.ndjson", "surveys.csv", "complaints.csv"} {
		testload.File(t, st, filepath.Join(folder, "q", name), m.Decide)
	}
	bad := filepath.Join(folder, "bad.csv")
	check(os.WriteFile(bad, []byte("id,source,channel,customer,customer_name,received,type,body\nX1,s,app,C1017680,Lerato Dlamini,not a date +8618634925368,login,hello there\n"), 0o600))
	testload.File(t, st, bad, m.Decide)
	_, err = analysis.Run(t.Context(), st, analysis.Options{Rings: coordination.Tools{Letters: duplicate.Groups, Find: ring.Find}, Watch: watch.Measures})
	check(err)
	cases, err := st.Cases(t.Context(), 0, 0)
	check(err)
	_, err = st.Propose(t.Context(), review.Propose(cases, st.Now()))
	check(err)
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Version: "1.2.3", Commit: "abc", Lang: "en", Hosts: []string{"plaint.test"}})
	check(err)
	return &broker{st: st, handler: h, rows: testload.Rows(t, filepath.Join(folder, "q", "complaints.csv"))}
}

func (b *broker) get(target, lang string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+target, nil)
	r.Header.Set("Accept-Language", lang)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

var pagePaths = []string{"/", "/complaints", "/complaints/1", "/complaints?theme=1&breached=yes&flagged=no&order=-late&from=2026-01-01&to=2026-06-01T00:00:00Z&clock=late", "/complaints?score_from=-4&score_to=0.5",
	"/incidents", "/incidents?state=over&severity=severe", "/incidents/1", "/rings", "/rings?limit=1&offset=1", "/rings/1", "/complaints?ring=1", "/complaints?incident=1&attributes=country=MY", "/logs/lines?from=2026-01-05&to=2026-01-06", "/themes", "/themes/1", "/knowledge", "/knowledge?answered=no", "/cases", "/cases?state=open&signal=refuted", "/cases/1", "/entries", "/entries?state=proposed", "/models", "/models/plaint-2", "/surveys", "/surveys?metric=csat&linked=yes&from=2026-01-01", "/logs", "/logs?burst=yes&level=error", "/loading", "/refused", "/refused?code=bad_date", "/runs", "/runs?kind=themes"}

var apiPaths = []string{"/api/v1/overview", "/api/v1/digest", "/api/v1/volume", "/api/v1/volume?step=week", "/api/v1/complaints", "/api/v1/complaints?limit=1000", "/api/v1/complaints/1", "/api/v1/themes", "/api/v1/themes/1/complaints", "/api/v1/themes/1/history", "/api/v1/incidents", "/api/v1/incidents/1", "/api/v1/rings", "/api/v1/rings/1", "/api/v1/logs/lines?limit=1000",
	"/api/v1/logs/templates?limit=1000", "/api/v1/satisfaction", "/api/v1/satisfaction/drivers", "/api/v1/service/clocks?clock=late", "/api/v1/service/quality", "/api/v1/cases?limit=1000", "/api/v1/cases/1", "/api/v1/entries?limit=1000", "/api/v1/models", "/api/v1/models/watch",
	"/api/v1/refused", "/api/v1/runs", "/api/v1/admissions", "/api/openapi.json"}

// TestRoutes: every page and every path of the API answers in both languages,
// and every link on the overview leads somewhere.
func TestRoutes(t *testing.T) {
	b := open(t)
	for lang, word := range map[string]string{"en": "Complaints", "zh": "投诉"} {
		for _, path := range pagePaths {
			w := b.get(path, lang)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), word) || w.Header().Get("Content-Language") != lang {
				t.Errorf("%s %s: %d, %d bytes", lang, path, w.Code, w.Body.Len())
			}
			if i := strings.Index(w.Body.String(), "web_"); i >= 0 {
				t.Errorf("%s %s: a code without words: %s", lang, path, w.Body.String()[i:min(i+40, w.Body.Len())])
			}
		}
		for _, path := range apiPaths {
			if w := b.get(path, lang); w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %s: %d %.200s", lang, path, w.Code, w.Body)
			}
		}
	}
	link := regexp.MustCompile(`href="(/[^"]*)"`)
	seen := map[string]bool{}
	for _, m := range link.FindAllStringSubmatch(b.get("/", "en").Body.String(), -1) {
		if kind := strings.TrimRight(m[1], "0123456789-"); seen[kind] { // one of those that differ by a number
			continue
		} else {
			seen[kind] = true
		}
		if w := b.get(html.UnescapeString(m[1]), "en"); w.Code != http.StatusOK {
			t.Errorf("%s leads to %d", m[1], w.Code)
		}
	}
	for path, want := range map[string]string{"/healthz": "alive\n", "/readyz": "ready\n"} {
		if w := b.get(path, "en"); w.Body.String() != want || w.Code != http.StatusOK {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if w := b.get("/metrics", "en"); !strings.Contains(w.Body.String(), "plaint_rows_total{") {
		t.Error("no metrics")
	}
}

// TestThemesInTheReadersLanguage: an incident is called as its theme is in the list
// of themes, in each language.
func TestThemesInTheReadersLanguage(t *testing.T) {
	b := open(t)
	both := 0
	for lang, other := range map[string]string{"en": "zh", "zh": "en"} {
		themes, err := view.NewIn(b.st, lang).Themes(t.Context(), 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		names := map[int64]string{}
		for _, x := range themes.Rows {
			names[x.ID] = x.LabelIn(lang)
			if x.LabelIn(lang) != x.LabelIn(other) {
				both++
			}
		}
		incidents, err := view.NewIn(b.st, lang).Incidents(t.Context(), view.IncidentFilter{Limit: 100})
		if err != nil || len(incidents.Rows) == 0 {
			t.Fatal(err)
		}
		for _, x := range incidents.Rows {
			if x.Theme > 0 && x.Label != names[x.Theme] {
				t.Errorf("%s: incident %d is called %q, its theme %q", lang, x.ID, x.Label, names[x.Theme])
			}
		}
	}
	if both == 0 {
		t.Error("no theme has texts in both languages")
	}
}

// TestBehindTheEnd: lists tell how long they are also where there are no rows.
func TestBehindTheEnd(t *testing.T) {
	b := open(t)
	for _, list := range []string{"complaints", "themes", "incidents", "rings", "cases", "service/clocks", "logs/templates", "logs/lines", "admissions", "runs"} {
		var here, behind struct {
			Total int               `json:"total"`
			Rows  []json.RawMessage `json:"rows"`
		}
		for offset, page := range map[string]any{"0": &here, "99999": &behind} {
			w := b.get("/api/v1/"+list+"?offset="+offset, "en")
			if err := json.Unmarshal(w.Body.Bytes(), page); w.Code != http.StatusOK || err != nil {
				t.Fatalf("%s: %d %v", list, w.Code, err)
			}
		}
		if here.Total != behind.Total || here.Total == 0 || len(behind.Rows) > 0 {
			t.Errorf("%s: %d rows, behind the end %d", list, here.Total, behind.Total)
		}
	}
	if w := b.get("/complaints?offset=99999", "en"); !strings.Contains(w.Body.String(), "the list ends at") {
		t.Error("a page behind the end says nothing")
	}
}

// TestNumbersLead: what a breach rate counts is what its link lists, and the
// reasons of every case sum to its score.
func TestNumbersLead(t *testing.T) {
	b := open(t)
	var o struct {
		Quality []struct {
			By       string `json:"unit_by"`
			Unit     string `json:"unit"`
			N        int    `json:"n"`
			Breached int    `json:"breached"`
		} `json:"quality"`
		Clocks map[string]int `json:"clocks"`
		Queue  struct {
			Flagged int            `json:"flagged"`
			Signals map[string]int `json:"signals"`
		} `json:"queue"`
		Themes []struct {
			ID, Size int
		} `json:"themes"`
	}
	if err := json.Unmarshal(b.get("/api/v1/overview", "en").Body.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	total := func(path string) int {
		t.Helper()
		var p struct{ Total int }
		if err := json.Unmarshal(b.get(path, "en").Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		return p.Total
	}
	for _, q := range o.Quality {
		path := "/api/v1/complaints?limit=1"
		if q.By != "all" {
			path += "&" + q.By + "=" + q.Unit
		}
		if all, late := total(path), total(path+"&breached=yes"); all != q.N || late != q.Breached {
			t.Errorf("%s %s: %d and %d past the limit, the list has %d and %d", q.By, q.Unit, q.N, q.Breached, all, late)
		}
	}
	for state, n := range o.Clocks {
		if got := total("/api/v1/complaints?limit=1&clock=" + state); got != n {
			t.Errorf("clock %s: %d, the list has %d", state, n, got)
		}
	}
	for _, x := range o.Themes {
		if got := total(fmt.Sprintf("/api/v1/complaints?limit=1&theme=%d", x.ID)); got != x.Size {
			t.Errorf("theme %d: %d, the list has %d", x.ID, x.Size, got)
		}
	}
	for s, n := range o.Queue.Signals {
		if got := total("/api/v1/cases?limit=1&signal=" + s); got != n {
			t.Errorf("signal %s: %d, the list has %d", s, n, got)
		}
	}
	b.checkIncidents(t, total)
	b.checkRings(t, total)
	if got := total("/api/v1/complaints?limit=1&flagged=yes"); got != o.Queue.Flagged || got == 0 {
		t.Errorf("%d flagged, the list has %d", o.Queue.Flagged, got)
	}
	for id := 1; id <= total("/api/v1/cases?limit=1"); id++ {
		var c struct {
			Score   float64
			Reasons []struct{ Points float64 }
		}
		if err := json.Unmarshal(b.get(fmt.Sprintf("/api/v1/cases/%d", id), "en").Body.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, r := range c.Reasons {
			sum += r.Points
		}
		if len(c.Reasons) == 0 || math.Abs(sum-c.Score) > 1e-9 {
			t.Errorf("case %d: reasons sum to %v, the score is %v", id, sum, c.Score)
		}
	}
}

// checkIncidents: the numbers of every incident are those of the lists behind
// them: its complaints, the parts by theme, whom it met, and the lines of its log
// templates.
func (b *broker) checkIncidents(t *testing.T, total func(string) int) {
	t.Helper()
	n, templates := total("/api/v1/incidents?limit=1"), 0
	for id := 1; id <= n; id++ {
		var x struct {
			N        int
			From, To string
			Type     string
			Themes   int
			Parts    []struct{ Theme, N int } `json:"by_theme"`
			Causes   []struct {
				Attributes map[string]string
				N          int
			}
			Templates []struct{ Template, Lines int }
			Hours     []struct {
				At string
				N  int
			}
		}
		if err := json.Unmarshal(b.get(fmt.Sprintf("/api/v1/incidents/%d", id), "en").Body.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if got := total(fmt.Sprintf("/api/v1/complaints?limit=1&incident=%d", id)); got != x.N || got == 0 {
			t.Errorf("incident %d: %d, the list has %d", id, x.N, got)
		}
		for _, p := range x.Parts {
			if got := total(fmt.Sprintf("/api/v1/complaints?limit=1&incident=%d&theme=%d", id, p.Theme)); got != p.N {
				t.Errorf("incident %d, theme %d: %d, the list has %d", id, p.Theme, p.N, got)
			}
		}
		sum := 0
		for _, h := range x.Hours {
			if h.At >= x.From && h.At < x.To {
				sum += h.N
			}
		}
		if sum != x.N || len(x.Parts) != x.Themes {
			t.Errorf("incident %d: %d complaints in its hours of %d, %d themes of %d", id, sum, x.N, len(x.Parts), x.Themes)
		}
		for _, l := range x.Templates {
			templates++
			from, err := time.Parse(time.RFC3339, x.From)
			if err != nil {
				t.Fatal(err)
			}
			got := total(fmt.Sprintf("/api/v1/logs/lines?limit=1&template=%d&from=%s&to=%s", l.Template, from.Add(-view.Before).Format(time.RFC3339), x.To))
			if got != l.Lines {
				t.Errorf("incident %d, template %d: %d lines, the list has %d", id, l.Template, l.Lines, got)
			}
		}
		page := html.UnescapeString(b.get(fmt.Sprintf("/incidents/%d", id), "en").Body.String())
		link := regexp.MustCompile(`href="(/complaints\?[^"]*incident=[^"]*)">([0-9,]+)<`)
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			if strings.Contains(m[1], "order=") { // a sum of amounts, not a count
				continue
			}
			list := strings.Replace(m[1], "/complaints?", "/api/v1/complaints?limit=1&", 1)
			if got := total(list); fmt.Sprint(got) != strings.ReplaceAll(m[2], ",", "") {
				t.Errorf("incident %d: %s met, %s lists %d", id, m[2], list, got)
			}
		}
	}
	if n == 0 || templates == 0 {
		t.Errorf("%d incidents, %d templates", n, templates)
	}
}

// TestMasking: nothing personal of any complaint is on any page, in any answer
// of the API, or in the report.
func TestMasking(t *testing.T) {
	b := open(t)
	var all bytes.Buffer
	for _, lang := range locale.Languages {
		for _, path := range append(pagePaths, apiPaths...) {
			all.Write(b.get(path, lang).Body.Bytes())
		}
		if err := web.Report(t.Context(), b.st, locale.For(lang), &all); err != nil {
			t.Fatal(err)
		}
	}
	for seq := 1; seq <= len(b.rows); seq += 4 {
		if seq%40 == 1 {
			all.Write(b.get(fmt.Sprintf("/complaints/%d", seq), "en").Body.Bytes())
		}
		io.Copy(&all, b.get(fmt.Sprintf("/api/v1/complaints/%d", seq), "en").Body)
	}
	text := suffixarray.New([]byte(html.UnescapeString(all.String())))
	shown := func(v string) (around string) {
		for _, at := range text.Lookup([]byte(v), 1) {
			around = string(text.Bytes()[max(0, at-60):min(at+60, len(text.Bytes()))])
		}
		return around
	}
	for i, r := range b.rows {
		for _, column := range []string{"customer", "customer_name", "contact", "device", "payout_account", "body", "subject"} {
			v := r[column]
			if n := len([]rune(v)); n >= 2 && shown(v) != "" && !innocent(column, v) {
				t.Errorf("complaint %d: its %s %q is shown: %q", i+1, column, v, shown(v))
			}
		}
	}
	for _, word := range []string{"Lerato", "+8618634925368", "C1017680"} {
		if around := shown(word); around != "" {
			t.Errorf("%q of a refused row is shown: %q", word, around)
		}
	}
}

// innocent are short subjects that are also the words of a theme or a type.
func innocent(column, v string) bool { return column == "subject" && len([]rune(v)) <= 24 }

// TestReport: one file without links to anything, the same every time but for
// the ages.
func TestReport(t *testing.T) {
	b := open(t)
	for lang, word := range map[string]string{"en": "Service levels", "zh": "服务时限"} {
		var out bytes.Buffer
		if err := web.Report(t.Context(), b.st, locale.For(lang), &out); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		if !strings.Contains(page, word) || !strings.Contains(page, "<style>") {
			t.Errorf("%s: the report lacks %q or its style", lang, word)
		}
		for _, bad := range []string{`href="/`, `src=`, "<script", "@import", "url(", "http://", "https://"} {
			if i := strings.Index(page, bad); i >= 0 {
				t.Errorf("%s: the report holds %s", lang, page[i:min(i+80, len(page))])
			}
		}
	}
}

// TestEmpty: a store without rows explains itself.
func TestEmpty(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{st: st, handler: h}
	if w := b.get("/", "en"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "plaint ingest") {
		t.Errorf("%d", w.Code)
	}
	for _, path := range append([]string{"/complaints", "/themes", "/cases", "/entries", "/surveys", "/logs", "/loading", "/refused", "/runs", "/metrics"}, "/api/v1/overview", "/api/v1/volume", "/api/v1/complaints", "/api/v1/themes", "/api/v1/refused") {
		if w := b.get(path, "zh"); w.Code != http.StatusOK {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
	}
}

// TestEveryScoreHasItsReasons asks for each complaint why its score is what it
// is: the points must add up, also where most signals are silent.
func TestEveryScoreHasItsReasons(t *testing.T) {
	b := open(t)
	r := view.New(b.st)
	flagged := int64(0)
	for seq := int64(1); seq <= 500; seq++ {
		d, err := r.Complaint(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, reason := range d.Reasons {
			sum += reason.Points
		}
		if d.Score == nil || math.Abs(sum-*d.Score) > 1e-6 {
			t.Fatalf("complaint %d: the reasons sum to %v, the score is %v", seq, sum, d.Score)
		}
		if d.Flagged != (len(d.Below) > 0) {
			t.Fatalf("complaint %d: flagged %v, below the threshold if %v", seq, d.Flagged, d.Below)
		}
		if d.Flagged {
			flagged = seq
		}
	}
	page := b.get(fmt.Sprintf("/complaints/%d", flagged), "zh").Body.String()
	if !strings.Contains(page, "若满足以下条件则低于阈值") {
		t.Errorf("the page of complaint %d does not say what would have to be otherwise", flagged)
	}
}
