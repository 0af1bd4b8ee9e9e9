package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/card"
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
	if aims > 1 {
		return learn.Labelling{}, usageError{&worded{code: "err_one_aim"}}
	}
	if err := called(f.name); err != nil {
		return learn.Labelling{}, err
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
	d := learn.NewData(parent.SignalNames(), e.orders(ctx, st), l, parent)
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
		for _, w := range card.Warnings(e.words, c) {
			e.say("%s: %s", e.t("doctor_note"), w)
		}
	}
	e.say("%s", e.t("model_kept", "name", m.Name))
	return nil
}

// figures shows models side by side.
func (e *env) figures(list []model.Figures) {
	rows := [][]string{{""}, {e.t("fig_rows")}, {e.t("fig_bad")}, {e.t("fig_auroc")}, {e.t("fig_ap")}, {e.t("fig_error")}, {e.t("fig_threshold")}, {e.t("fig_flagged")},
		{e.t("fig_precision")}, {e.t("fig_recall")}, {e.t("fig_false")}}
	for _, f := range list {
		for i, v := range []string{f.Model, thousands(int64(f.Rows)), thousands(int64(f.Bad)), card.Number(f.AUROC), card.Number(f.AP), card.Number(f.Error), card.Number(f.Threshold), thousands(int64(f.Flagged)),
			card.Rate(f.Precision).String(), card.Rate(f.Recall).String(), card.Rate(f.FalseRate).String()} {
			rows[i] = append(rows[i], v)
		}
	}
	table(e.out, rows)
}

// called refuses what a new model cannot be called.
func called(name string) error {
	switch {
	case name == "":
		return usageError{&worded{code: "err_need_name"}}
	case !modelName.MatchString(name):
		return usageError{&worded{"err_model_name", []any{"name", name}}}
	}
	return nil
}
