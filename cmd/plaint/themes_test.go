package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fewThemes is a file of complaints about two or three subjects.
func fewThemes() string {
	var b strings.Builder
	b.WriteString("id,customer,received,body\n")
	for i := range 30 {
		body := []string{"my withdrawal is late, the money is pending", "the app crashes when I open a chart", "my withdrawal is late, the bank says pending"}[i%3]
		fmt.Fprintf(&b, "C%d,U%d,2026-01-%02d,\"%s\"\n", i, i, i%28+1, body)
	}
	return b.String()
}

var (
	today = regexp.MustCompile(`\d{4}-\d\d-\d\d( \d\d:\d\d)?`)
	gaps  = regexp.MustCompile(` {2,}`) // as wide as the user's name is long
)

// TestHostileThemes keeps what an analyst sees of edits, right and wrong ones, in
// both languages.
func TestHostileThemes(t *testing.T) {
	for name, list := range map[string][]string{
		"themes_edits": {"themes", "themes 1 --limit 2", "themes name 1 Withdrawals", "themes history 1", "themes pin 2", "themes merge 1 3", "themes history 3", "themes split 1 --by bank", "themes",
			"themes undo 1", "themes undo 3", "analyze --jobs themes --quiet", "themes history"},
		"themes_wrong": {"themes name 9 x", "themes name 1 ", "themes name 1", "themes name one x", "themes merge 1 1", "themes merge 1", "themes merge 1 9", "themes split 1 --by zzz",
			"themes split 1 --by withdrawal", "themes split 1 --by ,", "themes split 9", "themes pin 9", "themes pin 0", "themes undo 1", "themes history 9", "themes --limit 0", "themes 9", "themes rename 1 x"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, lang := range []string{"en", "zh"} {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(fewThemes()), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, line := range append([]string{"ingest a.csv --quiet", "themes", "analyze --jobs themes --quiet"}, list...) {
					code, said := cli(t, dir, append([]string{"--lang=" + lang, "--db", "x.db"}, strings.Split(line, " ")...)...)
					said = gaps.ReplaceAllString(today.ReplaceAllString(said, "DAY"), "  ")
					fmt.Fprintf(&b, "%s: plaint %s: exit status %d\n%s\n", lang, line, code, strings.ReplaceAll(said, "  "+whoAmI()+"  ", "  USER  "))
				}
			}
			golden(t, filepath.Join("testdata", "hostile", name+".txt"), b.String())
		})
	}
}

// TestThemesInJSON: lists, edits and histories are objects that programs read.
func TestThemesInJSON(t *testing.T) {
	d := desk{t, t.TempDir()}
	if err := os.WriteFile(filepath.Join(d.dir, "a.csv"), []byte(fewThemes()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.run(exitDone, "ingest", "a.csv", "--quiet")
	d.run(exitDone, "analyze", "--jobs", "themes", "--quiet")
	var list struct {
		Rows []struct {
			ID     int64
			Label  string
			Pinned bool
		}
	}
	var edits struct {
		Edits []struct {
			ID     int64
			Action string
		}
	}
	var life struct {
		Alive  bool
		Events []struct{ What string }
		Edits  []struct{ Name string }
	}
	for _, c := range []struct {
		args []string
		into any
	}{{[]string{"themes", "name", "1", "Withdrawals", "--json"}, &edits}, {[]string{"themes", "pin", "1", "--json"}, nil}, {[]string{"themes", "--json"}, &list}, {[]string{"themes", "history", "1", "--json"}, &life}} {
		said := d.run(exitDone, c.args...)
		if c.into == nil {
			continue
		}
		if err := json.Unmarshal([]byte(said), c.into); err != nil {
			t.Fatalf("%v: %v\n%s", c.args, err, said)
		}
	}
	if len(edits.Edits) != 1 || edits.Edits[0].Action != "name" || len(list.Rows) < 2 || list.Rows[0].Label != "Withdrawals" || !list.Rows[0].Pinned || list.Rows[1].Pinned ||
		!life.Alive || len(life.Events) != 1 || life.Events[0].What != "born" || life.Edits[0].Name != "Withdrawals" {
		t.Errorf("%+v %+v %+v", edits, list, life)
	}
}
