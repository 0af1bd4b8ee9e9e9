// Package testload brings files into a store, for the tests of the rooms that
// read it.
package testload

import (
	"encoding/csv"
	"os"
	"testing"

	"plaint/ingest/file"
	"plaint/internal/record"
	"plaint/internal/store"
)

// File loads a file as `plaint ingest` does, judged by decide, and fails the
// test where it cannot.
func File(t testing.TB, st *store.Store, path string, decide store.Decide) {
	t.Helper()
	plans, done, err := file.Inspect(t.Context(), path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, p := range plans {
		err := p.Read(t.Context(), func(b *record.Batch) error {
			_, err := st.Admit(t.Context(), b, decide)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Rows reads a CSV file with a header, a map for each row.
func Rows(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(rows))
	for _, r := range rows[1:] {
		m := make(map[string]string, len(r))
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}
