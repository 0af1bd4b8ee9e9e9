package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"plaint/cmd/plaint/settings"
	"plaint/ingest/file"
	"plaint/ingest/profile"
	"plaint/ingest/stream"
	"plaint/ingest/stream/hook"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/intake"
	"plaint/internal/written"
)

// settingsFile is read where it is there and nothing else was named.
const settingsFile = "plaint.yaml"

// loadSettings reads the settings; without a file everything has its default.
func (e *env) loadSettings(path string) (*settings.Settings, error) {
	named := path != ""
	if !named {
		path = settingsFile
	}
	s, err := settings.Load(e.path(path))
	switch {
	case err == nil:
		s.File = path
		return s, nil
	case !named && errors.Is(err, fs.ErrNotExist):
		return &settings.Settings{}, nil
	}
	return nil, badSettings(path, err)
}

// badSettings says what is wrong with the settings, and in which line.
func badSettings(file string, err error) error {
	var bad *written.Error
	if !errors.As(err, &bad) {
		err = cause(err)
	}
	return usageError{inFile(file, "err_settings", "file", err)}
}

// openSettings makes what the settings name ready to run: tokens, webhooks and
// sources, with their secrets.
func (e *env) openSettings(s *settings.Settings) (tokens []string, hooks []intake.Hook, err error) {
	for _, secret := range s.HTTP.Tokens {
		t, err := secret.Value()
		if err != nil {
			return nil, nil, usageError{&worded{"err_secret", []any{"file", s.File, "reason", err}}}
		}
		tokens = append(tokens, t)
	}
	for _, h := range s.Hooks {
		out, bad := openHook(h)
		if bad != nil {
			bad.Line, bad.Pairs = h.Line, append(bad.Pairs, "name", h.Name)
			return nil, nil, badSettings(s.File, bad)
		}
		hooks = append(hooks, out)
	}
	if err := s.Open(); err != nil {
		return nil, nil, badSettings(s.File, err)
	}
	return tokens, hooks, nil
}

// openHook prepares a webhook of the settings.
func openHook(h settings.Hook) (out intake.Hook, bad *written.Error) {
	if !slices.Contains(hook.Tools, h.Type) {
		return out, written.Unknown("err_hook_type", h.Type, hook.Tools)
	}
	out = intake.Hook{Name: h.Name, Tool: h.Type, Options: file.Options{Source: h.Source}}
	for _, secret := range h.Secrets {
		value, err := secret.Value()
		if err != nil {
			return out, &written.Error{Code: "err_hook_secret", Pairs: []any{"reason", err}}
		}
		out.Secrets = append(out.Secrets, value)
	}
	if len(out.Secrets) == 0 {
		return out, &written.Error{Code: "err_hook_no_secret"}
	}
	if h.Type != "hmac" && h.Type != "standard" {
		return out, nil
	}
	var err error
	if out.Options, err = (&stream.Common{As: h.As, Profile: h.Profile, Source: h.Source}).Options(); err == nil && h.Profile != "" {
		_, err = profile.Find(h.Profile) // rather now than with the first delivery
	}
	if err != nil {
		return out, &written.Error{Code: "err_hook", Pairs: []any{"reason", err}}
	}
	return out, nil
}

// meters are the sources of the settings, before they run.
func meters(s *settings.Settings) (list []stream.Running) {
	for _, x := range s.Streams {
		list = append(list, stream.Running{Name: x.Name, Type: x.Type, Meter: stream.NewMeter()})
	}
	return list
}

// startSources runs every source until ctx ends; wait returns after the last.
func (e *env) startSources(ctx context.Context, v service, running []stream.Running) (wait func()) {
	var wg sync.WaitGroup
	for i, s := range v.settings.Streams {
		to := stream.Sink{Meter: running[i].Meter, Log: e.log().With("source", s.Name), Position: v.store.Position,
			Admit: func(ctx context.Context, b *record.Batch) (record.Receipt, error) {
				return v.store.Admit(ctx, b, v.judge.Decide)
			}}
		wg.Go(func() { stream.Run(ctx, s.Run, to) })
	}
	return wg.Wait
}

