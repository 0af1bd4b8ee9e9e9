package web

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"time"

	"plaint/internal/web/chart"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

// listBody is a page of lists.
type listBody struct {
	Lead      string
	Quote     string // a masked excerpt
	Facts     []fact
	Chips     []fact // the filters that are set; each links to the list without it
	Chart     template.HTML
	ChartNote string
	Tables    []table
	Pager     []fact
	Range     string
}

var paged = param.PagingNames

// pageRoutes are the pages beside the API; each number on one leads to another.
var pageRoutes = []pageRoute{
	{"/{$}", "/", nil, func(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, _ int64) (string, string, any, error) {
		o, err := v.Overview(ctx)
		if err != nil {
			return "", "", nil, err
		}
		return "overview", p.t("web_title"), p.overview(o), nil
	}},
	{"/complaints", "/complaints", param.ComplaintNames, showComplaints},
	{"/complaints/{id}", "/complaints", nil, showComplaint},
	{"/incidents", "/incidents", param.IncidentNames, showIncidents},
	{"/incidents/{id}", "/incidents", nil, showIncident},
	{"/rings", "/rings", paged, showRings},
	{"/rings/{id}", "/rings", nil, showRing},
	{"/themes", "/themes", paged, showThemes},
	{"/themes/{id}", "/themes", paged, showTheme},
	{"/knowledge", "/knowledge", param.GapNames, showKnowledge},
	{"/cases", "/cases", param.CaseNames, showCases},
	{"/cases/{id}", "/cases", nil, showCase},
	{"/models", "/cases", nil, showModels},
	{"/models/{name}", "/cases", nil, showModel},
	{"/entries", "/entries", param.EntryNames, showEntries},
	{"/surveys", "/surveys", param.AnswerNames, showSurveys},
	{"/logs", "/logs", param.TemplateNames, showLogs},
	{"/logs/{id}", "/logs", nil, showLog},
	{"/logs/lines", "/logs", param.LineNames, showLines},
	{"/loading", "/loading", param.KindNames, showLoading},
	{"/refused", "/loading", param.RefusedNames, showRefused},
	{"/runs", "/loading", param.KindNames, showRuns},
}

// chipGroups are the parameters that narrow a list, with the group of words of
// their values.
var chipGroups = []struct{ name, group string }{{"customer", ""}, {"incident", ""}, {"ring", ""}, {"theme", ""}, {"type", "type"}, {"department", "department"}, {"handler", ""}, {"channel", "channel"},
	{"product", "product"}, {"language", "language"}, {"source", ""}, {"clock", "clock"}, {"breached", "yesno"}, {"flagged", "yesno"}, {"dated", "yesno"}, {"from", ""}, {"to", ""},
	{"score_from", ""}, {"score_to", ""}, {"state", "case"}, {"signal", "signal"}, {"ground", "ground"}, {"metric", "metric"}, {"linked", "yesno"},
	{"service", ""}, {"level", "level"}, {"burst", "yesno"}, {"code", "code"}, {"kind", "kind"}, {"profile", ""}, {"replayed", "yesno"}, {"attributes", ""}, {"severity", "severity"}, {"template", ""}, {"answered", "yesno"}}

// chips shows what narrows a list, and links to the list without each.
func (p *pages) chips(path string, q *param.Query) (out []fact) {
	var set []string
	for _, c := range chipGroups {
		if q.Text(c.name) != "" {
			set = append(set, c.name)
		}
	}
	for _, c := range chipGroups {
		value := q.Text(c.name)
		if value == "" {
			continue
		}
		if c.name == "from" || c.name == "to" {
			value = p.Full(q.Time(c.name))
		} else if c.name == "state" && path == "/incidents" {
			value = p.name("incident", value)
		} else if value == view.NoValue {
			value = p.t("none")
		} else if c.group != "" {
			value = p.name(c.group, value)
		}
		out = append(out, fact{Label: p.t("web_filter_" + c.name), Text: value, Href: p.href(path, without(q, set, c.name)...)})
	}
	return out
}

func without(q *param.Query, names []string, not string) (pairs []any) {
	for _, n := range names {
		if n != not {
			pairs = append(pairs, n, q.Text(n))
		}
	}
	return pairs
}

// pagerNames are the parameters that links to other rows of a list keep.
func pagerNames() []string {
	names := []string{"order", "limit"}
	for _, c := range chipGroups {
		names = append(names, c.name)
	}
	return names
}

