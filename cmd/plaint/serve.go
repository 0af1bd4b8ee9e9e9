package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/web"
)

func (e *env) serveCmd() *cobra.Command {
	var listen string
	c := &cobra.Command{Use: "serve", Short: e.t("cmd_serve"), Args: cobra.NoArgs, Example: "  plaint serve --db plaint.db --listen 127.0.0.1:8080",
		RunE: func(c *cobra.Command, _ []string) error {
			if e.shared != nil {
				return &worded{"err_serving", []any{"db", e.db, "url", e.shared.url}}
			}
			_, missing := os.Stat(e.path(e.db))
			st, err := store.Open(c.Context(), e.path(e.db), store.Options{})
			if errors.Is(err, store.ErrLocked) {
				return e.handOver(c.Context(), err) // a server says where it is
			}
			if err != nil {
				return err
			}
			if missing != nil {
				e.say("%s", e.t("serving_new", "db", e.db))
			}
			return errors.Join(e.serve(c.Context(), st, listen), st.Close())
		}}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", e.t("flag_listen"))
	return c
}

// serve answers until the context ends; then requests are answered and
// handed-over commands are cancelled before it returns. Batches that were
// accepted are committed.
func (e *env) serve(ctx context.Context, st *store.Store, listen string) error {
	handler, err := e.handler(st, listen)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return &worded{"err_listen", []any{"address", listen, "reason", err}}
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 120 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 64 << 10}
	s := &server{store: st, url: "http://" + l.Addr().String() + "/"}
	commands, err := s.listen(e.path(e.db))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	handed := make(chan struct{})
	go func() { s.accept(running, commands); close(handed) }()
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	fmt.Fprintln(e.err, e.t("serving", "url", s.url))
	select {
	case err = <-failed:
	case <-ctx.Done():
		e.say("%s", e.t("stopping"))
	}
	end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = errors.Join(err, commands.Close())
	stop(errStopping) // a handed-over command may wait for its caller: what it was told is kept, is kept
	err = errors.Join(err, h.Shutdown(end))
	<-handed
	return err
}

func (e *env) handler(st *store.Store, listen string) (http.Handler, error) {
	reg := prometheus.NewRegistry()
	v, c := buildInfo()
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, usageError{&worded{"err_listen", []any{"address", listen, "reason", err}}}
	}
	return web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Version: v, Commit: c, Lang: e.words.Lang, Hosts: []string{host}, Log: e.log()})
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
