package web

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plaint/internal/store"
	"plaint/internal/web/chart"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
	"plaint/scoring/rule"
)

func showComplaint(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, id int64) (string, string, any, error) {
	c, err := v.Complaint(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	b := listBody{Lead: p.t("web_masked"), Quote: c.Body, Facts: []fact{
		{Label: p.t("web_received"), Text: p.at(c.Received)}, {Label: p.t("web_source"), Text: c.Source, Note: c.ExternalID}, p.customerFact(c),
		{Label: p.t("web_type"), Text: p.name("type", c.Type), Href: p.href("/complaints", "type", orNone(c.Type))}, {Label: p.t("web_product"), Text: p.name("product", c.Product)},
		{Label: p.t("web_channel"), Text: p.name("channel", c.Channel)}, {Label: p.t("web_department"), Text: p.name("department", c.Department)}, {Label: p.t("web_handler"), Text: p.name("", c.Handler), Href: p.href("/complaints", "handler", orNone(c.Handler))},
		{Label: p.t("web_status"), Text: p.name("status", c.Status)}, p.clockFact(c)}}
	if c.Theme > 0 {
		b.Facts = append(b.Facts, fact{Label: p.t("web_theme"), Text: c.ThemeLabel, Href: p.href(fmt.Sprintf("/themes/%d", c.Theme))})
	}
	if c.Ring > 0 {
		b.Facts = append(b.Facts, p.ringFact(c))
	}
	if c.Amount != nil {
		b.Facts = append(b.Facts, fact{Label: p.t("web_claimed"), Text: p.Num(*c.Amount, 2), Note: c.Currency})
	}
	if c.Score != nil {
		score := fact{Label: p.t("web_score"), Text: p.Fixed(*c.Score, 2), Note: p.t("web_threshold", "threshold", p.Num(c.Threshold, 2)), Hot: c.Flagged}
		if c.Case > 0 {
			score.Href = p.href(fmt.Sprintf("/cases/%d", c.Case))
		}
		b.Facts = append(append(b.Facts, score, fact{Label: p.t("web_model"), Text: c.Model, Href: p.modelHref(c.Model)}), p.grounds(c.Grounds)...)
	}
	if c.Blind {
		b.Facts = append(b.Facts, fact{Label: p.t("web_score"), Text: "–", Note: p.t("web_blind"), Href: p.href(fmt.Sprintf("/cases/%d", c.Case))})
	}
	b.Tables = []table{p.reasonTable(c.Reasons)}
	if len(c.History) > 0 {
		b.Tables = append(b.Tables, p.historyTable(c.History))
	}
	return "list", p.t("web_complaint_n", "n", id), b, nil
}

// customerFact leads to all complaints of a customer, where there is one.
func (p *pages) customerFact(c view.Detail) fact {
	if c.Customer == "" {
		return fact{Label: p.t("web_customer"), Text: p.t("none")}
	}
	return fact{Label: p.t("web_customer"), Text: c.Customer, Note: p.t("web_customer_complaints"), Href: p.href("/complaints", "customer", c.Customer)}
}

func (p *pages) clockFact(c view.Detail) fact {
	f := fact{Label: p.t("web_clock"), Text: p.t("web_no_clock"), Hot: c.Breached}
	if c.State != "" {
		f.Text = p.name("clock", c.State)
	}
	if c.Due != nil {
		f.Note = p.t("web_due_at", "at", p.Moment(*c.Due))
	}
	return f
}

// reasonTable shows how points add up to the score.
func (p *pages) reasonTable(list []view.Reason) table {
	t := table{Caption: p.t("web_reasons"), Columns: []column{{Title: p.t("web_signal")}, {Title: p.t("web_value"), Num: true}, {Title: ""}, {Title: p.t("web_points_score"), Num: true}, {Title: p.t("web_evidence")}}}
	most, total := 0.0, 0.0
	for _, r := range list {
		most = max(most, r.Points, -r.Points)
	}
	for i, r := range list {
		total += r.Points
		var evidence []fact
		for _, seq := range r.Evidence {
			evidence = append(evidence, fact{Text: fmt.Sprintf("#%d", seq), Href: p.href(fmt.Sprintf("/complaints/%d", seq))})
		}
		if r.Incident > 0 {
			evidence = append(evidence, fact{Text: p.t("web_incident_n", "n", r.Incident), Href: p.href(fmt.Sprintf("/incidents/%d", r.Incident))})
		}
		for _, l := range r.Lines {
			evidence = append(evidence, fact{Text: p.Full(l.At) + " " + l.Service, Href: p.href("/logs/lines", "service", l.Service, "from", l.At.Truncate(time.Second).Format(time.RFC3339), "to", l.At.Truncate(time.Second).Add(time.Second).Format(time.RFC3339))})
		}
		for _, id := range r.Records {
			evidence = append(evidence, fact{Text: id})
		}
		value := p.Num(r.Value, 2)
		if r.Signal == "base" {
			value = ""
		}
		name := p.reason(r.Signal, r.About)
		note := view.ReasonNote(p.Format, list, i)
		t.Rows = append(t.Rows, []cell{{Text: name, Note: note}, {Text: value, Class: "num"}, {Mark: chart.Meter{Frame: p.small(fmt.Sprintf("reason%d", i), 96, 8, name, p.Signed(r.Points, 2)), Value: max(r.Points, -r.Points), Most: most, Hot: r.Points > 0}.SVG()},
			{Text: p.Signed(r.Points, 2), Class: "num"}, {Tags: evidence}})
	}
	if len(list) > 0 {
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_sum"), Class: "total"}, {}, {}, {Text: p.Signed(total, 2), Class: "num total"}, {}})
	}
	return t
}

// reason names a signal, or a rule by what it says in the reader's language, else by
// its own name.
func (p *pages) reason(name string, about map[string]string) string {
	if words := about[p.Words.Lang]; words != "" {
		return words
	}
	return p.name("signal", strings.TrimPrefix(name, rule.Prefix))
}

func (p *pages) historyTable(list []view.Event) table {
	t := table{Caption: p.t("web_history"), Columns: []column{{Title: p.t("web_at")}, {Title: p.t("web_status")}, {Title: p.t("web_department"), Minor: true}, {Title: p.t("web_handler")}}}
	for _, e := range list {
		t.Rows = append(t.Rows, []cell{{Text: p.at(e.At), Class: "time"}, {Text: p.name("status", e.Status)}, {Text: p.name("department", e.Department)}, {Text: e.Handler}})
	}
	return t
}

func showCase(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, id int64) (string, string, any, error) {
	c, err := v.Case(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	about, err := v.Complaint(ctx, c.Seq)
	b := listBody{Lead: p.t("web_case_lead"), Quote: about.Body, Tables: []table{p.reasonTable(c.Reasons)}, Facts: []fact{
		{Label: p.t("web_state"), Text: p.name("case", c.State), Note: p.Standing(c.Flagged, c.Outdated, c.Model)}, p.scoreOf(c, about),
		{Label: p.t("web_complaint"), Text: fmt.Sprintf("#%d", c.Seq), Href: p.href(fmt.Sprintf("/complaints/%d", c.Seq))}, {Label: p.t("web_type"), Text: p.name("type", c.Type)},
		{Label: p.t("web_customer"), Text: c.Customer}, {Label: p.t("web_opened"), Text: p.Full(c.Opened)}, {Label: p.t("web_model"), Text: c.Model, Href: p.modelHref(c.Model)}}}
	if c.Blind {
		b.Tables, b.Facts = nil, slices.DeleteFunc(b.Facts, func(f fact) bool { return f.Text == "" })
	}
	if err != nil {
		return "", "", nil, err
	}
	if b.Tables = append(b.Tables, p.stepTable(c)); about.Amount != nil {
		b.Facts = append(b.Facts, fact{Label: p.t("web_claimed"), Text: p.Num(*about.Amount, 2), Note: about.Currency})
	}
	records, err := v.Records(ctx, c.Seq)
	if err != nil {
		return "", "", nil, err
	}
	if len(records.Missing) > 0 {
		b.Facts = append(b.Facts, fact{Label: p.t("web_records_missing"), Text: strings.Join(records.Missing, ", "), Hot: true})
	}
	if len(records.Transactions) > 0 {
		b.Tables = append(b.Tables, p.recordTable(records.Transactions))
	}
	b.Facts = append(b.Facts, p.grounds(c.Grounds)...)
	if about.Ring > 0 {
		b.Facts = append(b.Facts, p.ringFact(about))
	}
	return "list", p.t("web_case_n", "n", id), b, err
}

// grounds say what would have to be otherwise, and how much others' verdicts weigh.
func (p *pages) grounds(g view.Grounds) (out []fact) {
	if len(g.Below) > 0 {
		parts := make([]string, len(g.Below))
		for i, x := range g.Below {
			if strings.HasPrefix(x.Signal, rule.Prefix) {
				parts[i] = p.t("web_below_rule", "rule", p.reason(x.Signal, x.About))
				continue
			}
			parts[i] = p.t("web_below_part", "signal", p.name("signal", x.Signal), "most", p.Num(x.AtMost, 2), "is", p.Num(x.Is, 2))
		}
		out = append(out, fact{Label: p.t("web_below_if"), Text: strings.Join(parts, p.t("web_below_and"))})
	}
	if g.Others > 0 {
		out = append(out, fact{Label: p.t("web_from_verdicts"), Text: p.Percent(g.Others)})
	}
	return out
}

// recordTable is what the books say of the customer's transactions.
func (p *pages) recordTable(list []view.Transaction) table {
	t := table{Caption: p.t("web_records"), Columns: []column{{Title: p.t("web_transaction")}, {Title: p.t("web_kind")}, {Title: p.t("web_status")}, {Title: p.t("web_amount"), Num: true}, {Title: p.t("web_requested")}, {Title: p.t("web_settled")}, {Title: p.t("web_failed")}}}
	for _, x := range list {
		amount, note := cell{Text: "–", Class: "num"}, ""
		if x.Amount != nil {
			amount.Text, amount.Note = p.Num(*x.Amount, 2), x.Currency
		}
		if x.Cited {
			note = p.t("web_cited")
		}
		t.Rows = append(t.Rows, []cell{{Text: x.ID, Class: "code", Note: note}, {Text: p.name("transaction", x.Type)}, {Text: p.name("settlement", x.Status)}, amount, {Text: p.at(x.Requested), Class: "time"}, {Text: p.at(x.Settled), Class: "time"}, {Text: p.at(x.Failed), Class: "time"}})
	}
	return t
}

// stepTable is what became of a case, and how it is decided: the page only reads.
func (p *pages) stepTable(c view.Case) table {
	t := table{Caption: p.t("web_case_steps"), Columns: []column{{Title: p.t("web_at")}, {Title: p.t("web_state")}, {Title: p.t("theme_actor")}, {Title: p.t("web_note")}}}
	for _, s := range c.Steps {
		t.Rows = append(t.Rows, []cell{{Text: p.Full(s.At), Class: "time"}, {Text: p.name("case", s.Action)}, {Text: p.name("actor", s.By)}, {Text: s.Note, Class: "wide"}})
	}
	if c.State == "open" || c.State == store.Reopened {
		t.Rows = append(t.Rows, []cell{{}, {Text: p.t("web_decide_by")}, {}, {Text: fmt.Sprintf("plaint cases decide %d --as confirmed|cleared --by %s --note %s", c.ID, p.t("web_who"), p.t("web_why")), Class: "code wide"}})
	}
	return t
}

func (p *pages) scoreOf(c view.Case, about view.Detail) fact {
	if c.Blind {
		return fact{Label: p.t("web_score"), Text: "–", Note: p.t("web_blind")}
	}
	if c.Score == nil {
		return fact{Label: p.t("web_score"), Text: "–"}
	}
	return fact{Label: p.t("web_score"), Text: p.Fixed(*c.Score, 2), Note: p.t("web_threshold", "threshold", p.Num(about.Threshold, 2)), Hot: about.Flagged}
}

func (p *pages) entryTable(list []view.Entry) table {
	t := table{Caption: p.t("web_entries"), Columns: []column{{Title: p.t("web_entry"), Num: true}, {Title: p.t("web_subject")}, {Title: p.t("web_ground")}, {Title: p.t("web_scope"), Minor: true},
		{Title: p.t("web_state")}, {Title: p.t("web_proposed_by"), Minor: true}, {Title: p.t("web_evidence")}}}
	const most = 6
	for _, e := range list {
		var evidence []fact
		for i, seq := range e.Evidence {
			if i == most {
				evidence = append(evidence, fact{Text: p.t("web_and_more", "n", len(e.Evidence)-most)})
				break
			}
			evidence = append(evidence, fact{Text: fmt.Sprintf("#%d", seq), Href: p.href(fmt.Sprintf("/complaints/%d", seq))})
		}
		by := p.name("actor", e.By)
		if e.Approver != "" {
			by += " + " + e.Approver
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(e.ID), Class: "num"}, {Text: p.name("subject", e.Subject) + " " + e.Key}, {Text: p.name("ground", e.Ground)}, {Text: p.name("scope", e.Scope)},
			{Text: p.name("entry", e.State)}, {Text: by, Note: p.Date(e.Proposed)}, {Tags: evidence}})
	}
	return t
}

