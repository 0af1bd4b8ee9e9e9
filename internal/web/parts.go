package web

import (
	"fmt"
	"html/template"
	"time"

	"plaint/internal/web/chart"
	"plaint/internal/web/view"
)

// volumeCharts draws volume with the incidents marked, once for wide and once
// for narrow screens: a chart that is merely scaled down cannot be read.
func (p *pages) volumeCharts(o *view.Overview) (out [2]template.HTML) {
	rows := o.Volume.Within(o.Span).Rows
	if len(rows) == 0 {
		return out
	}
	first, length := rows[0].At, 24*time.Hour
	if o.Volume.Step == "week" {
		length = 7 * 24 * time.Hour
	}
	step := func(t time.Time) float64 { return float64(t.Sub(first)) / float64(length) }
	bars := make([]chart.Bar, int(step(rows[len(rows)-1].At))+1)
	for i := range bars {
		at := first.Add(time.Duration(i) * length)
		bars[i] = chart.Bar{Tip: p.t("web_tip_day", "day", p.Date(at), "n", 0), Href: p.href("/complaints", "from", at.Format(time.DateOnly), "to", at.Add(length).Format(time.DateOnly))}
	}
	for _, c := range rows {
		b := &bars[int(step(c.At))]
		b.Value, b.Tip = float64(c.N), p.t("web_tip_day", "day", p.Date(c.At), "n", p.Int(c.N))
	}
	var marks []chart.Mark
	for _, x := range o.Incidents {
		m := chart.Mark{From: step(x.From), To: step(x.To), Text: fmt.Sprint(x.ID), Tip: p.incidentTip(x), Href: p.href(fmt.Sprintf("/incidents/%d", x.ID))}
		marks = append(marks, m)
		for j := max(0, int(m.From)); j < len(bars) && float64(j) < m.To; j++ {
			bars[j].Hot = true
		}
	}
	for i, size := range [][3]int{{1128, 250, 12}, {358, 200, 4}} {
		var labels []chart.Label
		day := p.Axis(first, rows[len(rows)-1].At)
		every := max(1, (len(bars)+size[2]-1)/size[2])
		for j := 0; j < len(bars); j += every {
			labels = append(labels, chart.Label{At: float64(j) + .5, Text: day(first.Add(time.Duration(j) * length))})
		}
		out[i] = chart.Bars{Frame: chart.Frame{ID: fmt.Sprintf("volume%d", i), Width: size[0], Height: size[1], Class: [...]string{"wide", "narrow"}[i],
			Title: p.t("web_volume_by_" + o.Volume.Step), Desc: p.t("web_volume_desc", "n", p.Int(o.Totals["complaints"]), "incidents", p.Int(len(marks)))},
			Bars: bars, Marks: marks, Labels: labels, Format: func(v float64) string { return p.Num(v, 0) }}.SVG()
	}
	return out
}

func (p *pages) volumeTable(o *view.Overview) table {
	t := table{Caption: p.t("web_volume_by_" + o.Volume.Step), Columns: []column{{Title: p.t("web_day")}, {Title: p.t("web_complaints"), Num: true}}}
	for _, c := range o.Volume.Rows {
		t.Rows = append(t.Rows, []cell{{Text: p.Date(c.At)}, p.number(c.N, "")})
	}
	return t
}

