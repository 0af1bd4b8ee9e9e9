package web

import (
	"context"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"plaint/internal/web/chart"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

func showIncidents(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Incidents()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Incidents(ctx, f)
	b := listBody{Lead: p.t("web_incidents_lead"), Chips: p.chips("/incidents", q), Tables: []table{p.incidentTable(list.Rows)}}
	p.pager(&b, "/incidents", q, list.Total)
	return "list", p.t("web_incidents"), b, err
}

// incidentTable lists incidents.
func (p *pages) incidentTable(list []view.Incident) table {
	t := table{Caption: p.t("web_incidents"), Columns: []column{{Title: p.t("web_incident")}, {Title: p.t("web_window")}, {Title: p.t("web_incident_about")}, {Title: p.t("web_type"), Minor: true},
		{Title: p.t("web_complaints"), Num: true}, {Title: p.t("web_expected"), Num: true, Minor: true}, {Title: p.t("web_severity")}, {Title: p.t("web_state"), Minor: true}, {Title: p.t("web_went_before"), Minor: true}}}
	for _, x := range list {
		class := ""
		if x.Severity == "severe" {
			class = "hot"
		}
		before := cell{Text: "–"}
		if x.Template > 0 {
			before = cell{Text: x.LinkedTo, Class: "code wide", Href: p.href(fmt.Sprintf("/logs/%d", x.Template)), Note: p.lag(x.Lag)}
		}
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_incident_n", "n", x.ID), Href: p.href(fmt.Sprintf("/incidents/%d", x.ID)), Class: "time"}, {Text: p.Window(x.From, x.To), Class: "time"},
			{Text: x.Label, Href: p.href(fmt.Sprintf("/incidents/%d", x.ID)), Class: "wide"}, {Text: p.name("type", x.Type)}, p.number(x.N, p.incidentRows(x)), {Text: p.Num(x.Expected, 1), Class: "num"},
			{Text: p.name("severity", x.Severity), Class: class + " time"}, {Text: p.name("incident", x.State), Class: "time"}, before})
	}
	return t
}

// lag words how long complaints came behind the lines of a log.
func (p *pages) lag(hours int) string {
	if hours == 0 {
		return p.t("web_lag_within")
	}
	return p.t("web_lag_after", "hours", p.Hours(float64(hours)))
}

func (p *pages) incidentTip(x view.Incident) string {
	return p.t("web_tip_incident", "label", x.Label, "from", p.Moment(x.From), "to", p.Moment(x.To), "n", p.Int(x.N), "themes", x.Themes)
}

func (p *pages) incidentRows(x view.Incident) string {
	return p.href("/complaints", "incident", x.ID)
}

// shownMembers is how many complaints the page of an incident shows.
const shownMembers = 12

func showIncident(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, id int64) (string, string, any, error) {
	x, err := v.Incident(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	rows, err := v.Complaints(ctx, view.Filter{Incident: id, Order: "received", Limit: shownMembers})
	if err != nil {
		return "", "", nil, err
	}
	charts := p.incidentCharts(x)
	b := listBody{Lead: p.incidentLead(x), Facts: p.incidentFacts(x), Chart: charts[0] + charts[1], ChartNote: p.t("web_incident_chart_note")}
	b.Tables = append(b.Tables, p.causeTable(x))
	if len(x.Templates) > 0 {
		b.Tables = append(b.Tables, p.linkTable(x))
	}
	b.Tables = append(append(b.Tables, p.partTable(x)), p.moneyTables(x.Money)...)
	complaints := p.complaintTable(rows.Rows, true)
	complaints.More = fact{Text: p.t("web_all_complaints", "n", p.Int(rows.Total)), Href: p.incidentRows(x.Incident)}
	b.Tables = append(b.Tables, complaints)
	return "list", p.t("web_incident_title", "n", id, "label", x.Label), b, nil
}

// incidentLead is the incident in a sentence or two.
func (p *pages) incidentLead(x view.IncidentDetail) string {
	whom := p.t("web_met_everybody")
	if len(x.Causes) > 0 {
		whom = p.attributes(x.Causes[0].Attributes)
	} else if !x.Everyone {
		whom = p.t("web_met_unknown")
	}
	lead := p.t("web_incident_lead", "n", p.Int(x.N), "expected", p.Num(x.Expected, 1), "type", p.name("type", x.Type), "whom", whom)
	if x.Template > 0 {
		lead += p.t("web_sentence_gap") + p.t("web_incident_lead_log", "template", x.LinkedTo, "lag", p.lag(x.Lag))
	}
	return lead
}

// attributes words a combination of values: "country MY, product gold".
func (p *pages) attributes(of map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, p.t("web_is", "name", p.name("attribute", name), "value", p.name(name, of[name])))
	}
	return joinTerms(parts, p.Words.Lang)
}

