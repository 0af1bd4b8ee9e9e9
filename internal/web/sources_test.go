package web_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/ingest/stream"
	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/internal/web/locale"
)

// TestSourcesThatDoNotRun: the page says why, and what a person may do.
func TestSourcesThatDoNotRun(t *testing.T) {
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running []stream.Running
	for name, fault := range map[string]error{"tickets": fmt.Errorf("%w: the stream was rolled back", stream.ErrRefused), "orders": errors.New("connection refused\nby 10.0.0.1")} {
		r := stream.Running{Name: name, Type: "jetstream", Meter: stream.NewMeter()}
		go stream.Run(ctx, func(context.Context, stream.Sink) error { return fault }, stream.Sink{Meter: r.Meter, Log: slog.New(slog.DiscardHandler)})
		running = append(running, r)
		for r.Meter.Read().Fault == "" {
			time.Sleep(time.Millisecond)
		}
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Version: "1", Commit: "c", Lang: "en", Sources: running, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "127.0.0.1"
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	for _, lang := range locale.Languages {
		page := get("/?lang=" + lang)
		for _, want := range []string{"the stream was rolled back", "plaint sources forget tickets", "connection refused<", locale.For(lang).T("state_down")} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page does not say %q", lang, want)
			}
		}
		if strings.Contains(page, "forget orders") {
			t.Errorf("%s: a source that tries again needs nobody", lang)
		}
	}
	metrics := get("/metrics")
	for _, want := range []string{`plaint_source_down{source="tickets"} 1`, `plaint_source_down{source="orders"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
}
