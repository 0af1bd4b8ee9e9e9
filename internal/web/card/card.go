// Package card tells what a model was made of, how good it is and where it
// ends, once for the command line and for the page.
package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/format"
	"plaint/internal/web/locale"
	"plaint/scoring/learn"
	"plaint/scoring/model"
	"plaint/scoring/signal"
)

// Card is a model's card in one language.
type Card struct {
	Title    string
	About    string   // in the words of who made the model; may be empty
	Items    []string // what is said first of a model that was not trained here
	Sections []Section
}

// Section is a part of a card under its heading.
type Section struct {
	Heading string
	Parts   []Part
}

// Part is one of a sentence, a list and a table.
type Part struct {
	Text  string
	Items []string
	Table *Table
}

// Table has as many cells in each row as columns.
type Table struct {
	Columns []Column
	Rows    [][]Cell
}

// Column is the head of a column. One of numbers ends at one edge; one of dates
// or names is not broken into lines.
type Column struct {
	Title      string
	Num, Whole bool
}

// Cell is one cell: a text and, for a rate, its interval; or several texts in a row.
type Cell struct {
	Text, Note string
	Parts      []string
	Code       bool // is meant for a program
}

func (c Cell) String() string {
	switch {
	case c.Parts != nil:
		return strings.Join(c.Parts, "; ")
	case c.Note != "":
		return c.Text + " " + c.Note
	}
	return c.Text
}

// Plain is a table as text, its head first.
func (t *Table) Plain() [][]string {
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Title
	}
	out := [][]string{head}
	for _, r := range t.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			row[i] = c.String()
		}
		out = append(out, row)
	}
	return out
}

// writer words a card.
type writer struct {
	format.Format
}

func in(words *locale.Words) writer { return writer{format.Format{Words: words}} }

func (w writer) t(code string, pairs ...any) string { return w.Words.T(code, pairs...) }

// Of is the card of a model. Events are the history of all models, oldest first.
func Of(words *locale.Words, m *model.Model, events []record.ModelVersion) Card {
	w := in(words)
	out := Card{Title: w.t("card_title", "name", m.Name), About: m.About[words.Lang]}
	if c := m.Card; c != nil {
		out.Sections = append(out.Sections, w.made(c), w.threshold(m), w.quality(c), w.groups(c))
	} else {
		from := "card_none"
		if model.Builtin(m.Name) {
			from = "card_builtin"
		}
		out.Items = []string{w.t(from), w.flaggedFrom(m)}
	}
	out.Sections = append(out.Sections, w.signals(m))
	if len(m.Rules) > 0 {
		out.Sections = append(out.Sections, w.rules(m))
	}
	out.Sections = append(out.Sections, w.limits(m.Card))
	out.Sections = append(out.Sections, w.history(m.Name, events)...)
	return out
}

// Unreadable is what is left to tell of a model whose file cannot be read.
func Unreadable(words *locale.Words, name string, events []record.ModelVersion) Card {
	w := in(words)
	return Card{Title: w.t("card_title", "name", name), Items: []string{w.t("card_unreadable")}, Sections: w.history(name, events)}
}

func (w writer) made(c *model.Card) Section {
	l := c.Labels
	items := []string{w.t("card_made", "at", moment(c.Created), "by", c.By, "parent", c.Parent),
		w.t("card_labels_"+l.Source, "abuse", w.Int(l.Abuse), "honest", w.Int(l.Honest), "complaints", w.Int(l.Complaints), "as_of", Day(l.AsOf), "maturity", fmt.Sprintf("%g", l.Maturity))}
	if l.Young+l.Late+l.Unread > 0 {
		items = append(items, w.t("card_left_out", "young", w.Int(l.Young), "late", w.Int(l.Late), "unread", w.Int(l.Unread)))
	}
	t := &Table{Columns: []Column{{Title: w.t("card_block")}, {Title: w.t("card_from"), Whole: true}, {Title: w.t("card_to"), Whole: true}, {Title: w.t("fig_rows"), Num: true}, {Title: w.t("fig_bad"), Num: true}}}
	for _, b := range c.Blocks {
		t.Rows = append(t.Rows, []Cell{{Text: w.t("card_block_" + b.Use)}, {Text: Day(b.From)}, {Text: Day(b.To)}, {Text: w.Int(b.Rows)}, {Text: w.Int(b.Bad)}})
	}
	return Section{w.t("card_data"), []Part{{Items: items}, {Table: t}}}
}

func (w writer) flaggedFrom(m *model.Model) string {
	return w.t("card_threshold_is", "threshold", Number(m.Threshold))
}

