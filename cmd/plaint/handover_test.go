package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is this program in a process of its own.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "PLAINT_TEST_PROGRAM=1", "PLAINT_LANG=en", "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
	return c
}

// serving starts a server of x.db and tells where it serves.
func serving(t *testing.T, dir string) (server *exec.Cmd, url string) {
	t.Helper()
	server = program(t, dir, "serve", "--db", "x.db", "--listen", "127.0.0.1:0")
	stderr, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill() })
	return server, waitForURL(t, stderr)
}

// holding is a caller whose command waits in the server for more input.
type holding struct {
	*exec.Cmd
	said bytes.Buffer
	in   io.WriteCloser
}

// hold starts a caller and returns when its command reads in the server: a pipe
// takes 64 KiB that nobody asked for, not more.
func hold(t *testing.T, dir string) *holding {
	t.Helper()
	h := &holding{Cmd: program(t, dir, "ingest", "-", "--as", "complaints", "--db", "x.db")}
	h.Stdout, h.Stderr = &h.said, &h.said
	in, err := h.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.in = in
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "id,body\n"+strings.Repeat("C1,half an input\n", 60000)); err != nil {
		t.Fatalf("%v\n%s", err, &h.said)
	}
	return h
}

func (h *holding) ends(t *testing.T, word string) {
	t.Helper()
	if err := within(t, h.Wait); err == nil || h.ProcessState.ExitCode() != exitFailed || !strings.Contains(h.said.String(), word) {
		t.Fatalf("%v, lacks %q:\n%s", err, word, &h.said)
	}
}

func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		t.Fatal("it does not end")
		return nil
	}
}

func say(t *testing.T, dir string, want int, args ...string) string {
	t.Helper()
	out, err := program(t, dir, append(args, "--db", "x.db")...).CombinedOutput()
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != want {
		t.Fatalf("%v: exit status %d, want %d\n%s", args, code, want, out)
	}
	return string(out)
}

// TestCallers: what becomes of commands in the server when their callers or the
// server end, and of a caller's standard input.
func TestCallers(t *testing.T) {
	dir := t.TempDir()
	desk{t, dir}.write("a.csv", "id,body\nC1,one\nC2,two\n")
	server, url := serving(t, dir)
	say(t, dir, exitDone, "ingest", "a.csv")

	if said := say(t, dir, exitFailed, "serve"); !strings.Contains(said, "runs already at "+url) {
		t.Errorf("a second server: %s", said)
	}
	left := program(t, dir)
	left.Path, left.Args = "/bin/sh", []string{"sh", "-c", `"$0" refused list --db x.db > /dev/null; cat`, os.Args[0]}
	left.Stdin = strings.NewReader("not for it\n")
	if out, err := left.CombinedOutput(); err != nil || string(out) != "not for it\n" {
		t.Errorf("a command that does not read takes its caller's input: %v %q", err, out)
	}

	stopped := hold(t, dir)
	if err := stopped.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	stopped.ends(t, "interrupted; what was finished before stays")

	killed := hold(t, dir)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the command of a dead caller goes on", func() bool {
		spooled, err := filepath.Glob(filepath.Join(dir, "plaint-stdin-*"))
		return err == nil && len(spooled) == 0
	})

	held := hold(t, dir)
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := within(t, server.Wait); err != nil {
		t.Errorf("the server did not stop cleanly: %v", err)
	}
	held.ends(t, "the server is stopping and ended this command")
	if said := say(t, dir, exitDone, "query", "--format", "csv", "select count(*) as n from complaint"); said != "n\n2\n" {
		t.Errorf("what was accepted: %s", said)
	}
}

// TestServerDies: a caller is told that its server went away.
func TestServerDies(t *testing.T) {
	dir := t.TempDir()
	server, _ := serving(t, dir)
	held := hold(t, dir)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	held.ends(t, "the server went away")
}

func waitUntil(t *testing.T, or string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(or)
		}
	}
}

// TestTakenAddress: a server that cannot listen leaves no database behind.
func TestTakenAddress(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if said := say(t, dir, exitFailed, "serve", "--listen", l.Addr().String()); !strings.Contains(said, l.Addr().String()) {
		t.Error(said)
	}
	if _, err := os.Stat(filepath.Join(dir, "x.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database stays: %v", err)
	}
}
