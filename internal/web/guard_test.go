package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHostile: requests that nobody honest makes, and what each gets.
func TestHostile(t *testing.T) {
	b := open(t)
	long := strings.Repeat("9", 5000)
	for name, c := range map[string]struct {
		method, target, host string
		status               int
		code, says           string
	}{
		"a long id":              {"GET", "/api/v1/complaints/" + long[:900], "", 404, "not_found", "nothing here"},
		"a longer path":          {"GET", "/api/v1/complaints/" + long, "", 414, "too_long", "too long"},
		"an id that is a word":   {"GET", "/api/v1/complaints/abc", "", 404, "not_found", ""},
		"an id below zero":       {"GET", "/api/v1/cases/-1", "", 404, "not_found", ""},
		"id zero":                {"GET", "/api/v1/complaints/0", "", 404, "not_found", ""},
		"an id nobody has":       {"GET", "/api/v1/complaints/99999999", "", 404, "not_found", ""},
		"the largest id":         {"GET", "/api/v1/complaints/9223372036854775807", "", 404, "not_found", ""},
		"SQL as an id":           {"GET", "/api/v1/complaints/1%3Bdrop%20table%20complaint", "", 404, "not_found", ""},
		"a theme nobody has":     {"GET", "/api/v1/themes/99999/complaints", "", 404, "not_found", ""},
		"a negative offset":      {"GET", "/api/v1/complaints?offset=-1", "", 400, "bad_parameter", "offset” must be a whole number from 0"},
		"a huge offset":          {"GET", "/api/v1/complaints?offset=99999999999999999999", "", 400, "bad_parameter", "offset"},
		"a huge limit":           {"GET", "/api/v1/complaints?limit=1000000", "", 400, "bad_parameter", "limit"},
		"limit zero":             {"GET", "/api/v1/cases?limit=0", "", 400, "bad_parameter", "limit"},
		"limit as a float":       {"GET", "/api/v1/runs?limit=1e3", "", 400, "bad_parameter", "limit"},
		"an unknown parameter":   {"GET", "/api/v1/complaints?departement=finance", "", 400, "bad_parameter", "departement"},
		"a parameter twice":      {"GET", "/api/v1/complaints?type=login&type=x", "", 400, "bad_parameter", "type"},
		"an unknown order":       {"GET", "/api/v1/complaints?order=body;drop", "", 400, "bad_parameter", ""},
		"SQL as an order":        {"GET", "/api/v1/complaints?order=received%3B%20drop%20table%20complaint", "", 400, "bad_parameter", "order"},
		"a long value":           {"GET", "/api/v1/complaints?type=" + strings.Repeat("x", 300), "", 400, "bad_parameter", "200"},
		"a zero byte":            {"GET", "/api/v1/complaints?type=a%00b", "", 400, "bad_parameter", "type"},
		"broken UTF-8":           {"GET", "/api/v1/complaints?type=%ff%fe", "", 400, "bad_parameter", "type"},
		"a broken escape":        {"GET", "/api/v1/complaints?type=%zz", "", 400, "bad_parameter", ""},
		"no such day":            {"GET", "/api/v1/complaints?from=2026-02-30", "", 400, "bad_parameter", "from"},
		"a year before all":      {"GET", "/api/v1/complaints?from=0001-01-01", "", 400, "bad_parameter", "from"},
		"no number":              {"GET", "/api/v1/complaints?score_from=NaN", "", 400, "bad_parameter", "score_from"},
		"neither yes nor no":     {"GET", "/api/v1/complaints?flagged=maybe", "", 400, "bad_parameter", "flagged"},
		"no such step":           {"GET", "/api/v1/volume?step=second", "", 400, "bad_parameter", "step"},
		"no such path":           {"GET", "/api/v1/secrets", "", 404, "not_found", ""},
		"POST":                   {"POST", "/api/v1/complaints", "", 405, "method_not_allowed", "GET"},
		"DELETE":                 {"DELETE", "/api/v1/entries", "", 405, "method_not_allowed", "GET"},
		"OPTIONS":                {"OPTIONS", "/api/v1/cases", "", 405, "method_not_allowed", ""},
		"another host":           {"GET", "/api/v1/overview", "evil.example", 421, "wrong_host", ""},
		"a host that looks ours": {"GET", "/api/v1/overview", "localhost.evil.example", 421, "wrong_host", ""},
		"no host":                {"GET", "/api/v1/overview", "-", 421, "wrong_host", ""},
		"an address of a net":    {"GET", "/api/v1/overview", "10.0.0.1:8080", 421, "wrong_host", ""},
		"SQL as a value":         {"GET", "/api/v1/complaints?type='%20or%201=1%20--", "", 200, "", `"total":0`},
		"SQL as a signal":        {"GET", "/api/v1/cases?signal=%25", "", 400, "bad_parameter", "agent"},
		"far behind the end":     {"GET", "/api/v1/complaints?offset=99999999", "", 200, "", `"rows":[]`},
		"our own name":           {"GET", "/api/v1/digest", "plaint.test:8080", 200, "", ""},
		"loopback by number":     {"GET", "/api/v1/digest", "[::1]:8080", 200, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://localhost"+c.target, nil)
			if c.host != "" {
				r.Host = strings.Trim(c.host, "-")
			}
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			var e struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
				t.Fatalf("%v: %.200s", err, w.Body)
			}
			if w.Code != c.status || e.Error.Code != c.code || c.code != "" && e.Error.Message == "" || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %.300s", w.Code, w.Body)
			}
		})
	}
}

