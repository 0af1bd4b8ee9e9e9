package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
	"plaint/scoring/tabular"
)

// fraudFlags are the flags of lab fraud as they were given.
type fraudFlags struct {
	roles                   tabular.Roles
	edges, entities, ignore string
	model                   string
	reasons                 bool
}

func (e *env) labFraudCmd() *cobra.Command {
	var f fraudFlags
	c := e.method(&cobra.Command{Use: "fraud --in FILE --id COL [--label COL (--split COL | --time COL)]", Short: e.t("cmd_lab_fraud"), Long: e.t("cmd_lab_fraud_long"),
		Example: "  plaint lab fraud --in transactions.csv --id id --label fraud --time at --entities source,target --label-delay 5 --out scores.csv --reasons\n  plaint lab fraud --in transactions.csv --id id --time at --entities source,target --out odd.csv --reasons"},
		func(c *cobra.Command, l *lab) (map[string]any, error) { return l.fraud(c.Context(), &f) })
	c.Flags().StringVar(&f.roles.ID, "id", "", e.t("flag_lab_fraud_id"))
	c.Flags().StringVar(&f.roles.Label, "label", "", e.t("flag_lab_label"))
	c.Flags().StringVar(&f.roles.Split, "split", "", e.t("flag_lab_split"))
	c.Flags().StringVar(&f.roles.Time, "time", "", e.t("flag_lab_time"))
	c.Flags().StringVar(&f.edges, "edges", "", e.t("flag_lab_edges"))
	c.Flags().StringVar(&f.entities, "entities", "", e.t("flag_lab_entities"))
	c.Flags().Float64Var(&f.roles.Delay, "label-delay", 0, e.t("flag_lab_delay"))
	c.Flags().StringVar(&f.ignore, "ignore", "", e.t("flag_lab_fraud_ignore"))
	c.Flags().StringVar(&f.model, "model", "glass", e.t("flag_lab_model"))
	c.Flags().BoolVar(&f.reasons, "reasons", false, e.t("flag_lab_reasons"))
	return c
}