// pager links to the rows before and after.
func (p *pages) pager(b *listBody, path string, q *param.Query, total int) {
	limit, offset := q.Paging()
	if total == 0 {
		b.Range = p.t("web_no_rows")
		return
	}
	if offset >= total {
		b.Range = p.t("web_range_past", "n", p.Int(total))
		b.Pager = append(b.Pager, fact{Label: p.t("web_previous"), Href: p.href(path, append(without(q, pagerNames(), ""), "offset", max(0, total-limit))...)})
		return
	}
	b.Range = p.t("web_range", "from", p.Int(min(offset+1, total)), "to", p.Int(min(offset+limit, total)), "n", p.Int(total))
	pairs := without(q, pagerNames(), "")
	if offset > 0 {
		b.Pager = append(b.Pager, fact{Label: p.t("web_previous"), Href: p.href(path, append(pairs, "offset", max(0, offset-limit))...)})
	}
	if offset+limit < total {
		b.Pager = append(b.Pager, fact{Label: p.t("web_next"), Href: p.href(path, append(pairs, "offset", offset+limit)...)})
	}
}

func showComplaints(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Complaints()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Complaints(ctx, f)
	b := listBody{Chips: p.chips("/complaints", q), Tables: []table{p.complaintTable(list.Rows, f.Incident > 0 || f.Order == "-amount")}}
	p.pager(&b, "/complaints", q, list.Total)
	return "list", p.t("web_complaints"), b, err
}

// complaintTable lists complaints, with what they claim where that is asked for.
func (p *pages) complaintTable(list []view.Complaint, claims bool) table {
	t := table{Caption: p.t("web_complaints"), Columns: []column{{Title: p.t("web_complaint")}, {Title: p.t("web_received")}, {Title: p.t("web_type")}, {Title: p.t("web_excerpt")}, {Title: p.t("web_department"), Minor: true},
		{Title: p.t("web_channel"), Minor: true}, {Title: p.t("web_customer"), Minor: true}, {Title: p.t("web_status"), Minor: true}, {Title: p.t("web_clock")}, {Title: p.t("web_score"), Num: true}}}
	if claims {
		t.Columns = slices.Insert(t.Columns, 3, column{Title: p.t("web_claimed"), Num: true})
	}
	for _, c := range list {
		score, clock := cell{Class: "num"}, cell{Text: ""}
		if c.Score != nil {
			score.Text = p.Fixed(*c.Score, 1)
		}
		if c.Flagged {
			score.Class = "num hot"
		}
		if c.Case > 0 {
			score.Href = p.href(fmt.Sprintf("/cases/%d", c.Case))
		}
		if c.State != "" {
			clock.Text = p.name("clock", c.State)
		}
		if c.Breached {
			clock.Class = "hot"
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprintf("#%d", c.Seq), Href: p.href(fmt.Sprintf("/complaints/%d", c.Seq))}, {Text: p.at(c.Received), Class: "time"}, {Text: p.name("type", c.Type)}, {Text: c.Excerpt, Class: "wide excerpt"},
			{Text: p.name("department", c.Department)}, {Text: p.name("channel", c.Channel)}, {Text: c.Customer, Class: "code"}, {Text: p.name("status", c.Status)}, clock, score})
		if claims {
			amount := cell{Text: "–", Class: "num"}
			if c.Amount != nil {
				amount.Text, amount.Note = p.Num(*c.Amount, 2), c.Currency
			}
			last := len(t.Rows) - 1
			t.Rows[last] = slices.Insert(t.Rows[last], 3, amount)
		}
	}
	return t
}

func (p *pages) at(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return p.Full(*t)
}

func showThemes(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	limit, offset := q.Paging()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Themes(ctx, limit, offset)
	b := listBody{Lead: p.t("web_themes_note", "n", p.Int(list.Total)), Tables: []table{p.themeTable(list.Rows, fact{})}}
	p.pager(&b, "/themes", q, list.Total)
	return "list", p.t("web_themes"), b, err
}