func (p *pages) answerTable(list []view.Answer) table {
	t := table{Caption: p.t("web_surveys"), Columns: []column{{Title: p.t("web_answered")}, {Title: p.t("web_metric")}, {Title: p.t("web_answer"), Num: true}, {Title: p.t("web_scale"), Num: true, Minor: true},
		{Title: p.t("web_channel"), Minor: true}, {Title: p.t("web_handler"), Minor: true}, {Title: p.t("web_customer"), Minor: true}, {Title: p.t("web_about"), Num: true}}}
	for _, a := range list {
		score, scale, about := cell{Class: "num"}, "", cell{Class: "num"}
		if a.Score != nil {
			score.Text = p.Num(*a.Score, 1)
		}
		if a.Min != nil && a.Max != nil {
			scale = p.Num(*a.Min, 1) + "–" + p.Num(*a.Max, 1)
		}
		if a.About > 0 {
			about.Text, about.Href = fmt.Sprintf("#%d", a.About), p.href(fmt.Sprintf("/complaints/%d", a.About))
		}
		t.Rows = append(t.Rows, []cell{{Text: p.at(a.Answered), Class: "time"}, {Text: p.name("metric", a.Metric)}, score, {Text: scale, Class: "num"}, {Text: p.name("channel", a.Channel)}, {Text: a.Handler}, {Text: a.Customer, Class: "code"}, about})
	}
	return t
}

