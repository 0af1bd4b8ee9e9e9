package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/model"
)

func (e *env) refusedCmd() *cobra.Command {
	c := &cobra.Command{Use: "refused", Short: e.t("cmd_refused"), Args: cobra.NoArgs, Example: "  plaint refused list",
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var reason, input, out string
	var limit int
	var f ingestFlags
	filter := func(limit int) store.RefusedFilter {
		return store.RefusedFilter{Code: record.Code(reason), Input: input, Open: true, Limit: limit}
	}
	list := &cobra.Command{Use: "list", Short: e.t("cmd_refused_list"), Args: cobra.NoArgs, Example: "  plaint refused list --reason bad_date",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withStore(c.Context(), func(st *store.Store) error { return e.refusedList(c.Context(), st, filter(limit)) })
		}}
	list.Flags().IntVar(&limit, "limit", 50, e.t("flag_limit"))
	export := &cobra.Command{Use: "export", Short: e.t("cmd_refused_export"), Args: cobra.NoArgs, Example: "  plaint refused export --out refused/",
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errors.New(e.t("err_need_out"))}
			}
			return e.withStore(c.Context(), func(st *store.Store) error {
				return e.refusedExport(c.Context(), st, filter(0), e.path(out))
			})
		}}
	export.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	replay := &cobra.Command{Use: "replay", Short: e.t("cmd_refused_replay"), Args: cobra.NoArgs, Example: "  plaint refused replay --profile mine.yaml --reason ambiguous_date",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withStore(c.Context(), func(st *store.Store) error { return e.refusedReplay(c.Context(), st, filter(0), f) })
		}}
	replay.Flags().StringVar(&f.profile, "profile", "", e.t("flag_profile"))
	replay.Flags().StringVar(&f.source, "source", "", e.t("flag_source"))
	replay.Flags().StringVar(&f.model, "model", model.Default, e.t("flag_model"))
	replay.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	for _, sub := range []*cobra.Command{list, export, replay} {
		sub.Flags().StringVar(&reason, "reason", "", e.t("flag_reason"))
		sub.Flags().StringVar(&input, "input", "", e.t("flag_input"))
		c.AddCommand(sub)
	}
	return c
}

func (e *env) refusedList(ctx context.Context, st *store.Store, f store.RefusedFilter) error {
	rows, err := st.Refused(ctx, f)
	if err != nil {
		return err
	}
	out := [][]string{{"id", e.t("file"), e.t("line"), e.t("column"), e.t("reason"), ""}}
	for _, r := range rows {
		out = append(out, []string{fmt.Sprint(r.ID), filepath.Base(r.Input), fmt.Sprint(r.Line), r.Column, e.t("code_" + string(r.Code)), r.Detail})
	}
	table(e.out, out)
	counts, err := st.RefusedCounts(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.out)
	table(e.out, e.reasons(counts))
	return nil
}

// group is refused rows that can be read together: of one input and header.
type group struct {
	input, profile string
	header         []byte
	kind           record.Kind
	ids            []int64
	body           bytes.Buffer
}

func groups(rows []store.RefusedRow) []*group {
	at := map[string]*group{}
	var out []*group
	for _, r := range rows {
		if r.Line == 0 || r.Code == "cut_off" || r.Code == "row_too_long" {
			continue // a whole file, or half a row: there is no row to read again
		}
		key := r.Input + "\x00" + r.Profile + "\x00" + string(r.Header)
		g := at[key]
		if g == nil {
			g = &group{input: r.Input, profile: r.Profile, header: r.Header, kind: r.Kind}
			if r.Header != nil {
				g.body.Write(r.Header)
				g.body.WriteByte('\n')
			}
			at[key] = g
			out = append(out, g)
		}
		g.ids = append(g.ids, r.ID)
		g.body.Write(r.Raw)
		g.body.WriteByte('\n')
	}
	return out
}

func (e *env) refusedExport(ctx context.Context, st *store.Store, f store.RefusedFilter, out string) error {
	rows, err := st.Refused(ctx, f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	for i, g := range groups(rows) {
		base := strings.Map(func(r rune) rune {
			if r == '/' || r == '\\' || r == '!' || r < ' ' {
				return '_'
			}
			return r
		}, filepath.Base(g.input))
		path := filepath.Join(out, fmt.Sprintf("%03d_%s", i+1, base))
		if err := os.WriteFile(path, g.body.Bytes(), 0o600); err != nil {
			return err
		}
		fmt.Fprintln(e.out, e.t("wrote", "path", path))
	}
	return nil
}

// refusedReplay loads refused rows again. A row that is refused again is kept
// anew; the old refusal counts as replayed.
func (e *env) refusedReplay(ctx context.Context, st *store.Store, f store.RefusedFilter, flags ingestFlags) error {
	rows, err := st.Refused(ctx, f)
	if err != nil {
		return err
	}
	m, err := model.Load(e.modelPath(flags.model))
	if err != nil {
		return usageError{err}
	}
	var total record.Receipt
	for _, g := range groups(rows) {
		r, err := e.replayGroup(ctx, st, g, m, flags)
		total.Add(r)
		if err != nil {
			return err
		}
	}
	e.showReceipt(total, flags.json)
	if total.Refused > 0 {
		return status(exitRefused)
	}
	return nil
}

func (e *env) replayGroup(ctx context.Context, st *store.Store, g *group, m *model.Model, flags ingestFlags) (record.Receipt, error) {
	dir, err := os.MkdirTemp("", "plaint-replay-*")
	if err != nil {
		return record.Receipt{}, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, filepath.Base(g.input)) // its name may say its year or its source
	if err := os.WriteFile(path, g.body.Bytes(), 0o600); err != nil {
		return record.Receipt{}, err
	}
	profile := g.profile
	if flags.profile != "" {
		profile = flags.profile
	}
	opt, err := e.fileOptions(ingestFlags{profile: profile, source: flags.source})
	if err != nil {
		return record.Receipt{}, err
	}
	plans, done, err := file.Inspect(path, opt)
	if err != nil {
		return record.Receipt{}, err
	}
	defer done()
	// What cannot be read as a whole would be refused as a whole, and its rows
	// could not be found any more: they stay as they are.
	for _, p := range plans {
		if p.Err != nil || len(plans) != 1 {
			e.say("%s: %s", g.input, e.t("replay_unreadable"))
			return record.Receipt{}, nil
		}
	}
	r, err := e.load(ctx, st, plans, m)
	if err != nil || r.RowsIn != len(g.ids) {
		return r, err
	}
	return r, st.MarkReplayed(ctx, g.ids)
}
