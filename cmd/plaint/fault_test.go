package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"plaint/internal/store"
)

var everyWrite = flag.Bool("every-write", false, "let every one of the first 200 writes fail, not a selection")

// TestFailingWrites lets the n-th write to the database fail, and the two behind
// it, while a client posts: nothing that was answered with success may be lost,
// nothing may be there twice, and the server goes on by itself. All 200 of both
// errors:
//
//	go test ./cmd/plaint -run FailingWrites -every-write -timeout 1h
func TestFailingWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many servers")
	}
	program, shim := builtProgram(t), faultShim(t)
	step := 23
	if *everyWrite {
		step = 1
	}
	refusedSome := 0
	for n := 1; n <= 200; n += step {
		for name, env := range map[string][]string{
			"full": {fmt.Sprint("PLAINT_FAULT_ERROR=", int(syscall.ENOSPC)), "PLAINT_FAULT_SHORT=1"},
			"eio":  {fmt.Sprint("PLAINT_FAULT_ERROR=", int(syscall.EIO))},
		} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				env = append(slices.Clone(env), "LD_PRELOAD="+shim, "PLAINT_FAULT_PATH=fault.db", fmt.Sprint("PLAINT_FAULT_FROM=", n), "PLAINT_FAULT_CALLS=3")
				refusedSome += postThroughFaults(t, program, env)
			})
		}
	}
	if refusedSome == 0 {
		t.Error("no answer said that something was not kept: the test shows nothing")
	}
}

// builtProgram builds the program once for all tests of this process.
func builtProgram(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "plaint-test-*")
		if err != nil {
			t.Fatal(err)
		}
		built = filepath.Join(dir, "plaint")
		if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
	return built
}

func faultShim(t *testing.T) string {
	t.Helper()
	shim := filepath.Join(t.TempDir(), "fault.so")
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", shim, "testdata/fault/fault.c", "-ldl").CombinedOutput(); err != nil {
		t.Skipf("no C compiler for the shim: %v\n%s", err, out)
	}
	return shim
}

// postThroughFaults posts forty deliveries, each until it is kept, and checks
// the file. It returns how many answers said that a delivery was not kept.
func postThroughFaults(t *testing.T, program string, env []string) (refused int) {
	db := filepath.Join(t.TempDir(), "fault.db")
	p := startServer(t, program, db, env)
	if p.url == "" { // the file could not be made: a clear message, and the next start is fine
		if !strings.Contains(p.said(), "error") {
			t.Fatalf("it ended and said %q", p.said())
		}
		p = startServer(t, program, db, nil)
		if p.url == "" {
			t.Fatalf("it does not start after a failed start: %s", p.said())
		}
	}
	const deliveries, size = 40, 5
	for i := range deliveries {
		until := time.Now().Add(20 * time.Second)
		for {
			status, answer := p.post(t, i*size, size)
			if status == http.StatusOK {
				break
			}
			refused++
			if status != http.StatusServiceUnavailable || time.Now().After(until) {
				t.Fatalf("delivery %d: %d %s\n%s", i, status, answer, p.said())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	p.stop()
	checkNumbered(t, db, deliveries*size)
	return refused
}

// checkNumbered opens a file and checks that complaints N0 up to n are there
// once each, with one decision each.
func checkNumbered(t *testing.T, db string, n int) {
	t.Helper()
	st, err := store.Open(t.Context(), db, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var rows, ids, decisions, booked int
	err = st.QueryRow(t.Context(), `select (select count(*) from complaint), (select count(distinct external_id) from complaint where starts_with(external_id, 'N')),
		(select count(*) from decision d join complaint c using (seq)), (select coalesce(sum(loaded), 0)::bigint from admission)`).Scan(&rows, &ids, &decisions, &booked)
	if err != nil || rows != n || ids != n || decisions != n || booked != n {
		t.Fatalf("%d complaints, %d different, %d decisions, %d booked; %d were acknowledged; %v", rows, ids, decisions, booked, n, err)
	}
}

// process is a server under test.
type process struct {
	cmd   *exec.Cmd
	url   string
	text  *lockedBuffer
	ended chan struct{}
}

// startServer starts a server and waits until it says where it is, or ends.
func startServer(t *testing.T, program, db string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, append([]string{"serve", "--db", db, "--lang", "en", "--listen", "127.0.0.1:0"}, args...)...), text: &lockedBuffer{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.text, p.text
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	for {
		if i := strings.Index(p.said(), "http://"); i >= 0 && strings.Contains(p.said()[i:], " ") {
			p.url = strings.TrimRight(strings.Fields(p.said()[i:])[0], "/")
			return p
		}
		select {
		case <-p.ended:
			return p
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (p *process) said() string { return p.text.String() }

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.wait()
}

func (p *process) wait() { <-p.ended }

// post sends complaints N<from> and so on; a connection that breaks is status 0.
func (p *process) post(t *testing.T, from, size int) (status int, answer string) {
	t.Helper()
	var body bytes.Buffer
	for i := from; i < from+size; i++ {
		line, err := json.Marshal(map[string]string{"id": fmt.Sprint("N", i), "customer": fmt.Sprint("U", i%7), "body": "提现没有到账", "received": "2026-03-01 10:00:00"})
		if err != nil {
			t.Fatal(err)
		}
		body.Write(append(line, '\n'))
	}
	res, err := http.Post(p.url+"/v1/complaints", "application/x-ndjson", &body)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

var (
	buildOnce sync.Once
	built     string
)

// lockedBuffer is a buffer that a process writes while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestDiskFull fills a small file system to the last byte while a client posts,
// and empties it again.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small file system needs the right to mount one: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	db := filepath.Join(dir, "full.db")
	p := startServer(t, builtProgram(t), db, nil)
	if p.url == "" {
		t.Fatal(p.said())
	}
	const size = 50
	next, refused := 0, 0
	post := func(n int) {
		for range n {
			status, answer := p.post(t, next, size)
			switch status {
			case http.StatusOK:
				next += size
			case http.StatusServiceUnavailable:
				refused++
			default:
				t.Fatalf("%d %s\n%s", status, answer, p.said())
			}
		}
	}
	filler := filepath.Join(dir, "filler")
	for round := range 4 {
		post(5)
		if next == 0 {
			t.Fatal("nothing was kept with room enough")
		}
		before := refused
		fill(t, filler)
		post(10)
		if refused == before {
			t.Fatalf("round %d: ten deliveries were kept on a full disk", round)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			was := next
			if post(1); next > was {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("round %d: it does not go on when there is room again\n%s", round, p.said())
			}
		}
	}
	p.stop()
	checkNumbered(t, db, next)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
