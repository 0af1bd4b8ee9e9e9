package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"plaint/ingest/stream"

	"plaint/internal/web/chart"
	"plaint/internal/web/view"
)

// queuePart is suspicious complaints and what people have to do about them.
type queuePart struct {
	Facts     []fact
	Histogram template.HTML
	Signals   table
	Cases     table
	Proposals table
	Bins      table
}

func (p *pages) queuePart(o *view.Overview) queuePart {
	q := o.Queue
	open := q.Cases["open"]
	part := queuePart{Histogram: p.histogram(q), Bins: p.binTable(q), Cases: p.caseTable(q.Top, fact{Text: p.t("web_all_cases", "n", p.Int(open)), Href: p.href("/cases", "state", "open")})}
	part.Facts = []fact{{Label: p.t("web_cases_open"), Text: p.Int(open), Href: p.href("/cases", "state", "open")},
		{Label: p.t("web_cases_decided"), Text: p.Int(sum(q.Cases) - open), Href: p.href("/cases", "state", view.Decided)},
		{Label: p.t("web_proposals"), Text: p.Int(q.Entries["proposed"] + q.Entries["adopted"]), Href: p.href("/entries", "state", "proposed")},
		{Label: p.t("web_active_entries"), Text: p.Int(q.Entries["active"]), Href: p.href("/entries", "state", "active")}}
	part.Signals = p.tallyTable(tally{p.t("web_top_signals"), "signal", func(s string) string { return p.reason(s, q.Rules[s]) }}, q.Signals, 10, func(s string) string { return p.href("/cases", "signal", s) })
	part.Proposals = p.countTable(p.t("web_proposal_grounds"), "ground", q.Grounds, 10, func(s string) string { return p.href("/entries", "ground", s) })
	return part
}

func (p *pages) caseScore(c view.Case) cell {
	if c.Score == nil {
		return cell{Text: "–", Class: "num"}
	}
	return cell{Text: p.Fixed(*c.Score, 1), Class: "num"}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// countTable is a tally of coded values as a table with a bar in each row.
func (p *pages) countTable(caption, group string, m map[string]int, most int, href func(string) string) table {
	return p.tallyTable(tally{caption, group, func(s string) string { return p.name(group, s) }}, m, most, href)
}

// tally is what a table of counts is called, of which group its values are, and
// how they are named.
type tally struct {
	caption, group string
	name           func(string) string
}

func (p *pages) tallyTable(of tally, m map[string]int, most int, href func(string) string) table {
	t := table{Caption: of.caption, Columns: []column{{Title: p.t("web_" + of.group)}, {Title: ""}, {Title: p.t("web_number"), Num: true}}}
	keys := byCount(m)
	for i, k := range keys[:min(len(keys), most)] {
		t.Rows = append(t.Rows, []cell{{Text: of.name(k)}, {Mark: chart.Meter{Frame: p.small(fmt.Sprintf("%s%d", of.group, i), 96, 8, of.name(k), p.Int(m[k])), Value: float64(m[k]), Most: float64(m[keys[0]])}.SVG()},
			p.number(m[k], href(k))})
	}
	return t
}

func (p *pages) histogram(q view.Queue) template.HTML {
	h := chart.Histogram{Frame: chart.Frame{ID: "scores", Width: 548, Height: 210, Title: p.t("web_scores"), Desc: p.t("web_scores_desc", "n", p.Int(q.Judged), "flagged", p.Int(q.Flagged), "threshold", p.Num(q.Threshold, 2))},
		Threshold: q.Threshold, ThresholdTip: p.t("web_threshold", "threshold", p.Num(q.Threshold, 2)), Format: func(v float64) string { return p.Num(v, 1) }}
	for _, b := range q.Scores {
		h.Bins = append(h.Bins, chart.Bin{From: b.From, To: b.From + view.BinWidth, N: b.N, Tip: p.t("web_tip_bin", "from", p.Num(b.From, 1), "to", p.Num(b.From+view.BinWidth, 1), "n", p.Int(b.N)), Href: p.binRows(b)})
	}
	return h.SVG()
}

func (p *pages) binRows(b view.Bin) string {
	if !p.live {
		return ""
	}
	from, to := strconv.FormatFloat(b.From, 'f', -1, 64), strconv.FormatFloat(b.From+view.BinWidth, 'f', -1, 64)
	return "/complaints?order=-score&score_from=" + from + "&score_to=" + to
}

func (p *pages) binTable(q view.Queue) table {
	t := table{Caption: p.t("web_scores"), Columns: []column{{Title: p.t("web_score_from"), Num: true}, {Title: p.t("web_complaints"), Num: true}}}
	for _, b := range q.Scores {
		t.Rows = append(t.Rows, []cell{{Text: p.Num(b.From, 1), Class: "num"}, p.number(b.N, p.binRows(b))})
	}
	return t
}

func (p *pages) caseTable(list []view.Case, more fact) table {
	t := table{Caption: p.t("web_cases"), More: more, Columns: []column{{Title: p.t("web_case")}, {Title: p.t("web_score"), Num: true}, {Title: p.t("web_top_signal")}, {Title: p.t("web_type"), Minor: true},
		{Title: p.t("web_customer"), Minor: true}, {Title: p.t("web_complaint"), Num: true}, {Title: p.t("web_state")}}}
	for _, c := range list {
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_case_n", "n", c.ID), Href: p.href(fmt.Sprintf("/cases/%d", c.ID))}, p.caseScore(c), {Text: p.reason(c.Top, c.TopAbout)},
			{Text: p.name("type", c.Type)}, {Text: c.Customer, Class: "code"}, {Text: fmt.Sprintf("#%d", c.Seq), Href: p.href(fmt.Sprintf("/complaints/%d", c.Seq)), Class: "num"}, {Text: p.name("case", c.State), Note: p.Standing(c.Flagged, c.Outdated, c.Model)}})
	}
	return t
}

