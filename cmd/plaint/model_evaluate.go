package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/card"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

func (e *env) modelEvaluateCmd() *cobra.Command {
	var f learnFlags
	var against string
	var asJSON bool
	c := &cobra.Command{Use: "evaluate [NAME]", Short: e.t("cmd_model_evaluate"), Long: e.t("cmd_model_evaluate_long"), Args: cobra.MaximumNArgs(1),
		Example: "  plaint model evaluate own-1\n  plaint model evaluate mine.yaml --against plaint-2 --since 2026-03-01 --labels truth.csv",
		RunE: func(c *cobra.Command, args []string) error {
			l, err := f.labelling()
			if err != nil {
				return err
			}
			names := []string{"", against}
			copy(names, args)
			for _, n := range names {
				if err := e.foresee(n); err != nil {
					return err
				}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				if err := f.read(c.Context(), e, st, &l); err != nil {
					return err
				}
				return e.evaluate(c.Context(), st, names, l, asJSON)
			})
		}}
	f.add(e, c)
	c.Flags().StringVar(&against, "against", "", e.t("flag_against"))
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	return c
}

// evaluate measures a model beside another on labelled complaints: of the period
// that was asked for, else of what a trained model had not seen, else of the
// newest block.
func (e *env) evaluate(ctx context.Context, st *store.Store, names []string, l learn.Labelling, asJSON bool) error {
	var models []*model.Model
	for _, n := range names {
		m, err := e.modelOf(ctx, st, n)
		if err != nil {
			return err
		}
		if len(models) == 0 || models[0].Name != m.Name {
			models = append(models, m)
		}
	}
	if c := models[0].Card; c != nil && l.From.IsZero() && l.To.IsZero() {
		l.From = c.Blocks[len(c.Blocks)-1].From
	}
	d, err := e.gather(ctx, st, models, l)
	if err != nil {
		return err
	}
	from := l.From
	if from.IsZero() && l.To.IsZero() {
		from = d.Newest()
	}
	list, err := d.Evaluate(from, models...)
	if err != nil {
		return learnError(err)
	}
	drift := d.Drift(models[0], from)
	if asJSON {
		return json.NewEncoder(e.out).Encode(map[string]any{"from": from, "figures": list, "drift": drift})
	}
	e.figures(list)
	for _, f := range list {
		fmt.Fprintf(e.out, "\n%s\n", e.t("model_groups_of", "name", f.Model))
		table(e.out, card.Groups(e.words, f.Groups).Plain())
	}
	e.showDrift(drift)
	e.aged(models[0], from)
	return nil
}

// aged warns where complaints are measured that the model learned from.
func (e *env) aged(m *model.Model, from time.Time) {
	if c := m.Card; c != nil && from.Before(c.Blocks[len(c.Blocks)-1].From) {
		e.say("%s: %s", e.t("doctor_note"), e.t("model_seen", "name", m.Name, "at", c.Blocks[len(c.Blocks)-1].From.Format("2006-01-02")))
	}
}

// gather reads the complaints with the signals that the models look at.
func (e *env) gather(ctx context.Context, st *store.Store, models []*model.Model, l learn.Labelling) (*learn.Data, error) {
	d := learn.NewData(learn.Signals(models...), e.orders(ctx, st), l, models...)
	err := st.History(ctx, func(k *record.Kept) error { d.Add(k); return nil })
	if err == nil && d.Unread > 0 {
		e.say("%s: %s", e.t("doctor_note"), e.t("model_unread", "n", thousands(int64(d.Unread))))
	}
	return d, err
}

// showDrift lists what has moved since the model was trained.
func (e *env) showDrift(drift []learn.Moved) {
	if len(drift) == 0 {
		return
	}
	rows := [][]string{{e.t("card_signal"), "PSI", "KS", ""}}
	for i, x := range drift {
		if i == 5 {
			break
		}
		rows = append(rows, []string{e.t("signal_" + x.Name), fmt.Sprintf("%.3f", x.PSI), fmt.Sprintf("%.3f", x.KS), e.t(driftCode(x.PSI))})
	}
	fmt.Fprintf(e.out, "\n%s\n", e.t("model_drift"))
	table(e.out, rows)
}

func driftCode(psi float64) string {
	switch {
	case psi > .25:
		return "drift_act"
	case psi > .1:
		return "drift_look"
	}
	return "drift_none"
}
