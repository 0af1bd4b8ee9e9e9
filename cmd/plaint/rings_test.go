package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedAccounts is a file of complaints of customers alone, and of twelve who
// share devices and accounts and complain in one morning with one letter.
func sharedAccounts() string {
	var b strings.Builder
	b.WriteString("id,customer,received,type,amount,currency,device,payout_account,body\n")
	for i := range 60 {
		fmt.Fprintf(&b, "C%d,U%d,2026-01-%02dT%02d:00:00Z,fee,,,dv-%d,62%08d,\"%s\"\n", i, i, i%28+1, i%24, i, i, strings.Repeat(string(rune(0x4e00+i*37)), 20))
	}
	for i := range 12 {
		fmt.Fprintf(&b, "R%d,V%d,2026-01-15T09:%02d:00Z,withdrawal_delay,100,USD,dv-ring\x1b[31m%d,6299999990%d,\"我的提现在三天前提交之后一直没有到账，客服也不回复，请尽快处理这件事。\"\n", i, i, i, i/4, i%2)
	}
	return b.String()
}

// TestRings finds the twelve and shows them, in both languages and as objects;
// without an analysis, and for what is no ring, it says so.
func TestRings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(sharedAccounts()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append([]string{"--db", "x.db"}, args...)...)
		if code != want {
			t.Fatalf("%v: exit status %d\n%s", args, code, said)
		}
		return said
	}
	run(1, "rings")
	run(0, "ingest", "a.csv", "--quiet")
	for lang, word := range map[string]string{"en": "there are no rings", "zh": "没有团伙"} {
		if said := run(0, "rings", "--lang", lang); !strings.Contains(said, word) {
			t.Error(said)
		}
	}
	run(0, "analyze", "--jobs", "rings", "--quiet")
	for lang, words := range map[string][]string{"en": {"payout account", "lockstep", "1,200 USD"}, "zh": {"收款账户", "步调一致"}} {
		said := run(0, "rings", "--lang", lang) + run(0, "rings", "1", "--lang", lang)
		for _, w := range words {
			if !strings.Contains(said, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, said)
			}
		}
		if strings.Contains(said, "\x1b") || strings.Contains(said, "62999999900") || strings.Contains(said, "V11") {
			t.Errorf("%s: not masked:\n%s", lang, said)
		}
	}
	var list struct {
		Total int
		Rows  []struct{ ID, N, Customers int }
	}
	if err := json.Unmarshal([]byte(run(0, "rings", "--json")), &list); err != nil || list.Total != 1 || list.Rows[0].N != 12 || list.Rows[0].Customers != 12 {
		t.Errorf("%+v %v", list, err)
	}
	var one struct {
		Ties    []struct{ Kind, Value string }
		Members []struct{ Customer string }
	}
	if err := json.Unmarshal([]byte(run(0, "rings", "1", "--json")), &one); err != nil || len(one.Members) != 12 || len(one.Ties) != 6 {
		t.Errorf("%+v %v", one, err)
	}
	run(1, "rings", "2")
	run(2, "rings", "one")
	run(2, "rings", "0")
	run(2, "rings", "--limit", "0")
	run(2, "rings", "1", "2")
}
