package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"plaint/internal/record"
)

// build builds the program once for the tests that start it whole.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plaint")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// said runs the program and returns what it printed and its exit status.
func said(t *testing.T, dir, stdin, path string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "PLAINT_LANG=en")
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var servingOn = regexp.MustCompile(`http://[0-9.:]+/`)

// TestTheWholeProgram serves a file and lets the other commands work through
// the server, as a user would without knowing.
func TestTheWholeProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	path, dir := build(t), t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	serve := exec.Command(path, "serve", "--db", "x.db", "--listen", "127.0.0.1:0")
	serve.Dir, serve.Env = dir, append(os.Environ(), "PLAINT_LANG=en")
	stderr, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer serve.Process.Kill()
	url := waitForURL(t, stderr)

	out, code := said(t, dir, "", path, "simulate", "--out", "q", "--complaints", "400")
	if code != exitDone {
		t.Fatalf("simulate: %d\n%s", code, out)
	}
	files := []string{"q/accounts.csv", "q/transactions.csv", "q/logs.ndjson", "q/surveys.csv", "q/complaints.csv"}
	out, code = said(t, dir, "", path, append([]string{"ingest", "--db", "x.db", "--json", "--quiet"}, files...)...)
	var r record.Receipt
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitDone || r.RowsIn == 0 || r.Loaded+r.Known+r.Refused != r.RowsIn {
		t.Fatalf("ingest: %d %v\n%s", code, err, out)
	}
	out, code = said(t, dir, "id,body\nS1,from standard input\nS2,=cmd|x\n", path, "ingest", "-", "--db", "x.db", "--json", "--quiet")
	if code != exitRefused || !strings.Contains(out, `"loaded":1`) || !strings.Contains(out, `"formula":1`) {
		t.Fatalf("standard input: %d\n%s", code, out)
	}
	for _, args := range [][]string{{"analyze"}, {"score"}, {"report", "--out", "r.html"}, {"export", "--out", "pq"}, {"refused", "list"}} {
		if out, code := said(t, dir, "", path, append(args, "--db", "x.db")...); code != exitDone {
			t.Fatalf("%v: %d\n%s", args, code, out)
		}
	}
	out, code = said(t, dir, "", path, "query", "--db", "x.db", "--format", "csv", "select count(*) as n from complaint")
	if want := fmt.Sprintf("n\n%d\n", 401); code != exitDone || out != want {
		t.Fatalf("query: %d %q, want %q", code, out, want)
	}
	for _, p := range []string{"readyz", "metrics", "api/v1/overview", "?lang=zh"} {
		get(t, url+p)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "r.html")); err != nil || len(page) < 10000 {
		t.Fatalf("report: %d bytes, %v", len(page), err)
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serve.Wait(); err != nil {
		t.Fatalf("the server did not stop cleanly: %v", err)
	}
	if out, code := said(t, dir, "", path, "query", "--db", "x.db", "--format", "csv", "select count(*) as n from complaint"); code != exitDone || !strings.Contains(out, "401") {
		t.Fatalf("after the server stopped: %d %s", code, out)
	}
}

func waitForURL(t *testing.T, r io.Reader) string {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		var all bytes.Buffer
		buf := make([]byte, 4096)
		sent := false
		for {
			n, err := r.Read(buf)
			all.Write(buf[:n])
			if u := servingOn.FindString(all.String()); u != "" && !sent {
				found <- u
				sent = true
			}
			if err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case u := <-found:
		return u
	case <-ctx.Done():
		t.Fatal("the server did not say where it serves")
		return ""
	}
}

func get(t *testing.T, url string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || len(body) == 0 {
		t.Fatalf("%s: %d %v\n%.200s", url, r.StatusCode, err, body)
	}
}
