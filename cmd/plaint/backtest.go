package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/card"
	"plaint/internal/web/view"
	"plaint/scoring/learn"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// backtestFlags are those of backtest.
type backtestFlags struct {
	learnFlags
	model, against, out string
	threshold, cost     float64
	recompute, json     bool
}

func (e *env) backtestCmd() *cobra.Command {
	var f backtestFlags
	c := &cobra.Command{Use: "backtest", Short: e.t("cmd_backtest"), Long: e.t("cmd_backtest_long"), Args: cobra.NoArgs,
		Example: "  plaint backtest --model own-1 --out changed.csv\n  plaint backtest --model mine.yaml --threshold 0.5 --since 2026-01-01 --until 2026-04-01\n  plaint backtest --threshold -0.2",
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.labelling()
			if err != nil {
				return err
			}
			changed := c.Flags().Changed
			switch {
			case changed("threshold") && (math.IsNaN(f.threshold) || math.IsInf(f.threshold, 0)):
				return usageError{&worded{"err_flag_value", []any{"flag", "--threshold", "value", f.threshold}}}
			case changed("cost") && !(f.cost > 0 && f.cost < 1e9):
				return usageError{&worded{"err_flag_value", []any{"flag", "--cost", "value", f.cost}}}
			}
			for _, n := range []string{f.model, f.against} {
				if err := e.foresee(n); err != nil {
					return err
				}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.backtest(c.Context(), st, &f, l, changed("threshold")) })
		}}
	f.add(e, c)
	c.Flags().StringVar(&f.model, "model", "", e.t("flag_backtest_model"))
	c.Flags().StringVar(&f.against, "against", "", e.t("flag_against"))
	c.Flags().Float64Var(&f.threshold, "threshold", 0, e.t("flag_threshold"))
	c.Flags().Float64Var(&f.cost, "cost", 0, e.t("flag_cost"))
	c.Flags().StringVar(&f.out, "out", "", e.t("flag_backtest_out"))
	c.Flags().BoolVar(&f.recompute, "recompute", false, e.t("flag_recompute"))
	c.Flags().BoolVar(&f.json, "json", false, e.t("flag_json"))
	return c
}

// backtest judges history by a model and by the one it is compared with. No
// decision is kept and no case; of a model with rules, that it was tested.
func (e *env) backtest(ctx context.Context, st *store.Store, f *backtestFlags, l learn.Labelling, moved bool) error {
	tested, err := e.tested(ctx, st, f.model)
	if err != nil {
		return err
	}
	against, err := e.modelOf(ctx, st, f.against)
	if err != nil {
		return err
	}
	if moved {
		other := *tested
		other.Threshold = f.threshold
		tested = &other
	}
	if err := f.read(ctx, e, st, &l); err != nil {
		return err
	}
	read := st.History
	order := e.orders(ctx, st)
	if f.recompute {
		if read, order, err = e.afresh(ctx, st, tested, against); err != nil {
			return err
		}
	}
	if tested.Name == against.Name && tested.Threshold == against.Threshold {
		e.say("%s: %s", e.t("doctor_note"), e.t("backtest_same", "name", tested.Name))
	}
	if c := tested.Card; c != nil && len(c.Blocks) > 0 && l.From.Before(c.Blocks[len(c.Blocks)-1].From) {
		e.say("%s: %s", e.t("doctor_note"), e.t("backtest_learned", "name", tested.Name, "day", c.Blocks[len(c.Blocks)-1].From.Format(time.DateOnly)))
	}
	started := st.Now()
	b := learn.NewBacktest(tested, against, order, l, f.cost)
	w, err := e.changes(ctx, st, f.out, tested)
	if err != nil {
		return err
	}
	err = read(ctx, func(k *record.Kept) error {
		if c, changed := b.Add(k); changed {
			return w.write(c)
		}
		return nil
	})
	if err := w.close(err); err != nil {
		return err
	}
	t := b.Result()
	if err := e.keepTest(ctx, st, tested, f, t, started); err != nil {
		return err
	}
	return e.tellBacktest(ctx, st, tested, t, f)
}

// tested is the model to test: the one that is named, else the shadow, else the
// champion with another threshold.
func (e *env) tested(ctx context.Context, st *store.Store, name string) (*model.Model, error) {
	if name == "" {
		v, err := st.ModelIn(ctx, record.Shadow)
		if err != nil {
			return nil, err
		}
		name = v.Name
	}
	return e.modelOf(ctx, st, name)
}

// afresh computes the signals of every complaint anew from the records, as they
// were known when it was received, and reads history with them.
func (e *env) afresh(ctx context.Context, st *store.Store, models ...*model.Model) (func(context.Context, func(*record.Kept) error) error, learn.Orders, error) {
	names := learn.Signals(models...)
	fresh := map[int64][]float32{}
	err := st.Replay(ctx, func(c *record.Complaint, h *record.History) {
		v := make([]float32, len(names))
		for i, n := range names {
			v[i] = float32(signal.All[n](c, h))
		}
		fresh[c.Line] = v
	})
	read := func(ctx context.Context, f func(*record.Kept) error) error {
		return st.History(ctx, func(k *record.Kept) error {
			if v, ok := fresh[k.Seq]; ok {
				k.Signals = v
				return f(k)
			}
			return nil // it came after the signals were computed
		})
	}
	return read, func(string) []string { return names }, err
}

// changeWriter writes complaints that the models disagree on, beside the target
// first, so that no half table stays.
type changeWriter struct {
	path string
	f    *os.File
	w    *bufio.Writer
	m    *model.Model
	ids  map[int64]string // of their source, by arrival number
}

