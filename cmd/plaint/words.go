package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/vector"
	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/store"
	"plaint/internal/text/embed"
	"plaint/internal/web/locale"
	"plaint/internal/written"
	"plaint/scoring/rule"
)

// worded is an error whose words are in the catalogue.
type worded struct {
	code  string
	pairs []any
}

func (w *worded) Error() string { return fmt.Sprint(w.code, w.pairs) }

// explain gives the words of an error in the user's language; what only the
// engine or the system knows stays as it was said, behind a colon.
func (e *env) explain(err error) string {
	var own *worded
	var choice *file.UsageError
	var input *file.Error
	var service *embed.Error
	switch {
	case errors.Is(err, store.ErrLocked):
		return e.t("err_locked", "db", e.db)
	case errors.Is(err, store.ErrNewer):
		return e.t("err_newer", "db", e.db)
	case errors.Is(err, store.ErrNotStore):
		return e.t("err_not_store", "db", e.db)
	case errors.Is(err, store.ErrDamagedLog):
		return e.t("err_damaged_log", "db", e.db)
	case errors.As(err, &own):
		return e.t(own.code, e.pairs(own.pairs)...)
	case errors.As(err, &choice):
		return e.t(string(choice.Code), e.pairs(choice.Pairs)...)
	case errors.As(err, &service):
		return e.embedWords(service)
	case errors.Is(err, vector.ErrLength):
		return e.t("err_embed_changed")
	case errors.As(err, &input):
		return e.t("code_"+string(input.Code)) + ": " + input.Detail
	}
	if said, ok := e.system(err); ok {
		return said
	}
	return e.t("err_other", "reason", err)
}

// pairs words the errors, and the kinds of values, among what fills a sentence.
func (e *env) pairs(list []any) []any {
	out := slices.Clone(list)
	for i, v := range out {
		if kind, ok := v.(written.Kind); ok {
			out[i] = e.words.Name("yaml_kind", string(kind))
		}
		err, ok := v.(error)
		if !ok {
			continue
		}
		var choice *file.UsageError
		var none *stream.NoSecret
		var bad *rule.Error
		var wrong *written.Error
		switch {
		case errors.As(err, &choice): // what it wraps is among its pairs
			out[i] = e.t(string(choice.Code), e.pairs(choice.Pairs)...)
		case errors.As(err, &wrong):
			out[i] = e.written(wrong)
		case errors.As(err, &bad):
			out[i] = e.t(bad.Code, bad.Pairs...)
		case errors.As(err, &none) && none.Env != "":
			out[i] = e.t("err_no_secret_env", "name", none.Env)
		case errors.As(err, &none):
			out[i] = e.t("err_no_secret_file", "name", none.File)
		default:
			if said, ok := e.system(err); ok {
				out[i] = said
			}
		}
	}
	return out
}

// inFile says what is wrong with a file that somebody wrote: where it is of a line,
// with that; else in the words of a code that calls the file by a name.
func inFile(file, code, called string, err error) error {
	var bad *written.Error
	if errors.As(err, &bad) && bad.Line > 0 {
		code, pairs := bad.In(file)
		return &worded{code, pairs}
	}
	return &worded{code, []any{called, file, "reason", err}}
}

// written words what is wrong with a file that somebody wrote.
func (e *env) written(bad *written.Error) string {
	said := e.t(bad.Code, e.pairs(bad.Pairs)...)
	if bad.Line > 0 {
		return e.t("err_yaml_line", "line", bad.Line, "reason", said)
	}
	return said
}