func showLog(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, id int64) (string, string, any, error) {
	x, err := v.Template(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	b := listBody{Facts: []fact{{Label: p.t("web_service"), Text: x.Service, Href: p.href("/logs", "service", x.Service)}, {Label: p.t("web_level"), Text: p.name("level", x.Level)}, {Label: p.t("web_lines"), Text: p.Int(x.N), Href: p.href("/logs/lines", "template", id)},
		{Label: p.t("web_first"), Text: p.at(x.First)}, {Label: p.t("web_last"), Text: p.at(x.Last)}}}
	if len(x.Bursts) > 0 {
		b.Tables = append(b.Tables, p.windowTable(x.Bursts, "/logs/lines", "template", id))
	}
	t := table{Caption: p.t("web_by_hour"), Columns: []column{{Title: p.t("web_hour")}, {Title: p.t("web_lines"), Num: true}}}
	const most = 400
	for _, h := range x.Hours[max(0, len(x.Hours)-most):] {
		t.Rows = append(t.Rows, []cell{{Text: p.Full(h.At), Class: "time"}, p.number(h.N, p.href("/logs/lines", "template", id, "from", h.At.Format(time.RFC3339), "to", h.At.Add(time.Hour).Format(time.RFC3339)))})
	}
	b.Tables = append(b.Tables, t)
	b.Chart = chart.Spark{Frame: chart.Frame{ID: "template", Width: 720, Height: 90, Class: "sparkwide", Title: p.t("web_over_time"), Desc: x.Template}, Values: steps(x.Hours, 120)}.SVG()
	return "list", x.Template, b, nil
}

// steps puts counts by the hour into equal steps from the first to the last.
func steps(hours []view.Count, count int) []int {
	out := make([]int, count)
	if len(hours) == 0 {
		return out
	}
	first := hours[0].At
	span := hours[len(hours)-1].At.Sub(first) + time.Hour
	for _, h := range hours {
		out[int(int64(h.At.Sub(first))/max(1, int64(span)/int64(count)))%count] += h.N
	}
	return out
}

func showLoading(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	kind := q.Kind()
	limit, offset := q.Paging()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	sums, err := v.Loadings(ctx)
	if err != nil {
		return "", "", nil, err
	}
	list, err := v.Admissions(ctx, kind, limit, offset)
	t := table{Caption: p.t("web_admissions"), Columns: []column{{Title: p.t("web_batch"), Num: true}, {Title: p.t("web_at")}, {Title: p.t("web_input")}, {Title: p.t("web_kind"), Minor: true}, {Title: p.t("rows_in"), Num: true}, {Title: p.t("loaded"), Num: true, Minor: true},
		{Title: p.t("known"), Num: true, Minor: true}, {Title: p.t("refused"), Num: true}, {Title: p.t("web_took"), Num: true, Minor: true}}}
	for _, a := range list.Rows {
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(a.Batch), Class: "num"}, {Text: p.Full(a.At), Class: "time"}, {Text: a.Input, Class: "code"}, {Text: p.name("kind", a.Kind)}, p.number(a.RowsIn, ""), p.number(a.Loaded, ""), p.number(a.Known, ""), p.number(a.Refused, ""),
			{Text: p.t("unit_s", "n", p.Num(float64(a.Micros)/1e6, 2)), Class: "num"}})
	}
	b := listBody{Lead: p.t("web_loading_lead"), Chips: p.chips("/loading", q), Tables: []table{p.loadingTable(sums), t}}
	b.Facts = []fact{{Label: p.t("refused"), Text: p.t("web_see_refused"), Href: p.href("/refused")}, {Label: p.t("web_runs"), Text: p.t("web_all_runs"), Href: p.href("/runs")}}
	p.pager(&b, "/loading", q, list.Total)
	return "list", p.t("web_loading"), b, err
}

