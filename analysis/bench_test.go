package analysis_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"plaint/analysis/rootcause"
	"plaint/analysis/service"
	"plaint/ingest/simulate"
	"plaint/internal/store"
	"plaint/internal/testload"
)

func BenchmarkThemes6000(b *testing.B) {
	s := simulated(b, simulate.Config{Seed: 1}, "complaints.csv")
	for b.Loop() {
		if _, err := rootcause.Themes(b.Context(), s.st, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLogs150000(b *testing.B) {
	s := simulated(b, simulate.Config{Seed: 1}, "logs.ndjson")
	for b.Loop() {
		if _, err := rootcause.LogTemplates(b.Context(), s.st); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMillion runs the themes and the clocks of the complaints in
// PLAINT_MILLION, a database that was loaded before, and reports the peak of
// resident memory:
//
//	PLAINT_MILLION=million.db go test ./analysis -run xxx -bench Million -benchtime 1x
func BenchmarkMillion(b *testing.B) {
	path := os.Getenv("PLAINT_MILLION")
	if path == "" {
		b.Skip("PLAINT_MILLION names no database")
	}
	if _, err := os.Stat(path); err != nil { // make it
		dir := filepath.Dir(path)
		if _, err := (simulate.Config{Seed: 1, Complaints: 1000000}).WriteDir(dir); err != nil {
			b.Fatal(err)
		}
		st, err := store.Open(b.Context(), path, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		testload.File(b, st, filepath.Join(dir, "complaints.csv"), judge)
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		b.Skip("the database was made; run again to measure")
	}
	st, err := store.Open(b.Context(), path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	b.Run("themes", func(b *testing.B) {
		for b.Loop() {
			if _, err := rootcause.Themes(b.Context(), st, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(peak(b), "peak-MiB")
	})
	b.Run("service", func(b *testing.B) {
		for b.Loop() {
			if _, err := service.Measure(b.Context(), st, st.Now()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(peak(b), "peak-MiB")
	})
}

// peak is the process's largest resident memory so far.
func peak(b *testing.B) float64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	return 0
}
