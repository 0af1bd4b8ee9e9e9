package main

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/web/view"
)

// asked is how much of a list is wanted, and how.
type asked struct {
	limit int
	json  bool
}

// finding completes a command that lists what a job found, or shows one of it by
// its number. badNumber words an argument that is no number.
func (e *env) finding(c *cobra.Command, badNumber string, list func(context.Context, *view.Reader, asked) error, show func(context.Context, *view.Reader, int64, asked) error) *cobra.Command {
	var a asked
	c.Args = cobra.MaximumNArgs(1)
	c.RunE = func(c *cobra.Command, args []string) error {
		if a.limit < 1 {
			return usageError{&worded{"err_flag_value", []any{"flag", "--limit", "value", a.limit}}}
		}
		id := int64(0)
		if len(args) > 0 {
			var err error
			if id, err = strconv.ParseInt(args[0], 10, 64); err != nil || id < 1 {
				return usageError{&worded{badNumber, []any{"value", args[0]}}}
			}
		}
		return e.withLoaded(c.Context(), func(st *store.Store) error {
			v := view.NewIn(st, e.words.Lang)
			if id > 0 {
				return show(c.Context(), v, id, a)
			}
			return list(c.Context(), v, a)
		})
	}
	c.Flags().IntVar(&a.limit, "limit", 50, e.t("flag_limit"))
	c.Flags().BoolVar(&a.json, "json", false, e.t("flag_json"))
	return c
}

// list shows a list of a total of so many: as JSON, or as a table of its first
// rows below their heading and how many more there are, or, where it is empty,
// the message none.
func (e *env) list(list any, total int, a asked, none string, rows func() [][]string) error {
	switch {
	case a.json:
		return json.NewEncoder(e.out).Encode(list)
	case total == 0:
		e.say("%s", e.t(none))
		return nil
	}
	all := rows()
	table(e.out, all)
	e.cut(len(all)-1, total)
	return nil
}

// cut says that a list was longer than what was shown of it.
func (e *env) cut(shown, total int) {
	if shown < total {
		e.say("%s", e.t("list_cut", "n", thousands(int64(shown)), "total", thousands(int64(total))))
	}
}
