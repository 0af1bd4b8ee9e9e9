package web_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web"
	"plaint/scoring/model"
)

// named is a store of two customers whose names came into themes, templates and
// the digest.
func named(t *testing.T) *broker {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	rows := "id,source,channel,customer,customer_name,received,type,body\nX1,s,app,C1,Lerato Dlamini,2026-01-05,login,I and 王小明 could not log in to the app since the morning of that day\n" +
		"X2,s,app,C2,王小明,2026-01-06,login,我和lerato dlamini早上都登录不了这个软件已经三天了请处理\nX3,s,app,C3,x,王小红,login,你好\nX4,s,app,C4,,,login,no date at all\nX5,s,app,C5,,1970-03-01,login,long before\n"
	rows += "N1,s,app,E1,Madonna,2026-01-05,login,again\nN2,s,app,E2,nguyen thi thu ha,2026-01-05,login,again\nN3,s,app,E3,J. Smith,2026-01-05,login,again\nN4,s,app,E4,Иван Петров,2026-01-05,login,again\nN5,s,app,E5,阿卜杜拉·买买提,2026-01-05,login,again\n" +
		"X6,s,app,C6,,2026-01-09,login,\"madonna, nguyen thi thu ha, j. smith, Иван петров and 阿卜杜拉·买买提 all could not do it either and so on and on and on and on and on\"\n"
	for i := range 60 {
		rows += fmt.Sprintf("Y%d,s,app,D%d,,2026-01-0%d,login,again\n", i, i, 1+i%9)
	}
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	testload.File(t, st, path, m.Decide)
	at := st.Now()
	save := func(kind string, tables ...store.Table) {
		if _, err := st.SaveRun(t.Context(), store.Run{Kind: kind, Started: at, Tables: tables}); err != nil {
			t.Fatal(err)
		}
	}
	theme := func(id int, label string, terms ...any) []any {
		return []any{id, label, "en", terms, 1, 1, "login", .5, 1, 0.0, at, at, nil, "", nil, nil}
	}
	save("themes", store.Table{Name: "theme", Rows: [][]any{theme(1, "dlamini · password · lerato", "dlamini", "password", "lerato", "reset mail"), theme(2, "小明", "小明", "王小明")}},
		store.Table{Name: "theme_member", Rows: [][]any{{1, 1, 0.9}, {2, 2, 0.9}}},
		store.Table{Name: "theme_window", Rows: [][]any{{1, at.Add(-1e9), at, 1, .1, .01, 1}}})
	save("volume", store.Table{Name: "volume", Rows: [][]any{{time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), "login", "app", nil, nil, 1}, {time.Date(1970, 3, 1, 0, 0, 0, 0, time.UTC), "login", "app", nil, nil, 1}}})
	save("logs", store.Table{Name: "log_template", Rows: [][]any{{7, "login of Lerato Dlamini failed 4471220993", "auth", "error", 3, at, at, 1}}})
	save("digest", store.Table{Name: "digest", Rows: [][]any{{1, "digest_largest_theme", `{"theme":"dlamini · password · lerato","theme_id":1,"n":1,"share":1}`},
		{2, "digest_log_burst", `{"service":"auth","template":"login of Lerato Dlamini failed 4471220993","n":3,"expected":1,"from":"2026-01-05T00:00:00Z","to":"2026-01-05T01:00:00Z"}`}}})
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return &broker{st: st, handler: h}
}

// TestNamesInWords: no name of a customer is shown as a theme, a term, a log
// message or a refused cell.
func TestNamesInWords(t *testing.T) {
	b := named(t)
	for _, path := range []string{"/", "/themes", "/themes/1", "/themes/2", "/complaints/1", "/logs", "/logs/7", "/refused", "/complaints", "/api/v1/complaints", "/api/v1/overview", "/api/v1/digest", "/api/v1/themes",
		"/api/v1/complaints/1", "/api/v1/logs/templates", "/api/v1/refused"} {
		w := b.get(path, "en")
		body := w.Body.String()
		if w.Code != 200 {
			t.Fatalf("%s: %d %.300s", path, w.Code, body)
		}
		for _, name := range []string{"lerato", "Lerato", "lamini", "小明", "小红", "4471220993", "adonna", "nguyen", "smith", "Иван", "阿卜杜拉"} {
			if i := strings.Index(body, name); i >= 0 {
				t.Errorf("%s shows %s: %s", path, name, body[max(0, i-60):min(len(body), i+60)])
			}
		}
		if strings.Contains(path, "themes") && !strings.Contains(path, "/2") && !strings.Contains(body, "password") {
			t.Errorf("%s: the label is gone altogether", path)
		}
	}
}

// TestBeginnings: a list of complaints shows how each begins, and whose date is
// missing can be listed.
func TestBeginnings(t *testing.T) {
	b := named(t)
	body := b.get("/complaints?limit=100", "en").Body.String()
	for _, want := range []string{"could not log in to the app", "登录不了这个软件", "no date"} {
		if !strings.Contains(body, want) {
			t.Errorf("the list does not show %q", want)
		}
	}
	undated := b.get("/complaints?dated=no", "en").Body.String()
	if !strings.Contains(undated, "#3<") || strings.Contains(undated, "#1<") {
		t.Errorf("those without a date: %s", undated)
	}
	page := b.get("/", "en").Body.String()
	for _, want := range []string{"1 complaints have a date far outside", "1 complaints have no date", "dated=no"} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview does not say %q", want)
		}
	}
}

