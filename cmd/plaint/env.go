package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"plaint/analysis/rootcause"
	"plaint/internal/store"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// path resolves a path against the directory the command was called in, which
// is not the server's.
func (e *env) path(p string) string {
	if p == "-" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(e.cwd, p)
}

func (e *env) paths(list []string) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = e.path(p)
	}
	return out
}

// withStore runs f on the database. If a server owns the file, the whole
// command runs there instead and its output and exit status come back.
func (e *env) withStore(ctx context.Context, f func(*store.Store) error) error {
	return e.withStoreOf(ctx, store.Options{}, f)
}

// withLoaded is withStore for a command that only makes sense on a database
// that is there: a mistyped name must not make a new one.
func (e *env) withLoaded(ctx context.Context, f func(*store.Store) error) error {
	if _, err := os.Stat(e.path(e.db)); e.shared == nil && errors.Is(err, os.ErrNotExist) {
		return &worded{"err_no_database", []any{"db", e.db}}
	}
	return e.withStore(ctx, f)
}

// withStoreOf is withStore with options for the case that this process opens
// the file itself.
func (e *env) withStoreOf(ctx context.Context, o store.Options, f func(*store.Store) error) error {
	if e.shared != nil {
		return f(e.shared.store)
	}
	o.Themes, o.Incidents = rootcause.OpenThemes, rootcause.OpenIncidents
	st, err := store.Open(ctx, e.path(e.db), o)
	if errors.Is(err, store.ErrLocked) {
		return e.handOver(ctx, err)
	}
	if err != nil {
		return err
	}
	e.shade(ctx, st)
	return errors.Join(f(st), st.Close())
}

// say prints a line for the user, unless told to be quiet.
func (e *env) say(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(e.err, format+"\n", args...)
	}
}

// progress shows how far long work is: a bar on a terminal, plain lines every
// few seconds elsewhere.
type progress struct {
	e     *env
	bar   *progressbar.ProgressBar
	label string
	next  time.Time
	start time.Time
}

func (e *env) progress(label string, total int64) *progress {
	p := &progress{e: e, label: label, start: time.Now(), next: time.Now().Add(5 * time.Second)}
	if e.terminal && !e.quiet {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(e.err), progressbar.OptionSetDescription(label),
			progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// at reports bytes and rows done so far.
func (p *progress) at(bytes, rows int64) {
	rate := float64(rows) / max(time.Since(p.start).Seconds(), 1e-3)
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%s %s %.0f %s", p.label, thousands(rows), rate, p.e.t("rate")))
		_ = p.bar.Set64(bytes) // only the picture would be late
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.e.say("%s %s (%s %s)", p.label, thousands(rows), thousands(int64(rate)), p.e.t("rate"))
		p.next = now.Add(5 * time.Second)
	}
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish() // only the picture would be late
	}
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// width is how many columns a text takes on a terminal: two for each Chinese
// character.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xFFEF) {
			n++
		}
	}
	return n
}

// unsteered is a cell whose signs steer no terminal: it may hold what a stranger
// wrote.
func unsteered(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '　' {
			return r
		}
		return '·'
	}, s)
}

// table prints rows in columns; the first row is the header.
func table(w io.Writer, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	for _, r := range rows {
		for i, c := range r {
			r[i] = unsteered(c)
		}
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], width(c))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			b.WriteString(c)
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-width(c)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// version and commit are set by the linker in released builds.
var version, commit string

// buildInfo tells version and commit: the linker's, else what the toolchain
// recorded.
func buildInfo() (v, c string) {
	v, c = version, commit
	info, ok := debug.ReadBuildInfo()
	if ok && v == "" {
		v = strings.TrimPrefix(info.Main.Version, "v")
	}
	if v == "" || v == "(devel)" {
		v = "dev"
	}
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && c == "" {
				c = s.Value
			}
		}
	}
	if c == "" {
		c = "unknown"
	}
	return v, c
}

func (e *env) versionCmd() *cobra.Command {
	return &cobra.Command{Use: "version", Short: e.t("cmd_version"), Example: "  plaint version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v, c := buildInfo()
			fmt.Fprintf(e.out, "plaint %s (%s)\n", v, c)
			return nil
		}}
}

func (e *env) completionCmd() *cobra.Command {
	return &cobra.Command{Use: "completion bash|zsh|fish|powershell", Short: e.t("cmd_completion"), Example: "  plaint completion bash > /etc/bash_completion.d/plaint",
		Args: cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(e.out, true)
			case "zsh":
				return c.Root().GenZshCompletion(e.out)
			case "fish":
				return c.Root().GenFishCompletion(e.out, true)
			}
			return c.Root().GenPowerShellCompletionWithDesc(e.out)
		}}
}
