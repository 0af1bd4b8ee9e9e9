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
				return errors.New(e.t("err_serving"))
			}
			st, err := store.Open(c.Context(), e.path(e.db), store.Options{})
			if err != nil {
				return err
			}
			return errors.Join(e.serve(c.Context(), st, listen), st.Close())
		}}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", e.t("flag_listen"))
	return c
}

// serve answers until the context ends; then what was accepted is finished and
// committed before it returns.
func (e *env) serve(ctx context.Context, st *store.Store, listen string) error {
	handler, err := e.handler(st, listen)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return errors.New(e.t("err_listen", "address", listen, "reason", err))
	}
	h := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 120 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 64 << 10}
	s := &server{store: st}
	commands, err := s.listen(e.path(e.db))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	// Handed-over commands end by themselves: a batch on its way is kept.
	handed := make(chan struct{})
	go func() { s.accept(context.WithoutCancel(ctx), commands); close(handed) }()
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	fmt.Fprintln(e.err, e.t("serving", "url", "http://"+l.Addr().String()+"/"))
	select {
	case err = <-failed:
	case <-ctx.Done():
		e.say("%s", e.t("stopping"))
	}
	end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = errors.Join(err, commands.Close(), h.Shutdown(end))
	<-handed
	return err
}

func (e *env) handler(st *store.Store, listen string) (http.Handler, error) {
	reg := prometheus.NewRegistry()
	v, c := buildInfo()
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, usageError{err}
	}
	return web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Version: v, Commit: c, Lang: e.words.Lang, Hosts: []string{host}})
}

func (e *env) reportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{Use: "report --out FILE", Short: e.t("cmd_report"), Args: cobra.NoArgs, Example: "  plaint report --out report.html --lang zh",
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errors.New(e.t("err_need_out"))}
			}
			return e.withStore(c.Context(), func(st *store.Store) error { return e.report(c.Context(), st, out) })
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
		return err
	}
	e.say("%s", e.t("wrote", "path", out))
	return nil
}
