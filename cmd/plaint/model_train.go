package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"plaint/ingest/file"
	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/view"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// learnFlags are where labels come from and which complaints are looked at.
type learnFlags struct {
	labels, since, until, asOf string
	maturity                   float64
}

func (f *learnFlags) add(e *env, c *cobra.Command) {
	c.Flags().StringVar(&f.labels, "labels", "", e.t("flag_labels"))
	c.Flags().StringVar(&f.since, "since", "", e.t("flag_since"))
	c.Flags().StringVar(&f.until, "until", "", e.t("flag_until"))
	c.Flags().StringVar(&f.asOf, "as-of", "", e.t("flag_as_of"))
	c.Flags().Float64Var(&f.maturity, "maturity", 14, e.t("flag_maturity"))
}

// labelling is the period and the moment that the flags name; labels are read
// apart, from the open store.
func (f *learnFlags) labelling() (l learn.Labelling, err error) {
	if l.From, l.To, err = period(f.since, f.until); err != nil {
		return l, err
	}
	if l.AsOf, err = readDay("--as-of", f.asOf); err != nil {
		return l, err
	}
	if !(f.maturity >= 0 && f.maturity <= 3650) {
		return l, usageError{&worded{"err_flag_value", []any{"flag", "--maturity", "value", f.maturity}}}
	}
	l.Maturity = time.Duration(f.maturity * 24 * float64(time.Hour))
	return l, nil
}

// read reads the labels: from a file, else the verdicts on cases.
func (f *learnFlags) read(ctx context.Context, e *env, st *store.Store, l *learn.Labelling) (err error) {
	if l.AsOf.IsZero() {
		l.AsOf = st.Now()
	}
	if f.labels != "" {
		l.Source = "file"
		l.Labels, err = e.labelsOf(ctx, st, f.labels, l.AsOf)
		return err
	}
	l.Source = "verdicts"
	list, err := st.Verdicts(ctx)
	l.Labels = learn.Labels(list, l.AsOf)
	return err
}

// trainFlags are those of model train.
type trainFlags struct {
	learnFlags
	name, by, parent, out, ignore string
	aim                           learn.Aim
	seed                          uint64
	json                          bool
}

func (e *env) modelTrainCmd() *cobra.Command {
	var f trainFlags
	c := &cobra.Command{Use: "train", Short: e.t("cmd_model_train"), Long: e.t("cmd_model_train_long"), Args: cobra.NoArgs,
		Example: "  plaint model train\n  plaint model train --labels truth.csv --queue 40 --name risk\n  plaint model train --precision 0.85 --since 2025-01-01",
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.check(c)
			if err != nil {
				return err
			}
			if err := e.foresee(f.parent); err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.train(c.Context(), st, &f, l) })
		}}
	f.add(e, c)
	c.Flags().StringVar(&f.name, "name", "own", e.t("flag_model_name"))
	c.Flags().StringVar(&f.by, "by", "", e.t("flag_model_by"))
	c.Flags().StringVar(&f.parent, "parent", "", e.t("flag_model_parent"))
	c.Flags().StringVar(&f.out, "out", "", e.t("flag_model_out"))
	c.Flags().StringVar(&f.ignore, "ignore", "", e.t("flag_model_ignore"))
	c.Flags().Float64Var(&f.aim.Queue, "queue", 0, e.t("flag_queue"))
	c.Flags().Float64Var(&f.aim.Precision, "precision", 0, e.t("flag_precision"))
	c.Flags().Float64Var(&f.aim.Cost, "cost", 0, e.t("flag_cost"))
	c.Flags().Uint64Var(&f.seed, "seed", 1, e.t("flag_train_seed"))
	c.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	return c
}