func showTheme(ctx context.Context, p *pages, v *view.Reader, q *param.Query, id int64) (string, string, any, error) {
	f := view.Filter{Theme: id}
	if f.Limit, f.Offset = q.Paging(); q.Fault() != nil {
		return "", "", nil, nil
	}
	x, err := v.Theme(ctx, id)
	if isMissing(err) {
		return goneTheme(ctx, p, v, id)
	}
	if err != nil {
		return "", "", nil, err
	}
	list, err := v.Complaints(ctx, f)
	b := listBody{Lead: p.t("web_terms", "terms", joinTerms(x.TermsIn(p.Words.Lang), p.Words.Lang)), Facts: []fact{
		{Label: p.t("web_size"), Text: p.Int(x.Size), Note: p.Percent(x.Share) + " " + p.since(x.Since), Href: p.href("/complaints", "theme", id)}, {Label: p.t("web_customers"), Text: p.Int(x.Customers)},
		{Label: p.t("web_type"), Text: p.name("type", x.Type)}, {Label: p.t("web_severity"), Text: p.Num(x.Severity, 2)}, {Label: p.t("web_trend"), Text: p.Trend(x.Trend)},
		{Label: p.t("web_claimed"), Text: p.Claims(x.Money), Href: p.href("/complaints", "theme", id, "order", "-amount")}, {Label: p.t("web_example"), Text: fmt.Sprintf("#%d", x.Example), Href: p.href(fmt.Sprintf("/complaints/%d", x.Example))}},
		Chart: chart.Spark{Frame: chart.Frame{ID: "theme", Width: 720, Height: 90, Class: "sparkwide", Title: p.t("web_over_time"), Desc: x.LabelIn(p.Words.Lang)}, Values: x.Spark, Hot: x.Hot}.SVG()}
	if len(x.Windows) > 0 {
		b.Tables = append(b.Tables, p.windowTable(x.Windows, "/complaints", "theme", id))
	}
	b.Tables = append(b.Tables, p.moneyTables(x.Money)...)
	if err == nil {
		err = p.showHistory(ctx, v, &b, x, q)
	}
	b.Tables = append(b.Tables, p.complaintTable(list.Rows, false), p.editTable(id))
	p.pager(&b, fmt.Sprintf("/themes/%d", id), q, list.Total)
	return "list", x.LabelIn(p.Words.Lang), b, err
}

func joinTerms(terms []string, lang string) string {
	sep := ", "
	if lang == "zh" {
		sep = "、"
	}
	out := ""
	for i, t := range terms {
		if i > 0 {
			out += sep
		}
		out += t
	}
	return out
}

// windowTable lists bursts of what name and id say, each with its rows on a path.
func (p *pages) windowTable(list []view.Window, path, name string, id int64) table {
	t := table{Caption: p.t("web_bursts"), Columns: []column{{Title: p.t("web_window")}, {Title: p.t("web_number"), Num: true}, {Title: p.t("web_expected"), Num: true}}}
	for _, w := range list {
		href := p.href(path, name, id, "from", w.From.Format(time.RFC3339), "to", w.To.Format(time.RFC3339))
		t.Rows = append(t.Rows, []cell{{Text: p.Window(w.From, w.To), Class: "time"}, p.number(w.N, href), {Text: p.Num(w.Expected, 1), Class: "num"}})
	}
	return t
}

func showCases(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Cases()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Cases(ctx, f)
	b := listBody{Lead: p.t("web_cases_lead"), Chips: p.chips("/cases", q), Tables: []table{p.caseTable(list.Rows, fact{})}, Facts: []fact{{Label: p.t("web_models"), Text: p.t("web_models_judge"), Href: p.href("/models")}, {Label: p.name("signal", view.Drawn), Text: p.t("web_see_drawn"), Href: p.href("/cases", "signal", view.Drawn)}}}
	p.pager(&b, "/cases", q, list.Total)
	return "list", p.t("web_cases"), b, err
}

func showEntries(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	state, ground, limit, offset := q.Entries()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Entries(ctx, state, ground, limit, offset)
	b := listBody{Lead: p.t("web_entries_lead"), Chips: p.chips("/entries", q), Tables: []table{p.entryTable(list.Rows)}}
	p.pager(&b, "/entries", q, list.Total)
	return "list", p.t("web_entries"), b, err
}

func showSurveys(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Answers()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Answers(ctx, f)
	b := listBody{Lead: p.t("web_surveys_lead"), Chips: p.chips("/surveys", q), Tables: []table{p.answerTable(list.Rows)}}
	p.pager(&b, "/surveys", q, list.Total)
	return "list", p.t("web_surveys"), b, err
}

func showLogs(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Templates()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Templates(ctx, f)
	b := listBody{Lead: p.t("web_logs_lead"), Chips: p.chips("/logs", q), Tables: []table{p.templateTable(list.Rows, fact{})}}
	p.pager(&b, "/logs", q, list.Total)
	return "list", p.t("web_logs"), b, err
}
