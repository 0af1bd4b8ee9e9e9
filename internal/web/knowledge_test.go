package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"plaint/analysis/rootcause/lineage/book"
	"plaint/internal/store"
)

// TestKnowledge: the page ranks themes, leads to their complaints and examples,
// shows no customer's name, and says when the themes have changed since.
func TestKnowledge(t *testing.T) {
	b := named(t)
	for lang, want := range map[string]string{"en": "plaint analyze --faq", "zh": "尚未将常见问题"} {
		if w := b.get("/knowledge", lang); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s, without a run: %d %.300s", lang, w.Code, w.Body)
		}
	}
	var themes int64
	if err := b.st.QueryRow(t.Context(), "select max(id) from run where kind = 'themes'").Scan(&themes); err != nil {
		t.Fatal(err)
	}
	gaps := store.Table{Name: "knowledge_gap", Rows: [][]any{{1, 1, themes, 40, 10, 40.0 / 30, 1, .2, .1, false, 48.0, 1}, {2, 2, themes, 9, 0, 1.0, 2, .9, 1.0, true, 0.0, 2}}}
	entries := store.Table{Name: "knowledge_entry", Rows: [][]any{{1, 2, "How do I reset?", "en", "", 0, 0, 1, .2, .1}, {2, 3, "怎么登录？", "zh", "", 1, 9, 2, .9, 1.0}}}
	if _, err := b.st.SaveRun(t.Context(), store.Run{Kind: "knowledge", Started: b.st.Now(), Tables: []store.Table{gaps, entries}}); err != nil {
		t.Fatal(err)
	}
	page := b.get("/knowledge", "en").Body.String()
	for _, want := range []string{"How do I reset?", "it ends at 3", "password", `href="/complaints?theme=1`, `href="/complaints/1`, `href="/themes/2`, "怎么登录？"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, name := range []string{"erato", "lamini", "小明"} {
		if strings.Contains(page, name) {
			t.Errorf("the page shows %s", name)
		}
	}
	if page := b.get("/knowledge?answered=yes", "zh").Body.String(); strings.Contains(page, `href="/complaints?theme=1`) || !strings.Contains(page, "已有答案") {
		t.Error("a theme without an answer is among those with one")
	}
	var k struct {
		Current                  bool
		Gaps, Unanswered, Unused int
		Rows, Needless           []map[string]any
	}
	if err := json.Unmarshal(b.get("/api/v1/knowledge", "en").Body.Bytes(), &k); err != nil || !k.Current || k.Gaps != 1 || k.Unanswered != 40 || k.Unused != 1 || len(k.Rows) != 2 || len(k.Needless) != 1 {
		t.Errorf("%+v %v", k, err)
	}
	old := func(when string) {
		t.Helper()
		for lang, want := range map[string]string{"en": "formed anew", "zh": "重新归纳"} {
			if page := b.get("/knowledge", lang).Body.String(); !strings.Contains(page, want) || strings.Contains(page, `href="/themes/2`) || strings.Contains(page, `href="/complaints?theme=1`) {
				t.Errorf("%s, %s: numbers of themes that are gone lead to others", when, lang)
			}
		}
	}
	if _, err := (&book.Pen{Store: b.st, Actor: "li"}).Merge(t.Context(), 1, []int64{2}); err != nil {
		t.Fatal(err)
	}
	old("merged")
	if _, err := b.st.SaveRun(t.Context(), store.Run{Kind: "themes", Started: b.st.Now()}); err != nil {
		t.Fatal(err)
	}
	old("analysed")
}
