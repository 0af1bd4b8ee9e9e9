package web

import (
	"fmt"
	"html/template"
	"math"
	"time"

	"plaint/internal/web/chart"
	"plaint/internal/web/view"
)

// metricPanel is one satisfaction metric: its value, its course, its drivers.
type metricPanel struct {
	Metric, Name, About string
	Value, Interval     fact
	Trend, Drivers      template.HTML
	Table               table
	DriverTable         table
}

var metricScale = map[string][2]float64{"csat": {0, 100}, "nps": {-100, 100}, "ces": {-1e6, 1e6}}

func (p *pages) metricPanels(o *view.Overview) (out []metricPanel) {
	at := map[string]int{}
	for _, metric := range []string{"csat", "nps", "ces"} {
		for _, s := range o.Scores {
			if s.Metric == metric && s.Period == "all" {
				at[metric] = len(out)
				out = append(out, p.metricPanel(metric, s, o))
			}
		}
	}
	for _, s := range o.Scores {
		if _, ok := at[s.Metric]; !ok && s.Period == "all" {
			at[s.Metric] = len(out)
			out = append(out, p.metricPanel(s.Metric, s, o))
		}
	}
	return out
}

func (p *pages) metricPanel(metric string, all view.Score, o *view.Overview) metricPanel {
	name := p.name("metric", metric)
	m := metricPanel{Metric: metric, Name: name, About: p.name("metric_about", metric), Value: fact{Text: p.Score(metric, all.Score), Href: p.href("/surveys", "metric", metric)},
		Interval: fact{Text: p.t("web_interval_n", "low", p.Score(metric, all.Low), "high", p.Score(metric, all.High), "n", p.Int(all.N))}}
	line := chart.Line{Frame: chart.Frame{ID: "trend-" + metric, Width: 358, Height: 168, Title: p.t("web_trend_of", "metric", name), Desc: p.t("web_trend_desc", "metric", name, "score", p.Score(metric, all.Score))},
		Low: -math.MaxFloat64, High: math.MaxFloat64, HasLevel: true, Level: all.Score, Format: func(v float64) string { return p.Num(v, 1) }}
	if r, ok := metricScale[metric]; ok {
		line.Low, line.High = r[0], r[1]
	}
	m.Table = table{Caption: line.Title, Columns: []column{{Title: p.t("web_from_day")}, {Title: name, Num: true}, {Title: p.t("web_interval"), Num: true}, {Title: p.t("web_answers"), Num: true}}}
	for _, s := range o.Scores {
		if s.Metric != metric || s.Period == "all" || s.Start == nil {
			continue
		}
		end := periodEnd(s.Period, *s.Start)
		tip := p.t("web_tip_score", "from", p.Date(*s.Start), "metric", name, "score", p.Score(metric, s.Score), "low", p.Score(metric, s.Low), "high", p.Score(metric, s.High), "n", p.Int(s.N))
		href := p.href("/surveys", "metric", metric, "from", s.Start.Format(time.DateOnly), "to", end.Format(time.DateOnly))
		line.Points = append(line.Points, chart.Point{X: float64(s.Start.Unix()), Value: s.Score, Low: s.Low, High: s.High, Tip: tip, Href: href})
		m.Table.Rows = append(m.Table.Rows, []cell{{Text: p.Date(*s.Start)}, {Text: p.Score(metric, s.Score), Class: "num"},
			{Text: p.Score(metric, s.Low) + " … " + p.Score(metric, s.High), Class: "num"}, p.number(s.N, href)})
	}
	line.Labels = p.labels(line.Points)
	m.Trend = line.SVG()
	m.Drivers, m.DriverTable = p.drivers(metric, name, o.Drivers)
	return m
}

// labels names four of the points of a series by their days.
func (p *pages) labels(points []chart.Point) (out []chart.Label) {
	if len(points) == 0 {
		return nil
	}
	at := func(i int) time.Time { return time.Unix(int64(points[i].X), 0) }
	day := p.Axis(at(0), at(len(points)-1))
	for i := 0; i < len(points); i += max(1, (len(points)+3)/4) {
		out = append(out, chart.Label{At: points[i].X, Text: day(at(i))})
	}
	return out
}