// cause is what an error wraps, where what is around it is said already.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// systemErrors are what the system says, as an error or in the engine's words.
var systemErrors = []struct {
	is   error
	text string
	code string
}{
	{syscall.ENOSPC, "no space left on device", "err_disk_full"},
	{syscall.EFBIG, "file too large", "err_disk_full"},
	{syscall.EDQUOT, "disk quota exceeded", "err_disk_full"},
	{syscall.EROFS, "read-only file system", "err_read_only"},
	{fs.ErrPermission, "permission denied", "err_permission"},
	{fs.ErrNotExist, "no such file or directory", "err_no_file"},
	{syscall.ENOTDIR, "not a directory", "err_not_folder"},
	{syscall.EISDIR, "is a directory", "err_is_folder"},
	{syscall.EADDRINUSE, "address already in use", "err_address_in_use"},
	{fs.ErrExist, "file exists", "err_file_exists"},
	{context.DeadlineExceeded, "deadline exceeded", "err_too_long"},
}

// system words what the system refused, with the path or else all that was
// said.
func (e *env) system(err error) (string, bool) {
	text := strings.ToLower(err.Error())
	for _, s := range systemErrors {
		if !errors.Is(err, s.is) && !strings.Contains(text, s.text) {
			continue
		}
		detail := err.Error()
		var path *fs.PathError
		if errors.As(err, &path) {
			detail = path.Path
		}
		if strings.EqualFold(detail, s.text) { // the same again
			return e.t(s.code), true
		}
		return e.t(s.code) + ": " + detail, true
	}
	return "", false
}

var flagInText = regexp.MustCompile(`--?[a-z0-9][a-z0-9-]*`)

// flagError words what is wrong with a flag. The package of the flags has a
// type for each fault, which its methods tell apart.
func (e *env) flagError(_ *cobra.Command, err error) error {
	name := flagInText.FindString(err.Error())
	var value interface{ GetValue() string }
	var syntax interface{ GetSpecifiedFlag() string }
	switch {
	case errors.As(err, &value) && flagOf(err) == "--lang":
		return usageError{&worded{"err_lang", []any{"value", value.GetValue(), "languages", strings.Join(locale.Languages, ", ")}}}
	case errors.As(err, &value):
		return usageError{&worded{"err_flag_value", []any{"flag", flagOf(err), "value", value.GetValue()}}}
	case errors.As(err, &syntax):
		return usageError{&worded{"err_flag_unknown", []any{"flag", syntax.GetSpecifiedFlag()}}}
	case strings.Contains(err.Error(), "needs an argument"):
		return usageError{&worded{"err_flag_needs_value", []any{"flag", name}}}
	case strings.Contains(err.Error(), "unknown"):
		return usageError{&worded{"err_flag_unknown", []any{"flag", name}}}
	}
	return usageError{&worded{"err_flag", []any{"reason", err.Error()}}}
}

// flagOf is the flag whose value is wrong; the value, which is quoted before
// it, may look like one.
func flagOf(err error) string {
	_, rest, _ := strings.Cut(err.Error(), `" for "`)
	return flagInText.FindString(rest)
}

// argsError words what is wrong with a command's arguments.
func (e *env) argsError(c *cobra.Command, args []string) error {
	if c.HasSubCommands() && len(args) > 0 {
		c.SuggestionsMinimumDistance = 2
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			return usageError{&worded{"err_command_near", []any{"name", args[0], "near", strings.Join(near, ", ")}}}
		}
		return usageError{&worded{"err_command", []any{"name", args[0], "command", c.CommandPath()}}}
	}
	if len(c.ValidArgs) > 0 && len(args) == 1 {
		return usageError{&worded{"err_argument", []any{"name", args[0], "names", strings.Join(c.ValidArgs, ", ")}}}
	}
	return usageError{&worded{"err_arguments", []any{"n", len(args), "usage", c.UseLine()}}}
}

// language is the value of --lang: a language that there are words in.
type language struct{ tag string }

func (l *language) String() string { return l.tag }
func (l *language) Type() string   { return "string" }

// Set takes a tag such as zh, zh-CN or en_GB.UTF-8.
func (l *language) Set(tag string) error {
	if !locale.Known(tag) {
		return errors.New("there are no words in it")
	}
	l.tag = tag
	return nil
}
