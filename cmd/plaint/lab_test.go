package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/internal/web/locale"
)

// labRun runs a command of the lab in a folder and gives its status and output.
func labRun(t *testing.T, dir string, args ...string) (int, string, string) {
	t.Helper()
	var out, said strings.Builder
	e := &env{ctx: t.Context(), in: strings.NewReader(""), out: &out, err: &said, cwd: dir, args: append([]string{"lab"}, args...), langTag: langTag(args)}
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
	status, out, said := labRun(t, dir, "localize", "--in", "leaves.csv", "--actual", "actual", "--predicted", "expected", "--dims", "product,country")
	if status != exitDone || !strings.Contains(out, `"causes":[{"country":"SG","product":"cfd"}]`) {
		t.Fatalf("%d %s %s", status, out, said)
	}
}

// TestLabRefuses: what cannot be done is said, in words of the user's language.
func TestLabRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "a,b\n1,x\n")
	put(t, dir, "empty.csv", "")
	for _, c := range []struct {
		status int
		args   []string
	}{
		{exitUsage, []string{"logs"}},
		{exitUsage, []string{"logs", "--in", "a.csv", "--format", "<Date>"}},
		{exitUsage, []string{"logs", "--in", "a.csv", "--text", "none"}},
		{exitFailed, []string{"logs", "--in", "none.log"}},
		{exitFailed, []string{"logs", "--in", "empty.csv"}},
		{exitFailed, []string{"logs", "--in", "."}},
		{exitUsage, []string{"localize", "--in", "a.csv"}},
		{exitUsage, []string{"localize", "--in", "a.csv", "--actual", "a", "--predicted", "a", "--dims", "c"}},
		{exitFailed, []string{"localize", "--in", "a.csv", "--actual", "a", "--predicted", "b", "--dims", "b"}},
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
