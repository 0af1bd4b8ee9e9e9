package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/store/keep"
)

func (e *env) backupCmd() *cobra.Command {
	var force bool
	c := &cobra.Command{Use: "backup FILE", Short: e.t("cmd_backup"), Long: e.t("cmd_backup_long"), Args: cobra.ExactArgs(1), Example: "  plaint backup copies/plaint-monday.db",
		RunE: func(c *cobra.Command, args []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.backup(c.Context(), st, args[0], force) })
		}}
	c.Flags().BoolVar(&force, "force", false, e.t("flag_force_backup"))
	return c
}

func (e *env) backup(ctx context.Context, st *store.Store, to string, force bool) error {
	b, err := keep.Make(ctx, st, e.path(to), force, e.steps())
	if err != nil {
		return e.keepError(err, to)
	}
	e.say("%s", e.t("backup_done", "path", to, "mb", megabytes(b.Bytes), "rows", thousands(b.Rows), "tables", b.Tables,
		"held", b.Held.Round(time.Millisecond), "took", b.Took.Round(100*time.Millisecond)))
	e.say("%s", e.t("backup_private"))
	return nil
}

func (e *env) restoreCmd() *cobra.Command {
	var force bool
	c := &cobra.Command{Use: "restore BACKUP", Short: e.t("cmd_restore"), Long: e.t("cmd_restore_long"), Args: cobra.ExactArgs(1), Example: "  plaint restore copies/plaint-monday.db --db plaint.db",
		RunE: func(c *cobra.Command, args []string) error { return e.restore(c.Context(), args[0], force) }}
	c.Flags().BoolVar(&force, "force", false, e.t("flag_force_restore"))
	return c
}

// restore never runs in a server: it takes the file's place.
func (e *env) restore(ctx context.Context, from string, force bool) error {
	r, err := keep.Restore(ctx, e.path(from), e.path(e.db), force, e.steps())
	var unsound *keep.UnsoundError
	if errors.As(err, &unsound) {
		e.showFindings(unsound.Findings)
		return &worded{"err_restore_unsound", []any{"path", from}}
	}
	if err != nil {
		return e.restoreError(err, from)
	}
	e.say("%s", e.t("restore_done", "path", from, "db", e.db, "rows", thousands(r.Rows), "tables", r.Tables))
	if r.Before != "" {
		e.say("%s", e.t("restore_before", "path", filepath.Base(r.Before)))
	}
	if len(r.Undone) > 0 {
		e.say("%s", e.t("restore_undone", "n", len(r.Undone)))
		for _, c := range r.Undone {
			e.say("  plaint erase %s --db %s", c, e.db)
		}
	}
	e.showFindings(r.Notes)
	return nil
}

// keepError words what stands in the way of a copy at a path.
func (e *env) keepError(err error, path string) error {
	var space *keep.SpaceError
	var other *keep.DifferenceError
	switch {
	case errors.As(err, &space):
		return &worded{"err_keep_space", []any{"need", megabytes(int64(space.Need)), "free", megabytes(int64(space.Free)), "path", space.Dir}}
	case errors.As(err, &other):
		return &worded{"err_keep_differs", []any{"table", other.Table}}
	case errors.Is(err, store.ErrReading), errors.Is(err, store.ErrMoved):
		return &worded{"err_keep_again", nil}
	}
	for _, known := range []struct {
		is   error
		code string
	}{{keep.ErrExists, "err_keep_exists"}, {keep.ErrOwned, "err_keep_owned"}, {keep.ErrSame, "err_keep_same"}, {keep.ErrUnderWay, "err_keep_under_way"}, {keep.ErrMissing, "err_keep_missing"}} {
		if errors.Is(err, known.is) {
			return &worded{known.code, []any{"path", path}}
		}
	}
	return err
}

// restoreError words a failure of a restore: what is wrong with a database file
// is wrong with the backup here.
func (e *env) restoreError(err error, from string) error {
	code := openFault(err).Code
	switch {
	case errors.Is(err, fs.ErrPermission): // it names the file or folder
		return err
	case errors.Is(err, keep.ErrExists):
		return &worded{"err_restore_exists", []any{"db", e.db}}
	case errors.Is(err, keep.ErrOwned):
		return &worded{"err_restore_owned", []any{"db", e.db, "path", from}}
	case code != "open_fault":
		return &worded{"err_restore_backup", []any{"path", from, "reason", e.t("doctor_"+code, "db", from, "n", "", "example", damageOf(err))}}
	}
	return e.keepError(err, from)
}

// steps shows how far a long piece of work is: a bar on a terminal, plain lines
// every few seconds elsewhere.
func (e *env) steps() keep.Progress {
	var bar *progressbar.ProgressBar
	stage, next := "", time.Now().Add(5*time.Second)
	return func(now string, done, total int64) {
		if e.quiet {
			return
		}
		if now != stage && e.terminal {
			if stage != "" {
				_ = bar.Finish() // only the picture would be late
			}
			bar = progressbar.NewOptions64(max(total, 1), progressbar.OptionSetWriter(e.err), progressbar.OptionSetDescription(e.t("step_"+now)),
				progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
		}
		stage = now
		if bar != nil {
			_ = bar.Set64(min(done, max(total, 1)-1)) // only the picture would be late
		} else if at := time.Now(); at.After(next) {
			e.say("%s %d %%", e.t("step_"+now), 100*done/max(total, 1))
			next = at.Add(5 * time.Second)
		}
		if bar != nil && done == total {
			_ = bar.Finish() // only the picture would be late
			bar, stage = nil, ""
		}
	}
}

func megabytes(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%.1f", float64(n)/(1<<20))
	}
	return thousands(n >> 20)
}

// whoAmI is the name of the user of the operating system.
func whoAmI() string {
	if u, err := user.Current(); err == nil {
		return cmp.Or(u.Username, u.Uid)
	}
	return "?"
}
