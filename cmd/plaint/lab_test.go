package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"plaint/internal/web/locale"
)

// labRun runs a command of the lab in a folder and gives its status and output.
func labRun(t *testing.T, dir string, args ...string) (int, string, string) {
	t.Helper()
	return labFed(t, dir, "", args...)
}

// labFed is labRun with something on standard input.
func labFed(t *testing.T, dir, stdin string, args ...string) (int, string, string) {
	t.Helper()
	var out, said strings.Builder
	e := &env{ctx: t.Context(), in: strings.NewReader(stdin), out: &out, err: &said, cwd: dir, args: append([]string{"lab"}, args...), langTag: langTag(args)}
	return e.run(), out.String(), said.String()
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLabLogs(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "app.log", "2026-01-05 10:00:00 INFO api: order 5 accepted\n2026-01-05 10:00:01 INFO api: order 6 accepted\n2026-01-05 10:00:02 WARN api: queue \"a, b\" full\n\tat x.Y(Z.java:1)\n")
	status, out, said := labRun(t, dir, "logs", "--in", "app.log", "--format", "<Date> <Time> <Level> <Component>: <Content>", "--out", "o.csv")
	var summary struct {
		Lines, Templates int
		OtherFormat      int `json:"other_format"`
	}
	if err := json.Unmarshal([]byte(out), &summary); err != nil || status != exitDone || summary.Lines != 4 || summary.Templates != 2 || summary.OtherFormat != 1 {
		t.Fatalf("%d %s %s", status, out, said)
	}
	table, err := os.ReadFile(filepath.Join(dir, "o.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")
	if len(rows) != 5 || rows[0] != "line,template_id,template" || !strings.HasPrefix(rows[1], "0,") || !strings.HasSuffix(rows[2], ",order <*> accepted") ||
		!strings.HasSuffix(rows[3], `,"queue ""a, b"" full"`) || strings.Split(rows[3], ",")[1] != strings.Split(rows[4], ",")[1] {
		t.Errorf("%q", rows)
	}
}

func TestLabLocalize(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("product,country,actual,expected\n")
	for _, p := range []string{"cfd", "fx", "stock"} {
		for _, c := range []string{"SG", "HK", "CN", "MY"} {
			n := "101.5"
			if p == "cfd" && c == "SG" {
				n = "250.5"
			}
			text.WriteString(p + "," + c + "," + n + ",100.5\n")
		}
	}
	put(t, dir, "leaves.csv", text.String())
	status, out, said := labRun(t, dir, "localize", "--in", "leaves.csv", "--actual", "actual", "--predicted", "expected", "--dims", "product,country", "--out", "o.csv")
	if status != exitDone || !strings.Contains(out, `"causes":[{"country":"SG","product":"cfd"}]`) {
		t.Fatalf("%d %s %s", status, out, said)
	}
	table, err := os.ReadFile(filepath.Join(dir, "o.csv"))
	if err != nil || !strings.HasPrefix(string(table), "cause,attribute,value,share,actual_to_predicted\n0,product,cfd,1,") || strings.Count(string(table), "\n") != 3 {
		t.Errorf("%q %v", table, err)
	}
	status, out, _ = labRun(t, dir, "localize", "--in", "leaves.csv", "--actual", "expected", "--predicted", "expected2", "--dims", "product,country")
	if status != exitUsage {
		t.Errorf("%d %s", status, out)
	}
	put(t, dir, "calm.csv", strings.ReplaceAll(text.String(), "250.5,100.5", "100.5,100.5"))
	status, out, _ = labRun(t, dir, "localize", "--in", "calm.csv", "--actual", "actual", "--predicted", "expected", "--dims", "product,country")
	if status != exitDone || !strings.Contains(out, `"causes":[]`) || !strings.Contains(out, `"deviates":false,"external":false`) {
		t.Errorf("%d %s", status, out)
	}
}

// TestLabTellsGarbledRows: what is not in the file's encoding is no secret.
func TestLabTellsGarbledRows(t *testing.T) {
	dir := t.TempDir()
	old, err := simplifiedchinese.GB18030.NewEncoder().String("登录失败了 again\n")
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "m.csv", "t\n"+strings.Repeat(old, 20)+strings.Repeat("登录失败了 again\n", 20))
	status, out, said := labRun(t, dir, "cluster", "--in", "m.csv", "--text", "t", "--k", "7")
	if status != exitDone || !strings.Contains(out, `"garbled_rows":20`) || !strings.Contains(said, "20 rows") || !strings.Contains(said, "of 7") {
		t.Errorf("%d %s %s", status, out, said)
	}
}