// fraud scores the rows of a table.
func (l *lab) fraud(ctx context.Context, f *fraudFlags) (map[string]any, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	t, ids, err := l.fraudTable(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.edges != "" {
		if f.roles.Edges, err = l.fraudEdges(ctx, f.edges, ids); err != nil {
			return nil, err
		}
	}
	if f.roles.Label == "" {
		return l.surprises(t, f, ids)
	}
	x, err := tabular.Screen(t, f.roles)
	var refused *tabular.Refused
	var problem *tabular.Problem
	switch {
	case errors.As(err, &refused):
		return nil, l.refuse(refused, f.roles.Ignore)
	case errors.As(err, &problem):
		return nil, &worded{problem.Code, problem.Pairs()}
	case err != nil:
		return nil, err
	}
	return x.Summary.Map(), l.fraudRows(x, ids, f.reasons)
}

// check refuses flags that do not go together.
func (f *fraudFlags) check() error {
	r := &f.roles
	f.model = strings.ToLower(f.model)
	switch {
	case r.ID == "":
		return usageError{&worded{code: "err_lab_id"}}
	case r.Label == "" && (r.Split != "" || r.Delay != 0 || f.model == "challenger"):
		return usageError{&worded{code: "err_lab_label"}}
	case r.Label != "" && (r.Split == "") == (r.Time == ""):
		return usageError{&worded{code: "err_lab_split_or_time"}}
	case !(r.Delay >= 0 && r.Delay < math.MaxFloat64) || r.Delay > 0 && r.Time == "":
		return usageError{&worded{code: "err_lab_delay"}}
	case f.model != "glass" && f.model != "challenger":
		return usageError{&worded{"err_lab_model", []any{"model", f.model}}}
	case f.reasons && f.model != "glass":
		return usageError{&worded{code: "err_lab_no_reasons"}}
	}
	r.Challenger = f.model == "challenger"
	return nil
}

// fraudTable reads the table and the ids as they are written, and gives the roles
// the names that the columns have in it.
func (l *lab) fraudTable(ctx context.Context, f *fraudFlags) (*tabular.Table, []string, error) {
	if err := l.openTable(ctx); err != nil {
		return nil, nil, err
	}
	in := l.table
	defer in.Close()
	if err := f.lookUp(in); err != nil {
		return nil, nil, err
	}
	t, idAt := tabular.NewTable(in.Columns), in.Column(f.roles.ID)
	var ids []string
	seen := map[string]bool{}
	for {
		row, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if err := checkID(seen, row[idAt], f.roles.ID, len(ids)); err != nil {
			return nil, nil, err
		}
		ids = append(ids, strings.Clone(row[idAt]))
		t.Add(row)
	}
	if t.Rows() == 0 {
		return nil, nil, l.noRows()
	}
	return t, ids, nil
}

// lookUp finds the columns of the roles.
func (f *fraudFlags) lookUp(in *file.Table) error {
	find := func(name *string) error {
		i := in.Column(strings.TrimSpace(*name))
		if i < 0 {
			return usageError{&worded{"err_no_column", []any{"name", *name, "known", strings.Join(in.Columns, ", ")}}}
		}
		*name = in.Columns[i]
		if slices.Contains(in.Columns[i+1:], *name) {
			return &worded{"err_column_twice", []any{"name", *name}}
		}
		return nil
	}
	f.roles.Entities, f.roles.Ignore = list(f.entities), list(f.ignore)
	wanted := []*string{&f.roles.ID}
	for _, one := range []*string{&f.roles.Label, &f.roles.Split, &f.roles.Time} {
		if *one != "" {
			wanted = append(wanted, one)
		}
	}
	for _, many := range [][]string{f.roles.Entities, f.roles.Ignore} {
		for i := range many {
			wanted = append(wanted, &many[i])
		}
	}
	for _, name := range wanted {
		if err := find(name); err != nil {
			return err
		}
	}
	return f.apart()
}

// apart refuses a column that was given two parts to play, such as the label as
// an entity: it would tell the answer.
func (f *fraudFlags) apart() error {
	played := map[string]string{f.roles.ID: "--id"}
	for _, x := range []struct {
		flag  string
		names []string
	}{{"--label", []string{f.roles.Label}}, {"--split", []string{f.roles.Split}}, {"--time", []string{f.roles.Time}}, {"--entities", f.roles.Entities}} {
		for _, name := range x.names {
			if name == "" {
				continue
			}
			if before, ok := played[name]; ok {
				return usageError{&worded{"err_lab_two_roles", []any{"name", name, "flag", before, "other", x.flag}}}
			}
			played[name] = x.flag
		}
	}
	return nil
}

// list parts names at commas.
func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

// fraudEdges reads ties between rows.
func (l *lab) fraudEdges(ctx context.Context, path string, ids []string) ([][2]int32, error) {
	at := make(map[string]int32, len(ids))
	for i, id := range ids {
		at[strings.TrimSpace(id)] = int32(i)
	}
	in, err := file.OpenTable(ctx, l.e.path(path), path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	a, b := in.Column("a"), in.Column("b")
	if a < 0 || b < 0 {
		return nil, &worded{"err_lab_edges", []any{"file", path, "known", strings.Join(in.Columns, ", ")}}
	}
	out := [][2]int32{}
	for row := 0; ; row++ {
		cells, err := in.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var tie [2]int32
		for k, cell := range [2]string{cells[a], cells[b]} {
			to, ok := at[strings.TrimSpace(cell)]
			if !ok {
				return nil, &worded{"err_lab_edge", []any{"file", path, "row", row, "id", cell}}
			}
			tie[k] = to
		}
		out = append(out, tie)
	}
}

// refuse tells which columns leak, to programs and to people, and how to go on
// without them and those that were ignored already.
func (l *lab) refuse(r *tabular.Refused, ignored []string) error {
	if err := json.NewEncoder(l.e.out).Encode(map[string]any{"refused": r.Leaks}); err != nil {
		return err
	}
	names, reasons := slices.Clone(ignored), []string{}
	for _, leak := range r.Leaks {
		names = append(names, leak.Column)
		reasons = append(reasons, leak.Column+": "+l.e.t(leak.Reason))
	}
	return &worded{"err_lab_leaks", []any{"reasons", strings.Join(reasons, "; "), "ignore", strings.Join(names, ",")}}
}

// surprises orders the rows of a table without labels by how unlike the others
// they are.
func (l *lab) surprises(t *tabular.Table, f *fraudFlags, ids []string) (map[string]any, error) {
	x, err := tabular.Unlabelled(t, f.roles)
	var problem *tabular.Problem
	if errors.As(err, &problem) {
		return nil, &worded{problem.Code, problem.Pairs()}
	}
	if err != nil {
		return nil, err
	}
	l.e.say("%s", l.e.t("lab_fraud_unlabelled"))
	header := []string{"id", "score", "bits"}
	if f.reasons {
		header = append(header, reasonNames(header, x.Groups)...)
	}
	return x.Summary.Map(), l.rows(strings.TrimSuffix(string(cells(header...)), "\n"), func(w *bufio.Writer) error {
		for i, id := range ids {
			line := []string{id, exact(x.Share[i]), exact(x.Bits[i])}
			for g := 0; f.reasons && g < len(x.Parts); g++ {
				line = append(line, exact(x.Parts[g][i]))
			}
			if _, err := w.Write(cells(line...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// reasonNames are the names of columns of reasons, none of which is taken.
func reasonNames(taken, groups []string) (out []string) {
	taken = slices.Clone(taken)
	for _, name := range groups {
		for slices.Contains(taken, name) {
			name = "reason " + name
		}
		taken, out = append(taken, name), append(out, name)
	}
	return out
}

// fraudRows writes id and score, and the reasons where they are asked for.
func (l *lab) fraudRows(x *tabular.Result, ids []string, reasons bool) error {
	header := []string{"id", "score"}
	var told *tabular.Reasons
	if reasons {
		told = x.Reasons()
		header = append(header, "log_odds", "base", "calibration")
		header = append(header, reasonNames(header, told.Groups)...)
	}
	return l.rows(strings.TrimSuffix(string(cells(header...)), "\n"), func(w *bufio.Writer) error {
		for k, row := range x.Rows {
			line := []string{ids[row], exact(x.Score[k])}
			if reasons {
				r := told.Of(row)
				line = append(line, exact(r.LogOdds), exact(r.Base), exact(r.Calibration))
				for _, g := range r.Groups {
					line = append(line, exact(g))
				}
			}
			if _, err := w.Write(cells(line...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// exact is a number with all its digits.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
