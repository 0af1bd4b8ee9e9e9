package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/spf13/cobra"

	"plaint/ingest/simulate"
	"plaint/internal/record"
)

func (e *env) simulateCmd() *cobra.Command {
	var cfg simulate.Config
	var out string
	c := &cobra.Command{Use: "simulate", Short: e.t("cmd_simulate"), Args: cobra.NoArgs, Example: "  plaint simulate --out quarter --seed 7",
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return usageError{&worded{code: "err_need_out"}}
			}
			s, err := cfg.WriteDir(e.path(out))
			if err != nil {
				return simulateError(err)
			}
			var rows [][]string
			for _, k := range record.Kinds {
				if n := s.Rows[k]; n > 0 {
					rows = append(rows, []string{e.t("kind_" + k.String()), thousands(int64(n))})
				}
			}
			if !e.quiet {
				table(e.out, rows)
			}
			fmt.Fprintln(e.out, e.t("wrote", "path", out))
			return nil
		}}
	f := c.Flags()
	f.StringVar(&out, "out", "", e.t("flag_out"))
	f.Uint64Var(&cfg.Seed, "seed", 1, e.t("flag_seed"))
	f.IntVar(&cfg.Complaints, "complaints", 0, e.t("flag_complaints"))
	f.IntVar(&cfg.Customers, "customers", 0, e.t("flag_customers"))
	f.IntVar(&cfg.Days, "days", 0, e.t("flag_days"))
	f.Float64Var(&cfg.Fraud, "fraud", 0, e.t("flag_fraud"))
	return c
}

// simulateError tells a size that cannot be simulated, which is the user's
// choice, from a folder that cannot be written.
func simulateError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) || errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return usageError{&worded{"err_simulate", []any{"reason", cause(err)}}}
}
