package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plaint/internal/web/locale"
)

// TestAnalysisFiles: what is wrong with a FAQ or a list of words is a wrong call
// that names the file, in both languages; what the settings name is read.
func TestAnalysisFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	call := func(lang string, args ...string) (int, string) {
		var said bytes.Buffer
		e := &env{ctx: t.Context(), in: strings.NewReader(""), out: &said, err: &said, cwd: dir, args: append([]string{"analyze", "--db", "none.db"}, args...), langTag: lang}
		code := e.run()
		return code, said.String()
	}
	for name, c := range map[string]struct {
		args []string
		says string // beside the file
	}{
		"none":         {[]string{"--faq", "nosuch.csv"}, "nosuch.csv"},
		"empty":        {[]string{"--faq", write("empty.csv", "")}, "empty.csv"},
		"binary":       {[]string{"--faq", write("sheet.csv", "PK\x03\x04\x00")}, "sheet.csv"},
		"no question":  {[]string{"--faq", write("columns.csv", "id,answer\n1,2\n")}, "id, answer"},
		"no answer":    {[]string{"--faq", write("half.csv", "question\nq\n")}, "half.csv"},
		"no FAQ":       {[]string{"--jobs", "knowledge"}, "plaint.yaml"},
		"bad words":    {[]string{"--lexicon", write("words.txt", "ok\n= x\n")}, "2"},
		"circle":       {[]string{"--lexicon", write("circle.txt", "甲乙 = 丙丁\n丙丁 = 甲乙\n")}, "丙丁"},
		"folder":       {[]string{"--faq", "."}, "."},
		"no word":      {[]string{"--lexicon", write("none.txt", "# nothing\n")}, "none.txt"},
		"mixed script": {[]string{"--lexicon", write("mixed.txt", "A股通\n")}, "a股通"},
	} {
		said := map[string]string{}
		for _, lang := range locale.Languages {
			code, text := call(lang, c.args...)
			if said[lang] = text; code != exitUsage || !strings.Contains(text, c.says) || strings.Contains(text, "err_") {
				t.Errorf("%s, %s: %d %s", name, lang, code, text)
			}
		}
		if said["en"] == said["zh"] {
			t.Errorf("%s: one message for two languages: %s", name, said["en"])
		}
	}
	write("plaint.yaml", "faq: empty.csv\n")
	if code, text := call("en"); code != exitUsage || !strings.Contains(text, "empty.csv") {
		t.Errorf("the settings' FAQ is not read: %d %s", code, text)
	}
}
