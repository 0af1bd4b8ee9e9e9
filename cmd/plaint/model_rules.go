package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"plaint/internal/record"
	"plaint/internal/store"
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
			if !modelName.MatchString(f.name) {
				return usageError{&worded{"err_model_name", []any{"name", f.name}}}
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
	f, err := os.Open(e.path(name))
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	var file struct {
		Rules []rule.Rule `yaml:"rules"`
	}
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err = d.Decode(&file); errors.Is(err, io.EOF) {
		err = nil // an empty file has no rules
	}
	if err == nil && len(file.Rules) == 0 {
		err = &rule.Error{Code: "err_rule_none"}
	}
	if err == nil {
		_, err = rule.Missing(file.Rules, nil)
	}
	if err != nil {
		return nil, usageError{&worded{"err_bad_rules", []any{"file", name, "reason", err}}}
	}
	return file.Rules, nil
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
	if f.json {
		return json.NewEncoder(e.out).Encode(map[string]any{"model": m.Name, "rules": m.Rules, "trial": m.Trial})
	}
	if !e.quiet {
		table(e.out, e.ruleRows(m.Rules, m.Trial.Rules))
		fmt.Fprintln(e.out)
		table(e.out, e.queueRows(m))
		for _, w := range e.ruleWarnings(m) {
			e.say("%s: %s", e.t("doctor_note"), w)
		}
	}
	e.say("%s", e.t("model_rules_kept", "name", m.Name))
	return nil
}

// ruleRows are what rules did, one in a row.
func (e *env) ruleRows(rules []rule.Rule, did []model.Ruled) [][]string {
	rows := [][]string{{e.t("rule"), e.t("rule_points"), e.t("rule_held"), e.t("rule_flagged"), e.t("rule_cleared"), e.t("rule_abuse"), e.t("rule_changed"), e.t("rule_upheld")}}
	n := func(v int) string { return thousands(int64(v)) }
	for i, r := range did {
		name := r.Name
		if about := rules[i].About[e.words.Lang]; about != "" {
			name += ": " + about
		}
		rows = append(rows, []string{name, fmt.Sprintf("%+.2f", r.Points), n(r.Held), n(r.Flagged), n(r.Cleared), percent(r.Abuse), percent(r.Changed), percent(r.Upheld)})
	}
	return rows
}

// queueRows are what reviewers get without and with the rules.
func (e *env) queueRows(m *model.Model) [][]string {
	a, b := m.Trial.Before, m.Trial.After
	n := func(v int) string { return thousands(int64(v)) }
	return [][]string{{"", m.Trial.On, m.Name},
		{e.t("flagged"), n(a.Flagged), n(b.Flagged)},
		{e.t("backtest_a_day"), fmt.Sprintf("%.1f", a.ADay), fmt.Sprintf("%.1f", b.ADay)},
		{e.t("backtest_busiest"), n(a.Busiest), n(b.Busiest)},
		{e.t("fig_precision"), percent(a.Precision), percent(b.Precision)},
		{e.t("fig_recall"), percent(a.Recall), percent(b.Recall)},
		{e.t("backtest_upheld"), percent(a.Upheld), percent(b.Upheld)}}
}

// ruleWarnings say what a reader must know before rules are believed.
func (e *env) ruleWarnings(m *model.Model) (out []string) {
	for i := range m.Rules {
		r, d := &m.Rules[i], m.Doubts(i)
		if len(d.Falls) > 0 {
			out = append(out, e.t("rule_falls", "rule", r.Name, "signals", e.signalWords(d.Falls)))
		}
		if d.Alone {
			out = append(out, e.t("rule_alone", "rule", r.Name))
		}
		if d.Speech {
			out = append(out, e.t("rule_language", "rule", r.Name))
		}
		if t := m.Trial; t != nil && t.Rules[i].Failed > 0 {
			out = append(out, e.t("rule_failed", "rule", r.Name, "n", thousands(int64(t.Rules[i].Failed))))
		}
	}
	return out
}

// signalWords names signals in the reader's language.
func (e *env) signalWords(names []string) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = e.t("signal_" + n)
	}
	return strings.Join(words, e.t("list_comma"))
}

// rules are those of a model, and what they did when they were put on it.
func (p *page) rules(m *model.Model) {
	e := p.e
	p.head("card_rules")
	fmt.Fprintf(p, "%s\n\n", e.t("card_rules_about"))
	rows := [][]string{{e.t("rule"), e.t("rule_when"), e.t("rule_points"), e.t("rule_words"), e.t("model_by")}}
	for i := range m.Rules {
		r := &m.Rules[i]
		rows = append(rows, []string{r.Name, "`" + r.Line() + "`", fmt.Sprintf("%+.2f", r.Points), r.About[e.words.Lang], r.By})
	}
	p.table(rows)
	if t := m.Trial; t != nil {
		fmt.Fprintf(p, "\n%s\n\n", e.t("card_trial", "n", thousands(int64(t.Complaints)), "from", shortDay(t.From), "to", shortDay(t.To), "on", t.On))
		p.table(e.ruleRows(m.Rules, t.Rules))
		fmt.Fprintln(p)
		p.table(e.queueRows(m))
	}
	fmt.Fprintln(p)
	for _, w := range e.ruleWarnings(m) {
		fmt.Fprintf(p, "- %s\n", w)
	}
}
