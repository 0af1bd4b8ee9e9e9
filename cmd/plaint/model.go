package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

func (e *env) modelCmd() *cobra.Command {
	c := &cobra.Command{Use: "model", Short: e.t("cmd_model"), Long: e.t("cmd_model_long"), Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(e.modelTrainCmd(), e.modelEvaluateCmd(), e.modelListCmd(), e.modelAddCmd(), e.modelRulesCmd(), e.modelPromoteCmd(), e.modelCardCmd(), e.modelAuditCmd(), e.modelWatchCmd())
	return c
}

// learnError words why there is nothing to learn or to measure.
func learnError(err error) error {
	var p *learn.Problem
	if errors.As(err, &p) {
		return &worded{p.Code, p.Pairs}
	}
	return err
}

// readDay reads a date or a moment; empty is open. A date alone is its first instant
// in UTC.
func readDay(flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, usageError{&worded{"err_date", []any{"flag", flag, "value", value}}}
}

// period reads --since and --until.
func period(since, until string) (from, to time.Time, err error) {
	if from, err = readDay("--since", since); err != nil {
		return from, to, err
	}
	if to, err = readDay("--until", until); err != nil {
		return from, to, err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, usageError{&worded{"err_period", []any{"since", since, "until", until}}}
	}
	return from, to, nil
}

func (e *env) modelListCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: e.t("cmd_model_list"), Args: cobra.NoArgs, Example: "  plaint model list",
		RunE: func(c *cobra.Command, _ []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.listModels(c.Context(), st, asJSON) })
		}}
	c.Flags().BoolVar(&asJSON, "json", false, e.t("flag_json"))
	return c
}

func (e *env) listModels(ctx context.Context, st *store.Store, asJSON bool) error {
	list, err := view.Models(ctx, st)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(e.out).Encode(map[string]any{"models": list})
	}
	out := [][]string{{e.t("model_name"), e.t("model_state"), e.t("model_since"), e.t("model_by"), e.t("model_created"), e.t("model_window"), e.t("reason")}}
	for _, m := range list {
		out = append(out, []string{m.Name, e.t("model_state_" + m.State), card.Day(m.Since), m.By, card.Day(m.Created), window(m.From, m.To), m.Reason})
	}
	table(e.out, out)
	return nil
}

func window(from, to time.Time) string {
	if from.IsZero() {
		return "–"
	}
	return from.Format(time.DateOnly) + " – " + to.Format(time.DateOnly)
}

func (e *env) modelPromoteCmd() *cobra.Command {
	var to record.ModelVersion
	c := &cobra.Command{Use: "promote NAME --reason WHY", Short: e.t("cmd_model_promote"), Long: e.t("cmd_model_promote_long"), Args: cobra.ExactArgs(1),
		Example: "  plaint model promote own-1 --by li.wei --reason \"fewer false positives on the last quarter\"\n  plaint model promote own-2 --to shadow --by li.wei --reason \"to watch\"\n  plaint model promote plaint-2 --by li.wei --reason \"own-1 flags an outage\"",
		RunE: func(c *cobra.Command, args []string) error {
			to.Name, to.By, to.Reason = args[0], cmp.Or(plainLine(to.By), whoAmI()), plainLine(to.Reason)
			states := []string{record.Champion, record.Shadow, record.Candidate, record.Retired}
			switch {
			case to.Reason == "":
				return usageError{&worded{code: "err_promote_who"}}
			case !slices.Contains(states, to.State):
				return usageError{&worded{"err_promote_state", []any{"state", to.State, "states", strings.Join(states, ", ")}}}
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.promote(c.Context(), st, to) })
		}}
	c.Flags().StringVar(&to.By, "by", "", e.t("flag_model_by"))
	c.Flags().StringVar(&to.Reason, "reason", "", e.t("flag_model_reason"))
	c.Flags().StringVar(&to.State, "to", record.Champion, e.t("flag_model_to"))
	return c
}

func (e *env) promote(ctx context.Context, st *store.Store, to record.ModelVersion) error {
	if to.State == record.Champion {
		m, err := view.LoadModel(ctx, st, to.Name)
		if err != nil && !errors.Is(err, store.ErrNoModel) {
			return &worded{"err_model_kept_unreadable", []any{"name", to.Name, "reason", err}}
		}
		if err == nil {
			was, err := wasChampion(ctx, st, to.Name)
			if err != nil {
				return err
			}
			if err := e.mustBeTested(ctx, st, m, to.Name, !was); err != nil {
				return err
			}
		}
	}
	displaced, err := st.Promote(ctx, to, model.Default, model.Builtin(to.Name))
	switch {
	case errors.Is(err, store.ErrNoModel):
		return &worded{"err_no_model", []any{"name", to.Name}}
	case errors.Is(err, store.ErrModelState):
		return &worded{"err_model_state", []any{"name", to.Name, "state", e.t("model_state_" + to.State)}}
	case err != nil:
		return err
	}
	if displaced != "" {
		e.say("%s", e.t("model_displaced_"+to.State, "name", displaced))
	}
	e.shade(ctx, st)
	e.say("%s", e.t("model_promoted", "name", to.Name, "state", e.t("model_state_"+to.State)))
	if to.State != record.Champion || e.shared == nil || e.shared.judge == nil {
		return nil
	}
	if e.shared.judge.fixed {
		e.say("%s", e.t("model_fixed"))
		return nil
	}
	m, err := view.LoadModel(ctx, st, to.Name)
	if err != nil {
		return err
	}
	e.shared.judge.set(m)
	return nil
}

