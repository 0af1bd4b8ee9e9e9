package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/cmd/plaint/settings"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/store/keep"
)

func (e *env) now() time.Time { return time.Now() }

func (e *env) eraseCmd() *cobra.Command {
	var r keep.Request
	var yes bool
	c := &cobra.Command{Use: "erase CUSTOMER", Short: e.t("cmd_erase"), Long: e.t("cmd_erase_long"), Args: cobra.ExactArgs(1), Example: "  plaint erase U10423 --dry-run\n  plaint erase U10423 --yes",
		RunE: func(c *cobra.Command, args []string) error {
			if r.Customer = strings.TrimSpace(args[0]); r.Customer == "" {
				return usageError{&worded{code: "err_erase_empty"}}
			}
			r.Actor = whoAmI()
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.erase(c.Context(), st, r, yes) })
		}}
	c.Flags().StringVar(&r.Source, "source", "", e.t("flag_erase_source"))
	c.Flags().BoolVar(&yes, "yes", false, e.t("flag_yes"))
	c.Flags().BoolVar(&r.DryRun, "dry-run", false, e.t("flag_erase_dry_run"))
	return c
}

func (e *env) erase(ctx context.Context, st *store.Store, r keep.Request, yes bool) error {
	look := r
	look.DryRun = true
	if r.DryRun || !yes {
		out, err := keep.Erase(ctx, st, look, nil)
		if err != nil {
			return e.eraseError(err)
		}
		e.showCounts(out.Counts, "erase_would")
		if r.DryRun || out.Rows() == 0 {
			return nil
		}
		if !e.confirmed(e.t("erase_ask")) {
			return &worded{"err_erase_unconfirmed", nil}
		}
	}
	out, err := keep.Erase(ctx, st, r, e.steps())
	if err != nil && out.Rows() == 0 {
		return e.eraseError(err)
	}
	e.showCounts(out.Counts, "erase_did")
	if out.Rows() == 0 {
		return nil
	}
	if out.Mentions > 0 {
		e.say("%s", e.t("erase_mentions", "n", thousands(out.Mentions)))
	}
	if err != nil { // the rows are blank; old bytes are left in the file
		e.say("%s", e.t("erase_not_rewritten"))
		return e.keepError(err, e.db)
	}
	e.say("%s", e.t("erase_rewritten", "customer", out.Customer))
	e.say("%s", e.t("erase_elsewhere"))
	return nil
}

func (e *env) eraseError(err error) error {
	var listed *keep.ActiveEntryError
	if errors.As(err, &listed) {
		until := "–"
		if !listed.Until.IsZero() {
			until = listed.Until.Format(time.DateOnly)
		}
		return &worded{"err_erase_listed", []any{"id", listed.ID, "until", until}}
	}
	return e.keepError(err, e.db)
}

// confirmed asks and reads one line.
func (e *env) confirmed(question string) bool {
	fmt.Fprintln(e.err, question)
	line, err := bufio.NewReader(e.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return slices.Contains([]string{"yes", "y", "是"}, strings.ToLower(strings.TrimSpace(line)))
}

// showCounts lists what became of the tables' rows.
func (e *env) showCounts(list []keep.Count, title string) {
	if len(list) == 0 {
		fmt.Fprintln(e.out, e.t("keep_nothing"))
		return
	}
	fmt.Fprintln(e.out, e.t(title))
	rows := [][]string{{e.t("keep_table"), e.t("keep_blanked"), e.t("keep_removed")}}
	for _, c := range list {
		rows = append(rows, []string{c.Table, thousands(c.Blanked), thousands(c.Removed)})
	}
	table(e.out, rows)
}

func (e *env) retentionCmd() *cobra.Command {
	var config string
	var dry bool
	c := &cobra.Command{Use: "retention", Short: e.t("cmd_retention"), Long: e.t("cmd_retention_long"), Args: cobra.NoArgs, Example: "  plaint retention --dry-run",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := e.loadSettings(config)
			if err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.retention(c.Context(), st, ages(s), dry) })
		}}
	c.Flags().StringVar(&config, "config", "", e.t("flag_config"))
	c.Flags().BoolVar(&dry, "dry-run", false, e.t("flag_erase_dry_run"))
	return c
}

func (e *env) retention(ctx context.Context, st *store.Store, a keep.Ages, dry bool) error {
	if len(a) == 0 {
		e.say("%s", e.t("retention_none"))
	}
	out, err := keep.Retain(ctx, st, a, whoAmI(), dry, true, e.steps())
	if err != nil && out.Rows() == 0 {
		return e.keepError(err, e.db)
	}
	title := "retention_did"
	if dry {
		title = "retention_would"
	}
	e.showCounts(out.Counts, title)
	if err != nil {
		e.say("%s", e.t("erase_not_rewritten"))
		return e.keepError(err, e.db)
	}
	if out.Rewritten {
		e.say("%s", e.t("retention_rewritten"))
	}
	return nil
}

// ages are the retention of the settings.
func ages(s *settings.Settings) keep.Ages {
	out := keep.Ages{}
	for name, age := range s.Retention {
		if kind, ok := record.ParseKind(name); ok {
			out[kind] = time.Duration(age)
		}
	}
	return out
}

// How often a server applies the retention, and looks whether it is time; how far
// the clock may be from the time that went by before it counts as set, and how
// long it must run on then before anything is let go of.
const (
	retentionEvery = 24 * time.Hour
	retentionLook  = 10 * time.Minute
	mostDrift      = 5 * time.Minute
	clockSettles   = 24 * time.Hour
)

// steady tells a clock that runs from one that was set: a clock that jumps ahead
// by years must not make everything old.
type steady struct {
	wall  time.Time // at the beginning
	after time.Duration
	set   time.Duration // when it was last found to be set, by the time that went by
}

// look compares the clock with the time that went by since the beginning, and
// reports a jump, and whether the clock may be trusted.
func (k *steady) look(wall time.Time, went time.Duration) (jump time.Duration, trusted bool) {
	jump = wall.Sub(k.wall) - went
	if jump.Abs() > mostDrift {
		k.wall, k.set, k.after = wall.Add(-went), went, clockSettles
		return jump, false
	}
	return 0, went-k.set >= k.after
}

// keepHouse applies the retention once a day until the context ends.
func (e *env) keepHouse(ctx context.Context, v service) {
	log := e.log().With("job", "retention")
	began := time.Now()
	clock := steady{wall: v.store.Now()}
	for wait := time.Minute; ; wait = retentionLook {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		jump, trusted := clock.look(v.store.Now(), time.Since(began))
		if jump != 0 {
			log.Warn("the clock was set: nothing is let go of until it has run on for a day", "by", jump.Round(time.Second))
		}
		if trusted {
			e.keepOnce(ctx, v, log)
		}
	}
}

// keepOnce applies the retention if that was not done for a day. A run in the
// future was dated by a clock that was wrong.
func (e *env) keepOnce(ctx context.Context, v service, log *slog.Logger) {
	last, err := keep.LastRun(ctx, v.store)
	if ago := v.store.Now().Sub(last); err == nil && ago >= 0 && ago < retentionEvery {
		return
	}
	if err == nil {
		_, err = keep.Retain(ctx, v.store, ages(v.settings), "server", false, false, nil)
	}
	if err != nil && ctx.Err() == nil {
		log.Error("not applied", "error", err)
	}
}