func (e *env) sourcesCmd() *cobra.Command {
	var config string
	c := &cobra.Command{Use: "sources", Short: e.t("cmd_sources"), Long: e.t("cmd_sources_long"), Args: cobra.NoArgs,
		Example: "  plaint sources\n  plaint sources forget tickets",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.listSources(c.Context(), st, config) })
		}}
	c.PersistentFlags().StringVar(&config, "config", "", e.t("flag_config"))
	c.AddCommand(&cobra.Command{Use: "forget NAME", Short: e.t("cmd_sources_forget"), Long: e.t("cmd_sources_forget_long"),
		Example: "  plaint sources forget tickets", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.forgetSource(c.Context(), st, args[0]) })
		}})
	return c
}

// listSources shows the sources of this server or, where none runs, those of the
// settings, and how far each has been read.
func (e *env) listSources(ctx context.Context, st *store.Store, config string) error {
	positions, err := st.Positions(ctx)
	if err != nil {
		return err
	}
	var running []stream.Running
	if e.shared != nil {
		running = e.shared.sources
	} else {
		s, err := e.loadSettings(config)
		if err != nil {
			return err
		}
		for _, x := range s.Streams {
			running = append(running, stream.Running{Name: x.Name, Type: x.Type})
		}
	}
	rows := [][]string{{e.t("source"), e.t("source_type"), e.t("source_state"), e.t("rows_in"), e.t("refused"), e.t("source_lag"), e.t("source_last"), e.t("source_position")}}
	for _, r := range running {
		rows = append(rows, e.sourceRow(r, positions))
		positions = slices.DeleteFunc(positions, func(p record.Position) bool { return ofSource(p.Input, r.Name) })
	}
	for _, p := range positions { // of sources that are not configured any more
		rows = append(rows, []string{p.Input, "–", e.t("state_unknown"), "–", "–", "–", "–", thousands(p.Offset)})
	}
	if len(rows) == 1 {
		e.say("%s", e.t("no_sources"))
		return nil
	}
	table(e.out, rows)
	for _, r := range running {
		if r.Meter == nil {
			continue
		}
		if f := r.Meter.Read().Fault; f != "" {
			e.say("%s: %s", r.Name, clip(f, 400))
		}
	}
	return nil
}

// ofSource reports whether a position's input belongs to a source: it has its
// name, or begins with it.
func ofSource(input, name string) bool {
	return input == name || strings.HasPrefix(input, name+"/")
}

func (e *env) sourceRow(r stream.Running, positions []record.Position) []string {
	at := "–"
	for _, p := range positions {
		if ofSource(p.Input, r.Name) {
			if at != "–" {
				at += ", …"
				break
			}
			at = thousands(p.Offset)
		}
	}
	if r.Meter == nil {
		return []string{r.Name, r.Type, e.t("state_not_running"), "–", "–", "–", "–", at}
	}
	m := r.Meter.Read()
	lag, last := "–", "–"
	if m.Lag >= 0 {
		lag = thousands(m.Lag)
	}
	if !m.LastBatch.IsZero() {
		last = m.LastBatch.UTC().Format(time.DateTime)
	}
	return []string{r.Name, r.Type, e.t("state_" + m.State.String()), thousands(m.Rows), thousands(m.Refused), lag, last, at}
}

// forgetSource drops what is known of how far a source was read.
func (e *env) forgetSource(ctx context.Context, st *store.Store, name string) error {
	if e.shared != nil && slices.ContainsFunc(e.shared.sources, func(r stream.Running) bool {
		return r.Name == name && r.Meter.Read().State != stream.Down
	}) {
		return usageError{&worded{"err_source_runs", []any{"name", name}}}
	}
	positions, err := st.Positions(ctx)
	if err != nil {
		return err
	}
	var inputs []string
	for _, p := range positions {
		if ofSource(p.Input, name) {
			inputs = append(inputs, p.Input)
		}
	}
	if len(inputs) == 0 {
		return usageError{&worded{"err_no_source", []any{"name", name}}}
	}
	n, err := st.ForgetPositions(ctx, inputs)
	if err != nil {
		return err
	}
	e.say("%s", e.t("source_forgotten", "name", name, "n", n))
	return nil
}
