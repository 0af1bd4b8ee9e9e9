package web

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"time"

	"plaint/internal/web/format"
	"plaint/internal/web/view"
)

// overviewBody is what the overview's template shows.
type overviewBody struct {
	Empty     bool
	AsOf      string
	Figures   []fact
	Lead      fact
	Digest    []fact
	Volume    [2]template.HTML // wide and narrow
	Unseen    []fact           // complaints that the volume does not show
	VolumeAs  string
	Days      table
	Incidents table
	Themes    table
	ThemeNote string
	Metrics   []metricPanel
	Service   servicePart
	Queue     queuePart
	Logs      table
	Load      loadPart
}

func (p *pages) overview(o *view.Overview) overviewBody {
	b := overviewBody{Empty: o.Empty()}
	if b.Empty {
		b.Load.Streams = p.streamTable(time.Now()) // they may be why it is empty
		return b
	}
	if o.Span.To.IsZero() || !format.ManyYears(o.Span.From, o.Span.To.Add(-1)) {
		near := *p
		near.Years = false
		p = &near
	}
	if o.AsOf != nil {
		b.AsOf = p.t("web_as_of", "at", p.Full(*o.AsOf))
	}
	b.Figures = p.figures(o)
	for i, f := range o.Digest {
		line := fact{Text: p.Finding(f.Code, f.Arguments), Href: p.findingRows(f)}
		if i == 0 {
			b.Lead = line
			continue
		}
		b.Digest = append(b.Digest, line)
	}
	b.Volume, b.VolumeAs = p.volumeCharts(o), p.t("web_volume_by_"+o.Volume.Step)
	b.Unseen = p.unseen(o.Span)
	b.Days, b.Incidents = p.volumeTable(o), p.incidentTable(o.Incidents)
	b.Themes = p.themeTable(o.Themes, fact{Text: p.t("web_all_themes", "n", p.Int(o.ThemeCount)), Href: p.href("/themes")})
	b.ThemeNote = p.t("web_themes_note", "n", p.Int(o.ThemeCount))
	b.Metrics = p.metricPanels(o)
	b.Service = p.servicePart(o)
	b.Queue = p.queuePart(o)
	b.Logs = p.templateTable(o.Templates, fact{Text: p.t("web_all_templates"), Href: p.href("/logs")})
	b.Load = p.loadPart(o)
	return b
}

// figures are the numbers at the top, each with its rows.
func (p *pages) figures(o *view.Overview) []fact {
	all := fact{Label: p.t("web_complaints"), Text: p.Int(o.Totals["complaints"]), Href: p.href("/complaints")}
	if o.Ran("incidents") {
		all.Note = p.t("web_incidents_n", "n", p.Int(len(o.Incidents)))
	}
	out := []fact{all}
	if n, before, from, to := week(o.Volume.Within(o.Span)); n >= 0 {
		out = append(out, fact{Label: p.t("web_last_week"), Text: p.Int(n), Note: p.t("web_week_before", "n", p.Int(before)),
			Href: p.href("/complaints", "from", from.Format(time.DateOnly), "to", to.Format(time.DateOnly))})
	}
	open := fact{Label: p.t("web_open"), Text: p.Int(o.Open), Href: p.href("/complaints", "clock", "open", "order", "due")}
	if o.Ran("service") {
		open.Note = p.t("web_past_limit", "n", p.Int(o.States["overdue"]+o.States["reopened"]))
	}
	out = append(out, open)
	for _, q := range o.Quality {
		if q.UnitBy == "all" && q.Rate != nil {
			out = append(out, fact{Label: p.t("web_breach_rate"), Text: p.Percent(*q.Rate), Href: p.href("/complaints", "breached", "yes"),
				Note: p.t("web_between", "low", p.Percent(*q.Low), "high", p.Percent(*q.High))})
		}
	}
	for _, s := range o.Scores {
		if s.Period == "all" && s.Metric == "csat" {
			out = append(out, fact{Label: p.name("metric", s.Metric), Text: p.Score(s.Metric, s.Score), Href: p.href("/surveys", "metric", s.Metric),
				Note: p.t("web_between", "low", p.Score(s.Metric, s.Low), "high", p.Score(s.Metric, s.High))})
		}
	}
	return append(out, fact{Label: p.t("web_suspicious"), Text: p.Int(o.Queue.Flagged), Href: p.href("/complaints", "flagged", "yes", "order", "-score"),
		Note: p.t("web_of_judged", "share", p.Percent(share(o.Queue.Flagged, o.Queue.Judged)))})
}

// unseen are the complaints that a chart over the span does not show.
func (p *pages) unseen(s view.Span) (out []fact) {
	if s.Strays > 0 {
		out = append(out, fact{Text: p.t("web_strays", "n", p.Int(s.Strays), "from", p.Date(s.From), "to", p.Date(s.To.AddDate(0, 0, -1)))})
	}
	if s.Undated > 0 {
		out = append(out, fact{Text: p.t("web_undated", "n", p.Int(s.Undated)), Href: p.href("/complaints", "dated", "no")})
	}
	return out
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// week counts the last seven days of the data and the seven before them; n is
// -1 where volume is not by the day.
func week(v view.Volume) (n, before int, from, to time.Time) {
	if v.Step != "day" || len(v.Rows) == 0 {
		return -1, 0, from, to
	}
	to = v.Rows[len(v.Rows)-1].At.AddDate(0, 0, 1)
	from = to.AddDate(0, 0, -7)
	for _, c := range v.Rows {
		if !c.At.Before(from) {
			n += c.N
		} else if !c.At.Before(from.AddDate(0, 0, -7)) {
			before += c.N
		}
	}
	return n, before, from, to
}

// findingRows leads from a sentence of the digest to the rows behind it.
func (p *pages) findingRows(f view.Finding) string {
	text := func(name string) string { s, _ := f.Arguments[name].(string); return s }
	theme, _ := f.Arguments["theme_id"].(float64)
	switch f.Code {
	case "digest_volume":
		return p.href("/complaints")
	case "digest_incident":
		id, _ := f.Arguments["incident"].(float64)
		return p.href("/complaints", "incident", int64(id))
	case "digest_theme_burst":
		return p.href("/complaints", "theme", int64(theme), "from", text("from"), "to", text("to"))
	case "digest_log_burst":
		return p.href("/logs", "service", text("service"), "burst", "yes")
	case "digest_overdue":
		return p.href("/complaints", "clock", "open", "order", "due")
	case "digest_department":
		return p.href("/complaints", "department", orNone(text("department")), "breached", "yes")
	case "digest_handlers":
		return p.href("/complaints", "handler", orNone(text("worst")), "breached", "yes")
	case "digest_satisfaction", "digest_satisfaction_trend":
		return p.href("/surveys", "metric", text("metric"))
	case "digest_driver":
		return p.href("/surveys", "metric", text("metric"), "linked", "yes")
	case "digest_theme_new", "digest_theme_growing", "digest_largest_theme":
		return p.href("/complaints", "theme", int64(theme))
	}
	return ""
}

// byCount are the keys of a tally, the most frequent first.
func byCount(m map[string]int) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}