func (p *pages) incidentFacts(x view.IncidentDetail) []fact {
	rows := p.incidentRows(x.Incident)
	out := []fact{{Label: p.t("web_state"), Text: p.name("incident", x.State), Hot: x.State == "open"}, {Label: p.t("web_severity"), Text: p.name("severity", x.Severity), Hot: x.Severity == "severe"},
		{Label: p.t("web_window"), Text: p.Window(x.From, x.To)}, {Label: p.t("web_complaints"), Text: p.Int(x.N), Note: p.t("web_exp", "n", p.Num(x.Expected, 1)), Href: rows},
		{Label: p.t("web_customers"), Text: p.Int(x.Customers), Note: p.t("web_independent", "n", p.Int(x.Independent))},
		{Label: p.t("web_first"), Text: p.Full(x.First)}, {Label: p.t("web_seen"), Text: p.Full(x.Seen), Note: p.t("web_seen_after", "hours", p.Hours(x.Delay().Hours()))}}
	if len(x.Money) > 0 {
		out = append(out, fact{Label: p.t("web_claimed"), Text: p.Claims(x.Money), Href: p.href("/complaints", "incident", x.ID, "order", "-amount")})
	}
	if x.Before != nil || x.After != nil {
		text := func(v *float64, n int) (string, string) {
			if v == nil {
				return "–", ""
			}
			return p.Score("csat", *v), p.t("web_n_answers", "n", p.Int(n))
		}
		before, nb := text(x.Before, x.BeforeN)
		after, na := text(x.After, x.AfterN)
		month := x.From.AddDate(0, 0, -28)
		out = append(out, fact{Label: p.t("web_csat_before"), Text: before, Note: nb, Href: p.href("/surveys", "metric", "csat", "type", x.Type, "from", month.Format(time.RFC3339), "to", x.From.Format(time.RFC3339))},
			fact{Label: p.t("web_csat_after"), Text: after, Note: na, Href: p.href("/surveys", "metric", "csat", "incident", x.ID), Hot: x.Before != nil && x.After != nil && *x.After < *x.Before-5})
	}
	return out
}

// causeTable says whom an incident met.
func (p *pages) causeTable(x view.IncidentDetail) table {
	t := table{Caption: p.t("web_whom"), Columns: []column{{Title: p.t("web_attributes")}, {Title: p.t("web_complaints"), Num: true}, {Title: p.t("web_expected"), Num: true}, {Title: p.t("web_times"), Num: true, Minor: true}, {Title: p.t("web_share_of_excess"), Num: true}}}
	for _, c := range x.Causes {
		ratio := "–"
		if c.Expected >= .05 {
			ratio = p.Num(c.Ratio, 1) + "×"
		}
		t.Rows = append(t.Rows, []cell{{Text: p.attributes(c.Attributes)}, p.number(c.N, p.causeRows(x, c)), {Text: p.Num(c.Expected, 1), Class: "num"}, {Text: ratio, Class: "num"}, {Text: p.Percent(c.Share), Class: "num"}})
	}
	if len(x.Causes) == 0 {
		t.Rows = [][]cell{{{Text: p.t("web_met_everybody_note")}, p.number(x.N, p.incidentRows(x.Incident)), {Text: p.Num(x.Expected, 1), Class: "num"}, {}, {}}}
	}
	return t
}

