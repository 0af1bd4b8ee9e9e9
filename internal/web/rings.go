package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"time"

	"plaint/internal/web/chart"
	"plaint/internal/web/format"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
	"plaint/scoring/ring"
)

func showRings(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	limit, offset := q.Paging()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	list, err := v.Rings(ctx, limit, offset)
	b := listBody{Lead: p.t("web_rings_lead"), Tables: []table{p.ringTable(list.Rows)}}
	p.pager(&b, "/rings", q, list.Total)
	return "list", p.t("web_rings"), b, err
}

func (p *pages) ringTable(list []view.Ring) table {
	t := table{Caption: p.t("web_rings"), Columns: []column{{Title: p.t("web_ring")}, {Title: p.t("web_window")}, {Title: p.t("web_customers"), Num: true}, {Title: p.t("web_complaints"), Num: true},
		{Title: p.t("web_tied_by"), Minor: true}, {Title: p.t("web_claimed"), Num: true, Minor: true}, {Title: p.t("web_confidence"), Num: true}, {Title: p.t("web_crowd_explains"), Num: true, Minor: true}, {Title: p.t("web_cases_open"), Num: true, Minor: true}}}
	for _, x := range list {
		class := "num"
		if x.Confidence >= ring.Proposal {
			class = "num hot"
		}
		claimed := cell{Text: "–", Class: "num"}
		if len(x.Money) > 0 {
			claimed = cell{Text: p.Claims(x.Money), Class: "num", Href: p.href("/complaints", "ring", x.ID, "order", "-amount")}
		}
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_ring_n", "n", x.ID), Href: p.href(fmt.Sprintf("/rings/%d", x.ID)), Class: "time"}, {Text: p.stretch(x.From, x.To), Class: "time"}, {Text: p.Int(x.Customers), Class: "num"},
			p.number(x.N, p.ringRows(x)), {Text: p.kinds(x.Kinds), Class: "wide"}, claimed, {Text: p.Percent(x.Confidence), Class: class}, {Text: p.Percent(x.Incident), Class: "num"}, {Text: p.Int(x.Open), Class: "num"}})
	}
	return t
}

// kinds words what speaks for a ring.
func (p *pages) kinds(list []string) string {
	words := make([]string, len(list))
	for i, k := range list {
		words[i] = p.name("tie", k)
	}
	return joinTerms(words, p.Words.Lang)
}

func (p *pages) stretch(from, to *time.Time) string {
	if from == nil || to == nil {
		return "–"
	}
	return p.Window(*from, *to)
}

func (p *pages) ringRows(x view.Ring) string { return p.href("/complaints", "ring", x.ID) }

