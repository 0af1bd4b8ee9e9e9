package web

import (
	"context"

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
		row := []cell{{Text: m.Name}, {Text: p.t("model_state_" + m.State)}, since, {Text: m.By, Note: m.Reason, Class: "wide"}, window}
		t.Rows = append(t.Rows, append(row, p.measured(m.Test)...))
	}
	return "list", p.t("web_models"), listBody{Lead: p.t("web_models_lead"), Tables: []table{t}}, nil
}

// measured are the figures of a trained model.
func (p *pages) measured(f *model.Figures) []cell {
	if f == nil {
		return []cell{{Text: "–"}, {Text: "–"}, {Text: "–"}, {Text: "–"}, {Text: "–"}, {Text: "–"}}
	}
	rate := func(r model.Rate) cell {
		return cell{Text: p.Percent(r.Share), Note: p.Percent(r.Low) + " – " + p.Percent(r.High), Class: "num"}
	}
	number := func(v float64) cell { return cell{Text: p.Fixed(v, 3), Class: "num"} }
	return []cell{number(f.AUROC), number(f.AP), number(f.Error), rate(f.Precision), rate(f.Recall), rate(f.FalseRate)}
}