// causeRows lists the complaints of a cause: those of the incident that have its
// values.
func (p *pages) causeRows(x view.IncidentDetail, c view.IncidentCause) string {
	pairs := []any{"incident", x.ID}
	var extra []string
	for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
		switch name {
		case "product", "channel", "handler":
			pairs = append(pairs, name, c.Attributes[name])
		default:
			extra = append(extra, name+"="+c.Attributes[name])
		}
	}
	return p.href("/complaints", append(pairs, "attributes", strings.Join(extra, ","))...)
}

// linkTable lists log templates with what speaks for them.
func (p *pages) linkTable(x view.IncidentDetail) table {
	t := table{Caption: p.t("web_went_before_table"), Columns: []column{{Title: p.t("web_template")}, {Title: p.t("web_service"), Minor: true}, {Title: p.t("web_lag"), Num: true}, {Title: p.t("web_q"), Num: true},
		{Title: p.t("web_met_by"), Minor: true}, {Title: p.t("web_shared_word"), Minor: true}, {Title: p.t("web_lines"), Num: true}, {Title: p.t("web_verdict")}}}
	for _, l := range x.Templates {
		verdict, class := p.t("web_link_no"), ""
		if l.Linked {
			verdict, class = p.t("web_link_yes"), "hot"
		}
		met, word := cell{Text: "–"}, cell{Text: "–"}
		if l.HitP != nil {
			met = cell{Text: p.t("web_of", "n", p.Int(l.Hit), "of", p.Int(l.Customers)), Note: p.t("web_against", "n", p.Int(l.OtherHit), "of", p.Int(l.Others))}
		}
		if l.Word != "" {
			word = cell{Text: l.Word, Class: "code", Note: p.t("web_word_in", "n", p.Int(l.With), "of", p.Int(l.Texts))}
		}
		t.Rows = append(t.Rows, []cell{{Text: l.Text, Class: "code wide", Href: p.href(fmt.Sprintf("/logs/%d", l.Template))}, {Text: l.Service, Note: p.name("level", l.Level)}, {Text: p.Hours(float64(l.Lag)), Class: "num"},
			{Text: p.small3(l.Q), Class: "num"}, met, word, p.number(l.Lines, p.lineRows(l.Template, x)), {Text: verdict, Class: class + " time"}})
	}
	return t
}

// small3 writes a probability: below a thousandth the digits say nothing.
func (p *pages) small3(v float64) string {
	if v < .001 {
		return "<" + p.Fixed(.001, 3)
	}
	return p.Fixed(v, 3)
}

// lineRows leads to the lines of a template from three days before an incident
// to its end.
func (p *pages) lineRows(template int64, x view.IncidentDetail) string {
	return p.href("/logs/lines", "template", template, "from", x.From.Add(-view.Before).Format(time.RFC3339), "to", x.To.Format(time.RFC3339))
}

func (p *pages) partTable(x view.IncidentDetail) table {
	t := table{Caption: p.t("web_themes"), Columns: []column{{Title: p.t("web_theme")}, {Title: ""}, {Title: p.t("web_complaints"), Num: true}}}
	for i, s := range x.Parts {
		t.Rows = append(t.Rows, []cell{{Text: s.Label, Href: p.href(fmt.Sprintf("/themes/%d", s.Theme)), Class: "wide"},
			{Mark: chart.Meter{Frame: p.small(fmt.Sprintf("part%d", i), 96, 8, s.Label, p.Int(s.N)), Value: float64(s.N), Most: float64(x.N)}.SVG()},
			p.number(s.N, p.href("/complaints", "incident", x.ID, "theme", s.Theme))})
	}
	return t
}

// stepHours are the lengths of a step of an incident's chart.
var stepHours = []int{1, 2, 3, 6, 12, 24}

// incidentCharts draws the complaints against what is usual and the lines of
// the likeliest templates, for wide and for narrow screens.
func (p *pages) incidentCharts(x view.IncidentDetail) (out [2]template.HTML) {
	if len(x.Hours) == 0 {
		return out
	}
	for i, size := range [][4]int{{1128, 160, 12, 110}, {358, 60, 4, 42}} {
		out[i] = p.incidentChart(x, fmt.Sprintf("incident%d", i), [...]string{"wide", "narrow"}[i], size)
	}
	return out
}

