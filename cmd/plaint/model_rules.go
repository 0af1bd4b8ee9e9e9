package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/card"
	"plaint/internal/web/view"
	"plaint/scoring/learn"
	"plaint/scoring/model"
	"plaint/scoring/rule"
)

// rulesFlags are those of model rules.
type rulesFlags struct {
	learnFlags
	on, name, by string
	json         bool
}

func (e *env) modelRulesCmd() *cobra.Command {
	var f rulesFlags
	c := &cobra.Command{Use: "rules FILE.yaml --name NEW", Short: e.t("cmd_model_rules"), Long: e.t("cmd_model_rules_long", "names", strings.Join(rule.Names(), ", ")), Args: cobra.ExactArgs(1),
		Example: "  plaint model rules rules.yaml --on own-1 --name own-1-rules\n  plaint backtest --model own-1-rules --out changed.csv\n  plaint model promote own-1-rules --by li.wei --reason \"as tested\"",
		RunE: func(c *cobra.Command, args []string) error {
			l, err := f.labelling()
			if err != nil {
				return err
			}
			if err := called(f.name); err != nil {
				return err
			}
			rules, err := e.readRules(args[0])
			if err != nil {
				return err
			}
			if err := e.foresee(f.on); err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.addRules(c.Context(), st, &f, rules, l) })
		}}
	f.add(e, c)
	c.Flags().StringVar(&f.on, "on", "", e.t("flag_rules_on"))
	c.Flags().StringVar(&f.name, "name", "", e.t("flag_rules_name"))
	c.Flags().StringVar(&f.by, "by", "", e.t("flag_model_by"))
	c.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	return c
}

// readRules reads a file of rules and refuses what is wrong with them before a
// database is opened.
func (e *env) readRules(name string) ([]rule.Rule, error) {
	if !model.IsFile(name) {
		return nil, usageError{&worded{"err_model_file", []any{"file", name}}}
	}
	data, err := os.ReadFile(e.path(name))
	if err != nil {
		return nil, usageError{err}
	}
	rules, err := rule.Read(data)
	if err != nil {
		return nil, usageError{inFile(name, "err_bad_rules", "file", err)}
	}
	return rules, nil
}

// addRules makes a candidate of a model and rules, tries them on history beside the
// model without them, and shows what came of it.
func (e *env) addRules(ctx context.Context, st *store.Store, f *rulesFlags, rules []rule.Rule, l learn.Labelling) error {
	on, err := e.modelOf(ctx, st, f.on)
	if err != nil {
		return err
	}
	if _, err := view.LoadModel(ctx, st, f.name); !errors.Is(err, store.ErrNoModel) {
		return usageError{&worded{"err_model_other", []any{"name", f.name}}}
	}
	if f.by == "" {
		f.by = whoAmI()
	}
	for i := range rules {
		if rules[i].By == "" {
			rules[i].By = f.by
		}
	}
	m, err := on.WithRules(f.name, rules)
	if err != nil {
		return badModel(f.name, fmt.Errorf("rules: %w", err))
	}
	if err := f.read(ctx, e, st, &l); err != nil {
		return err
	}
	b := learn.NewBacktest(m, on, e.orders(ctx, st), l, 0)
	if err := st.History(ctx, func(k *record.Kept) error { b.Add(k); return nil }); err != nil {
		return err
	}
	tested := b.Result()
	m.Trial = tested.Trial()
	m.Trial.At, m.Trial.By = st.Now(), f.by
	return e.keepRules(ctx, st, m, f)
}

// keepRules keeps a model with rules as a candidate and shows them.
func (e *env) keepRules(ctx context.Context, st *store.Store, m *model.Model, f *rulesFlags) error {
	text, err := yaml.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := model.Parse(text); err != nil { // what is kept must be what can be read
		return fmt.Errorf("the model with rules cannot be read again: %w", err)
	}
	v := record.ModelVersion{Name: m.Name, Author: f.by, File: text}
	if c := m.Card; c != nil && len(c.Blocks) > 0 {
		v.From, v.To = c.Blocks[0].From, c.Blocks[len(c.Blocks)-1].To
	}
	if err := st.AddModel(ctx, v); err != nil {
		return err
	}
	strange, err := view.StrangeWords(ctx, st, m)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(e.out).Encode(map[string]any{"model": m.Name, "rules": m.Rules, "trial": m.Trial, "strange": strange})
	}
	if !e.quiet {
		table(e.out, card.Rules(e.words, m.Rules, m.Trial.Rules).Plain())
		fmt.Fprintln(e.out)
		table(e.out, card.Queue(e.words, m).Plain())
		for _, w := range append(card.RuleWarnings(e.words, m), card.StrangeWords(e.words, strange)...) {
			e.say("%s: %s", e.t("doctor_note"), w)
		}
	}
	e.say("%s", e.t("model_rules_kept", "name", m.Name))
	return nil
}
