package web_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
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
	"plaint/internal/web/view"
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
	var found []int
	if err := st.Each(t.Context(), "select size from theme order by id", func(rows *sql.Rows) error {
		var n int
		err := rows.Scan(&n)
		found = append(found, n)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{} // of the theme that will be merged
	if err := st.Each(t.Context(), "select language, label from theme_part where theme = 2", func(rows *sql.Rows) error {
		var language, label string
		err := rows.Scan(&language, &label)
		labels[language] = label
		return err
	}); err != nil || labels["en"] == "" || labels["zh"] == "" {
		t.Fatal(err, labels)
	}
	pen := &book.Pen{Store: st, Actor: "li"}
	var merged int64 // the edit
	for _, edit := range []func() ([]book.Edit, error){
		func() ([]book.Edit, error) { return pen.Name(t.Context(), 1, "Held & <late>, says "+name) },
		func() ([]book.Edit, error) { return pen.Merge(t.Context(), 1, []int64{2}) },
		func() ([]book.Edit, error) { return pen.Pin(t.Context(), 3) },
	} {
		made, err := edit()
		if err != nil {
			t.Fatal(err)
		}
		if made[0].Action == book.Merge {
			merged = made[0].ID
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
	undone := func(when string, runs int) {
		t.Helper()
		for id, n := range found[:3] {
			var h struct {
				Sizes []struct{ Run, N int }
			}
			_, body := get(fmt.Sprintf("/api/v1/themes/%d/history", id+1))
			if err := json.Unmarshal([]byte(body), &h); err != nil || len(h.Sizes) != runs || h.Sizes[0].N != n {
				t.Errorf("%s, theme %d: the first run found %d, told is %+v (%v)", when, id+1, n, h.Sizes, err)
			}
		}
	}
	undone("merged", 1)
	for _, lang := range []string{"en", "zh"} {
		for _, id := range []int64{1, 2} {
			h, err := view.NewIn(st, lang).ThemeHistory(t.Context(), id)
			i := slices.IndexFunc(h.Edits, func(e book.Edit) bool { return e.Action == book.Merge })
			if err != nil || h.Edits[i].Name != labels[lang] || id == 2 && h.Label != labels[lang] {
				t.Errorf("%s: theme %d is %q and its merge %+v (%v)", lang, id, h.Label, h.Edits, err)
			}
		}
	}
	if _, err := pen.Undo(t.Context(), merged); err != nil {
		t.Fatal(err)
	}
	if _, err := rootcause.Themes(t.Context(), st, nil); err != nil {
		t.Fatal(err)
	}
	undone("undone", 2)
	if err := st.Change(t.Context(), func(w store.Writer) error {
		return w.Exec(t.Context(), "update theme set label = 'called anew' where id = 2 and run = (select max(run) from theme)")
	}); err != nil {
		t.Fatal(err)
	}
	if h, err := view.New(st).ThemeHistory(t.Context(), 2); err != nil || !h.Alive || h.Label != "called anew" {
		t.Errorf("back again it is %q, alive %v (%v)", h.Label, h.Alive, err)
	}
	has("/themes/1?lang=en", "Complaints that each analysis found")
	has("/themes/1?lang=zh", "各次分析得出的件数")
}

// TestIncidentsFollowEdits: what analysts decide of themes shows on the page of an
// incident at once, and each number there leads to so many rows.
func TestIncidentsFollowEdits(t *testing.T) {
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 5, Complaints: 500}).WriteDir(dir); err != nil {
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
	if _, err := rootcause.Incidents(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	v := view.New(st)
	list, err := v.Incidents(t.Context(), view.IncidentFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	for _, x := range list.Rows {
		if x.Themes > 1 {
			id = x.ID
		}
	}
	read := func() view.IncidentDetail {
		t.Helper()
		x, err := v.Incident(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if x.Theme != x.Parts[0].Theme || x.Label != x.Parts[0].Label || x.Themes != len(x.Parts) {
			t.Errorf("the list says %d %q of %d, the page %+v", x.Theme, x.Label, x.Themes, x.Parts)
		}
		for _, part := range x.Parts {
			rows, err := v.Complaints(t.Context(), view.Filter{Incident: id, Theme: part.Theme, Limit: 1})
			if err != nil || rows.Total != part.N || part.Label == "" {
				t.Errorf("theme %d %q: %d complaints lead to %d (%v)", part.Theme, part.Label, part.N, rows.Total, err)
			}
		}
		return x
	}
	before := read()
	first, second := before.Parts[0], before.Parts[1]
	pen := &book.Pen{Store: st, Actor: "li"}
	if _, err := pen.Merge(t.Context(), second.Theme, []int64{first.Theme}); err != nil {
		t.Fatal(err)
	}
	merged := read()
	if len(merged.Parts) != len(before.Parts)-1 || merged.Theme != second.Theme || merged.Parts[0].N != first.N+second.N || merged.Label != second.Label {
		t.Errorf("merged: %+v, before %+v", merged.Parts, before.Parts)
	}
	if _, err := pen.Name(t.Context(), second.Theme, "Held back"); err != nil {
		t.Fatal(err)
	}
	if x := read(); x.Label != "Held back" {
		t.Errorf("named: %q", x.Label)
	}
	var word string // of one of its complaints, but not of all
	if err := st.QueryRow(t.Context(), `with w as (select distinct seq, unnest(regexp_extract_all(lower(body), '[a-z]{4,}')) as word from complaint where seq in
		(select m.seq from incident_member m join theme_member using (seq) where incident = $1 and theme = $2))
		select word from w group by 1 having count(*) < $3 order by count(*) desc, word limit 1`, id, second.Theme, merged.Parts[0].N).Scan(&word); err != nil {
		t.Fatal(err)
	}
	edits, err := pen.Split(t.Context(), second.Theme, []string{word})
	if err != nil {
		t.Fatal(err)
	}
	if x := read(); !slices.ContainsFunc(x.Parts, func(p view.IncidentTheme) bool { return p.Theme == edits[0].Other && p.Label == word }) {
		t.Errorf("split by %q: %+v", word, x.Parts)
	}
}
