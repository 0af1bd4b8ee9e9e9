package card

import (
	"strconv"

	"plaint/internal/web/locale"
	"plaint/internal/web/view"
	"plaint/scoring/model"
	"plaint/scoring/rule"
)

// rules are those of a model, and what they did when they were put on it.
func (w writer) rules(m *model.Model) Section {
	t := &Table{Columns: []Column{{Title: w.t("rule"), Whole: true}, {Title: w.t("rule_when")}, {Title: w.t("rule_points"), Num: true}, {Title: w.t("rule_words")}, {Title: w.t("model_by")}}}
	for i := range m.Rules {
		r := &m.Rules[i]
		t.Rows = append(t.Rows, []Cell{{Text: r.Name}, {Text: r.Line(), Code: true}, {Text: points(r.Points)}, {Text: r.About[w.Words.Lang]}, {Text: r.By}})
	}
	parts := []Part{{Text: w.t("card_rules_about")}, {Table: t}}
	if x := m.Trial; x != nil {
		parts = append(parts, Part{Text: w.t("card_trial", "n", w.Int(x.Complaints), "from", Day(x.From), "to", Day(x.To), "on", x.On)},
			Part{Table: Rules(w.Words, m.Rules, x.Rules)}, Part{Table: Queue(w.Words, m)})
	}
	return Section{w.t("card_rules"), append(parts, Part{Items: RuleWarnings(w.Words, m)})}
}

// Rules are what rules did, one in a row.
func Rules(words *locale.Words, rules []rule.Rule, did []model.Ruled) *Table {
	w := in(words)
	t := &Table{Columns: []Column{{Title: w.t("rule")}, {Title: w.t("rule_points"), Num: true}, {Title: w.t("rule_held"), Num: true}, {Title: w.t("rule_flagged"), Num: true}, {Title: w.t("rule_cleared"), Num: true}, {Title: w.t("rule_abuse"), Num: true}, {Title: w.t("rule_changed"), Num: true}, {Title: w.t("rule_upheld"), Num: true}}}
	for i, r := range did {
		name := r.Name
		if about := rules[i].About[words.Lang]; about != "" {
			name += ": " + about
		}
		t.Rows = append(t.Rows, []Cell{{Text: name}, {Text: points(r.Points)}, {Text: w.Int(r.Held)}, {Text: w.Int(r.Flagged)}, {Text: w.Int(r.Cleared)}, Rate(r.Abuse), Rate(r.Changed), Rate(r.Upheld)})
	}
	return t
}

// Queue is what reviewers get without and with the rules of a model that was tried.
func Queue(words *locale.Words, m *model.Model) *Table {
	w := in(words)
	a, b := m.Trial.Before, m.Trial.After
	return &Table{Columns: []Column{{}, {Title: m.Trial.On, Num: true}, {Title: m.Name, Num: true}}, Rows: [][]Cell{
		{{Text: w.t("flagged")}, {Text: w.Int(a.Flagged)}, {Text: w.Int(b.Flagged)}},
		{{Text: w.t("backtest_a_day")}, {Text: short(a.ADay)}, {Text: short(b.ADay)}},
		{{Text: w.t("backtest_busiest")}, {Text: w.Int(a.Busiest)}, {Text: w.Int(b.Busiest)}},
		{{Text: w.t("fig_precision")}, Rate(a.Precision), Rate(b.Precision)},
		{{Text: w.t("fig_recall")}, Rate(a.Recall), Rate(b.Recall)},
		{{Text: w.t("backtest_upheld")}, Rate(a.Upheld), Rate(b.Upheld)}}}
}

// StrangeWords say which texts that rules compare facts with occur nowhere.
func StrangeWords(words *locale.Words, list []view.Strange) (out []string) {
	for _, x := range list {
		code := "rule_strange"
		switch {
		case x.Known:
			code = "rule_not_yet"
		case x.Near != "":
			code = "rule_strange_near"
		}
		out = append(out, words.T(code, "rule", x.Rule, "fact", x.Fact, "value", strconv.Quote(x.Text), "near", strconv.Quote(x.Near)))
	}
	return out
}

// RuleWarnings say what a reader must know before rules are believed.
func RuleWarnings(words *locale.Words, m *model.Model) (out []string) {
	w := in(words)
	for i := range m.Rules {
		r, d := &m.Rules[i], m.Doubts(i)
		if len(d.Falls) > 0 {
			out = append(out, w.t("rule_falls", "rule", r.Name, "signals", w.signalWords(d.Falls)))
		}
		if d.Alone {
			out = append(out, w.t("rule_alone", "rule", r.Name))
		}
		if d.Speech {
			out = append(out, w.t("rule_language", "rule", r.Name))
		}
		if t := m.Trial; t != nil && t.Rules[i].Failed > 0 {
			out = append(out, w.t("rule_failed", "rule", r.Name, "n", w.Int(t.Rules[i].Failed)))
		}
	}
	return out
}