func (p *pages) themeTable(list []view.Theme, more fact) table {
	t := table{Caption: p.t("web_themes"), More: more, Columns: []column{{Title: "#", Num: true, Minor: true}, {Title: p.t("web_theme")}, {Title: p.t("web_size"), Num: true}, {Title: p.t("web_share"), Num: true, Minor: true},
		{Title: p.t("web_over_time")}, {Title: p.t("web_type"), Minor: true}, {Title: p.t("web_severity"), Minor: true}, {Title: p.t("web_burst")}, {Title: p.t("web_example"), Num: true, Minor: true}}}
	worst := 0.0
	for _, x := range list {
		worst = max(worst, x.Severity)
	}
	for _, x := range list {
		rows := p.href("/complaints", "theme", x.ID)
		burst := cell{Text: "", Class: "time"}
		if len(x.Windows) > 0 {
			w := biggest(x.Windows)
			burst = cell{Text: p.Window(w.From, w.To), Note: p.t("web_n_of_expected", "n", p.Int(w.N), "expected", p.Num(w.Expected, 1)), Class: "time hot",
				Href: p.href("/complaints", "theme", x.ID, "from", w.From.Format(time.RFC3339), "to", w.To.Format(time.RFC3339))}
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(x.ID), Class: "num"}, {Text: x.LabelIn(p.Words.Lang), Href: p.href(fmt.Sprintf("/themes/%d", x.ID)), Class: "wide", Note: p.areaLabel(x.Area), Tags: p.themeMarks(x)},
			{Text: p.Int(x.Size), Href: rows, Class: "num", Note: p.since(x.Since)}, {Text: p.Percent(x.Share), Class: "num"}, {Mark: p.spark(x)}, {Text: p.name("type", x.Type)},
			{Mark: chart.Meter{Frame: p.small(fmt.Sprintf("sev%d", x.ID), 54, 6, p.t("web_severity"), p.Num(x.Severity, 2)), Value: x.Severity, Most: worst}.SVG(), Note: p.Fixed(x.Severity, 2)},
			burst, {Text: fmt.Sprintf("#%d", x.Example), Href: p.href(fmt.Sprintf("/complaints/%d", x.Example)), Class: "num"}})
	}
	return t
}

// since says how many complaints a theme got after the analysis, "" for none.
func (p *pages) since(n int) string {
	if n == 0 {
		return ""
	}
	return p.t("web_since_run", "n", p.Int(n))
}

// areaLabel names a theme's area where it has more themes than this one.
func (p *pages) areaLabel(a *view.ThemeArea) string {
	if a == nil || a.Themes < 2 {
		return ""
	}
	return a.LabelIn(p.Words.Lang)
}

func biggest(list []view.Window) view.Window {
	best := list[0]
	for _, w := range list {
		if float64(w.N)-w.Expected > float64(best.N)-best.Expected {
			best = w
		}
	}
	return best
}

func (p *pages) small(id string, w, h int, title, desc string) chart.Frame {
	return chart.Frame{ID: id, Width: w, Height: h, Class: "small", Title: title, Desc: desc}
}

// spark draws a theme over the span of the data, without its axis.
func (p *pages) spark(x view.Theme) template.HTML {
	most := 0
	for _, v := range x.Spark {
		most = max(most, v)
	}
	return chart.Spark{Frame: p.small(fmt.Sprintf("spark%d", x.ID), 118, 22, p.t("web_over_time"), p.t("web_spark_desc", "n", p.Int(most))), Values: x.Spark, Hot: x.Hot}.SVG()
}

func (p *pages) templateTable(list []view.Template, more fact) table {
	t := table{Caption: p.t("web_logs"), More: more, Columns: []column{{Title: p.t("web_template")}, {Title: p.t("web_service"), Minor: true}, {Title: p.t("web_level"), Minor: true},
		{Title: p.t("web_lines"), Num: true}, {Title: p.t("web_burst")}, {Title: p.t("web_in_burst"), Num: true}}}
	for _, x := range list {
		row := []cell{{Text: x.Template, Class: "code wide", Href: p.href(fmt.Sprintf("/logs/%d", x.ID))}, {Text: x.Service}, {Text: p.name("level", x.Level), Class: levelClass(x.Level)}, p.number(x.N, p.href("/logs/lines", "template", x.ID))}
		if len(x.Bursts) > 0 {
			w := biggest(x.Bursts)
			row = append(row, cell{Text: p.Window(w.From, w.To), Class: "time"}, cell{Text: p.Int(w.N), Href: p.href("/logs/lines", "template", x.ID, "from", w.From.Format(time.RFC3339), "to", w.To.Format(time.RFC3339)), Note: p.t("web_exp", "n", p.Num(w.Expected, 1)), Class: "num hot"})
		} else {
			row = append(row, cell{}, cell{})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func levelClass(level string) string {
	if level == "error" || level == "fatal" {
		return "hot"
	}
	return ""
}
