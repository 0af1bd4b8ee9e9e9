package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
	"plaint/ingest/profile"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/scoring/model"
)

// ingestFlags are how the user wants files read.
type ingestFlags struct {
	as, profile, source, encoding, model string
	dryRun, json                         bool
	batch                                int
}

func (e *env) ingestCmd() *cobra.Command {
	var f ingestFlags
	c := &cobra.Command{Use: "ingest FILE...", Short: e.t("cmd_ingest"), Long: e.t("cmd_ingest_long"),
		Example: "  plaint ingest complaints.csv 'surveys/*.xlsx' logs/\n  cat tickets.ndjson | plaint ingest - --as complaints",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{&worded{code: "err_no_files"}}
			}
			return e.ingest(c.Context(), args, f)
		}}
	c.Flags().StringVar(&f.as, "as", "", e.t("flag_as"))
	c.Flags().StringVar(&f.profile, "profile", "", e.t("flag_profile"))
	c.Flags().StringVar(&f.source, "source", "", e.t("flag_source"))
	c.Flags().StringVar(&f.encoding, "encoding", "", e.t("flag_encoding"))
	c.Flags().StringVar(&f.model, "model", "", e.t("flag_model"))
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, e.t("flag_dry_run"))
	c.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	c.Flags().IntVar(&f.batch, "batch", file.DefaultBatchRows, e.t("flag_batch"))
	return c
}

func (e *env) ingest(ctx context.Context, args []string, f ingestFlags) error {
	if f.batch < 1 {
		return usageError{&worded{code: "err_batch"}}
	}
	opt, err := e.fileOptions(f)
	if err != nil {
		return err
	}
	if err := e.foresee(f.model); err != nil {
		return err
	}
	paths, err := e.expand(args)
	if err != nil {
		return err
	}
	if f.dryRun {
		plans, done, err := e.inspect(ctx, paths, opt)
		defer done()
		if err != nil {
			return err
		}
		return e.dryRun(ctx, plans)
	}
	if e.shared == nil {
		// Two batches and what the engine holds fit well below; without a limit the
		// collector lets the garbage of a fast load grow to twice that.
		debug.SetMemoryLimit(700 << 20)
	}
	// Inputs are looked at only by the process that loads them: standard input
	// can be read once.
	return e.withStoreOf(ctx, store.Options{Quiet: true}, func(st *store.Store) error {
		plans, done, err := e.inspect(ctx, paths, opt)
		defer done()
		if err != nil {
			return err
		}
		m, err := e.judgeOf(ctx, st, f.model, true)
		if err != nil {
			return err
		}
		total, err := e.load(ctx, st, plans, m)
		e.showReceipt(total, f.json)
		if err == nil && total.Refused > 0 {
			return status(exitRefused)
		}
		return err
	})
}

// yamlPath resolves a name that is a file; other names are built in.
func (e *env) yamlPath(name string) string {
	if len(name) > 5 && (name[len(name)-5:] == ".yaml" || name[len(name)-4:] == ".yml") {
		return e.path(name)
	}
	return name
}

func (e *env) fileOptions(f ingestFlags) (file.Options, error) {
	opt := file.Options{Source: f.source, Encoding: f.encoding, Stdin: e.in, BatchRows: f.batch, Profile: e.yamlPath(f.profile)}
	if f.as != "" {
		k, ok := record.ParseKind(f.as)
		if !ok {
			return opt, usageError{&worded{"err_as", []any{"as", f.as}}}
		}
		opt.As = k
	}
	if opt.Profile != "" {
		if _, err := profile.Find(opt.Profile); err != nil {
			return opt, badProfile(f.profile, err)
		}
	}
	return opt, nil
}

// badProfile is a profile that the user chose and that cannot be used. A file goes by
// the name that it was given.
func badProfile(name string, err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return usageError{inFile(name, "err_bad_profile", "file", inner)}
	}
	return usageError{err}
}

// expand finds the files that the arguments name.
func (e *env) expand(args []string) ([]string, error) {
	paths, leftOut, err := file.Paths(e.paths(args))
	for _, dir := range leftOut {
		e.say("%s", e.t("truth_left_out", "dir", dir))
	}
	if err != nil {
		return nil, err
	}
	return e.withoutDatabase(paths), nil
}