func TestLabCluster(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("id,body\n")
	for i := range 40 {
		text.WriteString(fmt.Sprintf("%d,%s\n", i, []string{"my withdrawal has not arrived at the bank after days", "登录时一直提示密码错误，无法登录账户", "", "the spread on gold was far too wide last night"}[i%4]))
	}
	put(t, dir, "c.csv", text.String())
	status, out, said := labRun(t, dir, "cluster", "--in", "c.csv", "--text", "body", "--k", "3", "--out", "o.csv")
	if status != exitDone || !strings.Contains(out, `"clusters":3`) || !strings.Contains(out, `"outliers":10`) {
		t.Fatalf("%d %s %s", status, out, said)
	}
	table, err := os.ReadFile(filepath.Join(dir, "o.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")
	of := func(i int) string { return strings.Split(rows[i+1], ",")[1] }
	if len(rows) != 41 || of(2) != "-1" || of(0) == of(1) || of(0) == of(3) || of(0) != of(4) || of(1) != of(37) {
		t.Errorf("%q", rows)
	}
}

// TestLabRefuses: what cannot be done is said, in words of the user's language.
func TestLabRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "a,b,c\n1,x,y\n")
	put(t, dir, "empty.csv", "")
	put(t, dir, "head.csv", "a,b,c\n")
	put(t, dir, "again.csv", "a,b,c\na,b,c\n")
	put(t, dir, "twice.csv", "a,b,c,c\n1,2,x,y\n")
	for _, c := range []struct {
		status int
		args   []string
	}{
		{exitFailed, []string{"cluster", "--in", "head.csv", "--text", "b"}},
		{exitFailed, []string{"neardup", "--in", "head.csv", "--text", "b"}},
		{exitFailed, []string{"link", "--in", "head.csv", "--id", "b"}},
		{exitFailed, []string{"logs", "--in", "head.csv", "--text", "b"}},
		{exitFailed, []string{"localize", "--in", "head.csv", "--actual", "a", "--predicted", "b", "--dims", "c"}},
		{exitFailed, []string{"localize", "--in", "again.csv", "--actual", "a", "--predicted", "b", "--dims", "c"}},
		{exitFailed, []string{"localize", "--in", "twice.csv", "--actual", "a", "--predicted", "b", "--dims", "c"}},
		{exitUsage, []string{"logs"}},
		{exitUsage, []string{"logs", "--in", "a.csv", "--format", "<Date>"}},
		{exitUsage, []string{"logs", "--in", "a.csv", "--text", "none"}},
		{exitFailed, []string{"logs", "--in", "none.log"}},
		{exitFailed, []string{"logs", "--in", "empty.csv"}},
		{exitFailed, []string{"logs", "--in", "."}},
		{exitUsage, []string{"cluster", "--in", "a.csv"}},
		{exitUsage, []string{"cluster", "--in", "a.csv", "--text", "b", "--k", "-1"}},
		{exitUsage, []string{"localize", "--in", "a.csv"}},
		{exitUsage, []string{"localize", "--in", "a.csv", "--actual", "a", "--predicted", "a", "--dims", "c"}},
		{exitUsage, []string{"localize", "--in", "a.csv", "--actual", "a", "--predicted", "d", "--dims", "c"}},
		{exitFailed, []string{"localize", "--in", "a.csv", "--actual", "a", "--predicted", "b", "--dims", "c"}},
		{exitFailed, []string{"logs", "--in", "a.csv", "--out", "no/such/folder.csv"}},
	} {
		words := map[string]bool{}
		for _, lang := range locale.Languages {
			status, _, said := labRun(t, dir, append(c.args, "--lang", lang)...)
			if status != c.status || said == "" || strings.Contains(said, "err_") {
				t.Errorf("%v in %s: %d %s", c.args, lang, status, said)
			}
			words[said] = true
		}
		if len(words) != len(locale.Languages) {
			t.Errorf("%v: the languages say the same: %v", c.args, words)
		}
	}
}

// TestLocalizeNamesTheCell: a message names the one cell that is no number, once,
// and a header for what it is.
func TestLocalizeNamesTheCell(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "real,guess,c\n1,2,x\n3,none,y\n")
	put(t, dir, "b.csv", "real,guess,c\nreal,guess,c\n1,2,x\n")
	put(t, dir, "c.csv", "real,guess,c\n")
	for _, c := range []struct{ file, en, zh string }{
		{"a.csv", "column guess must hold numbers, not below zero; row 1 (rows count from 0, without the header) has “none”", "列 guess 须为不小于零的数；第 1 行（不含表头，从 0 起计）是“none”"},
		{"b.csv", "the header stands again in row 0 (rows count from 0, without the first header): real, guess, c", "第 0 行（不含第一个表头，从 0 起计）又是表头：real, guess, c"},
		{"c.csv", "c.csv has a header but no rows", "c.csv 只有表头，没有数据行"},
	} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			status, _, said := labRun(t, dir, "localize", "--in", c.file, "--actual", "real", "--predicted", "guess", "--dims", "c", "--lang", lang)
			if status != exitFailed || !strings.Contains(said, want) {
				t.Errorf("%s in %s: %d %s", c.file, lang, status, said)
			}
		}
	}
}

// TestLabInputs: a file, standard input and a pipe give the same rows; where
// nothing could be written, nothing is worked out.
func TestLabInputs(t *testing.T) {
	dir := t.TempDir()
	text := "id,text\n" + strings.Repeat("1,提现没有到账\n2,the app crashed\n", 20)
	put(t, dir, "a.csv", text)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	go func() { _ = os.WriteFile(filepath.Join(dir, "pipe"), []byte(text), 0o600) }() // ends when it was read
	var rows []string
	for _, in := range []string{"a.csv", "-", "pipe"} {
		status, _, said := labFed(t, dir, text, "neardup", "--in", in, "--text", "text", "--out", "o.csv")
		o, err := os.ReadFile(filepath.Join(dir, "o.csv"))
		if status != exitDone || err != nil {
			t.Fatalf("%s: %d %s %v", in, status, said, err)
		}
		if rows = append(rows, string(o)); rows[0] != string(o) {
			t.Errorf("%s: %s\na file: %s", in, o, rows[0])
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{"folder": "this is a folder: folder", "none/o.csv": "no such file or folder: none/o.csv"} {
		if status, _, said := labRun(t, dir, "neardup", "--in", "a.csv", "--text", "text", "--out", out); status != exitFailed || !strings.Contains(said, want) {
			t.Errorf("%s: %d %s", out, status, said)
		}
	}
}
