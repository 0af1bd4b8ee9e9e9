package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"plaint/internal/store"
	"plaint/internal/web/format"
	"plaint/internal/web/view"
	"plaint/scoring/rule"
)

// rulings are what may be decided of a case, as --as takes it.
var rulings = []string{store.Confirmed, store.Cleared, store.Overturned, store.Reopened}

func (e *env) casesCmd() *cobra.Command {
	var state string
	var drawn bool
	c := &cobra.Command{Use: "cases [ID]", Short: e.t("cmd_cases"), Long: e.t("cmd_cases_long"),
		Example: "  plaint cases\n  plaint cases 3\n  plaint cases --drawn --state open\n  plaint cases decide 3 --as cleared --by li.wei --note \"the device is the family's\""}
	e.finding(c, "err_case_number", func(ctx context.Context, v *view.Reader, a asked) error {
		if !slices.Contains(append([]string{"", "open"}, rulings...), state) {
			return usageError{&worded{"err_case_state_unknown", []any{"state", state, "states", "open, " + strings.Join(rulings, ", ")}}}
		}
		f := view.CaseFilter{State: state, Limit: a.limit}
		if drawn {
			f.Signal = store.Audit
		}
		return e.listCases(ctx, v, f, a)
	}, e.showCase)
	c.Flags().StringVar(&state, "state", "", e.t("flag_case_state"))
	c.Flags().BoolVar(&drawn, "drawn", false, e.t("flag_case_drawn"))
	c.AddCommand(e.decideCmd())
	return c
}

// listCases shows the review queue, the highest score first.
func (e *env) listCases(ctx context.Context, v *view.Reader, f view.CaseFilter, a asked) error {
	list, err := v.Cases(ctx, f)
	if err != nil {
		return err
	}
	return e.list(list, list.Total, a, "cases_none", func() [][]string {
		f := format.Format{Words: e.words}
		rows := [][]string{{e.t("web_case"), e.t("web_score"), e.t("web_top_signal"), e.t("web_type"), e.t("web_customer"), e.t("web_complaint"), e.t("web_state")}}
		for _, x := range list.Rows {
			rows = append(rows, []string{fmt.Sprint(x.ID), caseScore(f, x), e.reasonName(x.Top, x.TopAbout), e.words.Name("type", x.Type), x.Customer, fmt.Sprintf("#%d", x.Seq), e.caseState(f, x)})
		}
		return rows
	})
}

// caseState is what people made of a case, and whether its complaint is still flagged.
func (e *env) caseState(f format.Format, x view.Case) string {
	said := e.words.Name("case", x.State)
	if stands := f.Standing(x.Flagged, x.Outdated, x.Model); stands != "" {
		said += " (" + stands + ")"
	}
	return said
}

func caseScore(f format.Format, x view.Case) string {
	if x.Score == nil {
		return "–"
	}
	return f.Fixed(*x.Score, 2)
}

// reasonName words a signal, or a rule as whoever wrote it does.
func (e *env) reasonName(name string, about map[string]string) string {
	return cmp.Or(about[e.words.Lang], e.words.Name("signal", strings.TrimPrefix(name, rule.Prefix)))
}

// showCase shows one case: the complaint, why it is suspicious, what would have to
// be otherwise, and what became of it.
func (e *env) showCase(ctx context.Context, v *view.Reader, id int64, a asked) error {
	x, err := v.Case(ctx, id)
	if errors.Is(err, view.ErrNotFound) {
		return &worded{"err_case_unknown", []any{"id", id}}
	}
	if err != nil {
		return err
	}
	if a.json {
		return json.NewEncoder(e.out).Encode(x)
	}
	about, err := v.Complaint(ctx, x.Seq)
	if err != nil {
		return err
	}
	f := format.Format{Words: e.words, Years: true}
	rows := [][]string{{e.t("web_state"), e.caseState(f, x)}, {e.t("web_complaint"), fmt.Sprintf("#%d %s", x.Seq, about.ExternalID)}, {e.t("web_received"), dayOf(about.Received)},
		{e.t("web_type"), e.words.Name("type", x.Type)}, {e.t("web_customer"), x.Customer}, {e.t("web_score"), caseScore(f, x)}}
	if about.Amount != nil {
		rows = append(rows, []string{e.t("web_claimed"), f.Amount(format.Money{Amount: *about.Amount, Currency: about.Currency})})
	}
	label := "web_below_if"
	for _, l := range x.Below { // all of them
		part := e.t("web_below_part", "signal", e.reasonName(l.Signal, l.About), "most", f.Num(l.AtMost, 2), "is", f.Num(l.Is, 2))
		if strings.HasPrefix(l.Signal, rule.Prefix) {
			part = e.t("web_below_rule", "rule", e.reasonName(l.Signal, l.About))
		}
		rows = append(rows, []string{e.t(label), part})
		label = "web_and"
	}
	if x.Others > 0 {
		rows = append(rows, []string{e.t("web_from_verdicts"), f.Percent(x.Others)})
	}
	table(e.out, append(rows, []string{e.t("web_excerpt"), about.Body}))
	if x.Blind {
		fmt.Fprintf(e.out, "\n%s\n", e.t("web_blind"))
	} else {
		e.section("web_reasons", e.reasonRows(f, x.Reasons))
	}
	records, err := v.Records(ctx, x.Seq)
	if err != nil {
		return err
	}
	if len(records.Missing) > 0 {
		fmt.Fprintf(e.out, "\n%s: %s\n", e.t("web_records_missing"), strings.Join(records.Missing, ", "))
	}
	if len(records.Transactions) > 0 {
		e.section("web_records", e.recordRows(f, records.Transactions))
	}
	steps := [][]string{{e.t("web_at"), e.t("web_state"), e.t("theme_actor"), e.t("web_note")}}
	for _, s := range x.Steps {
		steps = append(steps, []string{f.Full(s.At), e.words.Name("case", s.Action), e.words.Name("actor", s.By), s.Note})
	}
	e.section("web_case_steps", steps)
	return nil
}