// wasChampion tells whether a model has judged complaints before.
func wasChampion(ctx context.Context, st *store.Store, name string) (bool, error) {
	events, err := st.ModelEvents(ctx)
	return slices.ContainsFunc(events, func(v record.ModelVersion) bool { return v.Name == name && v.State == record.Champion }), err
}

func (e *env) modelAddCmd() *cobra.Command {
	var by string
	c := &cobra.Command{Use: "add FILE.yaml", Short: e.t("cmd_model_add"), Args: cobra.ExactArgs(1), Example: "  plaint model card plaint-2 --yaml --out mine.yaml    # then change its name and what you will\n  plaint backtest --model mine.yaml\n  plaint model add mine.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			if !model.IsFile(args[0]) {
				return usageError{&worded{"err_model_file", []any{"file", args[0]}}}
			}
			if err := e.foresee(args[0]); err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				m, err := e.modelOf(c.Context(), st, args[0])
				if err != nil {
					return err
				}
				if by == "" {
					by = whoAmI()
				}
				fresh, err := e.keepFile(c.Context(), st, m, by)
				if err != nil {
					return err
				}
				if fresh {
					e.say("%s", e.t("model_kept", "name", m.Name))
				} else {
					e.say("%s", e.t("model_here", "name", m.Name))
				}
				return nil
			})
		}}
	c.Flags().StringVar(&by, "by", "", e.t("flag_model_by"))
	return c
}

func (e *env) modelCardCmd() *cobra.Command {
	var out string
	var asYAML bool
	c := &cobra.Command{Use: "card NAME", Short: e.t("cmd_model_card"), Args: cobra.ExactArgs(1), Example: "  plaint model card own-1 --lang zh --out card.md",
		RunE: func(c *cobra.Command, args []string) error {
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				m, err := e.modelOf(c.Context(), st, args[0])
				if err != nil {
					return err
				}
				text, err := yaml.Marshal(m)
				if err != nil {
					return err
				}
				if !asYAML {
					events, err := st.ModelEvents(c.Context())
					if err != nil {
						return err
					}
					text = []byte(card.Of(e.words, m, events).Markdown())
				}
				return e.show(text, out)
			})
		}}
	c.Flags().BoolVar(&asYAML, "yaml", false, e.t("flag_model_yaml"))
	c.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	return c
}

// show prints a text, or writes it to a file.
func (e *env) show(text []byte, out string) error {
	if out == "" {
		_, err := e.out.Write(text)
		return err
	}
	if err := os.WriteFile(e.path(out), text, 0o666&^e.umask); err != nil {
		return err
	}
	e.say("%s", e.t("wrote", "path", out))
	return nil
}

func (e *env) modelAuditCmd() *cobra.Command {
	var n int
	var seed, since, until string
	var dry bool
	c := &cobra.Command{Use: "audit --count N", Short: e.t("cmd_model_audit"), Long: e.t("cmd_model_audit_long"), Args: cobra.NoArgs, Example: "  plaint model audit --count 200 --since 2026-01-01 --dry-run\n  plaint model audit --count 200 --since 2026-01-01",
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 1 {
				return usageError{&worded{"err_flag_value", []any{"flag", "--count", "value", n}}}
			}
			from, to, err := period(since, until)
			if err != nil {
				return err
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error {
				d := store.Drawing{N: n, Seed: seed, From: from, To: to}
				if dry {
					return e.wouldDraw(c.Context(), st, d)
				}
				drawn, of, err := st.Draw(c.Context(), d)
				if err == nil {
					e.say("%s", e.t("model_drawn", "n", thousands(int64(drawn)), "of", thousands(int64(of))))
				}
				return err
			})
		}}
	c.Flags().IntVar(&n, "count", 0, e.t("flag_audit_count"))
	c.Flags().BoolVar(&dry, "dry-run", false, e.t("flag_audit_dry_run"))
	c.Flags().StringVar(&seed, "seed", "1", e.t("flag_audit_seed"))
	c.Flags().StringVar(&since, "since", "", e.t("flag_since"))
	c.Flags().StringVar(&until, "until", "", e.t("flag_until"))
	return c
}

// wouldDraw shows how many complaints an audit would open cases for, and which.
func (e *env) wouldDraw(ctx context.Context, st *store.Store, d store.Drawing) error {
	list, of, err := st.WouldDraw(ctx, d)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		rows := [][]string{{e.t("web_complaint"), e.t("web_source"), e.t("model_drawn_id"), e.t("web_received"), e.t("web_type")}}
		for _, x := range list {
			received := &x.Received
			if x.Received.IsZero() {
				received = nil
			}
			rows = append(rows, []string{fmt.Sprintf("#%d", x.Seq), x.Source, x.ExternalID, dayOf(received), e.words.Name("type", x.Type)})
		}
		table(e.out, rows)
	}
	fmt.Fprintln(e.out, e.t("model_would_draw", "n", thousands(int64(len(list))), "of", thousands(int64(of))))
	e.say("%s", e.t("dry_run"))
	return nil
}