// loadPart is what came in and what was refused, and the jobs' runs.
type loadPart struct {
	Equation []fact // rows in = loaded + known + refused
	Streams  table
	Sources  table
	Refused  table
	Runs     table
}

func (p *pages) loadPart(o *view.Overview) loadPart {
	t := o.Totals
	l := loadPart{Equation: []fact{{Label: p.t("rows_in"), Text: p.Int(t["rows_in"]), Href: p.href("/loading")}, {Label: p.t("loaded"), Text: p.Int(t["loaded"]), Note: "="},
		{Label: p.t("known"), Text: p.Int(t["known"]), Note: "+"}, {Label: p.t("refused"), Text: p.Int(t["refused"]), Note: "+", Href: p.href("/refused"), Hot: t["refused"] > 0}}}
	l.Streams, l.Sources = p.streamTable(time.Now()), p.loadingTable(o.Loading)
	l.Refused = p.countTable(p.t("web_refused_by"), "code", o.Refused, 12, func(c string) string { return p.href("/refused", "code", c, "replayed", "no") })
	l.Runs = p.runTable(o.Runs, fact{Text: p.t("web_all_runs"), Href: p.href("/runs")})
	return l
}

func (p *pages) loadingTable(list []view.Loading) table {
	s := table{Caption: p.t("web_sources"), Columns: []column{{Title: p.t("web_kind")}, {Title: p.t("web_profile"), Minor: true}, {Title: p.t("rows_in"), Num: true}, {Title: p.t("loaded"), Num: true},
		{Title: p.t("known"), Num: true, Minor: true}, {Title: p.t("refused"), Num: true}}}
	for _, x := range list {
		s.Rows = append(s.Rows, []cell{{Text: p.name("kind", x.Kind), Href: p.href("/loading", "kind", x.Kind)}, {Text: x.Profile, Class: "code"}, p.number(x.RowsIn, ""), p.number(x.Loaded, ""), p.number(x.Known, ""), p.number(x.Refused, p.href("/refused", "kind", x.Kind, "profile", orNone(x.Profile)))})
	}
	return s
}

// mostOfFault is how much of the reason why a source does not run is shown.
const mostOfFault = 200

// streamTable shows what the sources of this server do, now.
func (p *pages) streamTable(now time.Time) table {
	t := table{Caption: p.t("web_streams"), Columns: []column{{Title: p.t("source")}, {Title: p.t("source_state")}, {Title: p.t("source_type"), Minor: true}, {Title: p.t("rows_in"), Num: true},
		{Title: p.t("refused"), Num: true}, {Title: p.t("source_lag"), Num: true, Minor: true}, {Title: p.t("source_last"), Minor: true}}}
	faults := false
	for _, r := range p.sources {
		m := r.Meter.Read()
		state := cell{Text: p.t("state_" + m.State.String()), Class: "time"} // on one line
		if m.State == stream.Waiting || m.State == stream.Down {
			state.Class = "flagged time"
		}
		lag, last := p.t("web_unknown_value"), p.t("web_unknown_value")
		if m.Lag >= 0 {
			lag = p.Int(int(m.Lag))
		}
		if !m.LastBatch.IsZero() {
			last = p.Hours(max(0, now.Sub(m.LastBatch).Hours()))
		}
		why := p.whyDown(r.Name, &m)
		faults = faults || why != ""
		t.Rows = append(t.Rows, []cell{{Text: r.Name, Class: "code"}, state, {Text: r.Type, Class: "code"}, p.number(int(m.Rows), ""), p.number(int(m.Refused), p.href("/refused")), {Text: lag, Class: "num"}, {Text: last, Class: "num"}, {Text: why, Class: "wide"}})
	}
	if !faults {
		for i, row := range t.Rows {
			t.Rows[i] = row[:len(row)-1]
		}
		return t
	}
	t.Columns = append(t.Columns, column{Title: p.t("source_fault")})
	return t
}

// whyDown is why a source does not run, and what a person may do where it waits
// for one.
func (p *pages) whyDown(name string, m *stream.Reading) string {
	if m.State != stream.Waiting && m.State != stream.Down {
		return ""
	}
	why, _, _ := strings.Cut(m.Fault, "\n")
	if len(why) > mostOfFault {
		why = strings.ToValidUTF8(why[:mostOfFault], "") + "…"
	}
	if m.State == stream.Down {
		return p.t("web_source_down", "reason", why, "name", name)
	}
	return why
}

func (p *pages) runTable(list []view.Run, more fact) table {
	t := table{Caption: p.t("web_runs"), More: more, Columns: []column{{Title: p.t("web_run"), Num: true}, {Title: p.t("web_job")}, {Title: p.t("web_finished")}, {Title: p.t("web_age"), Num: true}, {Title: p.t("web_took"), Num: true, Minor: true}}}
	for _, r := range list {
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(r.ID), Class: "num"}, {Text: p.name("job", r.Kind)}, {Text: p.Full(r.Finished), Class: "time"}, {Text: p.Hours(max(0, time.Since(r.Finished).Hours())), Class: "num"}, {Text: p.t("unit_s", "n", p.Num(r.Seconds(), 2)), Class: "num"}})
	}
	return t
}
