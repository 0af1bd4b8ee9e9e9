package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/internal/web/locale"
)

// labLogs runs the command and gives its summary and the rows of its table.
func labLogs(t *testing.T, dir string, args ...string) (summary struct {
	Lines, Templates, Continued int
	OtherFormat                 int `json:"other_format"`
	Format                      string
}, rows []string) {
	t.Helper()
	status, out, said := labRun(t, dir, append([]string{"logs", "--out", "o.csv"}, args...)...)
	if err := json.Unmarshal([]byte(out), &summary); err != nil || status != exitDone {
		t.Fatalf("%v: %d %s %s", args, status, out, said)
	}
	table, err := os.ReadFile(filepath.Join(dir, "o.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return summary, strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
}

// TestLabLogsFormats: the format is found, told, and the same templates come out
// as where it is given.
func TestLabLogsFormats(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ head, format string }{
		{"2026-01-05 10:00:%02d INFO api: %s\n", "<Time> <Time> <Level> <Component>: <Content>"},
		{"Jan  5 10:00:%02d host api[12]: %s\n", "<Time> <Number> <Time> <Field> <Component>: <Content>"},
		{`{"n":%d,"level":"info","msg":%q}` + "\n", `{"msg": <Content>}`},
		{"n=%d level=info msg=%q\n", "msg=<Content>"},
		{"<34>1 2026-01-05T10:00:%02dZ host api 12 ID47 - %s\n", "<<Priority>>1 <Time> <Host> <Component> <Process> <Id> [<Data>] <Content>"},
	} {
		var text strings.Builder
		for i := range 100 {
			fmt.Fprintf(&text, c.head, i%60, []string{"order 5 accepted", "queue full", "user logged in"}[i%3])
		}
		put(t, dir, "a.log", text.String())
		s, rows := labLogs(t, dir, "--in", "a.log")
		if s.Format != c.format || s.Templates != 3 || s.Lines != 100 || !strings.HasSuffix(rows[0], ",order <*> accepted") {
			t.Errorf("%s: %+v, %s", c.head, s, rows[0])
		}
	}
}

// TestLabLogsBytes: however the file is written, its lines are the same.
func TestLabLogsBytes(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("2026-01-05 10:00:00 INFO api: order 5 accepted\n", 40)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for name, content := range map[string]string{
		"crlf.log": strings.ReplaceAll(text, "\n", "\r\n"), "bom.log": "\ufeff" + text, "end.log": strings.TrimSpace(text),
		"a.log.gz": packed.String(), "long.log": text + "2026-01-05 10:00:00 INFO api: " + strings.Repeat("x y1 ", 10<<20) + "\n",
	} {
		put(t, dir, name, content)
		s, rows := labLogs(t, dir, "--in", name)
		if n := map[bool]int{true: 41, false: 40}[name == "long.log"]; s.Lines != n || len(rows) != n || s.Templates != n-39 || !strings.HasSuffix(rows[39], ",order <*> accepted") {
			t.Errorf("%s: %+v, %q", name, s, rows[39][:40])
		}
	}
}

// TestLabLogsRefuses: what is no log, and a format that no line has.
func TestLabLogsRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.log", "2026-01-05 10:00:00 INFO api: order 5 accepted\n")
	put(t, dir, "empty.log", "")
	put(t, dir, "binary.log", "\x7fELF\x00\x01\x02\x00\x00")
	for _, c := range []struct {
		status int
		said   string
		args   []string
	}{
		{exitUsage, "<A>|<Content>", []string{"--in", "a.log", "--format", "<A>|<Content>"}},
		{exitFailed, "empty.log", []string{"--in", "empty.log"}},
		{exitFailed, "binary.log", []string{"--in", "binary.log"}},
	} {
		words := map[string]bool{}
		for _, lang := range locale.Languages {
			status, _, said := labRun(t, dir, append([]string{"logs", "--lang", lang}, c.args...)...)
			if status != c.status || !strings.Contains(said, c.said) || strings.Contains(said, "err_") {
				t.Errorf("%v in %s: %d %s", c.args, lang, status, said)
			}
			words[said] = true
		}
		if len(words) != len(locale.Languages) {
			t.Errorf("%v: the languages say the same: %v", c.args, words)
		}
	}
}
