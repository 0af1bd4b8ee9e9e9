package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"plaint/analysis/rootcause"
	"plaint/cmd/plaint/settings"
	"plaint/ingest/stream"
	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/internal/web/intake"
)

// service is what a server needs.
type service struct {
	store    *store.Store
	judge    *judge
	settings *settings.Settings
	tokens   []string
	hooks    []intake.Hook
	listen   string
}

func (e *env) serveCmd() *cobra.Command {
	var listen, by, config string
	c := &cobra.Command{Use: "serve", Short: e.t("cmd_serve"), Long: e.t("cmd_serve_long"), Args: cobra.NoArgs, Example: "  plaint serve --db plaint.db --listen 127.0.0.1:8080",
		RunE: func(c *cobra.Command, _ []string) error {
			if e.shared != nil {
				return &worded{"err_serving", []any{"db", e.db, "url", e.shared.url}}
			}
			if err := e.foresee(by); err != nil {
				return err
			}
			s, err := e.loadSettings(config)
			if err != nil {
				return err
			}
			tokens, hooks, err := e.openSettings(s)
			if err != nil {
				return err
			}
			_, missing := os.Stat(e.path(e.db))
			if missing != nil { // nothing is made where nothing can be served
				l, err := listenAt(listen)
				if err != nil {
					return err
				}
				if err := l.Close(); err != nil {
					return err
				}
			}
			st, err := store.Open(c.Context(), e.path(e.db), store.Options{Now: now, Themes: rootcause.OpenThemes, Incidents: rootcause.OpenIncidents})
			if errors.Is(err, store.ErrLocked) {
				return e.handOver(c.Context(), err) // a server says where it is
			}
			if err != nil {
				return err
			}
			if missing != nil {
				e.say("%s", e.t("serving_new", "db", e.db))
			}
			e.shade(c.Context(), st)
			m, err := e.judgeOf(c.Context(), st, by, false)
			if err != nil {
				return errors.Join(err, st.Close())
			}
			return errors.Join(e.serve(c.Context(), service{st, newJudge(m, by != ""), s, tokens, hooks, listen}), st.Close())
		}}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", e.t("flag_listen"))
	c.Flags().StringVar(&by, "model", "", e.t("flag_model"))
	c.Flags().StringVar(&config, "config", "", e.t("flag_config"))
	return c
}

func listenAt(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &worded{"err_listen", []any{"address", address, "reason", err}}
	}
	return l, nil
}

// serve answers and reads the sources until the context ends; then the sources
// end, requests are answered and handed-over commands are cancelled before it
// returns. Batches that were accepted are committed.
func (e *env) serve(ctx context.Context, v service) error {
	l, err := listenAt(v.listen)
	if err != nil {
		return err
	}
	sources := meters(v.settings)
	handler, err := e.handler(v, sources)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 120 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 64 << 10}
	s := &server{store: v.store, url: "http://" + l.Addr().String() + "/", sources: sources, judge: v.judge, log: e.log()}
	commands, err := s.listen(e.path(e.db))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	defer stopReading()
	wait := e.startSources(reading, v, sources)
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	handed := make(chan struct{})
	go func() {
		var house sync.WaitGroup
		house.Go(func() { e.keepHouse(running, v) })
		house.Go(func() {
			if err := v.store.Prepare(running); err != nil && running.Err() == nil {
				e.log().Warn("what the first complaint waits for could not be read", "error", err)
			}
		})
		s.accept(running, commands)
		house.Wait()
		close(handed)
	}()
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	fmt.Fprintln(e.err, e.t("serving", "url", s.url))
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		fmt.Fprintln(e.err, e.t("serving_open"))
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		e.say("%s", e.t("stopping"))
	}
	end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	stopReading()
	err = errors.Join(err, commands.Close())
	stop(errStopping) // a handed-over command may wait for its caller: what it was told is kept, is kept
	err = errors.Join(err, h.Shutdown(end))
	<-handed
	wait()
	return err
}

func (e *env) handler(v service, sources []stream.Running) (http.Handler, error) {
	reg := prometheus.NewRegistry()
	version, commit := buildInfo()
	host, _, err := net.SplitHostPort(v.listen)
	if err != nil {
		return nil, usageError{&worded{"err_listen", []any{"address", v.listen, "reason", err}}}
	}
	return web.New(web.Options{Store: v.store, Registerer: reg, Gatherer: reg, Version: version, Commit: commit, Lang: e.words.Lang, Hosts: []string{host}, Log: e.log(),
		Decide: v.judge.Decide, Explain: v.judge.Explain, Judge: v.judge.Name, Tokens: v.tokens, Hooks: v.hooks, Sources: sources})
}

func (e *env) reportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{Use: "report --out FILE", Short: e.t("cmd_report"), Args: cobra.NoArgs, Example: "  plaint report --out report.html --lang zh",
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{&worded{code: "err_need_out"}}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.report(c.Context(), st, out) })
		}}
	c.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	return c
}

// report writes beside the target first, so that a failure leaves no half file.
func (e *env) report(ctx context.Context, st *store.Store, out string) error {
	path := e.path(out)
	var page strings.Builder
	if err := web.Report(ctx, st, e.words, &page); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(page.String()), 0o600); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	e.say("%s", e.t("wrote", "path", out))
	return nil
}
