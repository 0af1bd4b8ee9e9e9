package analysis_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
)

// broker is a simulated broker in a store, with its truth.
type broker struct {
	st        *store.Store
	dir       string
	incidents []incident
	causeOf   map[int64]string // by arrival number
	incidence map[int64]string
}

type incident struct {
	ID        string    `json:"id"`
	Templates []string  `json:"templates"`
	Service   string    `json:"service"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	First     time.Time `json:"first_complaint"`
	Last      time.Time `json:"last_complaint"`
	Type      string    `json:"type"`
	Code      string    `json:"code"`
	Count     int       `json:"complaints"`
}

func open(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// simulated writes a broker and loads the named files of it.
func simulated(t testing.TB, c simulate.Config, files ...string) *broker {
	t.Helper()
	b := &broker{st: open(t), dir: t.TempDir(), causeOf: map[int64]string{}, incidence: map[int64]string{}}
	if _, err := c.WriteDir(b.dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		testload.File(t, b.st, filepath.Join(b.dir, name), judge)
	}
	raw, err := os.ReadFile(filepath.Join(b.dir, "truth/incidents.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &b.incidents); err != nil {
		t.Fatal(err)
	}
	b.readTruth(t)
	return b
}

func (b *broker) readTruth(t testing.TB) {
	t.Helper()
	for i, r := range testload.Rows(t, filepath.Join(b.dir, "truth/complaints.csv")) { // arrival is the order of the file
		b.causeOf[int64(i+1)], b.incidence[int64(i+1)] = r["cause"], r["incident"]
	}
}

// judge flags nothing: scoring is another room's.
func judge(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} }

// rows runs a query and gives its rows as values.
func rows(t testing.TB, st *store.Store, query string, args ...any) [][]any {
	t.Helper()
	r, err := st.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]any
	for r.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out = append(out, values)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