// withoutDatabase leaves out the database itself: it is no input, and a process
// that opens and closes it a second time loses its lock on it.
func (e *env) withoutDatabase(paths []string) []string {
	var own []fs.FileInfo
	for _, end := range []string{"", ".wal"} {
		if info, err := os.Stat(e.path(e.db) + end); err == nil {
			own = append(own, info)
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		is := err == nil && slices.ContainsFunc(own, func(o fs.FileInfo) bool { return os.SameFile(o, info) })
		if is {
			e.say("%s", e.t("database_left_out", "path", path))
		}
		return is
	})
}

// inspect plans every input, evidence before complaints, so that decisions see
// what is known.
func (e *env) inspect(ctx context.Context, paths []string, opt file.Options) (plans []*file.Plan, done func(), err error) {
	var undo []func()
	done = func() {
		for _, f := range undo {
			f()
		}
	}
	for _, p := range paths {
		some, d, err := file.Inspect(ctx, p, opt)
		undo = append(undo, d)
		if ctx.Err() != nil {
			return nil, done, ctx.Err()
		}
		if err != nil {
			return nil, done, usageError{err}
		}
		plans = append(plans, some...)
	}
	sort.SliceStable(plans, func(i, j int) bool {
		return slices.Index(record.Kinds, plans[i].Kind()) < slices.Index(record.Kinds, plans[j].Kind())
	})
	return plans, done, nil
}

