// Command plaint loads complaints, surveys, logs and evidence into one DuckDB
// file and shows why customers complain, whether satisfaction moves, and which
// complaints are fraud.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
	"plaint/ingest/file/columnar"
	"plaint/internal/child"
	"plaint/internal/web/locale"
)

// Exit statuses; part of the contract with scripts.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
)

func main() {
	umask := syscall.Umask(0o077) // databases, their logs and what is spooled hold personal data
	mainOfChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once: what was kept stays kept
	cwd, err := os.Getwd()
	if err != nil {
		cwd = "."
	}
	e := &env{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr, cwd: cwd, args: os.Args[1:], umask: os.FileMode(umask),
		terminal: isTerminal(os.Stderr), langTag: langTag(os.Args[1:])}
	code := e.run()
	stop()
	os.Exit(code)
}

// mainOfChild does the work of a child, where this process is one, and ends it.
func mainOfChild() {
	child.Main(queryChild, queryMain)
	columnar.Main()
}

// status is an error that is only an exit status: everything was said already.
type status int

func (s status) Error() string { return fmt.Sprint("exit status ", int(s)) }

// usageError is a wrong call, answered with exit status 2.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// env is what a command runs in. A server runs other processes' commands in
// envs of its own, with its open store.
type env struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	cwd      string
	args     []string
	terminal bool // err is a terminal
	langTag  string
	umask    os.FileMode // the user's
	shared   *server     // set when this runs inside a server

	words *locale.Words
	db    string
	quiet bool
}

// run executes the command line and returns its exit status.
func (e *env) run() int {
	e.words = locale.For(e.langTag)
	root := e.root()
	root.SetArgs(e.args)
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	err := root.ExecuteContext(e.ctx)
	var code status
	var usage usageError
	var choice *file.UsageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(context.Cause(e.ctx), errStopping):
		fmt.Fprintln(e.err, e.t("err_stopping"))
		return exitFailed
	case e.ctx.Err() != nil: // whatever failed, failed because of that
		fmt.Fprintln(e.err, e.t("interrupted"))
		return exitFailed
	}
	fmt.Fprintf(e.err, "%s: %s\n", e.t("error"), e.explain(err))
	if errors.As(err, &usage) || errors.As(err, &choice) {
		return exitUsage
	}
	return exitFailed
}

func (e *env) t(code string, pairs ...any) string { return e.words.T(code, pairs...) }

// langTag finds the language: --lang, PLAINT_LANG, then the usual variables. A
// language that there are no words in is passed over: a wrong --lang is told
// in the user's own.
func langTag(args []string) string {
	for i, a := range args {
		v, ok := strings.CutPrefix(a, "--lang=")
		if !ok && a == "--lang" && i+1 < len(args) {
			v, ok = args[i+1], true
		}
		if ok && locale.Known(v) {
			return v
		}
	}
	for _, name := range []string{"PLAINT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return locale.Languages[0]
}

func (e *env) root() *cobra.Command {
	root := &cobra.Command{
		Use: "plaint", Short: e.t("app_short"), Long: e.t("app_short"), SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&e.db, "db", "plaint.db", e.t("flag_db"))
	f.BoolVar(&e.quiet, "quiet", false, e.t("flag_quiet"))
	f.Var(&language{}, "lang", e.t("flag_lang"))
	root.SetFlagErrorFunc(e.flagError)
	root.SetHelpTemplate("{{.Long}}\n\n{{.UsageString}}")
	root.SetUsageTemplate(e.usageTemplate())
	root.SetHelpCommand(&cobra.Command{Use: "help", Short: e.t("cmd_help"), Args: cobra.ArbitraryArgs, Run: func(c *cobra.Command, args []string) {
		if target, _, err := root.Find(args); err == nil {
			_ = target.Help()
		}
	}})
	root.AddCommand(e.commands()...)
	e.finish(root)
	return root
}

// finish gives every command the shared manners: help words, usage errors, and
// a long text where it has only a short one.
func (e *env) finish(c *cobra.Command) {
	c.InitDefaultHelpFlag()
	if h := c.Flags().Lookup("help"); h != nil {
		h.Usage = e.t("flag_help")
	}
	if c.Long == "" {
		c.Long = c.Short
	}
	if c.Runnable() && !c.DisableFlagsInUseLine {
		c.DisableFlagsInUseLine = true // in the words of the language
		c.Use += " [" + e.t("usage_flags") + "]"
	}
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, a []string) error {
			if args(c, a) != nil {
				return e.argsError(c, a)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		e.finish(sub)
	}
}

func (e *env) usageTemplate() string {
	return e.t("usage") + `:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} …{{end}}{{if .HasExample}}

` + e.t("examples") + `:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

` + e.t("commands") + `:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

` + e.t("flags") + `:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

` + e.t("global_flags") + `:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

` + e.t("more_help", "command", "{{.CommandPath}}") + `{{end}}
`
}
