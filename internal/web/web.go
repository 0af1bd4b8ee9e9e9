// Package web serves the page, the lists behind its numbers, the API and the
// metrics, and writes the page as a report. It reads and never writes.
package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"plaint/ingest/stream"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/api"
	"plaint/internal/web/intake"
	"plaint/internal/web/locale"
	"plaint/internal/web/metrics"
	"plaint/internal/web/view"
)

//go:embed static templates
var files embed.FS

// Options say what to serve. Store, Registerer and Gatherer are needed.
type Options struct {
	Store      *store.Store
	Registerer prometheus.Registerer // takes the product's metrics
	Gatherer   prometheus.Gatherer   // is what /metrics shows
	Version    string
	Commit     string
	Lang       string       // for who asks for no language
	Hosts      []string     // names it may be asked under beside those of loopback; an unspecified address allows every IP address
	Log        *slog.Logger // of failures; nil for none
	// Decide judges what is posted; nil takes nothing in. Explain gives the reasons
	// of a decision from the values of its signals.
	Decide  store.Decide
	Explain func(d *record.Decision) []record.Reason
	// Judge names the model that judges now; nil for the champion.
	Judge   func() string
	Tokens  []string // of clients that may post; without any, only those of this machine may
	Hooks   []intake.Hook
	Sources []stream.Running
}

// site is what the handlers share.
type site struct {
	Options
	view  *view.Reader
	pages map[string]*pages // by language
	views map[string]*view.Reader

	intake *intake.Intake // nil where nothing is taken in
}

// endpoint is one path that is served.
type endpoint struct {
	path    string
	handler http.Handler
	page    bool // speaks HTML
}

// New builds the handler and registers the metrics.
func New(o Options) (http.Handler, error) {
	if o.Store == nil || o.Registerer == nil || o.Gatherer == nil {
		return nil, errors.New("serve: store, registerer and gatherer are needed")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Options: o, view: view.New(o.Store).JudgedBy(o.Judge), views: map[string]*view.Reader{}, pages: map[string]*pages{}}
	for _, lang := range locale.Languages {
		p, err := newPages(locale.For(lang), true)
		if err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		p.sources = o.Sources
		s.pages[lang], s.views[lang] = p, s.view.In(lang)
	}
	if err := metrics.Register(o.Registerer, o.Store, metrics.Options{Version: o.Version, Commit: o.Commit}); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	if err := metrics.RegisterSources(o.Registerer, o.Sources); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	mux := http.NewServeMux()
	for _, e := range s.endpoints() {
		mux.Handle(e.path, s.onlyReads(e))
	}
	if o.Decide != nil {
		s.takeIn(mux)
		if err := errors.Join(metrics.RegisterIntake(o.Registerer, &s.intake.Counts), metrics.RegisterScreening(o.Registerer, o.Store)); err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
	}
	mux.Handle("/", s.onlyReads(endpoint{"/", http.HandlerFunc(s.nothing), true}))
	return s.guarded(mux), nil
}

// takeIn adds the paths that can be posted to.
func (s *site) takeIn(mux *http.ServeMux) {
	admit := func(ctx context.Context, b *record.Batch) (record.Receipt, error) {
		return s.Store.Admit(ctx, b, s.Decide)
	}
	s.intake = intake.New(intake.Options{Admit: admit, Explain: s.Explain, Words: s.words, Failed: s.failed, Tokens: s.Tokens, Hooks: s.Hooks, Log: s.Log})
	s.intake.Mount(mux)
}

// endpoints lists every path that is served.
func (s *site) endpoints() []endpoint {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic("web: " + err.Error()) // part of the program
	}
	list := []endpoint{
		{"/healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") }), false},
		{"/readyz", http.HandlerFunc(s.ready), false},
		{"/metrics", promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4}), false},
		{"/api/openapi.json", http.HandlerFunc(document), false},
		{"/static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))), false},
	}
	for _, r := range (api.API{View: s.view}).Routes() {
		list = append(list, endpoint{r.Path, r.Handler(s.words, s.failed), false})
	}
	for _, p := range pageRoutes {
		list = append(list, endpoint{p.path, s.pageHandler(p), true})
	}
	return list
}

func (s *site) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.view.Alive(r.Context()); err != nil {
		s.failed(r, err)
		plain(w, http.StatusServiceUnavailable, "the store does not answer")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(api.Document) // the client may be gone
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // the client may be gone
}

// cached serves files; a folder is not shown.
func cached(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			plain(w, http.StatusNotFound, "not found")
			return
		}
		w.Header().Set("Cache-Control", "max-age=300")
		h.ServeHTTP(w, r)
	})
}

// failed notes a failure that the user is only told of in general.
func (s *site) failed(r *http.Request, err error) {
	if r.Context().Err() == nil { // nobody waits for the answer to a request that is gone
		s.Log.Error("request failed", "path", r.URL.Path, "error", err)
	}
}

// refuse answers with an error in the form and language of the request.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, page bool, status int, code string) {
	words := s.words(r)
	if page && !forPrograms(r) {
		s.pages[words.Lang].fault(w, r, status, words.T("web_"+code))
		return
	}
	api.Error(w, status, code, words.T("web_"+code))
}

func (s *site) nothing(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, true, http.StatusNotFound, "not_found")
}

// onlyReads turns away every method but GET and HEAD.
func (s *site) onlyReads(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method) {
			w.Header().Set("Allow", "GET, HEAD")
			s.refuse(w, r, e.page, http.StatusMethodNotAllowed, "method_not_allowed")
			return
		}
		e.handler.ServeHTTP(w, r)
	})
}
