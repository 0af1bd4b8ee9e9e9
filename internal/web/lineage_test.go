package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/analysis/rootcause"
	"plaint/analysis/rootcause/lineage/book"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web"
)

// TestThemesLive: a theme goes by its name, its page tells what became of it, and
// that of one that is no more leads to where it went.
func TestThemesLive(t *testing.T) {
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 4, Complaints: 200}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	testload.File(t, st, filepath.Join(dir, "complaints.csv"), func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} })
	if _, err := rootcause.Themes(t.Context(), st, nil); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	has := func(path string, words ...string) {
		t.Helper()
		code, body := get(path)
		for _, w := range words {
			if code != http.StatusOK || !strings.Contains(body, w) {
				t.Errorf("%s: %d, without %q", path, code, w)
			}
		}
	}
	get("/") // is kept until something changes
	var name string
	if err := st.QueryRow(t.Context(), "select customer_name from complaint where customer_name is not null and contains(customer_name, ' ') limit 1").Scan(&name); err != nil {
		t.Fatal(err)
	}
	pen := &book.Pen{Store: st, Actor: "li"}
	for _, edit := range []func() ([]book.Edit, error){
		func() ([]book.Edit, error) { return pen.Name(t.Context(), 1, "Held & <late>, says "+name) },
		func() ([]book.Edit, error) { return pen.Merge(t.Context(), 1, []int64{2}) },
		func() ([]book.Edit, error) { return pen.Pin(t.Context(), 3) },
	} {
		if _, err := edit(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/", "/themes?lang=en", "/themes/1?lang=en", "/themes/2?lang=en"} {
		has(path, "Held &amp; &lt;late&gt;, says")
		if _, body := get(path); strings.Contains(body, name) {
			t.Errorf("%s names %s", path, name)
		}
	}
	has("/themes?lang=en", "pinned", "grew")
	has("/themes?lang=zh", "已固定", "增长")
	has("/themes/1?lang=en", "What became of it", "merged into theme 1", "What analysts decided", "plaint themes split 1")
	has("/themes/2?lang=zh", "并入主题 1", `href="/themes/1"`, "已没有这个主题")
	if code, _ := get("/themes/99"); code != http.StatusNotFound {
		t.Errorf("a theme that never was: %d", code)
	}
	var life struct {
		Alive  bool
		Events []struct {
			What  string
			Other int64
		}
		Edits []struct{ Action string }
	}
	code, body := get("/api/v1/themes/2/history")
	if err := json.Unmarshal([]byte(body), &life); err != nil || code != http.StatusOK || life.Alive || len(life.Edits) != 1 || fmt.Sprint(life.Events) != "[{born 0} {merged 1}]" {
		t.Errorf("%d %v %s", code, err, body)
	}
	if code, _ := get("/api/v1/themes/99/history"); code != http.StatusNotFound {
		t.Errorf("the history of a theme that never was: %d", code)
	}
}
