package main

import (
	"cmp"
	"fmt"
	"strings"

	"plaint/internal/record"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// page writes markdown.
type page struct {
	strings.Builder
	e *env
}

func (p *page) head(code string) { fmt.Fprintf(p, "\n## %s\n\n", p.e.t(code)) }
func (p *page) item(code string, pairs ...any) {
	fmt.Fprintf(p, "- %s\n", p.e.t(code, pairs...))
}

func (p *page) table(rows [][]string) {
	for i, r := range rows {
		for j := range r {
			r[j] = strings.ReplaceAll(r[j], "|", "\\|")
		}
		fmt.Fprintf(p, "| %s |\n", strings.Join(r, " | "))
		if i == 0 {
			fmt.Fprintf(p, "|%s\n", strings.Repeat(" --- |", len(r)))
		}
	}
}

// card is what a model was made of, how good it is and where it ends, as
// markdown in the reader's language.
func (e *env) card(m *model.Model, events []record.ModelVersion) string {
	p := &page{e: e}
	fmt.Fprintf(p, "# %s\n\n", e.t("card_title", "name", m.Name))
	if about := m.About[e.words.Lang]; about != "" {
		fmt.Fprintf(p, "%s\n", about)
	}
	c := m.Card
	if c == nil {
		p.item("card_none")
		p.item("card_threshold_is", "threshold", four(m.Threshold))
	} else {
		p.made(c)
		p.threshold(m)
		p.quality(c)
	}
	p.signals(m)
	if len(m.Rules) > 0 {
		p.rules(m)
	}
	p.head("card_limits")
	if c != nil {
		for _, w := range e.cardWarnings(c) {
			fmt.Fprintf(p, "- %s\n", w)
		}
	}
	for _, code := range []string{"card_limit_judge", "card_limit_protect", "card_limit_first"} {
		p.item(code)
	}
	p.history(m.Name, events)
	return p.String()
}

func (p *page) made(c *model.Card) {
	p.head("card_data")
	p.item("card_made", "at", c.Created.Format("2006-01-02 15:04"), "by", c.By, "parent", c.Parent)
	l := c.Labels
	p.item("card_labels_"+l.Source, "abuse", thousands(int64(l.Abuse)), "honest", thousands(int64(l.Honest)), "complaints", thousands(int64(l.Complaints)),
		"as_of", l.AsOf.Format("2006-01-02"), "maturity", fmt.Sprintf("%g", l.Maturity))
	if l.Young+l.Late+l.Unread > 0 {
		p.item("card_left_out", "young", thousands(int64(l.Young)), "late", thousands(int64(l.Late)), "unread", thousands(int64(l.Unread)))
	}
	fmt.Fprintln(p)
	rows := [][]string{{p.e.t("card_block"), p.e.t("card_from"), p.e.t("card_to"), p.e.t("fig_rows"), p.e.t("fig_bad")}}
	for _, b := range c.Blocks {
		rows = append(rows, []string{p.e.t("card_block_" + b.Use), b.From.Format("2006-01-02"), b.To.Format("2006-01-02"), thousands(int64(b.Rows)), thousands(int64(b.Bad))})
	}
	p.table(rows)
}

func (p *page) threshold(m *model.Model) {
	p.head("card_threshold")
	a := m.Card.Threshold
	asked, found, kept := a.Asked, a.Found, a.Kept
	if a.How == "precision" {
		asked, found, kept = 100*asked, 100*found, 100*kept
	}
	show := func(v float64) string { return fmt.Sprintf("%.1f", v) }
	p.item("card_threshold_is", "threshold", four(m.Threshold))
	p.item("card_aim_"+a.How, "asked", show(asked), "found", show(found), "kept", show(kept), "low", show(100*a.Low))
	p.item("card_curve_" + m.Card.Curve)
}

func (p *page) quality(c *model.Card) {
	e := p.e
	p.head("card_quality")
	fmt.Fprintf(p, "%s\n\n", e.t("card_quality_about"))
	rows := [][]string{{"", e.t("fig_auroc"), e.t("fig_ap"), e.t("fig_error"), e.t("fig_flagged"), e.t("fig_precision"), e.t("fig_recall"), e.t("fig_false")}}
	for _, f := range []model.Figures{c.Test, c.Before} {
		rows = append(rows, []string{f.Model, four(f.AUROC), four(f.AP), four(f.Error), thousands(int64(f.Flagged)), percent(f.Precision), percent(f.Recall), percent(f.FalseRate)})
	}
	p.table(rows)
	if c.Random > 0 {
		fmt.Fprintf(p, "\n%s\n", e.t("card_random", "random", four(c.Random), "time", four(c.Test.AUROC)))
	}
	p.head("card_groups")
	fmt.Fprintf(p, "%s\n\n", e.t("card_groups_about"))
	p.table(e.groupRows(c.Test.Groups))
}

// groupName is a group in the reader's words.
func (e *env) groupName(g model.Group) string {
	return e.t("by_"+g.By) + ": " + cmp.Or(e.words.Name(g.By, g.Name), "–")
}

// groupRows are the figures by group.
func (e *env) groupRows(groups []model.Group) [][]string {
	rows := [][]string{{e.t("card_group"), e.t("fig_rows"), e.t("fig_bad"), e.t("fig_precision"), e.t("fig_recall"), e.t("fig_false"), e.t("fig_ratio")}}
	for _, g := range groups {
		ratio := "–"
		if g.Ratio.Share > 0 {
			ratio = fmt.Sprintf("%.2f (%.2f–%.2f)", g.Ratio.Share, g.Ratio.Low, g.Ratio.High)
		}
		rows = append(rows, []string{e.groupName(g), thousands(int64(g.Rows)), thousands(int64(g.Bad)), percent(g.Precision), percent(g.Recall), percent(g.FalseRate), ratio})
	}
	return rows
}

func (p *page) signals(m *model.Model) {
	e := p.e
	p.head("card_signals")
	p.item("card_base", "points", fmt.Sprintf("%+.2f", m.Base))
	fmt.Fprintln(p)
	rows := [][]string{{e.t("card_signal"), e.t("card_points"), e.t("card_from_where")}}
	for i := range m.Signals {
		s := &m.Signals[i]
		where := ""
		switch {
		case m.Card == nil:
		case s.Flat():
			where = e.t("card_unused")
		case len(s.Rows) > 0:
			where = e.t("card_learned")
		default:
			where = e.t("card_carried", "parent", m.Card.Parent)
		}
		rows = append(rows, []string{e.t("signal_" + s.Signal), pointsText(s), where})
	}
	p.table(rows)
}

// pointsText is a shape in a line: from which value on how many points.
func pointsText(s *model.Shape) string {
	var parts []string
	for _, x := range s.Points {
		parts = append(parts, fmt.Sprintf("%g: %+.2f", x[0], x[1]))
	}
	for i, v := range s.Steps {
		if i == 0 {
			parts = append(parts, fmt.Sprintf("%+.2f", v))
			continue
		}
		part := fmt.Sprintf("> %.3g: %+.2f", s.Cuts[i-1], v)
		if i < len(s.Errors) { // a file written by hand has none
			part += fmt.Sprintf(" ± %.2f", s.Errors[i])
		}
		parts = append(parts, part)
	}
	const most = 8
	if len(parts) > most {
		parts = append(parts[:most-1], "… "+parts[len(parts)-1])
	}
	return strings.Join(parts, "; ")
}

// cardWarnings say what a reader must know before a model is believed.
func (e *env) cardWarnings(c *model.Card) []string {
	var out []string
	if c.Labels.Audited == 0 && c.Labels.Source == "verdicts" {
		out = append(out, e.t("card_no_audit"))
	}
	if t, b := c.Test, c.Before; t.AUROC <= b.AUROC && t.AP <= b.AP {
		out = append(out, e.t("card_no_better", "parent", c.Parent))
	}
	if learn.Flatters(c) {
		out = append(out, e.t("card_flatters", "random", four(c.Random), "time", four(c.Test.AUROC)))
	}
	if a := c.Threshold; a.How == "precision" && a.Kept < a.Asked {
		out = append(out, e.t("card_broken", "asked", fmt.Sprintf("%.0f", 100*a.Asked), "kept", fmt.Sprintf("%.1f", 100*a.Kept)))
	}
	if len(c.Carried) > 0 {
		out = append(out, e.t("card_carried_names", "parent", c.Parent, "names", e.signalWords(c.Carried)))
	}
	for _, g := range c.Test.Groups {
		if g.Ratio.Low > 1 {
			out = append(out, e.t("card_unfair", "group", e.groupName(g), "ratio", fmt.Sprintf("%.1f", g.Ratio.Share), "low", fmt.Sprintf("%.1f", g.Ratio.Low), "high", fmt.Sprintf("%.1f", g.Ratio.High)))
		}
	}
	return out
}

func (p *page) history(name string, events []record.ModelVersion) {
	rows := [][]string{{p.e.t("model_since"), p.e.t("model_state"), p.e.t("model_by"), p.e.t("reason")}}
	for _, x := range events {
		if x.Name == name {
			rows = append(rows, []string{x.Since.Format("2006-01-02 15:04"), p.e.t("model_state_" + x.State), x.By, x.Reason})
		}
	}
	if len(rows) > 1 {
		p.head("card_history")
		p.table(rows)
	}
}
