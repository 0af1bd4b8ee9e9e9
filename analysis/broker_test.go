package analysis_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/simulate"
	"plaint/internal/record"
	"plaint/internal/store"
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
		load(t, b.st, filepath.Join(b.dir, name))
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
	f, err := os.Open(filepath.Join(b.dir, "truth/complaints.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows[1:] { // arrival is the order of the file
		b.causeOf[int64(i+1)], b.incidence[int64(i+1)] = r[4], r[3]
	}
}

func load(t testing.TB, st *store.Store, path string) {
	t.Helper()
	plans, done, err := file.Inspect(path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, p := range plans {
		err := p.Read(t.Context(), func(b *record.Batch) error {
			_, err := st.Admit(t.Context(), b, judge)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
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