// incidentChart is one of them; size is its width, the most bars, the most
// labels and the most letters of a lane's name.
func (p *pages) incidentChart(x view.IncidentDetail, id, class string, size [4]int) template.HTML {
	first := x.Hours[0].At
	hours := int(x.Hours[len(x.Hours)-1].At.Sub(first).Hours()) + 1
	length := stepHours[len(stepHours)-1]
	for _, h := range stepHours {
		if hours/h <= size[1] {
			length = h
			break
		}
	}
	step := func(t time.Time) float64 { return t.Sub(first).Hours() / float64(length) }
	n := (hours + length - 1) / length
	g := chart.Crowd{Frame: chart.Frame{ID: id, Width: size[0], Class: class, Title: p.t("web_incident_chart"), Desc: p.t("web_incident_chart_desc", "n", p.Int(x.N), "expected", p.Num(x.Expected, 1))},
		Bars: make([]chart.Bar, n), Usual: make([]float64, n), UsualTip: p.t("web_usual"), From: step(x.From), To: step(x.To), Format: func(v float64) string { return p.Num(v, 0) }}
	for _, h := range x.Hours {
		k := int(step(h.At))
		g.Bars[k].Value += float64(h.N)
		g.Usual[k] += h.Expected
	}
	for k := range g.Bars {
		at := first.Add(time.Duration(k*length) * time.Hour)
		end := at.Add(time.Duration(length) * time.Hour)
		b := &g.Bars[k]
		b.Hot = at.Before(x.To) && end.After(x.From)
		b.Tip = p.t("web_tip_step", "at", p.Moment(at), "n", p.Num(b.Value, 0), "expected", p.Num(g.Usual[k], 1))
		if b.Value > 0 && b.Hot {
			b.Href = p.href("/complaints", "incident", x.ID, "from", at.Format(time.RFC3339), "to", end.Format(time.RFC3339))
		}
	}
	g.Labels = p.dayLabels(first, length, n, size[2])
	for _, l := range x.Templates[:min(len(x.Templates), 3)] {
		lane := chart.Lane{Label: shortened(l.Text, size[3]), Tip: p.t("web_tip_lane", "template", l.Text, "n", p.Int(l.Lines)), Href: p.lineRows(l.Template, x), Values: make([]float64, n), Hot: l.Linked}
		for _, c := range l.Counts {
			if k := int(step(c.At)); k >= 0 && k < n {
				lane.Values[k] += float64(c.N)
			}
		}
		g.Lanes = append(g.Lanes, lane)
	}
	return g.SVG()
}

// dayLabels names the beginnings of days, at most so many of them.
func (p *pages) dayLabels(first time.Time, length, n, most int) (out []chart.Label) {
	days := max(1, n*length/24)
	every := time.Duration(max(1, (days+most-1)/most)) * 24 * time.Hour
	end := first.Add(time.Duration(n*length) * time.Hour)
	for at := first.Truncate(24 * time.Hour).Add(24 * time.Hour); at.Before(end); at = at.Add(every) {
		out = append(out, chart.Label{At: at.Sub(first).Hours() / float64(length), Text: p.Day(at)})
	}
	return out
}

func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func showLines(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	f := q.Lines()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Lines(ctx, f)
	t := table{Caption: p.t("web_log_lines"), Columns: []column{{Title: p.t("web_at")}, {Title: p.t("web_service")}, {Title: p.t("web_level")}, {Title: p.t("web_message")}, {Title: p.t("web_customer"), Minor: true}}}
	for _, l := range list.Rows {
		t.Rows = append(t.Rows, []cell{{Text: p.at(l.At), Class: "time"}, {Text: l.Service}, {Text: p.name("level", l.Level), Class: levelClass(l.Level)}, {Text: l.Message, Class: "code wide"}, {Text: l.Customer, Class: "code"}})
	}
	b := listBody{Lead: p.t("web_log_lines_lead"), Chips: p.chips("/logs/lines", q), Tables: []table{t}}
	p.pager(&b, "/logs/lines", q, list.Total)
	return "list", p.t("web_log_lines"), b, err
}
