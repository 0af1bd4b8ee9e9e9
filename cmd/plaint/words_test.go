package main

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"plaint/internal/web/locale"
)

// TestLanguage: a language without words is a usage error where it was asked
// for, and passed over where it is only the environment's.
func TestLanguage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PLAINT_LANG", "zh")
	for _, args := range [][]string{{"version", "--lang", "fr"}, {"--lang=fr", "version"}} {
		if code, said := cli(t, dir, args...); code != exitUsage || !strings.Contains(said, "--lang fr 不是 en, zh 之一") {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	t.Setenv("PLAINT_LANG", "fr_FR.UTF-8")
	for _, args := range [][]string{{"version"}, {"version", "--lang", "zh-CN"}} {
		if code, said := cli(t, dir, args...); code != exitDone {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
}

// TestSystemErrors: what the system refuses has words in both languages, and
// keeps the path.
func TestSystemErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "write", Path: "a.parquet", Err: syscall.ENOSPC}, "磁盘已满: a.parquet"},
		{errors.New(`IO Error: Could not write file "x.db": No space left on device`), `磁盘已满: IO Error: Could not write file "x.db": No space left on device`},
		{&fs.PathError{Op: "open", Path: "/root/x", Err: syscall.EACCES}, "没有权限: /root/x"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, "没有此文件或文件夹: x"},
		{errors.New("something else"), "操作未能完成：something else"},
		{&worded{"err_bad_model", []any{"name", "m", "reason", errors.New("odd")}}, "模型 m 无法使用：odd"},
	} {
		e := &env{words: locale.For("zh")}
		if got := e.explain(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNumbersOfJobs: no number of an analysis goes by its code.
func TestNumbersOfJobs(t *testing.T) {
	d := desk{t, t.TempDir()}
	d.run(exitDone, "simulate", "--out", "q", "--complaints", "300")
	d.run(exitDone, "ingest", "q")
	code, said := cli(t, d.dir, "analyze", "--db", "x.db", "--lang", "zh")
	if code != exitDone {
		t.Fatal(said)
	}
	_, rows, _ := strings.Cut(said, "任务")
	for _, word := range regexp.MustCompile(`[a-zA-Z_]{3,}`).FindAllString(rows, -1) {
		if word != strings.ToUpper(word) { // CSAT, NPS
			t.Errorf("%s in\n%s", word, rows)
		}
	}
}

// TestDemoInADatabase: --db of the demo is heeded, and nothing is mixed with
// what is there.
func TestDemoInADatabase(t *testing.T) {
	d := desk{t, t.TempDir()}
	empty(t, filepath.Join(d.dir, "x.db"))
	d.run(exitDone, "demo", "--no-serve", "--complaints", "300")
	if said := d.run(exitDone, "query", "--format", "csv", "select count(*) as n from complaint"); said != "n\n300\n" {
		t.Error(said)
	}
	if said := d.run(exitUsage, "demo", "--no-serve"); !strings.Contains(said, "x.db holds data already") {
		t.Error(said)
	}
}

// TestLog: a failure is told with its cause, and without values that may be a
// customer's.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	(&env{err: &out}).log().Error("request failed", "path", "/api/v1/cases", "error", errors.New(`Conversion Error: Could not convert string 'Lerato' to INT64`))
	if said := out.String(); !strings.Contains(said, "path=/api/v1/cases") || !strings.Contains(said, "Conversion Error") || strings.Contains(said, "Lerato") {
		t.Error(said)
	}
}
