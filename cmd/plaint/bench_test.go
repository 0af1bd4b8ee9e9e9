package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/marcboeker/go-duckdb" // the peer: the same engine by itself

	"plaint/ingest/simulate"
)

// BenchmarkIngestMillion loads a million complaints with `plaint ingest`,
// everything included, and beside it with the engine's own `create table as
// select * from read_csv`, one after the other in the same run:
//
//	go test ./cmd/plaint -run xxx -bench IngestMillion -benchtime 3x -timeout 30m
//
// It reports the seconds of both, their ratio and our peak memory.
func BenchmarkIngestMillion(b *testing.B) {
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: 1_000_000, Customers: 300_000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	csv := filepath.Join(dir, "complaints.csv")
	program := filepath.Join(dir, "plaint")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var ours, peers time.Duration
	var peak int64
	runs := 0
	for b.Loop() {
		runs++
		peers += peer(b, csv, filepath.Join(dir, fmt.Sprint("peer", runs, ".db")))
		cmd := exec.Command(program, "ingest", csv, "--quiet", "--db", filepath.Join(dir, fmt.Sprint("ours", runs, ".db")))
		started := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		ours += time.Since(started)
		peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10)
	}
	b.ReportMetric(ours.Seconds()/float64(runs), "ours-s")
	b.ReportMetric(peers.Seconds()/float64(runs), "read_csv-s")
	b.ReportMetric(ours.Seconds()/peers.Seconds(), "ratio")
	b.ReportMetric(float64(peak), "peak-MiB")
}

// peer loads the file with the engine alone, until the file is closed.
func peer(b *testing.B, csv, path string) time.Duration {
	b.Helper()
	started := time.Now()
	db, err := sql.Open("duckdb", path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := db.Exec("create table t as select * from read_csv('" + strings.ReplaceAll(csv, "'", "''") + "')"); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	os.Remove(path)
	return time.Since(started)
}

// BenchmarkBacktestMillion tests a model against the champion over a million kept
// complaints with labels, and writes those that change:
//
//	go test ./cmd/plaint -run xxx -bench BacktestMillion -benchtime 3x -timeout 30m
//
// It reports our peak memory and, once, the seconds of a training and of --recompute.
func BenchmarkBacktestMillion(b *testing.B) {
	dir := b.TempDir()
	if _, err := (simulate.Config{Seed: 1, Complaints: 1_000_000, Customers: 300_000}).WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	program, db := filepath.Join(dir, "plaint"), filepath.Join(dir, "t.db")
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return cmd
	}
	run("go", "build", "-o", program, ".")
	run(program, "ingest", filepath.Join(dir, "accounts.csv"), filepath.Join(dir, "transactions.csv"), filepath.Join(dir, "complaints.csv"), "--quiet", "--db", db)
	labels := labelsFile(b, dir)
	started := time.Now()
	run(program, "model", "train", "--labels", labels, "--quiet", "--db", db)
	train := time.Since(started)
	started = time.Now()
	run(program, "backtest", "--model", "own-1", "--recompute", "--labels", labels, "--quiet", "--db", db)
	recompute := time.Since(started)
	var peak int64
	for b.Loop() {
		cmd := run(program, "backtest", "--model", "own-1", "--labels", labels, "--out", filepath.Join(dir, "changed.csv"), "--quiet", "--db", db)
		peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10)
	}
	b.ReportMetric(float64(peak), "peak-MiB")
	b.ReportMetric(train.Seconds(), "train-s")
	b.ReportMetric(recompute.Seconds(), "recompute-s")
}