func showRing(ctx context.Context, p *pages, v *view.Reader, _ *param.Query, id int64) (string, string, any, error) {
	x, err := v.Ring(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	charts := p.ringCharts(x)
	b := listBody{Lead: p.t("web_ring_lead", "customers", p.Int(x.Customers), "n", p.Int(x.N), "kinds", p.kinds(x.Kinds)) + p.t("web_sentence_gap") + p.t("web_ring_evidence_only"),
		Facts: p.ringFacts(x), Chart: charts[0] + charts[1], ChartNote: p.t("web_ring_chart_note")}
	b.Tables = append(b.Tables, p.evidenceTable(x), p.tieTable(x), p.crowdTable(x))
	b.Tables = append(b.Tables, p.moneyTables(x.Money)...)
	b.Tables = append(b.Tables, p.memberTable(x))
	return "list", p.t("web_ring_n", "n", id), b, nil
}

func (p *pages) ringFacts(x view.RingDetail) []fact {
	out := []fact{{Label: p.t("web_confidence"), Text: p.Percent(x.Confidence), Note: p.t("web_ring_p", "p", p.small3(x.P)), Hot: x.Confidence >= ring.Proposal},
		{Label: p.t("web_customers"), Text: p.Int(x.Customers)}, {Label: p.t("web_complaints"), Text: p.Int(x.N), Href: p.ringRows(x.Ring)},
		{Label: p.t("web_window"), Text: p.stretch(x.From, x.To)}}
	if s := x.Lockstep; s != nil {
		out = append(out, fact{Label: p.name("tie", ring.Lockstep), Text: p.Window(s.From, s.To), Note: p.t("web_ring_step", "n", p.Int(s.Customers), "others", p.Int(s.Others))})
	}
	if len(x.Money) > 0 {
		out = append(out, fact{Label: p.t("web_claimed"), Text: p.Claims(x.Money), Href: p.href("/complaints", "ring", x.ID, "order", "-amount")})
	}
	return append(out, fact{Label: p.t("web_cases_open"), Text: p.Int(x.Open)})
}

// evidenceTable says what each kind speaks, and that the strongest is not counted.
func (p *pages) evidenceTable(x view.RingDetail) table {
	t := table{Caption: p.t("web_ring_evidence"), Columns: []column{{Title: p.t("web_tie_kind")}, {Title: ""}, {Title: p.t("web_bits"), Num: true}, {Title: p.t("web_customers"), Num: true}}}
	for i, e := range x.Evidence {
		t.Rows = append(t.Rows, []cell{{Text: p.name("tie", e.Kind)}, {Mark: chart.Meter{Frame: p.small(fmt.Sprintf("evidence%d", i), 96, 8, p.name("tie", e.Kind), p.Num(e.Bits, 1)), Value: e.Bits, Most: x.Evidence[0].Bits}.SVG()},
			{Text: p.Num(e.Bits, 1), Class: "num"}, {Text: p.Int(e.Customers), Class: "num"}})
	}
	t.Rows = append(t.Rows, []cell{{Text: p.t("web_ring_bits"), Class: "total"}, {}, {Text: p.Num(x.Bits, 1), Class: "num total"}, {}})
	return t
}

// shownTies is how many shared things the page of a ring shows.
const shownTies = 40

func (p *pages) tieTable(x view.RingDetail) table {
	t := table{Caption: p.t("web_ring_ties"), Columns: []column{{Title: p.t("web_tie_kind")}, {Title: p.t("web_value"), Minor: true}, {Title: p.t("web_ring_members_have"), Num: true}, {Title: p.t("web_all_have"), Num: true}, {Title: p.t("web_weight"), Num: true}, {Title: p.t("web_example")}}}
	for _, e := range x.Ties[:min(len(x.Ties), shownTies)] {
		value := e.Value
		if value == "" {
			value = "–"
		}
		t.Rows = append(t.Rows, []cell{{Text: p.name("tie", e.Kind)}, {Text: value, Class: "code"}, {Text: p.Int(e.Customers), Class: "num"}, {Text: p.Int(e.Users), Class: "num"}, {Text: p.Num(e.Weight, 1), Class: "num"},
			{Text: fmt.Sprintf("#%d", e.Example), Href: p.href(fmt.Sprintf("/complaints/%d", e.Example))}})
	}
	return t
}

// crowdTable is the honest-crowd test: what else may explain the ring.
func (p *pages) crowdTable(x view.RingDetail) table {
	t := table{Caption: p.t("web_crowd_test"), Columns: []column{{Title: p.t("web_crowd_question")}, {Title: p.t("web_crowd_explains"), Num: true}, {Title: p.t("web_crowd_how"), Minor: true}}}
	for _, c := range []struct {
		name  string
		share float64
	}{{"incident", x.Incident}, {"home", x.Home}, {"public", x.Public}} {
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_crowd_" + c.name), Class: "wide"}, {Text: p.Percent(c.share), Class: "num"}, {Text: p.t("web_crowd_how_" + c.name), Class: "wide"}})
	}
	return t
}

// moneyTables is a table of what is claimed in each currency, where there are several.
func (p *pages) moneyTables(list []format.Money) []table {
	if len(list) < 2 {
		return nil
	}
	t := table{Caption: p.t("web_claimed"), Columns: []column{{Title: p.t("web_currency")}, {Title: p.t("web_complaints"), Num: true}, {Title: p.t("web_claimed"), Num: true}}}
	for _, m := range list {
		t.Rows = append(t.Rows, []cell{{Text: cmp.Or(m.Currency, "–")}, {Text: p.Int(m.N), Class: "num"}, {Text: p.Num(m.Amount, 0), Class: "num"}})
	}
	return []table{t}
}

// shownOfRing is how many complaints the page of a ring shows.
const shownOfRing = 100

func (p *pages) memberTable(x view.RingDetail) table {
	t := table{Caption: p.t("web_ring_members"), More: fact{Text: p.t("web_all_complaints", "n", p.Int(x.N)), Href: p.ringRows(x.Ring)}, Columns: []column{{Title: p.t("web_complaint")}, {Title: p.t("web_received")}, {Title: p.t("web_customer")}, {Title: p.t("web_type"), Minor: true},
		{Title: p.t("web_claimed"), Num: true, Minor: true}, {Title: p.t("web_ties_n"), Num: true}, {Title: p.t("web_belongs"), Num: true}, {Title: p.t("web_case")}}}
	for _, m := range x.Members[:min(len(x.Members), shownOfRing)] {
		claimed, opened, class := cell{Class: "num"}, cell{}, "num"
		if m.Amount != nil {
			claimed.Text, claimed.Note = p.Num(*m.Amount, 0), m.Currency
		}
		if m.Case > 0 {
			opened = cell{Text: p.t("web_case_n", "n", m.Case), Href: p.href(fmt.Sprintf("/cases/%d", m.Case))}
		}
		if m.Confidence >= ring.Proposal {
			class = "num hot"
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprintf("#%d", m.Seq), Href: p.href(fmt.Sprintf("/complaints/%d", m.Seq))}, {Text: p.at(m.Received), Class: "time"}, {Text: m.Customer, Class: "code"}, {Text: p.name("type", m.Type)},
			claimed, {Text: p.Int(m.Ties), Class: "num"}, {Text: p.Percent(m.Confidence), Class: class}, opened})
	}
	return t
}

