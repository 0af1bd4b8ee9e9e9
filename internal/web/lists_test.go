package web_test

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"plaint/internal/store"
)

// few is a store of a few complaints, some of them without a handler, and of rows
// of two profiles that were refused, one of which was replayed.
func few(t *testing.T) *broker {
	t.Helper()
	s := small(t)
	for _, table := range []string{
		"id,customer,received,handler,department,body\n1,U1,2026-01-05,li,desk,first\n2,U1,2026-01-06,,,second\n3,U2,2026-01-07,,desk,third\n4,,2026-01-08,wang,,fourth\n5,U1,never,li,desk,fifth\n6,U1,never,li,desk,sixth\n",
		"Complaint ID,Date received,Product,Issue,Consumer complaint narrative,Company,State,Submitted via,Date sent to company,Timely response?\n77,never,Mortgage,Fees,again,Bank,CA,Web,01/05/2026,Yes\n",
	} {
		s.add(t, table)
	}
	if err := s.st.Change(t.Context(), func(w store.Writer) error {
		return w.Exec(t.Context(), "insert into refused_replayed select max(id), now()::timestamp from refused where line = (select max(line) from refused)")
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// total is the number of rows of a list of the API.
func (b *broker) total(t *testing.T, path string) int {
	t.Helper()
	var p struct{ Total int }
	w := b.get(path, "en")
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
		t.Fatalf("%s: %d %v", path, w.Code, err)
	}
	return p.Total
}

// TestRefusedNumbersLead: every number of refused rows leads to exactly so many.
func TestRefusedNumbersLead(t *testing.T) {
	b := few(t)
	link := regexp.MustCompile(`href="(/refused\?[^"]*)">(\d+)<`)
	for _, page := range []string{"/", "/loading", "/refused"} {
		found := link.FindAllStringSubmatch(b.get(page, "en").Body.String(), -1)
		if len(found) == 0 {
			t.Errorf("%s has no numbers of refused rows", page)
		}
		for _, m := range found {
			if n := b.total(t, "/api/v1"+html.UnescapeString(m[1])); fmt.Sprint(n) != m[2] {
				t.Errorf("%s: %s leads to %d by %s", page, m[2], n, m[1])
			}
		}
	}
	if open, done := b.total(t, "/api/v1/refused?replayed=no"), b.total(t, "/api/v1/refused?replayed=yes"); open != 2 || done != 1 {
		t.Errorf("%d are not replayed, %d are", open, done)
	}
}

// TestWithoutValue: a link to what has no handler lists those alone.
func TestWithoutValue(t *testing.T) {
	b := few(t)
	for lang, none := range map[string]string{"en": "(none)", "zh": "（无）"} {
		page := b.get("/complaints/2", lang).Body.String()
		m := regexp.MustCompile(`href="(/complaints\?handler=[^"]*)">` + regexp.QuoteMeta(none) + `<`).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("%s: no link of those without a handler", lang)
		}
		if n := b.total(t, "/api/v1"+html.UnescapeString(m[1])); n != 2 {
			t.Errorf("%d have no handler", n)
		}
		if list := b.get(html.UnescapeString(m[1]), lang).Body.String(); !strings.Contains(list, "</span> "+none+" <a") || strings.Contains(list, ">#1<") {
			t.Errorf("%s: the list without a handler: %s", lang, list)
		}
	}
	if n := b.total(t, "/api/v1/complaints?department=(none)&handler=wang"); n != 1 {
		t.Errorf("%d of wang without a department", n)
	}
}

// TestOneCustomer: a complaint leads to all of its customer, by the pseudonym
// alone; who is not told has none.
func TestOneCustomer(t *testing.T) {
	b := few(t)
	who := b.st.Pseudonym("U1")
	link := "/complaints?customer=" + who
	for _, lang := range []string{"en", "zh"} {
		if page := b.get("/complaints/1", lang).Body.String(); !strings.Contains(page, `href="`+link+`"`) {
			t.Errorf("%s: no link to the customer's complaints", lang)
		}
		page := b.get(link, lang).Body.String()
		if !strings.Contains(page, ">#1<") || !strings.Contains(page, ">#2<") || strings.Contains(page, ">#3<") || !strings.Contains(page, "</span> "+who+" <a") || strings.Contains(page, "U1") {
			t.Errorf("%s: %s", lang, page)
		}
	}
	if page := b.get("/complaints/4", "en").Body.String(); strings.Contains(page, "customer=") {
		t.Error("a complaint of nobody leads to somebody's")
	}
	if n, none := b.total(t, "/api/v1"+link), b.total(t, "/api/v1/complaints?customer=c000000000000"); n != 2 || none != 0 {
		t.Errorf("%d of the customer, %d of one who is not there", n, none)
	}
	if w := b.get("/api/v1/complaints?customer=U1", "en"); w.Code != 400 || strings.Contains(w.Body.String(), who) {
		t.Errorf("by an id: %d %s", w.Code, w.Body)
	}
}
