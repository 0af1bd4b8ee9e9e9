package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/testload"
	"plaint/internal/web"
)

// small is an empty store and its pages.
func small(t *testing.T) *broker {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return &broker{st: st, handler: h}
}

// add admits a table that nobody judges.
func (b *broker) add(t *testing.T, csv string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	testload.File(t, b.st, path, func(*record.Complaint, *record.History) record.Decision { return record.Decision{Model: "none"} })
}
