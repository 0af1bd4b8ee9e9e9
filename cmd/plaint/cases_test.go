package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"plaint/internal/store"
	"plaint/internal/web/locale"
)

// TestCases: a case is decided by a person with a ground, step by step, and what
// cannot be is refused whole; the verdict is what models learn from.
func TestCases(t *testing.T) {
	dir := modelQuarter(t)
	run := func(want int, args ...string) string {
		t.Helper()
		code, said := cli(t, dir, append([]string{"cases", "--db", "t.db"}, args...)...)
		if code != want {
			t.Fatalf("%v: exit status %d, not %d: %s", args, code, want, said)
		}
		return said
	}
	run(exitDone, "decide", "1", "2", "--as", "confirmed", "--by", "li", "--note", "no such trade; call 13800001234")
	for _, c := range []struct {
		want int
		said string
		args []string
	}{
		{exitFailed, "1", []string{"decide", "1", "--as", "confirmed", "--note", "x"}},
		{exitFailed, "2", []string{"decide", "3", "2", "--as", "cleared", "--note", "x"}}, // none of both
		{exitFailed, "3", []string{"decide", "3", "--as", "overturned", "--note", "x"}},
		{exitFailed, "987654", []string{"decide", "987654", "--as", "cleared", "--note", "x"}},
		{exitFailed, "987654", []string{"987654"}},
		{exitUsage, "--note", []string{"decide", "3", "--as", "cleared", "--note", " "}},
		{exitUsage, "1000", []string{"decide", "3", "--as", "cleared", "--note", strings.Repeat("长", 1001)}},
		{exitUsage, "guilty", []string{"decide", "3", "--as", "guilty", "--note", "x"}},
		{exitUsage, "three", []string{"decide", "three", "--as", "cleared", "--note", "x"}},
		{exitUsage, "three", []string{"three"}},
		{exitUsage, "lost", []string{"--state", "lost"}},
		{exitUsage, "--limit", []string{"--limit", "0"}},
		{exitUsage, "ID", []string{"decide"}},
	} {
		words := map[string]bool{}
		for _, lang := range locale.Languages {
			said := run(c.want, append(c.args, "--lang", lang)...)
			if words[said] = true; !strings.Contains(said, c.said) {
				t.Errorf("%v: %s", c.args, said)
			}
		}
		if len(words) != len(locale.Languages) {
			t.Errorf("%v: the languages say the same", c.args)
		}
	}
	run(exitDone, "decide", "2", "--as", "overturned", "--by", "chen", "--note", "appeal")
	run(exitDone, "decide", "2", "--as", "reopened", "--by", "chen", "--note", "again")
	run(exitDone, "decide", "2", "--as", "cleared", "--by", "chen", "--note", "was honest")
	if said := run(exitDone, "1"); !strings.Contains(said, "confirmed") || !strings.Contains(said, "no such trade") || strings.Contains(said, "13800001234") {
		t.Error(said)
	}
	books, missing := 0, 0
	for id := range 30 {
		said := run(exitDone, strconv.Itoa(id+1))
		if strings.Contains(said, "What the books say") && strings.Contains(said, "settled") {
			books++
		}
		if strings.Contains(said, "Named, but on no record: ") && strings.Contains(said, "Cited transactions do not exist") {
			missing++
		}
	}
	if books < 10 || missing == 0 {
		t.Errorf("%d cases show the books, %d what is missing in them", books, missing)
	}
	var list struct {
		Total int
		Rows  []struct {
			ID    int64
			State string
		}
	}
	if err := json.Unmarshal([]byte(run(exitDone, "--state", "confirmed", "--json")), &list); err != nil || list.Total != 1 || list.Rows[0].ID != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	st, err := store.Open(t.Context(), filepath.Join(dir, "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var told []string
	verdicts, err := st.Verdicts(t.Context())
	for _, v := range verdicts {
		told = append(told, v.Action)
	}
	if got := strings.Join(told, " "); err != nil || got != "opened confirmed opened confirmed overturned reopened cleared" {
		t.Errorf("%s, %v", got, err)
	}
}