func periodEnd(period string, t time.Time) time.Time {
	switch period {
	case "day":
		return t.AddDate(0, 0, 1)
	case "month":
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(0, 0, 7)
}

func (p *pages) drivers(metric, name string, list []view.Driver) (template.HTML, table) {
	d := chart.Dots{Frame: chart.Frame{ID: "drivers-" + metric, Width: 358, Title: p.t("web_drivers_of", "metric", name), Desc: p.t("web_drivers_desc")},
		LabelWide: 104, NoteWide: 44, Format: func(v float64) string { return p.Signed(v, 0) }}
	t := table{Caption: d.Title, Columns: []column{{Title: p.t("web_driver")}, {Title: p.t("web_points"), Num: true}, {Title: p.t("web_interval"), Num: true}, {Title: p.t("web_answers"), Num: true}}}
	for _, x := range list {
		if x.Metric != metric {
			continue
		}
		clear := x.Low > 0 || x.High < 0
		href := p.href("/surveys", "metric", metric, "linked", "yes")
		d.Rows = append(d.Rows, chart.Estimate{Label: p.name("driver", x.Driver), Value: x.Effect, Low: x.Low, High: x.High, Note: p.Signed(x.Effect, 1), Clear: clear, Hot: clear && x.Effect < 0, Href: href,
			Tip: p.t("digest_driver", "metric", name, "driver", p.name("driver", x.Driver), "effect", p.Signed(x.Effect, 1), "low", p.Signed(x.Low, 1), "high", p.Signed(x.High, 1))})
		t.Rows = append(t.Rows, []cell{{Text: p.name("driver", x.Driver)}, {Text: p.Signed(x.Effect, 1), Class: "num"}, {Text: p.Signed(x.Low, 1) + " … " + p.Signed(x.High, 1), Class: "num"}, p.number(x.N, href)})
	}
	if len(d.Rows) == 0 {
		return "", table{}
	}
	return d.SVG(), t
}

// servicePart is service levels.
type servicePart struct {
	Dots   [2]template.HTML
	Table  table
	States []fact
	Soon   table
}

func (p *pages) servicePart(o *view.Overview) (s servicePart) {
	d := chart.Dots{FromZero: true, Format: p.Percent}
	for _, q := range o.Quality {
		if q.UnitBy == "all" && q.Rate != nil {
			d.Reference, d.RefLabel = *q.Rate, p.t("web_overall", "rate", p.Percent(*q.Rate))
		}
	}
	s.Table = table{Caption: p.t("web_departments"), Columns: []column{{Title: p.t("web_department")}, {Title: p.t("web_complaints"), Num: true}, {Title: p.t("web_breached"), Num: true},
		{Title: p.t("web_rate"), Num: true}, {Title: p.t("web_median"), Num: true, Minor: true}, {Title: p.t("web_reopened"), Num: true, Minor: true}, {Title: p.t("web_escalated"), Num: true, Minor: true}}}
	for _, q := range o.Quality {
		if q.UnitBy != "department" {
			continue
		}
		name, rows := p.name("department", q.Unit), p.href("/complaints", "department", orNone(q.Unit), "breached", "yes")
		rate, hours := cell{Text: "–", Class: "num"}, "–"
		if q.Rate != nil {
			rate.Text = p.Percent(*q.Rate)
			d.Rows = append(d.Rows, chart.Estimate{Label: name, Value: *q.Rate, Low: *q.Low, High: *q.High, Note: p.Percent(*q.Rate), Href: rows, Hot: *q.Low > d.Reference, Clear: *q.Low > d.Reference || *q.High < d.Reference,
				Tip: p.t("web_tip_rate", "name", name, "rate", p.Percent(*q.Rate), "low", p.Percent(*q.Low), "high", p.Percent(*q.High), "breached", p.Int(q.Breached))})
		}
		if q.Hours != nil {
			hours = p.Hours(*q.Hours)
		}
		s.Table.Rows = append(s.Table.Rows, []cell{{Text: name}, p.number(q.N, p.href("/complaints", "department", orNone(q.Unit))), p.number(q.Breached, rows), rate,
			{Text: hours, Class: "num"}, {Text: p.Int(q.Reopened), Class: "num"}, {Text: p.Int(q.Escalated), Class: "num"}})
	}
	for i, size := range [][3]int{{548, 130, 44}, {358, 112, 44}} {
		d.Frame = chart.Frame{ID: fmt.Sprintf("service%d", i), Width: size[0], Class: [...]string{"wide", "narrow"}[i], Title: p.t("web_by_department"), Desc: p.t("web_by_department_desc")}
		d.LabelWide, d.NoteWide = size[1], size[2]
		if len(d.Rows) > 0 {
			s.Dots[i] = d.SVG()
		}
	}
	for _, state := range []string{"overdue", "reopened", "due_soon", "running", "late", "met"} {
		s.States = append(s.States, fact{Label: p.name("clock", state), Text: p.Int(o.States[state]), Href: p.href("/complaints", "clock", state, "order", "due"), Hot: state == "overdue" || state == "reopened"})
	}
	s.Soon = p.clockTable(o.Soon)
	return s
}

func (p *pages) clockTable(list []view.Clock) table {
	t := table{Caption: p.t("web_next_due"), Columns: []column{{Title: p.t("web_complaint")}, {Title: p.t("web_type")}, {Title: p.t("web_department"), Minor: true}, {Title: p.t("web_due")}, {Title: p.t("web_clock")}}}
	for _, c := range list {
		due := ""
		if c.Due != nil {
			due = p.Moment(*c.Due)
		}
		class := ""
		if c.Breached {
			class = "hot"
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprintf("#%d", c.Seq), Href: p.href(fmt.Sprintf("/complaints/%d", c.Seq))}, {Text: p.name("type", c.Type)}, {Text: p.name("department", c.Department)},
			{Text: due, Class: "time"}, {Text: p.name("clock", c.State), Class: class}})
	}
	return t
}
