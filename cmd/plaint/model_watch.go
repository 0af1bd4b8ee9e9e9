package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"plaint/analysis/watch"
	"plaint/internal/store"
	"plaint/internal/web/format"
	watching "plaint/scoring/watch"
)

func (e *env) modelWatchCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "watch", Short: e.t("cmd_model_watch"), Long: e.t("cmd_model_watch_long"), Args: cobra.NoArgs,
		Example: "  plaint model promote own-2 --to shadow --by li.wei --reason \"to watch\"\n  plaint model watch",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.watchModels(c.Context(), st, asJSON) })
		}}
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	return c
}

// watchModels tells how champion and shadow are doing now. Nothing is kept.
func (e *env) watchModels(ctx context.Context, st *store.Store, asJSON bool) error {
	list, err := watch.Look(ctx, st, watching.Measures)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(e.out).Encode(map[string]any{"measures": list})
	}
	rows := [][]string{{e.t("model_name"), e.t("watch_what"), e.t("watch_of"), e.t("watch_value"), e.t("watch_interval"), e.t("watch_n"), e.t("watch_limit"), e.t("model_state")}}
	f := format.Format{Words: e.words}
	for _, m := range list {
		if !format.Worth(m) {
			continue
		}
		rows = append(rows, []string{m.Model, e.t("watch_" + m.Kind), f.Part(m), f.Measured(m.Kind, m.Value), f.Between(m), thousands(int64(m.N)), f.AlarmAt(m), e.t("watch_state_" + m.State)})
	}
	table(e.out, rows)
	for _, m := range format.Rings(list) {
		fmt.Fprintf(e.out, "%s, %s: %s\n", e.t("watch_state_"+m.State), e.t("watch_"+m.Kind), f.Says(m))
	}
	return nil
}
