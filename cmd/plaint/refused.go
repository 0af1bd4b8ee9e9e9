package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.refusedList(c.Context(), st, filter(limit)) })
		}}
	list.Flags().IntVar(&limit, "limit", 50, e.t("flag_limit"))
	export := &cobra.Command{Use: "export", Short: e.t("cmd_refused_export"), Args: cobra.NoArgs, Example: "  plaint refused export --out refused/",
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{&worded{code: "err_need_out"}}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				return e.refusedExport(c.Context(), st, filter(0), e.path(out))
			})
		}}
	export.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	replay := &cobra.Command{Use: "replay", Short: e.t("cmd_refused_replay"), Args: cobra.NoArgs, Example: "  plaint refused replay --profile mine.yaml --reason ambiguous_date",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.refusedReplay(c.Context(), st, filter(0), f) })
		}}
	replay.Flags().StringVar(&f.profile, "profile", "", e.t("flag_profile"))
	replay.Flags().StringVar(&f.source, "source", "", e.t("flag_source"))
	replay.Flags().StringVar(&f.model, "model", "", e.t("flag_model"))
	replay.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	for _, sub := range []*cobra.Command{list, export, replay} {
		sub.Flags().StringVar(&reason, "reason", "", e.t("flag_reason"))
		sub.Flags().StringVar(&input, "input", "", e.t("flag_input"))
		c.AddCommand(sub)
	}
	return c
}

func (e *env) refusedList(ctx context.Context, st *store.Store, f store.RefusedFilter) error {
	rows, err := e.refusedRows(ctx, st, f)
	if err != nil {
		return err
	}
	out := [][]string{{"id", e.t("file"), e.t("line"), e.t("column"), e.t("reason"), ""}}
	for _, r := range rows {
		out = append(out, []string{fmt.Sprint(r.ID), filepath.Base(r.Input), fmt.Sprint(r.Line), r.Column, e.t("code_" + string(r.Code)), r.Detail})
	}
	table(e.out, out)
	counts, err := e.refusedCounts(ctx, st, f)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.out)
	table(e.out, e.reasons(counts))
	return nil
}

// refusedInputs finds the inputs that a name means: a whole path, the end of
// one, or an archive with all that is in it. "" means every input.
func (e *env) refusedInputs(ctx context.Context, st *store.Store, name string) ([]string, error) {
	if name == "" {
		return []string{""}, nil
	}
	whole := e.path(name)
	var out []string
	err := st.Each(ctx, `select distinct coalesce(input, '') from refused order by 1`, func(rows *sql.Rows) error {
		var input string
		err := rows.Scan(&input)
		archive, member, _ := strings.Cut(input, "!")
		for _, path := range [...]string{input, archive, member} {
			if path == name || path == whole || strings.HasSuffix(path, "/"+name) {
				out = append(out, input)
				break
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the inputs that were refused: %w", err)
	}
	return out, nil
}

// refusedRows lists refusals in the order in which they came.
func (e *env) refusedRows(ctx context.Context, st *store.Store, f store.RefusedFilter) ([]store.RefusedRow, error) {
	inputs, err := e.refusedInputs(ctx, st, f.Input)
	if err != nil {
		return nil, err
	}
	var out []store.RefusedRow
	for _, input := range inputs {
		f.Input = input
		rows, err := st.Refused(ctx, f)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	slices.SortFunc(out, func(a, b store.RefusedRow) int { return cmp.Compare(a.ID, b.ID) })
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

// refusedCounts counts, by reason, what refusedRows lists without a limit.
func (e *env) refusedCounts(ctx context.Context, st *store.Store, f store.RefusedFilter) (map[record.Code]int, error) {
	inputs, err := e.refusedInputs(ctx, st, f.Input)
	if err != nil {
		return nil, err
	}
	out := map[record.Code]int{}
	for _, input := range inputs {
		err := st.Each(ctx, `select coalesce(code, ''), count(*) from refused where id not in (select id from refused_replayed)
			and ($1 = '' or code = $1) and ($2 = '' or input = $2) group by 1`, func(rows *sql.Rows) error {
			var code record.Code
			var n int
			err := rows.Scan(&code, &n)
			out[code] += n
			return err
		}, string(f.Code), input)
		if err != nil {
			return nil, fmt.Errorf("count what was refused: %w", err)
		}
	}
	return out, nil
}

// group is refused rows that can be read together: of one input, profile and
// header.
type group struct {
	rows []record.Refusal
	ids  []int64
}

func groups(rows []store.RefusedRow) []*group {
	at := map[string]*group{}
	var out []*group
	for i := range rows {
		r := &rows[i]
		if !file.Replayable(&r.Refusal) {
			continue
		}
		key := r.Input + "\x00" + r.Profile + "\x00" + string(r.Header)
		g := at[key]
		if g == nil {
			g = &group{}
			at[key] = g
			out = append(out, g)
		}
		g.rows, g.ids = append(g.rows, r.Refusal), append(g.ids, r.ID)
	}
	return out
}

func (e *env) refusedExport(ctx context.Context, st *store.Store, f store.RefusedFilter, out string) error {
	rows, err := e.refusedRows(ctx, st, f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	for i, g := range groups(rows) {
		name, data, args := file.Export(g.rows)
		base := strings.Map(func(r rune) rune {
			if r == '/' || r == '\\' || r == '!' || r < ' ' {
				return '_'
			}
			return r
		}, name)
		path := filepath.Join(out, fmt.Sprintf("%03d_%s", i+1, base))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
		fmt.Fprintln(e.out, e.t("wrote", "path", path))
		e.say("%s", e.t("refused_mended", "command", "plaint ingest "+words(append([]string{path}, args...))))
	}
	return nil
}

// words writes arguments as a shell reads them.
func words(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; a == "" || strings.ContainsAny(a, " \t\n\"'\\$`*?[](){}<>|&;!#~") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// refusedReplay loads refused rows again. A row that is refused again is kept
// anew; the old refusal counts as replayed.
func (e *env) refusedReplay(ctx context.Context, st *store.Store, f store.RefusedFilter, flags ingestFlags) error {
	opt, err := e.fileOptions(flags)
	if err != nil {
		return err
	}
	rows, err := e.refusedRows(ctx, st, f)
	if err != nil {
		return err
	}
	m, err := e.judgeOf(ctx, st, flags.model, true)
	if err != nil {
		return err
	}
	var total record.Receipt
	for _, g := range groups(rows) {
		r, err := e.replayGroup(ctx, st, g, m, opt)
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

// replayGroup reads a group's rows again. Rows that the profile cannot read at
// all stay as they are, and the other groups are loaded.
func (e *env) replayGroup(ctx context.Context, st *store.Store, g *group, m *model.Model, opt file.Options) (record.Receipt, error) {
	p, err := file.Replay(g.rows, opt)
	var choice *file.UsageError
	if err != nil {
		e.say("%s: %s", g.rows[0].Input, e.t("replay_unreadable"))
		if errors.As(err, &choice) {
			e.say("%s", e.explain(choice))
		}
		return record.Receipt{}, nil
	}
	r, err := e.loadOne(ctx, st, p, m)
	if err != nil {
		return r, err
	}
	return r, st.MarkReplayed(ctx, g.ids)
}