// TestHostilePages: the same on pages, which answer in HTML.
func TestHostilePages(t *testing.T) {
	b := open(t)
	for target, want := range map[string]int{"/complaints?type=%3Cscript%3Ealert(1)%3C/script%3E": 200, "/complaints?limit=0": 400, "/complaints/x": 404, "/themes/999999": 404, "/nothing": 404,
		"/static/": 404, "/static/..%2fweb.go": 404, "/complaints?lang=%3Cb%3E": 200, "/?x=1": 400, "/cases?%3Cimg%20src=x%3E=1": 400, "/logs/9999999999999": 404} {
		w := b.get(target, "en")
		if w.Code != want || strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "<img") || strings.Contains(w.Body.String(), "<b>") {
			t.Errorf("%s: %d %.200s", target, w.Code, w.Body)
		}
	}
}

// TestHeaders: every answer forbids what a page needs not.
func TestHeaders(t *testing.T) {
	b := open(t)
	for _, path := range []string{"/", "/api/v1/digest", "/nothing", "/metrics", "/static/style.css"} {
		h := b.get(path, "en").Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Referrer-Policy") == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, page := range pagePaths { // the policy would stop them
		if body := b.get(page, "en").Body.String(); strings.Contains(body, " style=") || strings.Contains(body, "<script") || strings.Contains(body, " on") && strings.Contains(body, `onclick=`) {
			t.Errorf("%s holds what its own policy forbids", page)
		}
	}
}

// TestLanguage: by parameter, then cookie, then browser, then configuration.
func TestLanguage(t *testing.T) {
	b := open(t)
	for _, c := range []struct{ target, cookie, accept, want string }{
		{"/", "", "", "en"}, {"/", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"}, {"/", "", "fr, en;q=0.5, zh;q=0.7", "zh"}, {"/", "", "fr", "en"}, {"/", "", "zh;q=abc", "en"},
		{"/", "zh", "en", "zh"}, {"/?lang=en", "zh", "zh", "en"}, {"/?lang=xx", "zh", "en", "zh"}, {"/", "xx", "zh", "zh"},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+c.target, nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "plaint_lang", Value: c.cookie})
		}
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Language"); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if set := w.Header().Get("Set-Cookie"); (c.target == "/?lang=en") != strings.Contains(set, "plaint_lang=en") {
			t.Errorf("%+v: cookie %q", c, set)
		}
	}
}
