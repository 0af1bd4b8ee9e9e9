package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestIncidents: the list and one incident as tables and as JSON, in both
// languages, and what is no incident; a date of a wrong year is said and changes
// nothing.
func TestIncidents(t *testing.T) {
	d := desk{t, t.TempDir()}
	var b strings.Builder
	b.WriteString("id,customer,received,type,country,amount,currency,body\n")
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	words := strings.Fields("account page error button morning evening phone agent waiting password balance charge order chart screen branch letter email answer nobody money late twice again wrong missing refused blocked slow number bank week month today browser update tablet window statement signature receipt")
	r := rand.New(rand.NewPCG(1, 1))
	text := func() string { // everybody in words of their own
		var out []string
		for range 14 {
			out = append(out, words[r.IntN(len(words))])
		}
		return strings.Join(out, " ")
	}
	n := 0
	add := func(at time.Time, kind, country string) {
		n++
		fmt.Fprintf(&b, "%d,u%d,%s,%s,%s,10.00,%s,%s\n", n, n, at.Format(time.RFC3339), kind, country, []string{"USD", "USD", "USD", "HKD", "HKD", "JPY"}[n%6], text())
	}
	for k := range 70 * 12 {
		add(start.Add(time.Duration(k)*2*time.Hour+time.Duration(k*37%60)*time.Minute), []string{"login", "fees", "abnormal_trade"}[k%3], []string{"HK", "SG", "MY", "CN"}[k*7%11%4])
	}
	for k := range 60 {
		add(start.AddDate(0, 0, 40).Add(time.Duration(k)*6*time.Minute), "login", "MY")
	}
	add(start.AddDate(-2, 0, 0), "fees", "HK")
	if err := os.WriteFile(filepath.Join(d.dir, "a.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.run(exitDone, "ingest", "a.csv", "--quiet")
	if said := d.run(exitDone, "incidents"); !strings.Contains(said, "plaint analyze") {
		t.Errorf("before the analysis: %s", said)
	}
	if said := d.run(exitDone, "analyze", "--jobs", "themes,incidents"); strings.Count(said, "dates left out, far from all others 1") != 2 {
		t.Errorf("the stray date is not told:\n%s", said)
	}
	var list struct {
		Total int
		Rows  []struct {
			ID int64
			N  int
		}
	}
	if err := json.Unmarshal([]byte(d.run(exitDone, "incidents", "--json")), &list); err != nil || list.Total != 1 || len(list.Rows) != 1 || list.Rows[0].N < 58 {
		t.Fatalf("%v %+v", err, list)
	}
	id := fmt.Sprint(list.Rows[0].ID)
	var one struct {
		N        int
		Causes   []struct{ N int }
		Currency string
		Money    []struct {
			Currency string
			N        int
			Amount   float64
		}
	}
	if err := json.Unmarshal([]byte(d.run(exitDone, "incidents", id, "--json")), &one); err != nil || one.N != list.Rows[0].N || len(one.Causes) != 1 || one.Causes[0].N > one.N {
		t.Errorf("%v %+v", err, one)
	}
	if m := one.Money; len(m) != 3 || m[0].Currency != "USD" || m[1].Currency != "HKD" || m[2].Currency != "JPY" || one.Currency != "USD" || m[0].N+m[1].N+m[2].N != one.N || m[1].Amount != 10*float64(m[1].N) {
		t.Errorf("claims in three currencies: %+v", one)
	}
	said := d.run(exitDone, "incidents", id)
	for _, m := range one.Money {
		if want := fmt.Sprintf("%g %s", m.Amount, m.Currency); !strings.Contains(said, want) {
			t.Errorf("no %s in\n%s", want, said)
		}
	}
	for _, c := range []struct {
		args []string
		want []string
	}{{[]string{"incidents"}, []string{"Login", "14 Feb 2026", "severe", fmt.Sprint(one.N)}}, {[]string{"incidents", id}, []string{"Whom it met", "country MY", "Customers", "USD", "over"}},
		{[]string{"incidents", id, "--lang", "zh"}, []string{"影响", "已结束", "客户"}}} {
		said := d.run(exitDone, c.args...)
		for _, w := range c.want {
			if !strings.Contains(said, w) {
				t.Errorf("%v: no %q in\n%s", c.args, w, said)
			}
		}
	}
	d.run(exitFailed, "incidents", "99")
	d.run(exitUsage, "incidents", "x")
}