func showRefused(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Refused()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Refused(ctx, f)
	t := table{Caption: p.t("web_refused_rows"), Columns: []column{{Title: p.t("web_input")}, {Title: p.t("line"), Num: true}, {Title: p.t("web_kind"), Minor: true}, {Title: p.t("column")}, {Title: p.t("reason")}, {Title: p.t("web_replayed"), Minor: true}}}
	for _, x := range list.Rows {
		t.Rows = append(t.Rows, []cell{{Text: x.Input, Class: "code"}, {Text: fmt.Sprint(x.Line), Class: "num"}, {Text: p.name("kind", x.Kind)}, {Text: x.Field, Class: "code"}, {Text: p.name("code", x.Code), Note: x.Detail, Class: "wide"}, {Text: p.name("yesno", map[bool]string{true: "yes", false: "no"}[x.Replayed])}})
	}
	b := listBody{Lead: p.t("web_refused_lead"), Chips: p.chips("/refused", q), Tables: []table{p.countTable(p.t("web_refused_by"), "code", list.Counts, 50, func(c string) string { return p.href("/refused", "code", c, "replayed", "no") }), t}}
	p.pager(&b, "/refused", q, list.Total)
	return "list", p.t("web_refused_rows"), b, err
}

func showRuns(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	kind := q.RunKind()
	limit, offset := q.Paging()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Runs(ctx, kind, limit, offset)
	b := listBody{Lead: p.t("web_runs_lead"), Chips: p.chips("/runs", q), Tables: []table{p.runTable(list.Rows, fact{})}}
	p.pager(&b, "/runs", q, list.Total)
	return "list", p.t("web_runs"), b, err
}