// reasonRows are the reasons of a score and the complaints behind them.
func (e *env) reasonRows(f format.Format, list []view.Reason) [][]string {
	rows := [][]string{{e.t("web_signal"), e.t("web_value"), e.t("web_points_score"), e.t("web_evidence")}}
	for i, r := range list {
		var evidence []string
		for _, seq := range r.Evidence {
			evidence = append(evidence, fmt.Sprintf("#%d", seq))
		}
		if r.Incident > 0 {
			evidence = append(evidence, e.t("web_incident_n", "n", r.Incident))
		}
		for _, l := range r.Lines {
			evidence = append(evidence, f.Full(l.At)+" "+l.Service)
		}
		evidence = append(evidence, r.Records...)
		name := e.reasonName(r.Signal, r.About)
		if note := view.ReasonNote(f, list, i); note != "" {
			name += " (" + note + ")"
		}
		rows = append(rows, []string{name, f.Num(r.Value, 2), f.Signed(r.Points, 2), strings.Join(evidence, " ")})
	}
	return rows
}

// recordRows are what the books say of the customer's transactions.
func (e *env) recordRows(f format.Format, list []view.Transaction) [][]string {
	rows := [][]string{{e.t("web_transaction"), e.t("web_kind"), e.t("web_status"), e.t("web_amount"), e.t("web_requested"), e.t("web_settled"), e.t("web_failed"), ""}}
	day := func(t *time.Time) string {
		if t == nil {
			return "–"
		}
		return f.Full(*t)
	}
	for _, x := range list {
		amount, cited := "–", ""
		if x.Amount != nil {
			amount = f.Num(*x.Amount, 2) + " " + x.Currency
		}
		if x.Cited {
			cited = e.t("web_cited")
		}
		rows = append(rows, []string{x.ID, e.words.Name("transaction", x.Type), e.words.Name("settlement", x.Status), amount, day(x.Requested), day(x.Settled), day(x.Failed), cited})
	}
	return rows
}

func (e *env) decideCmd() *cobra.Command {
	var r store.Ruling
	c := &cobra.Command{Use: "decide ID... --as STATE --note WHY", Short: e.t("cmd_cases_decide"), Long: e.t("cmd_cases_decide_long"), Args: cobra.MinimumNArgs(1),
		Example: "  plaint cases decide 3 8 --as confirmed --by li.wei --note \"the trades do not exist\"\n  plaint cases decide 3 --as overturned --by chen.jing --note \"appeal: statement of the bank\"",
		RunE: func(c *cobra.Command, args []string) error {
			r.By, r.Note = cmp.Or(plainLine(r.By), whoAmI()), plainLine(r.Note)
			switch {
			case !slices.Contains(rulings, r.Action):
				return usageError{&worded{"err_case_as", []any{"state", r.Action, "states", strings.Join(rulings, ", ")}}}
			case r.Note == "":
				return usageError{&worded{code: "err_case_who"}}
			case len([]rune(r.Note)) > longestNote:
				return usageError{&worded{"err_case_note", []any{"most", longestNote}}}
			}
			slices.Sort(args)
			args = slices.Compact(args)
			list := make([]store.Ruling, len(args))
			for i, a := range args {
				id, err := strconv.ParseInt(a, 10, 64)
				if err != nil || id < 1 {
					return usageError{&worded{"err_case_number", []any{"value", a}}}
				}
				list[i] = r
				list[i].Case = id
			}
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.decide(c.Context(), st, list) })
		}}
	c.Flags().StringVar(&r.Action, "as", "", e.t("flag_case_as"))
	c.Flags().StringVar(&r.By, "by", "", e.t("flag_case_by"))
	c.Flags().StringVar(&r.Note, "note", "", e.t("flag_case_note"))
	return c
}

// plainLine is a text on one line, without what would steer a terminal.
func plainLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)), " ")
}

// longestNote is in characters.
const longestNote = 1000

func (e *env) decide(ctx context.Context, st *store.Store, list []store.Ruling) error {
	err := st.Rule(ctx, list)
	var no *store.RulingError
	switch {
	case errors.As(err, &no) && errors.Is(err, store.ErrNoCase):
		return &worded{"err_case_unknown", []any{"id", no.Case}}
	case errors.As(err, &no):
		return &worded{"err_case_stands", []any{"id", no.Case, "state", e.words.Name("case", no.State), "as", e.words.Name("case", list[0].Action)}}
	case err != nil:
		return err
	}
	for _, x := range list {
		e.say("%s", e.t("case_decided", "id", x.Case, "state", e.words.Name("case", x.Action), "by", x.By))
	}
	return nil
}