func (e *env) changes(ctx context.Context, st *store.Store, out string, m *model.Model) (*changeWriter, error) {
	if out == "" {
		return &changeWriter{}, nil
	}
	ids := map[int64]string{}
	if err := st.ComplaintIDs(ctx, func(seq int64, id string) { ids[seq] = id }); err != nil {
		return nil, err
	}
	path := e.path(out)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	c := &changeWriter{path, f, bufio.NewWriterSize(f, 1<<20), m, ids}
	_, err = c.w.WriteString("seq,source,id,received,change,score,threshold,against_score,against_threshold,verdict,type,language,country,reasons\n")
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path+".new"))
	}
	return c, nil
}

func (c *changeWriter) write(x learn.Change) error {
	if c.w == nil {
		return nil
	}
	change, verdict := "cleared", ""
	if x.Flagged {
		change = "flagged"
	}
	if x.Row.Labelled {
		verdict = map[bool]string{true: "abuse", false: "honest"}[x.Row.Bad]
	}
	var reasons []string
	for _, r := range c.m.Reasons(x.New.Signals) {
		reasons = append(reasons, r.Signal+"="+strconv.FormatFloat(r.Points, 'g', -1, 64))
	}
	_, err := c.w.Write(cells(strconv.FormatInt(x.Seq, 10), x.Source, c.ids[x.Seq], x.At.Format("2006-01-02T15:04:05Z"), change, exact(x.New.Score), exact(x.New.Threshold), exact(x.Old.Score), exact(x.Old.Threshold),
		verdict, x.Row.By[2], x.Row.By[0], x.Row.By[1], strings.Join(reasons, " ")))
	return err
}

// close puts the table in its place, unless something failed.
func (c *changeWriter) close(err error) error {
	if c.w == nil {
		return err
	}
	err = errors.Join(err, c.w.Flush(), c.f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(c.path+".new"))
	}
	return os.Rename(c.path+".new", c.path)
}

// tellBacktest shows what came of a test, with what the rules compare with nothing.
func (e *env) tellBacktest(ctx context.Context, st *store.Store, tested *model.Model, t learn.Tested, f *backtestFlags) error {
	strange, err := view.StrangeWords(ctx, st, tested)
	if err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(e.out).Encode(struct {
			learn.Tested
			Strange []view.Strange `json:"strange,omitempty"`
		}{t, strange})
	}
	for _, w := range card.StrangeWords(e.words, strange) {
		e.say("%s: %s", e.t("doctor_note"), w)
	}
	return e.showBacktest(tested, t, f)
}

func (e *env) showBacktest(tested *model.Model, t learn.Tested, f *backtestFlags) error {
	if t.Unread > 0 {
		e.say("%s: %s", e.t("doctor_note"), e.t("backtest_unread", "n", thousands(int64(t.Unread)), "models", strings.Join(t.Unknown, ", ")))
	}
	n := func(v int) string { return thousands(int64(v)) }
	a, b := t.Model, t.Against
	rows := [][]string{{"", e.t("backtest_tested") + ": " + a.Model, e.t("backtest_against") + ": " + b.Model},
		{e.t("fig_threshold"), card.Number(a.Threshold), card.Number(b.Threshold)},
		{e.t("flagged"), n(a.AllFlagged), n(b.AllFlagged)},
		{e.t("backtest_a_day"), fmt.Sprintf("%.1f", a.ADay), fmt.Sprintf("%.1f", b.ADay)},
		{e.t("backtest_busiest"), n(a.Busiest), n(b.Busiest)},
		{e.t("fig_precision"), card.Rate(a.Precision).String(), card.Rate(b.Precision).String()},
		{e.t("fig_recall"), card.Rate(a.Recall).String(), card.Rate(b.Recall).String()},
		{e.t("fig_false"), card.Rate(a.FalseRate).String(), card.Rate(b.FalseRate).String()},
		{e.t("backtest_upheld"), card.Rate(a.Upheld).String(), card.Rate(b.Upheld).String()},
		{e.t("backtest_upheld_others"), card.Rate(a.Others).String(), card.Rate(b.Others).String()}}
	if a.Cost != nil && b.Cost != nil {
		rows = append(rows, []string{e.t("backtest_cost"), card.Number(*a.Cost), card.Number(*b.Cost)})
	}
	fmt.Fprintln(e.out, e.t("backtest_over", "n", n(t.Complaints), "from", card.Day(t.From), "to", card.Day(t.To), "labels", n(a.Rows)))
	table(e.out, rows)
	fmt.Fprintln(e.out, e.t("backtest_changes", "newly", n(t.Newly), "newly_abuse", card.Rate(t.NewlyAbuse).String(), "cleared", n(t.Cleared), "cleared_abuse", card.Rate(t.ClearedAbuse).String(), "both", n(t.Both)))
	if len(t.Rules) > 0 {
		fmt.Fprintf(e.out, "\n%s\n", e.t("card_rules"))
		table(e.out, card.Rules(e.words, tested.Rules, t.Rules).Plain())
		for _, r := range t.Rules {
			if r.Failed > 0 {
				e.say("%s: %s", e.t("doctor_note"), e.t("rule_failed", "rule", r.Name, "n", n(r.Failed)))
			}
		}
	}
	if len(a.Groups) > 0 {
		fmt.Fprintf(e.out, "\n%s\n", e.t("model_groups_of", "name", a.Model))
		table(e.out, card.Groups(e.words, a.Groups).Plain())
	}
	if a.Suppression {
		e.say("%s: %s", e.t("doctor_note"), e.t("backtest_suppression"))
	}
	if f.out != "" {
		e.say("%s", e.t("wrote", "path", f.out))
	}
	return nil
}
