package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/store/keep"
)

func (e *env) doctorCmd() *cobra.Command {
	var cut, asJSON bool
	c := &cobra.Command{Use: "doctor", Short: e.t("cmd_doctor"), Long: e.t("cmd_doctor_long"), Args: cobra.NoArgs, Example: "  plaint doctor --db plaint.db",
		RunE: func(c *cobra.Command, _ []string) error {
			if cut {
				return e.cutLog(c.Context())
			}
			return e.doctor(c.Context(), asJSON)
		}}
	c.Flags().BoolVar(&cut, "cut-log", false, e.t("flag_cut_log"))
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	return c
}

// doctor examines the file; one that does not open is a finding, too.
func (e *env) doctor(ctx context.Context, asJSON bool) error {
	opened := false
	var found keep.Examined
	err := e.withLoaded(ctx, func(st *store.Store) (err error) {
		opened = true
		found, err = keep.Examine(ctx, st, e.steps())
		return err
	})
	var own *worded
	var elsewhere status
	switch {
	case errors.As(err, &elsewhere), errors.As(err, &own), errors.Is(err, store.ErrLocked), ctx.Err() != nil:
		return err
	case err == nil && !opened: // the server said it all
		return nil
	case opened && err != nil && len(found.Findings) == 0:
		return err
	case !opened:
		found.Findings = append(found.Findings, e.whyNot(err))
	}
	for _, f := range keep.Beside(e.path(e.db), e.now()) {
		if opened || f.Code != "not_writable" && f.Code != "disk_full" { // else it is why the file does not open
			found.Findings = append(found.Findings, f)
		}
	}
	if asJSON {
		if found.Findings == nil {
			found.Findings = []keep.Finding{}
		}
		if err := json.NewEncoder(e.out).Encode(found); err != nil {
			return err
		}
	} else {
		e.showExamined(&found)
	}
	if found.Wrong() > 0 {
		return status(exitFailed)
	}
	return nil
}

func (e *env) showExamined(found *keep.Examined) {
	e.showFindings(found.Findings)
	switch {
	case found.Tables == 0:
		fmt.Fprintln(e.out, e.t("doctor_not_examined"))
	case found.Wrong() == 0:
		fmt.Fprintln(e.out, e.t("doctor_healthy", "tables", found.Tables, "rows", thousands(found.Rows), "checks", found.Checks))
	default:
		fmt.Fprintln(e.out, e.t("doctor_sick", "tables", found.Tables, "rows", thousands(found.Rows), "checks", found.Checks, "n", found.Wrong()))
	}
}

// showFindings says of each finding what is wrong and what to do.
func (e *env) showFindings(list []keep.Finding) {
	for _, f := range list {
		mark := e.t("doctor_wrong")
		if f.Note {
			mark = e.t("doctor_note")
		}
		pairs := []any{"n", thousands(f.Count), "example", f.Example, "db", e.db}
		fmt.Fprintf(e.out, "%s: %s\n  %s\n", mark, e.t("doctor_"+f.Code, pairs...), e.t("doctor_"+f.Code+"_do", pairs...))
	}
}

// whyNot is why the file does not open, with what can be told of a damaged log.
func (e *env) whyNot(err error) keep.Finding {
	f := openFault(err)
	if f.Code == "open_damaged_log" {
		if l, err := store.Log(e.path(e.db)); err == nil {
			f.Count, f.Example = l.Size-l.Whole, thousands(l.Whole)
		}
	}
	return f
}

// openFault is why a file does not open, as a finding.
func openFault(err error) keep.Finding {
	text := strings.ToLower(fmt.Sprint(err))
	has := func(is error, words string) bool { return errors.Is(err, is) || strings.Contains(text, words) }
	for _, f := range []struct {
		found bool
		code  string
	}{
		{errors.Is(err, store.ErrNewer), "open_newer"},
		{errors.Is(err, store.ErrNotStore), "open_not_store"},
		{errors.Is(err, store.ErrDamagedLog), "open_damaged_log"},
		{strings.Contains(text, "could not read enough bytes"), "open_cut_short"},
		{strings.Contains(text, "corrupt database file"), "open_damaged"},
		{has(syscall.EROFS, "read-only file system"), "open_read_only"},
		{has(fs.ErrPermission, "permission denied"), "open_permission"},
		{has(syscall.ENOSPC, "no space left on device") || strings.Contains(text, "file too large"), "open_disk_full"},
	} {
		if f.found {
			return keep.Finding{Code: f.code, Count: 1, Example: damageOf(err)}
		}
	}
	return keep.Finding{Code: "open_fault", Count: 1, Example: damageOf(err)}
}

// damageOf is the last thing that was said, on one line.
func damageOf(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	if i := strings.LastIndex(line, ": "); i >= 0 && len(line)-i > 12 {
		line = line[i+2:]
	}
	return line
}

// cutLog gives up what was committed behind the damage of a log.
func (e *env) cutLog(ctx context.Context) error {
	path := e.path(e.db)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &worded{"err_no_database", []any{"db", e.db}}
	}
	c, err := keep.CutLog(ctx, path, e.steps())
	if err != nil {
		return e.keepError(err, e.db)
	}
	if c.Aside == "" {
		e.say("%s", e.t("cut_nothing", "db", e.db))
		return nil
	}
	e.say("%s", e.t("cut_done", "at", thousands(c.At), "bytes", thousands(c.GivenUp), "path", filepath.Base(c.Aside)))
	return e.doctor(ctx, false)
}
