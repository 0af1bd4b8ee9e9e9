package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"plaint/analysis/rootcause"
)

// TestSeveralCurrencies: sums in different currencies stand side by side.
func TestSeveralCurrencies(t *testing.T) {
	s := small(t)
	var b strings.Builder
	b.WriteString("id,received,amount,currency,body\n")
	for i := range 24 {
		fmt.Fprintf(&b, "%d,2026-01-%02d,%d,%s,%s\n", i, i+1, 100, []string{"USD", "USD", "USD", "<b>", "JPY", "JPY"}[i%6], []string{"my withdrawal is late and the money is pending", "the app crashes when I open a chart"}[i/12])
	}
	s.add(t, b.String())
	if _, err := rootcause.Themes(t.Context(), s.st, nil); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"en": "600 USD, 400 JPY &#43;1", "zh": "600 USD、400 JPY &#43;1"} {
		if page := s.get("/themes/1", lang).Body.String(); !strings.Contains(page, want) || !strings.Contains(page, "&lt;b&gt;") || strings.Contains(page, "<b>") {
			t.Errorf("%s: the page of a theme lacks %s", lang, want)
		}
	}
	var list struct {
		Rows []struct {
			Amount   float64
			Currency string
			Money    []struct {
				Currency string
				N        int
				Amount   float64
			}
		}
	}
	if err := json.Unmarshal(s.get("/api/v1/themes", "en").Body.Bytes(), &list); err != nil || len(list.Rows) != 2 || fmt.Sprint(list.Rows[0]) != "{600 USD [{USD 6 600} {JPY 4 400} {<b> 2 200}]}" {
		t.Errorf("%v %+v", err, list)
	}
}

// TestClaimsAreThoseOfTheRows: what a theme claims is the sum of the complaints that
// it leads to, also where a later state corrected an amount.
func TestClaimsAreThoseOfTheRows(t *testing.T) {
	s := small(t)
	for _, amount := range []int{100, 40} {
		var b strings.Builder
		b.WriteString("id,received,amount,currency,body,status\n")
		for i := range 12 {
			if i > 0 && amount != 100 {
				break
			}
			fmt.Fprintf(&b, "%d,2026-01-%02d,%d,USD,my withdrawal is late and the money is pending,state %d\n", i, i+1, amount, amount)
		}
		s.add(t, b.String())
	}
	if _, err := rootcause.Themes(t.Context(), s.st, nil); err != nil {
		t.Fatal(err)
	}
	var themes, rows struct {
		Rows []struct{ Amount float64 }
	}
	sum := 0.0
	if err := json.Unmarshal(s.get("/api/v1/complaints?theme=1", "en").Body.Bytes(), &rows); err != nil || len(rows.Rows) != 12 {
		t.Fatal(err, rows)
	}
	for _, x := range rows.Rows {
		sum += x.Amount
	}
	if err := json.Unmarshal(s.get("/api/v1/themes", "en").Body.Bytes(), &themes); err != nil || len(themes.Rows) != 1 || themes.Rows[0].Amount != sum || sum != 1140 {
		t.Errorf("%v: %+v, and its complaints claim %v", err, themes, sum)
	}
}
