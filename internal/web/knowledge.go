package web

import (
	"context"
	"fmt"

	"plaint/internal/web/chart"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

func showKnowledge(ctx context.Context, p *pages, v *view.Reader, q *param.Query, _ int64) (string, string, any, error) {
	answered := q.YesNo("answered")
	limit, offset := q.Paging()
	if q.Fault() != nil {
		return "", "", nil, nil
	}
	k, err := v.Knowledge(ctx, answered, limit, offset)
	if err != nil || k.Run == 0 {
		return "list", p.t("web_knowledge"), listBody{Lead: p.t("web_knowledge_none")}, err
	}
	b := listBody{Lead: p.t("web_knowledge_lead") + p.t("web_sentence_gap") + p.t("web_similarity_about"), Chips: p.chips("/knowledge", q), Facts: []fact{
		{Label: p.t("web_gaps"), Text: p.Int(k.Gaps), Note: p.t("web_of_themes", "n", p.Int(k.Themes)), Href: p.href("/knowledge", "answered", "no"), Hot: k.Gaps > 0},
		{Label: p.t("web_unanswered"), Text: p.Int(k.Unanswered), Note: p.Percent(float64(k.Unanswered) / float64(max(k.Complaints, 1)))},
		{Label: p.t("web_faq_entries"), Text: p.Int(k.Entries)}, {Label: p.t("web_unused"), Text: p.Int(k.Unused)}}}
	if !k.Current {
		b.Lead += p.t("web_sentence_gap") + p.t("web_knowledge_old")
	}
	total := k.Themes
	switch answered {
	case "yes":
		total -= k.Gaps
	case "no":
		total = k.Gaps
	}
	b.Tables = []table{p.gapTable(k)}
	if len(k.Needless) > 0 {
		b.Tables = append(b.Tables, p.needlessTable(k))
	}
	p.pager(&b, "/knowledge", q, total)
	return "list", p.t("web_knowledge"), b, nil
}

// gapTable lists themes, the one first that a new answer would help most.
func (p *pages) gapTable(k view.Knowledge) table {
	t := table{Caption: p.t("web_gap_table"), Columns: []column{{Title: p.t("web_theme")}, {Title: p.t("web_complaints"), Num: true}, {Title: p.t("web_contacts"), Num: true, Minor: true},
		{Title: p.t("web_nearest_entry")}, {Title: p.t("web_match")}, {Title: p.t("web_has_answer")}, {Title: p.t("web_gap"), Num: true}, {Title: p.t("web_example"), Minor: true}}}
	most := 0.0
	for _, g := range k.Rows {
		most = max(most, g.Gap)
	}
	for _, g := range k.Rows {
		theme := cell{Text: g.Label, Class: "wide", Tags: []fact{{Text: p.name("language", g.Language)}}}
		rows := ""
		if k.Current {
			theme.Href, rows = p.href(fmt.Sprintf("/themes/%d", g.Theme)), p.href("/complaints", "theme", g.Theme)
		}
		verdict := cell{Text: p.t("web_gap_open"), Class: "time hot"}
		if g.Answered {
			verdict = cell{Text: p.t("web_gap_answered"), Class: "time"}
		}
		contacts := cell{Text: p.Fixed(g.Contacts, 2), Class: "num"}
		if g.Repeats > 0 {
			contacts.Note = p.t("web_repeats", "n", p.Int(g.Repeats))
		}
		question := cell{Text: "–"}
		if g.Entry > 0 {
			question = cell{Text: g.Question, Class: "wide", Note: p.t("web_similarity", "value", p.Fixed(g.Similarity, 2))}
		}
		gap := cell{Text: p.Num(g.Gap, 0), Class: "num"}
		if !g.Answered {
			gap.Class = "num hot"
		}
		t.Rows = append(t.Rows, []cell{theme, p.number(g.N, rows), contacts, question,
			{Mark: chart.Meter{Frame: p.small(fmt.Sprintf("match%d", g.Theme), 54, 6, p.t("web_match"), p.Percent(g.Match)), Value: g.Match, Most: 1}.SVG(), Note: p.Percent(g.Match)}, verdict, gap,
			{Text: fmt.Sprintf("#%d", g.Example), Href: p.href(fmt.Sprintf("/complaints/%d", g.Example)), Note: g.Excerpt, Class: "wide"}})
	}
	return t
}

// needlessTable lists entries that no theme needs.
func (p *pages) needlessTable(k view.Knowledge) table {
	t := table{Caption: p.t("web_unused_entries"), Columns: []column{{Title: p.t("web_entry"), Num: true}, {Title: p.t("web_question")}, {Title: p.t("web_entry_language"), Minor: true}, {Title: p.t("web_nearest_theme")}, {Title: p.t("web_similarity_column"), Num: true}}}
	for _, e := range k.Needless {
		near := cell{Text: "–"}
		if e.Theme > 0 {
			if near = (cell{Text: e.Label, Class: "wide"}); k.Current {
				near.Href = p.href(fmt.Sprintf("/themes/%d", e.Theme))
			}
		}
		t.Rows = append(t.Rows, []cell{{Text: p.Int(int(e.ID)), Class: "num"}, {Text: e.Question, Class: "wide"}, {Text: p.name("language", e.Language)}, near, {Text: p.Fixed(e.Similarity, 2), Class: "num"}})
	}
	return t
}