// ringCharts draws the complaints by day with the stretch of lockstep, for wide
// and for narrow screens.
func (p *pages) ringCharts(x view.RingDetail) (out [2]template.HTML) {
	if len(x.Days) == 0 {
		return out
	}
	for i, size := range [][4]int{{1128, 180, 120, 12}, {358, 160, 40, 4}} {
		out[i] = p.ringChart(x, i, size)
	}
	return out
}

// ringChart is one of them; size is its width, its height, the most bars and the
// most labels.
func (p *pages) ringChart(x view.RingDetail, i int, size [4]int) template.HTML {
	const day = 24 * time.Hour
	first, last := x.Days[0].At, x.Days[len(x.Days)-1].At
	days := int(last.Sub(first)/day) + 1
	length := time.Duration((days+size[2]-1)/size[2]) * day
	step := func(t time.Time) float64 { return float64(t.Sub(first)) / float64(length) }
	bars := make([]chart.Bar, int(step(last))+1)
	for j := range bars {
		at := first.Add(time.Duration(j) * length)
		bars[j] = chart.Bar{Href: p.href("/complaints", "ring", x.ID, "from", at.Format(time.DateOnly), "to", at.Add(length).Format(time.DateOnly))}
	}
	for _, d := range x.Days {
		bars[int(step(d.At))].Value += float64(d.N)
	}
	var marks []chart.Mark
	if s := x.Lockstep; s != nil {
		marks = []chart.Mark{{From: max(0, step(s.From)), To: min(float64(len(bars)), step(s.To)), Text: p.Int(s.Customers), Tip: p.t("web_ring_step", "n", p.Int(s.Customers), "others", p.Int(s.Others))}}
	}
	var labels []chart.Label
	name := p.Axis(first, last)
	for j := range bars {
		at := first.Add(time.Duration(j) * length)
		bars[j].Tip = p.t("web_tip_day", "day", p.Date(at), "n", p.Int(int(bars[j].Value)))
		bars[j].Hot = len(marks) > 0 && float64(j+1) > marks[0].From && float64(j) <= marks[0].To
		if j%max(1, (len(bars)+size[3]-1)/size[3]) == 0 {
			labels = append(labels, chart.Label{At: float64(j) + .5, Text: name(at)})
		}
	}
	return chart.Bars{Frame: chart.Frame{ID: fmt.Sprintf("ring%d", i), Width: size[0], Height: size[1], Class: [...]string{"wide", "narrow"}[i], Title: p.t("web_over_time"), Desc: p.t("web_ring_chart_note")},
		Bars: bars, Marks: marks, Labels: labels, Format: func(v float64) string { return p.Num(v, 0) }}.SVG()
}

// ringFact leads from a complaint to the ring that it is in.
func (p *pages) ringFact(c view.Detail) fact {
	return fact{Label: p.t("web_ring"), Text: p.t("web_ring_n", "n", c.Ring), Note: p.t("web_ring_belongs", "share", p.Percent(c.RingSure)), Href: p.href(fmt.Sprintf("/rings/%d", c.Ring)), Hot: c.RingSure >= ring.Proposal}
}