func (w writer) threshold(m *model.Model) Section {
	a := m.Card.Threshold
	asked, found, kept := a.Asked, a.Found, a.Kept
	if a.How == "precision" {
		asked, found, kept = 100*asked, 100*found, 100*kept
	}
	return Section{w.t("card_threshold"), []Part{{Items: []string{w.flaggedFrom(m),
		w.t("card_aim_"+a.How, "asked", short(asked), "found", short(found), "kept", short(kept), "low", short(100*a.Low)),
		w.t("card_curve_" + m.Card.Curve)}}}}
}

func (w writer) signals(m *model.Model) Section {
	t := &Table{Columns: []Column{{Title: w.t("card_signal")}, {Title: w.t("card_points")}, {Title: w.t("card_from_where")}}}
	for i := range m.Signals {
		s := &m.Signals[i]
		where := ""
		switch {
		case m.Card == nil:
		case s.Flat():
			where = w.t("card_unused")
		case len(s.Rows) > 0:
			where = w.t("card_learned")
		default:
			where = w.t("card_carried", "parent", m.Card.Parent)
		}
		t.Rows = append(t.Rows, []Cell{{Text: w.t("signal_" + s.Signal)}, {Parts: steps(s)}, {Text: where}})
	}
	items := []string{w.t("card_base", "points", points(m.Base))}
	if slices.ContainsFunc(m.SignalNames(), signal.IsChance) {
		items = append(items, w.t("card_chance"))
	}
	return Section{w.t("card_signals"), []Part{{Items: items}, {Table: t}}}
}

// steps tell of a shape from which value on there are how many points.
func steps(s *model.Shape) (parts []string) {
	for _, x := range s.Points {
		parts = append(parts, fmt.Sprintf("%g: %+.2f", x[0], x[1]))
	}
	for i, v := range s.Steps {
		if i == 0 {
			parts = append(parts, points(v))
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
	return parts
}

// signalWords names signals in the reader's language.
func (w writer) signalWords(names []string) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = w.t("signal_" + n)
	}
	return strings.Join(words, w.t("list_comma"))
}

func (w writer) limits(c *model.Card) Section {
	var items []string
	if c != nil {
		items = Warnings(w.Words, c)
	}
	return Section{w.t("card_limits"), []Part{{Items: append(items, w.t("card_limit_judge"), w.t("card_limit_protect"), w.t("card_limit_first"))}}}
}

// Warnings say what a reader must know before a model is believed.
func Warnings(words *locale.Words, c *model.Card) (out []string) {
	w := in(words)
	if c.Labels.Audited == 0 && c.Labels.Source == "verdicts" {
		out = append(out, w.t("card_no_audit"))
	}
	if t, b := c.Test, c.Before; t.AUROC <= b.AUROC && t.AP <= b.AP {
		out = append(out, w.t("card_no_better", "parent", c.Parent))
	}
	if learn.Flatters(c) {
		out = append(out, w.t("card_flatters", "random", Number(c.Random), "time", Number(c.Test.AUROC)))
	}
	if a := c.Threshold; a.How == "precision" && a.Kept < a.Asked {
		out = append(out, w.t("card_broken", "asked", fmt.Sprintf("%.0f", 100*a.Asked), "kept", short(100*a.Kept)))
	}
	if len(c.Carried) > 0 {
		out = append(out, w.t("card_carried_names", "parent", c.Parent, "names", w.signalWords(c.Carried)))
	}
	for _, g := range c.Test.Groups {
		if g.Ratio.Low > 1 {
			out = append(out, w.t("card_unfair", "group", w.groupName(g), "ratio", short(g.Ratio.Share), "low", short(g.Ratio.Low), "high", short(g.Ratio.High)))
		}
	}
	return out
}

// history has no section where nothing became of a model.
func (w writer) history(name string, events []record.ModelVersion) []Section {
	t := &Table{Columns: []Column{{Title: w.t("model_since"), Whole: true}, {Title: w.t("model_state")}, {Title: w.t("model_by")}, {Title: w.t("reason")}}}
	for _, x := range events {
		if x.Name == name {
			t.Rows = append(t.Rows, []Cell{{Text: moment(x.Since)}, {Text: w.t("model_state_" + x.State)}, {Text: x.By}, {Text: x.Reason}})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []Section{{w.t("card_history"), []Part{{Table: t}}}}
}

// Day is a date, a dash where there is none.
func Day(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.Format(time.DateOnly)
}

func moment(at time.Time) string { return at.Format("2006-01-02 15:04") }