// written are names as they are kept, a text that has them in another way, and
// what a page must not show of it.
var written = []struct{ name, text, gone string }{
	{"Amaka Obi", "amaka obi's account", "amaka"},
	{"Sunil Rao", "one called 'sunil rao'", "sunil"},
	{"सुनीता शर्मा", "मैं सुनीता शर्मा हूँ", "सुनीता"},
	{"สมชาย ใจดี", "ผมสมชาย ใจดีครับ", "สมชาย"},
	{"Renée Müller", "here rene\u0301e mu\u0308ller wrote", "ller"},
	{"김민수", "김민수입니다", "민수"},
	{"佐藤さくら", "佐藤さくらさんから", "さくら"},
	{"阿卜杜拉·买买提", "和阿卜杜拉买买提都不能登录", "买买提"},
	{"Maria del Carmen de la Cruz", "here maria del carmen de la cruz wrote", "carmen"},
	{"Kowalski, Anna", "here anna kowalski wrote", "kowalski"},
	{"bertha  antoinette", "here bertha antoinette wrote", "bertha"},
	{"Mr. peter lorre", "here peter lorre wrote", "lorre"},
	{"alpha.beta", "here alpha beta wrote", "alpha"},
	{"王小明（先生）", "我叫王小明也不能登录", "小明"},
	{"乔治・布什", "见乔治·布什的信", "布什"},
	{"AYŞE YILMAZ", "ben ayşe yılmaz geldim", "yılmaz"},
	{"nguyen thi thu ha", "login of nguyen thi thu ha failed", "nguyen"},
	{"J. Smith", "login of j. smith failed", "smith"},
}

// forms is a store of the customers of written and the letters, templates and
// themes that have their names.
func forms(t *testing.T) *broker {
	t.Helper()
	b := named(t)
	b.get("/api/v1/complaints", "en") // what is loaded later is learnt as well
	m, err := model.Load(model.Default)
	if err != nil {
		t.Fatal(err)
	}
	rows := "id,source,channel,customer,customer_name,received,type,body\n"
	var templates, themes [][]any
	at := b.st.Now()
	for i, w := range written {
		rows += fmt.Sprintf("F%d,s,app,F%d,%q,2026-01-10,login,again\nL%d,s,app,L%d,,2026-01-11,login,%q\n", i, i, w.name, i, i, w.text+" and so on and on and on and on")
		templates = append(templates, []any{100 + i, w.text, "auth", "error", 3, at, at, 1})
		themes = append(themes, []any{100 + i, "password", "en", []any{"password"}, 1, 1, "login", .5, 1, 0.0, at, at, nil, "", nil, w.text})
	}
	rows += "P1,s,app,P1,Price,2026-01-10,login,again\nP2,s,app,P2,Waters Falling,2026-01-10,login,the waters rose\nP3,s,app,P3,,2026-01-10,login,all the waters are falling and so on and on\n" +
		"P4,s,app,P4,Siobhan O’Neil,2026-01-10,login,here is o’neil again and so on and on\nP5,s,app,P5,Chidi Okafor,2026-01-10,login,again\n" +
		"P6,s,app,P6,,2026-01-10,login,see https://x.example/" + strings.Repeat("a", 300) + " and chidi okafor " + strings.Repeat("and so on ", 30) + "\n"
	templates = append(templates, []any{99, "Price is stale", "auth", "error", 3, at, at, 1})
	path := filepath.Join(t.TempDir(), "b.csv")
	if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	testload.File(t, b.st, path, m.Decide)
	for kind, table := range map[string]store.Table{"logs": {Name: "log_template", Rows: templates}, "themes": {Name: "theme", Rows: themes}} {
		if _, err := b.st.SaveRun(t.Context(), store.Run{Kind: kind, Started: at, Tables: []store.Table{table}}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestNamesInForms: a name is masked however the customer and the text wrote it,
// in letters, in templates and in what analysts call a theme; other words stay.
func TestNamesInForms(t *testing.T) {
	b := forms(t)
	for path, stay := range map[string][]string{"/api/v1/complaints?limit=200": {"waters are", "see • and •"}, "/api/v1/logs/templates?limit=200": {"Price is stale", "login of • failed"}, "/api/v1/themes?limit=200": {"login of • failed"}} {
		body := b.get(path, "en").Body.String()
		for _, w := range written {
			if i := strings.Index(body, w.gone); i >= 0 {
				t.Errorf("%s shows %s: %s", path, w.name, body[max(0, i-60):min(len(body), i+60)])
			}
		}
		for _, gone := range []string{"o'neil", "o’neil", "chidi", "okaf"} {
			if strings.Contains(body, gone) {
				t.Errorf("%s shows %s", path, gone)
			}
		}
		for _, want := range stay {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not show %q", path, want)
			}
		}
	}
}
