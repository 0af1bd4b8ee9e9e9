package web

import (
	"context"
	"slices"

	"plaint/internal/record"
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
		name := cell{Text: m.Name}
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
		t.Rows = append(t.Rows, []cell{{Text: m.Model}, {Text: p.t("watch_" + m.Kind)}, {Text: p.Part(m)}, {Text: p.Measured(m.Kind, m.Value), Note: note, Class: "num"},
			{Text: p.Int(m.N), Class: "num"}, {Text: p.Measured(m.Kind, m.Limit), Class: "num"}, {Text: p.t("watch_state_" + m.State), Class: class}})
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
