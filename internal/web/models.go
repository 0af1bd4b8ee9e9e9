package web

import (
	"context"
	"net/url"
	"slices"

	"plaint/internal/record"
	"plaint/internal/web/card"
	"plaint/internal/web/format"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
	"plaint/scoring/model"
)

func showModels(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, _ int64) (string, string, any, error) {
	list, err := v.Models(ctx)
	if err != nil {
		return "", "", nil, err
	}
	t := table{Caption: p.t("web_models"), Columns: []column{{Title: p.t("model_name")}, {Title: p.t("model_state")}, {Title: p.t("model_since")}, {Title: p.t("model_by")},
		{Title: p.t("model_window"), Minor: true}, {Title: p.t("fig_auroc"), Num: true}, {Title: p.t("fig_ap"), Num: true}, {Title: p.t("fig_error"), Num: true, Minor: true},
		{Title: p.t("fig_precision"), Num: true}, {Title: p.t("fig_recall"), Num: true}, {Title: p.t("fig_false"), Num: true}}}
	for _, m := range list {
		since, window := cell{Text: "–"}, cell{Text: "–"}
		if !m.Since.IsZero() {
			since = cell{Text: p.Full(m.Since), Class: "time"}
		}
		if !m.From.IsZero() {
			window = cell{Text: p.Window(m.From, m.To), Class: "time"}
		}
		name := cell{Text: m.Name, Href: p.modelHref(m.Name)}
		if m.Broken {
			name.Note = p.t("watch_unreadable_row")
		}
		row := []cell{name, {Text: p.t("model_state_" + m.State)}, since, {Text: m.By, Note: m.Reason, Class: "wide"}, window}
		t.Rows = append(t.Rows, append(row, p.measured(m.Test)...))
	}
	w, err := v.Watched(ctx)
	if err != nil {
		return "", "", nil, err
	}
	return "list", p.t("web_models"), listBody{Lead: p.t("web_models_lead"), Tables: append([]table{t}, p.watched(w)...)}, nil
}

// watched are how the models are doing, and what the alarms among it mean.
func (p *pages) watched(w view.Watched) []table {
	if w.At == nil {
		return []table{{Caption: p.t("watch_title"), Columns: []column{{Title: p.t("watch_what")}}, Rows: [][]cell{{{Text: p.t("watch_none")}}}}}
	}
	t := table{Caption: p.t("watch_title") + " · " + p.Full(*w.At), Columns: []column{{Title: p.t("model_name"), Minor: true}, {Title: p.t("watch_what")}, {Title: p.t("watch_of")}, {Title: p.t("watch_value"), Num: true},
		{Title: p.t("watch_n"), Num: true, Minor: true}, {Title: p.t("watch_limit"), Num: true, Minor: true}, {Title: p.t("model_state")}}}
	about := table{Caption: p.t("watch_alarm_title"), Columns: []column{{Title: p.t("watch_what")}, {Title: p.t("model_state")}, {Title: ""}}}
	for _, m := range w.Measures {
		if !format.Worth(m) {
			continue
		}
		class, note := "", ""
		if m.State == record.WatchAct {
			class = "hot"
		}
		if m.Low != nil && m.High != nil {
			note = p.Between(m)
		}
		t.Rows = append(t.Rows, []cell{{Text: m.Model, Href: p.modelHref(m.Model)}, {Text: p.t("watch_" + m.Kind)}, {Text: p.Part(m)}, {Text: p.Measured(m.Kind, m.Value), Note: note, Class: "num"},
			{Text: p.Int(m.N), Class: "num"}, {Text: p.AlarmAt(m), Class: "num"}, {Text: p.t("watch_state_" + m.State), Class: class}})
	}
	for _, m := range format.Rings(w.Measures) {
		about.Rows = append(about.Rows, []cell{{Text: p.t("watch_" + m.Kind)}, {Text: p.t("watch_state_" + m.State)}, {Text: p.Says(m), Class: "wide"}})
	}
	if len(about.Rows) == 0 {
		return []table{t}
	}
	return []table{t, about}
}

// measured are the figures of a trained model.
func (p *pages) measured(f *model.Figures) []cell {
	if f == nil {
		return slices.Repeat([]cell{{Text: "–", Class: "num"}}, 6)
	}
	rate := func(r model.Rate) cell {
		return cell{Text: p.Percent(r.Share), Note: p.Percent(r.Low) + " – " + p.Percent(r.High), Class: "num"}
	}
	number := func(v float64) cell { return cell{Text: p.Fixed(v, 3), Class: "num"} }
	return []cell{number(f.AUROC), number(f.AP), number(f.Error), rate(f.Precision), rate(f.Recall), rate(f.FalseRate)}
}

// modelHref leads to the card of a model. No link can ask for the names "." and
// "..": a browser takes them for steps of the path.
func (p *pages) modelHref(name string) string {
	if name == "." || name == ".." {
		return ""
	}
	return p.href("/models/" + url.PathEscape(name))
}

// cardBody is the page of a model's card.
type cardBody struct {
	About    string
	Items    []string
	Facts    []fact
	Sections []cardSection
}

type cardSection struct {
	Heading string
	Parts   []cardPart
}

// cardPart is one of a sentence, a list and a table.
type cardPart struct {
	Text  string
	Items []string
	Table table
}

func showModel(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	m, err := v.Model(ctx, q.Named())
	if err != nil {
		return "", "", nil, err
	}
	state := fact{Label: p.t("model_state"), Text: p.t("model_state_" + m.State)}
	if !m.Since.IsZero() {
		state.Note = p.t("model_since") + " " + p.Full(m.Since)
	}
	c := card.Unreadable(p.Words, m.Name, m.Events)
	if m.Model != nil {
		c = card.Of(p.Words, m.Model, m.Events)
	}
	b := cardBody{About: c.About, Items: c.Items, Facts: []fact{state, {Label: p.t("web_models"), Text: p.t("web_all_models"), Href: p.href("/models")}}}
	for _, s := range c.Sections {
		to := cardSection{Heading: s.Heading}
		for _, x := range s.Parts {
			part := cardPart{Text: x.Text, Items: x.Items}
			if x.Table != nil {
				part.Table = cardTable(s.Heading, x.Table)
			}
			to.Parts = append(to.Parts, part)
		}
		b.Sections = append(b.Sections, to)
	}
	return "card", c.Title, b, nil
}

// cardTable is a table of a card on the page.
func cardTable(caption string, from *card.Table) table {
	t := table{Caption: caption}
	for _, c := range from.Columns {
		t.Columns = append(t.Columns, column{Title: c.Title, Num: c.Num})
	}
	for _, r := range from.Rows {
		row := make([]cell, len(r))
		for i, c := range r {
			row[i] = cell{Text: c.Text, Note: c.Note}
			for _, part := range c.Parts {
				row[i].Tags = append(row[i].Tags, fact{Text: part})
			}
			switch {
			case c.Code:
				row[i].Class = "code wide"
			case from.Columns[i].Num:
				row[i].Class = "num"
			case from.Columns[i].Whole:
				row[i].Class = "whole"
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