// load reads every plan into the store. An input that was refused as a whole
// before, and is tried again, is no longer open from then.
func (e *env) load(ctx context.Context, st *store.Store, plans []*file.Plan, m *model.Model) (record.Receipt, error) {
	var total record.Receipt
	for _, p := range plans {
		before, err := refusedWhole(ctx, st, p.Input)
		if err != nil {
			return total, err
		}
		r, err := e.loadOne(ctx, st, p, m)
		total.Add(r)
		if err == nil && len(before) > 0 {
			err = st.MarkReplayed(ctx, before)
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (e *env) loadOne(ctx context.Context, st *store.Store, p *file.Plan, m *model.Model) (total record.Receipt, err error) {
	e.showPlan(p)
	bar := e.progress(e.t("loading"), p.Size)
	defer bar.done()
	err = p.Read(ctx, func(b *record.Batch) error {
		r, err := st.Admit(ctx, b, m.Decide)
		total.Add(r)
		bar.at(p.ReadBytes().Load(), int64(total.RowsIn))
		return err
	})
	return total, err
}

// refusedWhole lists the open refusals of an input as a whole, of its end where
// it was cut off, or of the archive
// that it is in. Standard input is another one each time.
func refusedWhole(ctx context.Context, st *store.Store, input string) (ids []int64, err error) {
	if input == "stdin" {
		return nil, nil
	}
	err = st.Each(ctx, `select id from refused where (line = 0 or code = 'cut_off') and (input = $1 or starts_with($1, input || '!'))
		and id not in (select id from refused_replayed)`, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, input)
	if err != nil {
		return nil, fmt.Errorf("find what was refused as a whole: %w", err)
	}
	return ids, nil
}

func (e *env) showPlan(p *file.Plan) {
	if p.Err != nil {
		e.say("%s: %s", p.Input, e.t("code_"+string(p.Err.Code)))
		return
	}
	m := p.Mapping
	e.say("%s", e.t("file_line", "file", p.Input, "kind", e.t("kind_"+m.Profile.As), "profile", m.Profile.Name,
		"score", fmt.Sprintf("%.2f", m.Score), "format", p.Format, "encoding", orDash(p.Encoding)))
	if p.Skipped > 0 {
		e.say("%s", e.t("file_skipped", "n", p.Skipped))
	}
	if len(p.LeftOut) > 0 {
		e.say("%s", e.t("sheets_left_out", "sheets", strings.Join(p.LeftOut, ", ")))
	}
	if p.Weak() {
		e.say("%s", e.t("file_weak", "profile", m.Profile.Name, "score", fmt.Sprintf("%.2f", m.Score)))
	}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// showReceipt prints the books: rows in = loaded + known + refused.
func (e *env) showReceipt(r record.Receipt, asJSON bool) {
	if asJSON {
		out, err := json.Marshal(r)
		if err == nil {
			fmt.Fprintln(e.out, string(out))
		}
		return
	}
	if e.quiet {
		return
	}
	rows := [][]string{
		{e.t("rows_in"), thousands(int64(r.RowsIn))},
		{e.t("loaded"), thousands(int64(r.Loaded))},
		{e.t("known"), thousands(int64(r.Known))},
		{e.t("refused"), thousands(int64(r.Refused))},
	}
	if r.Updated > 0 {
		rows = slices.Insert(rows, 2, []string{"  " + e.t("of_which_updated"), thousands(int64(r.Updated))})
	}
	if r.Flagged > 0 {
		rows = append(rows, []string{e.t("flagged"), thousands(int64(r.Flagged))})
	}
	table(e.out, rows)
	if r.Refused > 0 {
		fmt.Fprintln(e.out)
		table(e.out, e.reasons(r.Reasons))
		fmt.Fprintln(e.out, e.t("refused_hint", "command", "plaint"))
	}
}

func (e *env) reasons(by map[record.Code]int) [][]string {
	codes := make([]record.Code, 0, len(by))
	for c := range by {
		codes = append(codes, c)
	}
	sort.Slice(codes, func(i, j int) bool {
		return by[codes[i]] > by[codes[j]] || by[codes[i]] == by[codes[j]] && codes[i] < codes[j]
	})
	var rows [][]string
	for _, c := range codes {
		rows = append(rows, []string{thousands(int64(by[c])), string(c), e.t("code_" + string(c))})
	}
	return rows
}

// dryRun reads everything and writes nothing.
func (e *env) dryRun(ctx context.Context, plans []*file.Plan) error {
	refused := 0
	for _, p := range plans {
		e.showPlan(p)
		if p.Err == nil {
			e.showMapping(p)
		}
		var r record.Receipt
		shown := 0
		err := p.Read(ctx, func(b *record.Batch) error {
			r.RowsIn += b.Rows()
			r.Refused += len(b.Refused)
			for _, x := range b.Refused {
				if shown++; shown <= 10 {
					fmt.Fprintf(e.out, "  %s %d %s: %s %s\n", e.t("line"), x.Line, x.Column, e.t("code_"+string(x.Code)), x.Detail)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		refused += r.Refused
		fmt.Fprintf(e.out, "%s: %s, %s: %s\n\n", e.t("rows_in"), thousands(int64(r.RowsIn)), e.t("refused"), thousands(int64(r.Refused)))
	}
	fmt.Fprintln(e.out, e.t("dry_run"))
	if refused > 0 {
		return status(exitRefused)
	}
	return nil
}

func (e *env) showMapping(p *file.Plan) {
	rows := [][]string{{e.t("column"), e.t("mapping"), e.t("sample")}}
	for i, h := range p.Mapping.Header {
		word := p.Mapping.Words[i]
		if word == "" {
			word = "(" + e.t("kept_extra") + ")"
		}
		sample := ""
		for _, s := range p.Sample {
			if i < len(s) && s[i] != "" {
				sample = clip(s[i], 40)
				break
			}
		}
		rows = append(rows, []string{clip(h, 40), word, sample})
	}
	table(e.out, rows)
	var others [][]string
	for _, c := range p.Candidates {
		if c != p.Mapping && c.Score > 0 && len(others) < 4 {
			others = append(others, []string{"  " + c.Profile.Name, fmt.Sprintf("%.2f", c.Score)})
		}
	}
	if len(others) > 0 {
		fmt.Fprintln(e.out, e.t("candidates")+":")
		table(e.out, others)
	}
}

func clip(s string, most int) string {
	n := 0
	for i, r := range s {
		if n += width(string(r)); n > most {
			return s[:i] + "…"
		}
		if r == '\n' || r == '\t' {
			return s[:i] + "…"
		}
	}
	return s
}
