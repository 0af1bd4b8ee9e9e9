package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/web/format"
	"plaint/internal/web/view"
)

func (e *env) themeHistoryCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "history [ID]", Short: e.t("cmd_themes_history"), Long: e.t("cmd_themes_history_long"), Args: cobra.MaximumNArgs(1), Example: "  plaint themes history\n  plaint themes history 3 --json",
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := themeNumbers(args)
			if err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				if len(ids) == 0 {
					ids = []int64{0}
				}
				return e.themeHistory(c.Context(), st, ids[0], asJSON)
			})
		}}
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	return c
}

// themeHistory shows what became of one theme, or of all where id is 0, and what
// analysts decided.
func (e *env) themeHistory(ctx context.Context, st *store.Store, id int64, asJSON bool) error {
	h, err := view.NewIn(st, e.words.Lang).ThemeHistory(ctx, id)
	switch {
	case errors.Is(err, view.ErrNotFound):
		return &worded{"err_theme_never", []any{"id", id}}
	case err != nil:
		return err
	case asJSON:
		return json.NewEncoder(e.out).Encode(h)
	}
	f := format.Format{Words: e.words}
	if id > 0 {
		fmt.Fprintf(e.out, "%s %d: %s\n", e.t("web_theme"), id, h.Label)
	}
	if len(h.Events) > 0 {
		rows := [][]string{{e.t("run"), e.t("web_at"), e.t("web_theme"), e.t("theme_what"), e.t("web_size")}}
		for _, x := range h.Events {
			rows = append(rows, []string{fmt.Sprint(x.Run), x.At.Format(time.DateOnly), fmt.Sprint(x.Theme), f.ThemeEvent(x.What, x.Other, x.Share), strconv.Itoa(x.Was) + " → " + strconv.Itoa(x.N)})
		}
		table(e.out, rows)
	}
	if len(h.Edits) > 0 {
		rows := [][]string{{e.t("theme_edit"), e.t("web_at"), e.t("theme_actor"), e.t("web_theme"), e.t("theme_what")}}
		for _, x := range h.Edits {
			rows = append(rows, []string{fmt.Sprint(x.ID), x.At.Format("2006-01-02 15:04"), x.Actor, fmt.Sprint(x.Theme), f.ThemeEdit(x)})
		}
		table(e.out, rows)
	}
	return nil
}
