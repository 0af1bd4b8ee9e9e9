package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plaint/ingest/simulate"
	"plaint/internal/testload"
)

// BenchmarkPost posts complaints of a simulated broker to a server in another
// process, from 64 clients at the same time, which share its processors: singly
// and in hundreds. Every answer means that the rows, their decisions and their
// cases are on disk.
//
//	go test ./cmd/plaint -run xxx -bench Post -benchtime 20000x
func BenchmarkPost(b *testing.B) {
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: 100_000, Customers: 50_000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	rows := testload.Rows(b, filepath.Join(dir, "complaints.csv"))
	if err := os.Remove(filepath.Join(dir, "complaints.csv")); err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(dir, "plaint")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			db := filepath.Join(b.TempDir(), "b.db")
			if out, err := exec.Command(program, "ingest", filepath.Join(dir, "accounts.csv"), filepath.Join(dir, "transactions.csv"), "--quiet", "--db", db).CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			url, stop := serveProcess(b, program, db)
			defer stop()
			post(b, url, rows, size)
		})
	}
}

// serveProcess starts a server on a free port and waits until it says where.
func serveProcess(t testing.TB, program, db string, args ...string) (url string, stop func()) {
	t.Helper()
	cmd := exec.Command(program, append([]string{"serve", "--db", db, "--listen", "127.0.0.1:0"}, args...)...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	for url == "" && lines.Scan() {
		if i := strings.Index(lines.Text(), "http://"); i >= 0 {
			url = strings.Fields(lines.Text()[i:])[0]
		}
	}
	go io.Copy(io.Discard, pipe)
	return strings.TrimRight(url, "/."), func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}

// post sends b.N rows, size at a time, from 64 clients.
func post(b *testing.B, url string, rows []map[string]string, size int) {
	const clients = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	send := func(from, to int) error {
		var body bytes.Buffer
		for i := from; i < to; i++ {
			row := make(map[string]string, 40)
			for k, v := range rows[i%len(rows)] {
				if v != "" {
					row[k] = v
				}
			}
			row["id"] = fmt.Sprintf("%s-%d", row["id"], i)
			line, err := json.Marshal(row)
			if err != nil {
				return err
			}
			body.Write(append(line, '\n'))
		}
		started := time.Now()
		res, err := client.Post(url+"/v1/complaints?source=http", "application/x-ndjson", &body)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusOK || err != nil {
			return fmt.Errorf("%s %s %v", res.Status, answer, err)
		}
		mu.Lock()
		took = append(took, time.Since(started))
		mu.Unlock()
		return nil
	}
	if err := send(0, 1); err != nil { // the server reads what it has to know
		b.Fatal(err)
	}
	took = nil
	next.Store(1)
	b.ResetTimer()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(size))) - size
				if from >= b.N {
					return
				}
				if err := send(from, min(from+size, b.N)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if len(took) == 0 {
		return // the trial run of one row
	}
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
