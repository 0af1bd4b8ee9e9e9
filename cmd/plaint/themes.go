package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/lineage/book"
	"plaint/internal/store"
	"plaint/internal/web/format"
	"plaint/internal/web/view"
)

func (e *env) themesCmd() *cobra.Command {
	c := e.finding(&cobra.Command{Use: "themes [ID]", Short: e.t("cmd_themes"), Long: e.t("cmd_themes_long"),
		Example: "  plaint themes\n  plaint themes 3\n  plaint themes name 3 \"Withdrawals held by the bank\"\n  plaint themes merge 3 7\n  plaint themes split 3 --by card,credit\n  plaint themes pin 3\n  plaint themes history 3\n  plaint themes undo 1"},
		"err_theme_number", e.listThemes, e.showTheme)
	c.AddCommand(e.themeNameCmd(), e.themeMergeCmd(), e.themeSplitCmd(), e.themePinCmd(), e.themeUndoCmd(), e.themeHistoryCmd())
	return c
}

// themeNumbers are arguments that are numbers of themes or edits.
func themeNumbers(args []string) ([]int64, error) {
	out := make([]int64, len(args))
	for i, a := range args {
		var err error
		if out[i], err = strconv.ParseInt(a, 10, 64); err != nil || out[i] < 1 {
			return nil, usageError{&worded{"err_theme_number", []any{"value", a}}}
		}
	}
	return out, nil
}

// edit is the frame of a command that writes an edit: its first arguments, as
// many as numbers, are numbers, or all of them where that is 0.
func (e *env) edit(c *cobra.Command, numbers int, f func(ctx context.Context, pen *book.Pen, ids []int64, rest []string) ([]book.Edit, error)) *cobra.Command {
	var asJSON bool
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	c.RunE = func(c *cobra.Command, args []string) error {
		n := numbers
		if n == 0 {
			n = len(args)
		}
		ids, err := themeNumbers(args[:n])
		if err != nil {
			return err
		}
		return e.withLoaded(c.Context(), func(st *store.Store) error {
			edits, err := f(c.Context(), &book.Pen{Store: st, Actor: whoAmI()}, ids, args[n:])
			if err != nil {
				return themeError(err)
			}
			if asJSON {
				return json.NewEncoder(e.out).Encode(map[string]any{"edits": edits})
			}
			for _, x := range edits {
				e.say("%s", e.editDone(x))
			}
			return nil
		})
	}
	return c
}

// themeError words an edit that cannot be made.
func themeError(err error) error {
	var no *book.Refusal
	if errors.As(err, &no) {
		return &worded{no.Code, no.Pairs}
	}
	return err
}

// editDone says what an edit did and when it shows.
func (e *env) editDone(x book.Edit) string {
	return e.t("theme_did_"+x.Action, "id", x.ID, "theme", x.Theme, "other", x.Other, "name", x.Name, "words", strings.Join(x.Words, ", "), "edit", x.Undoes)
}

func (e *env) themeNameCmd() *cobra.Command {
	c := &cobra.Command{Use: "name ID NAME", Short: e.t("cmd_themes_name"), Args: cobra.ExactArgs(2), Example: "  plaint themes name 3 \"Withdrawals held by the bank\""}
	return e.edit(c, 1, func(ctx context.Context, pen *book.Pen, ids []int64, rest []string) ([]book.Edit, error) {
		return pen.Name(ctx, ids[0], rest[0])
	})
}

func (e *env) themeMergeCmd() *cobra.Command {
	c := &cobra.Command{Use: "merge ID ID...", Short: e.t("cmd_themes_merge"), Long: e.t("cmd_themes_merge_long"), Args: cobra.MinimumNArgs(2), Example: "  plaint themes merge 3 7"}
	return e.edit(c, 0, func(ctx context.Context, pen *book.Pen, ids []int64, _ []string) ([]book.Edit, error) {
		return pen.Merge(ctx, ids[0], ids[1:])
	})
}

func (e *env) themeSplitCmd() *cobra.Command {
	var words []string
	c := &cobra.Command{Use: "split ID", Short: e.t("cmd_themes_split"), Long: e.t("cmd_themes_split_long"), Args: cobra.ExactArgs(1), Example: "  plaint themes split 3 --by card,credit\n  plaint themes split 3"}
	c.Flags().StringSliceVar(&words, "by", nil, e.t("flag_split_by"))
	return e.edit(c, 1, func(ctx context.Context, pen *book.Pen, ids []int64, _ []string) ([]book.Edit, error) {
		if c.Flags().Changed("by") {
			return pen.Split(ctx, ids[0], words)
		}
		return pen.SplitBest(ctx, ids[0])
	})
}

