package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/internal/web/locale"
)

// labRows gives the rows of a table without its header.
func labRows(t *testing.T, dir, name string) []string {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(table)), "\n")
}

func TestLabLink(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("id,truth,name,born,phone\n")
	for i := range 60 {
		name := []string{"wei", "lena", "omar", "ruth", "ivan", "mara"}[i%6] + " " + []string{"tan", "becker", "haddad", "cohen", "petrov"}[i/6%5]
		born, phone := fmt.Sprintf("19%02d-%02d-%02d", 40+i, 1+i%12, 1+i%28), fmt.Sprintf("+65 9%03d %04d", 100+i*7, 1000+i*131)
		fmt.Fprintf(&text, "a%d,%d,%s,%s,%s\n", i, i, name, born, phone)
		if i%3 == 0 {
			fmt.Fprintf(&text, "b%d,%d,%s,%s,%s\n", i, i, name+"n", born, strings.NewReplacer(" ", "", "+65", "").Replace(phone))
		}
	}
	put(t, dir, "c.csv", text.String())
	status, out, said := labRun(t, dir, "link", "--in", "c.csv", "--id", "id", "--ignore", "truth", "--out", "o.csv")
	if status != exitDone || !strings.Contains(out, `"entities":60`) || !strings.Contains(out, `"linked_rows":40`) || strings.Contains(out, "truth") {
		t.Fatalf("%d %s %s", status, out, said)
	}
	rows := labRows(t, dir, "o.csv")
	if len(rows) != 81 || rows[0] != "id,entity" || rows[1] != "a0,0" || rows[2] != "b0,0" || rows[3] != "a1,1" {
		t.Errorf("%q", rows[:4])
	}
}

func TestLabNeardup(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "c.csv", "id,body\n1,你们平台的提现已经拖延12天，客服一直推脱，要求立即退还本金3500元\n2,登录时一直提示密码错误，我确认密码没有问题，已经三天无法登录\n"+
		"3,\n4,你們平台的提現已經拖延３天，客服一直推脫，要求立即退還本金800元！\n")
	status, out, said := labRun(t, dir, "neardup", "--in", "c.csv", "--text", "body", "--out", "o.csv")
	if status != exitDone || !strings.Contains(out, `"groups":1`) || !strings.Contains(out, `"rows_in_groups":2`) {
		t.Fatalf("%d %s %s", status, out, said)
	}
	if got := strings.Join(labRows(t, dir, "o.csv"), " "); got != "row,group 0,0 1,1 2,2 3,0" {
		t.Error(got)
	}
}

// TestLabPairsRefuse: what cannot be done is said, in words of the user's language.
func TestLabPairsRefuse(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "a,b\n1,x\n2,y\n")
	put(t, dir, "twice.csv", "a,b\n1,x\n1,y\n")
	put(t, dir, "unnamed.csv", "a,b\n1,x\n,y\n")
	put(t, dir, "none.csv", "a,b\n")
	put(t, dir, "empty.csv", "")
	for _, c := range []struct {
		status int
		said   string
		args   []string
	}{
		{exitUsage, "--in", []string{"link", "--id", "a"}},
		{exitUsage, "--id", []string{"link", "--in", "a.csv"}},
		{exitUsage, "nobody", []string{"link", "--in", "a.csv", "--id", "nobody"}},
		{exitUsage, "nobody", []string{"link", "--in", "a.csv", "--id", "a", "--ignore", "nobody"}},
		{exitUsage, "--ignore", []string{"link", "--in", "a.csv", "--id", "a", "--ignore", "b"}},
		{exitFailed, "1", []string{"link", "--in", "twice.csv", "--id", "a"}},
		{exitFailed, "1", []string{"link", "--in", "unnamed.csv", "--id", "a"}},
		{exitFailed, "none.csv", []string{"link", "--in", "none.csv", "--id", "a"}},
		{exitFailed, "empty.csv", []string{"link", "--in", "empty.csv", "--id", "a"}},
		{exitFailed, "gone.csv", []string{"link", "--in", "gone.csv", "--id", "a"}},
		{exitUsage, "--text", []string{"neardup", "--in", "a.csv"}},
		{exitUsage, "nobody", []string{"neardup", "--in", "a.csv", "--text", "nobody"}},
		{exitFailed, "none.csv", []string{"neardup", "--in", "none.csv", "--text", "b"}},
		{exitFailed, "empty.csv", []string{"neardup", "--in", "empty.csv", "--text", "b"}},
	} {
		words := map[string]bool{}
		for _, lang := range locale.Languages {
			status, _, said := labRun(t, dir, append(c.args, "--lang", lang)...)
			if status != c.status || !strings.Contains(said, c.said) || strings.Contains(said, "err_") {
				t.Errorf("%v in %s: %d %s", c.args, lang, status, said)
			}
			words[said] = true
		}
		if len(words) != len(locale.Languages) {
			t.Errorf("%v: the languages say the same: %v", c.args, words)
		}
	}
	put(t, dir, "one.csv", "a,b\n1,x\n")
	if status, out, said := labRun(t, dir, "link", "--in", "one.csv", "--id", "a"); status != exitDone || !strings.Contains(out, `"entities":1`) {
		t.Errorf("one row: %d %s %s", status, out, said)
	}
}