var modelName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,40}$`)

// check refuses flags that make no sense, alone or together.
func (f *trainFlags) check(c *cobra.Command) (learn.Labelling, error) {
	aims := 0
	for _, x := range []struct {
		flag  string
		value float64
		most  float64
	}{{"queue", f.aim.Queue, 1e9}, {"precision", f.aim.Precision, 1}, {"cost", f.aim.Cost, 1e9}} {
		if !c.Flags().Changed(x.flag) {
			continue
		}
		if aims++; !(x.value > 0 && x.value < x.most) {
			return learn.Labelling{}, usageError{&worded{"err_flag_value", []any{"flag", "--" + x.flag, "value", x.value}}}
		}
	}
	switch {
	case aims > 1:
		return learn.Labelling{}, usageError{&worded{code: "err_one_aim"}}
	case !modelName.MatchString(f.name):
		return learn.Labelling{}, usageError{&worded{"err_model_name", []any{"name", f.name}}}
	}
	return f.labelling()
}

// train makes a model of the kept signals and the labels, keeps it as a candidate
// and shows its card.
func (e *env) train(ctx context.Context, st *store.Store, f *trainFlags, l learn.Labelling) error {
	parent, err := e.modelOf(ctx, st, f.parent)
	if err != nil {
		return err
	}
	ignore := list(f.ignore)
	for _, name := range ignore {
		if !slices.Contains(parent.SignalNames(), name) {
			return usageError{&worded{"err_no_signal", []any{"name", name, "names", strings.Join(parent.SignalNames(), ", ")}}}
		}
	}
	if err := f.read(ctx, e, st, &l); err != nil {
		return err
	}
	e.say("%s", e.t("model_training", "n", thousands(int64(len(l.Labels)))))
	d := learn.NewData(parent.SignalNames(), e.orders(ctx, st), l)
	if err := st.History(ctx, func(k *record.Kept) error { d.Add(k); return nil }); err != nil {
		return err
	}
	name, err := e.nextName(ctx, st, f.name)
	if err != nil {
		return err
	}
	if f.by == "" {
		f.by = whoAmI()
	}
	m, err := learn.Train(d, learn.Options{Name: name, By: f.by, Created: st.Now(), Parent: parent, Aim: f.aim, Ignore: ignore, Seed: f.seed})
	if err != nil {
		return learnError(err)
	}
	return e.keepModel(ctx, st, m, f)
}

// nextName is the name with the next free number.
func (e *env) nextName(ctx context.Context, st *store.Store, name string) (string, error) {
	have, err := view.Models(ctx, st)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		next := fmt.Sprint(name, "-", n)
		if !slices.ContainsFunc(have, func(m record.ModelVersion) bool { return m.Name == next }) && !model.Builtin(next) {
			return next, nil
		}
	}
}

func (e *env) keepModel(ctx context.Context, st *store.Store, m *model.Model, f *trainFlags) error {
	text, err := yaml.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := model.Parse(text); err != nil { // what is kept must be what can be read
		return fmt.Errorf("the trained model cannot be read again: %w", err)
	}
	c := m.Card
	err = st.AddModel(ctx, record.ModelVersion{Name: m.Name, Author: f.by, From: c.Blocks[0].From, To: c.Blocks[len(c.Blocks)-1].To, File: text})
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := os.WriteFile(e.path(f.out), text, 0o666&^e.umask); err != nil {
			return err
		}
		e.say("%s", e.t("wrote", "path", f.out))
	}
	if f.json {
		return json.NewEncoder(e.out).Encode(map[string]any{"model": m.Name, "threshold": m.Threshold, "card": c})
	}
	if !e.quiet {
		e.figures([]model.Figures{c.Test, c.Before})
		for _, w := range e.cardWarnings(c) {
			e.say("%s: %s", e.t("doctor_note"), w)
		}
	}
	e.say("%s", e.t("model_kept", "name", m.Name))
	return nil
}

// labelsOf reads labels from a table: id and abuse, and, where there are, when it
// was decided and the chance with which the complaint was drawn.
func (e *env) labelsOf(ctx context.Context, st *store.Store, path string, asOf time.Time) (map[int64]learn.Label, error) {
	in, err := file.OpenTable(ctx, e.path(path))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	id, abuse := in.Column("id"), in.Column("abuse")
	if id < 0 || abuse < 0 {
		return nil, &worded{"err_labels_columns", []any{"file", path, "known", strings.Join(in.Columns, ", ")}}
	}
	decided, share := in.Column("decided"), in.Column("share")
	byID := map[string]learn.Label{}
	for row := 0; ; row++ {
		cells, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		l, ok, err := label(cells, abuse, decided, share)
		if err != nil {
			return nil, &worded{"err_labels_row", []any{"file", path, "row", row, "value", err.Error()}}
		}
		if ok && !l.Decided.After(asOf) {
			byID[strings.Clone(strings.TrimSpace(cells[id]))] = l
		}
	}
	return e.byNumber(ctx, st, byID)
}

// label reads a row; ok is false where the abuse is empty. The error is the cell
// that cannot be read.
func label(cells []string, abuse, decided, share int) (l learn.Label, ok bool, err error) {
	cell := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.ToLower(strings.TrimSpace(cells[i]))
	}
	l.Weight = 1
	switch v := cell(abuse); v {
	case "":
		return l, false, nil
	case "1", "true", "yes", "是":
		l.Bad = true
	case "0", "false", "no", "否":
	default:
		return l, false, errors.New(v)
	}
	if v := cell(decided); v != "" {
		if l.Decided, err = readDay("", strings.ToUpper(v)); err != nil {
			return l, false, errors.New(v)
		}
	}
	if v := cell(share); v != "" {
		p, err := strconv.ParseFloat(v, 64)
		if err != nil || !(p > 0 && p <= 1) {
			return l, false, errors.New(v)
		}
		l.Weight, l.Audited = 1/p, p < 1
	}
	return l, true, nil
}

// byNumber finds the complaints that ids are of. An id that two sources use is of
// none.
func (e *env) byNumber(ctx context.Context, st *store.Store, byID map[string]learn.Label) (map[int64]learn.Label, error) {
	out, seqOf := make(map[int64]learn.Label, len(byID)), make(map[string]int64, len(byID))
	twice := 0
	err := st.ComplaintIDs(ctx, func(seq int64, id string) {
		l, ok := byID[id]
		if !ok {
			return
		}
		if before, is := seqOf[id]; is {
			if before > 0 {
				delete(out, before)
				twice++
			}
			seqOf[id] = 0
			return
		}
		seqOf[strings.Clone(id)] = seq
		out[seq] = l
	})
	if n := len(byID) - len(seqOf); err == nil && n+twice > 0 {
		e.say("%s: %s", e.t("doctor_note"), e.t("labels_unknown", "n", thousands(int64(n)), "twice", thousands(int64(twice))))
	}
	return out, err
}

// figures shows models side by side.
func (e *env) figures(list []model.Figures) {
	rows := [][]string{{""}, {e.t("fig_rows")}, {e.t("fig_bad")}, {e.t("fig_auroc")}, {e.t("fig_ap")}, {e.t("fig_error")}, {e.t("fig_threshold")}, {e.t("fig_flagged")},
		{e.t("fig_precision")}, {e.t("fig_recall")}, {e.t("fig_false")}}
	for _, f := range list {
		for i, v := range []string{f.Model, thousands(int64(f.Rows)), thousands(int64(f.Bad)), four(f.AUROC), four(f.AP), four(f.Error), four(f.Threshold), thousands(int64(f.Flagged)),
			percent(f.Precision), percent(f.Recall), percent(f.FalseRate)} {
			rows[i] = append(rows[i], v)
		}
	}
	table(e.out, rows)
}

func four(v float64) string { return fmt.Sprintf("%.4f", v) }

// percent is a rate with its interval.
func percent(r model.Rate) string {
	if r.N == 0 || math.IsNaN(r.Share) {
		return "–"
	}
	return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*r.Share, 100*r.Low, 100*r.High)
}