func (e *env) themePinCmd() *cobra.Command {
	c := &cobra.Command{Use: "pin ID", Short: e.t("cmd_themes_pin"), Long: e.t("cmd_themes_pin_long"), Args: cobra.ExactArgs(1), Example: "  plaint themes pin 3"}
	return e.edit(c, 1, func(ctx context.Context, pen *book.Pen, ids []int64, _ []string) ([]book.Edit, error) {
		return pen.Pin(ctx, ids[0])
	})
}

func (e *env) themeUndoCmd() *cobra.Command {
	c := &cobra.Command{Use: "undo EDIT", Short: e.t("cmd_themes_undo"), Long: e.t("cmd_themes_undo_long"), Args: cobra.ExactArgs(1), Example: "  plaint themes undo 1"}
	return e.edit(c, 1, func(ctx context.Context, pen *book.Pen, ids []int64, _ []string) ([]book.Edit, error) {
		return pen.Undo(ctx, ids[0])
	})
}

// listThemes shows the themes of the latest run, the largest first.
func (e *env) listThemes(ctx context.Context, v *view.Reader, a asked) error {
	list, err := v.Themes(ctx, a.limit, 0)
	if err != nil {
		return err
	}
	return e.list(list, list.Total, a, "err_themes_none", func() [][]string {
		f := format.Format{Words: e.words}
		rows := [][]string{{e.t("web_theme"), e.t("theme_label"), e.t("web_complaints"), e.t("web_customers"), e.t("web_first"), e.t("web_last"), ""}}
		for _, x := range list.Rows {
			rows = append(rows, []string{fmt.Sprint(x.ID), x.LabelIn(e.words.Lang), thousands(int64(x.Size)), thousands(int64(x.Customers)), dayOf(x.First), dayOf(x.Last), strings.Join(e.marks(f, x), ", ")})
		}
		return rows
	})
}

// showTheme shows what is known of one theme, and the latest of its complaints.
func (e *env) showTheme(ctx context.Context, v *view.Reader, id int64, a asked) error {
	x, err := v.Theme(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return &worded{"err_theme_unknown", []any{"id", id}}
	}
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(e.out).Encode(x)
	}
	list, err := v.Complaints(ctx, view.Filter{Theme: id, Limit: a.limit})
	if err != nil {
		return err
	}
	f := format.Format{Words: e.words, Years: true}
	rows := [][]string{{e.t("theme_label"), x.LabelIn(e.words.Lang)}, {e.t("web_telling"), strings.Join(x.TermsIn(e.words.Lang), e.t("list_comma"))},
		{e.t("web_complaints"), thousands(int64(x.Size)) + " (" + f.Percent(x.Share) + ")"}, {e.t("web_customers"), thousands(int64(x.Customers))}, {e.t("web_type"), e.words.Name("type", x.Type)},
		{e.t("web_severity"), f.Fixed(x.Severity, 2)}, {e.t("web_first"), dayOf(x.First)}, {e.t("web_last"), dayOf(x.Last)}, {e.t("web_trend"), f.Trend(x.Trend)},
	}
	if rows = append(rows, e.claimed(f, x.Money)...); len(x.Money) == 0 {
		rows = append(rows, []string{e.t("web_claimed"), "–"})
	}
	rows = append(rows, []string{e.t("web_example"), fmt.Sprintf("#%d", x.Example)})
	if marks := e.marks(f, x); len(marks) > 0 {
		rows = append(rows, []string{e.t("web_state"), strings.Join(marks, e.t("list_comma"))})
	}
	for _, w := range x.Windows {
		rows = append(rows, []string{e.t("web_burst"), f.Window(w.From, w.To) + ": " + e.t("web_n_of_expected", "n", f.Int(w.N), "expected", f.Num(w.Expected, 1))})
	}
	table(e.out, rows)
	letters := [][]string{{e.t("web_complaint"), e.t("web_received"), e.t("web_excerpt")}}
	for _, c := range list.Rows {
		letters = append(letters, []string{fmt.Sprintf("#%d", c.Seq), dayOf(c.Received), c.Excerpt})
	}
	fmt.Fprintln(e.out)
	table(e.out, letters)
	e.cut(len(list.Rows), list.Total)
	return nil
}

// marks say what is to be known of a theme at a glance.
func (e *env) marks(f format.Format, x view.Theme) (out []string) {
	if x.News != nil {
		out = append(out, e.t("theme_mark_new", "day", f.Date(x.News.First)))
	}
	if x.Since > 0 {
		out = append(out, e.t("web_since_run", "n", x.Since))
	}
	if x.Change != "" {
		out = append(out, e.t("theme_"+x.Change))
	}
	if x.Pinned {
		out = append(out, e.t("theme_pinned"))
	}
	return out
}

func dayOf(at *time.Time) string {
	if at == nil {
		return "–"
	}
	return at.Format(time.DateOnly)
}
