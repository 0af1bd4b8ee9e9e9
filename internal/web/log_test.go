package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/store"
	"plaint/internal/web"
)

// TestFailuresAreLogged: an answer that says that the log knows why is right.
func TestFailuresAreLogged(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	b := &broker{st: st, handler: h}
	for _, path := range []string{"/", "/complaints", "/api/v1/overview", "/api/v1/complaints"} {
		log.Reset()
		w := b.get(path+"?lang=en", "en")
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "log says why") {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), "path="+path+" ") || !strings.Contains(log.String(), "closed") {
			t.Errorf("%s: the log says %q", path, &log)
		}
	}
}
