package main

import (
	"log/slog"
	"regexp"
)

// log tells failures of the server on standard error, one line each: where and
// why, without what a customer wrote.
func (e *env) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(e.err, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, quoted.ReplaceAllString(err.Error(), "…"))
		}
		return a
	}}))
}

// quoted are values that the engine quotes in its messages; they may be data.
var quoted = regexp.MustCompile(`'[^']*'|"[^"]*"`)
