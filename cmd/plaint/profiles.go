package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"plaint/ingest/profile"
)

func (e *env) profilesCmd() *cobra.Command {
	return &cobra.Command{Use: "profiles [NAME]", Short: e.t("cmd_profiles"), Args: cobra.MaximumNArgs(1), Example: "  plaint profiles\n  plaint profiles sfo_survey > mine.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				text, err := profile.Source(e.yamlPath(args[0]))
				if err != nil {
					return badProfile(args[0], err)
				}
				_, err = e.out.Write(text)
				return err
			}
			all, err := profile.Builtin()
			if err != nil {
				return err
			}
			var rows [][]string
			for _, p := range all {
				rows = append(rows, []string{p.Name, e.t("kind_" + p.As), p.About[e.words.Lang]})
			}
			table(e.out, rows)
			fmt.Fprintln(e.out)
			return nil
		}}
}
