package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/scoring/model"
	"plaint/scoring/review"
)

func (e *env) scoreCmd() *cobra.Command {
	var name string
	c := &cobra.Command{Use: "score", Short: e.t("cmd_score"), Args: cobra.NoArgs, Example: "  plaint score",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := e.foresee(name); err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				m, err := e.judgeOf(c.Context(), st, name, true)
				if err != nil {
					return err
				}
				return e.score(c.Context(), st, m)
			})
		}}
	c.Flags().StringVar(&name, "model", "", e.t("flag_model"))
	return c
}

// badModel is a model that the user chose and that cannot be used.
func badModel(name string, err error) error {
	if model.IsFile(name) {
		return usageError{inFile(name, "err_bad_model", "name", cause(err))}
	}
	return usageError{&worded{"err_bad_model", []any{"name", name, "reason", cause(err)}}}
}

// score judges everything again and proposes blacklist entries. It lists
// nobody: that takes two people.
func (e *env) score(ctx context.Context, st *store.Store, m *model.Model) error {
	r, err := st.Rescore(ctx, m.Name, m.Decide)
	if err != nil {
		return err
	}
	cases, err := st.Cases(ctx, 0, 0)
	if err != nil {
		return err
	}
	proposed, err := st.Propose(ctx, review.Propose(cases, st.Now()))
	if err != nil {
		return err
	}
	if !e.quiet {
		table(e.out, [][]string{
			{e.t("judged"), thousands(int64(r.Judged))},
			{e.t("flagged"), thousands(int64(r.Flagged))},
			{e.t("cases_opened"), thousands(int64(r.Opened))},
			{e.t("not_flagged_now"), thousands(int64(r.Cleared))},
			{e.t("proposals_new"), thousands(int64(proposed))},
		})
		fmt.Fprintln(e.out, e.t("nothing_listed"))
	}
	return nil
}

func (e *env) exportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{Use: "export", Short: e.t("cmd_export"), Args: cobra.NoArgs, Example: "  plaint export --out parquet/",
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{&worded{code: "err_need_out"}}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				files, err := st.ExportParquet(c.Context(), e.path(out))
				for _, f := range files {
					err = errors.Join(err, os.Chmod(f, 0o666&^e.umask)) // there is no personal data in it
					e.say("%s", e.t("wrote", "path", f))
				}
				return err
			})
		}}
	c.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	return c
}
