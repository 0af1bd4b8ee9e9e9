package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"plaint/internal/web/chart"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

// themeMarks say what is to be known of a theme at a glance.
func (p *pages) themeMarks(x view.Theme) []fact {
	out := []fact{{Text: p.name("language", x.Language)}}
	if len(x.Parts) > 1 {
		out = nil
		for _, part := range x.Parts {
			out = append(out, fact{Text: p.name("language", part.Language) + " " + p.Int(part.Size)})
		}
	}
	if x.News != nil {
		out = append(out, fact{Text: p.t("theme_mark_new", "day", p.Date(x.News.First)), Hot: true})
	}
	if x.Change != "" {
		out = append(out, fact{Text: p.t("theme_" + x.Change)})
	}
	if x.Pinned {
		out = append(out, fact{Text: p.t("theme_pinned")})
	}
	return out
}

// goneTheme is the page of a theme that is no more: what became of it.
func goneTheme(ctx context.Context, p *pages, v *view.Reader, id int64) (string, string, any, error) {
	h, err := v.ThemeHistory(ctx, id)
	if err != nil {
		return "", "", nil, err
	}
	b := listBody{Lead: p.t("web_theme_gone")}
	if e := h.End(); e != nil {
		b.Lead = p.Format.ThemeEvent(e.What, e.Other, e.Share) + p.t("web_stop") + p.t("web_sentence_gap") + b.Lead
		if other := e.Other; other > 0 {
			to, err := v.ThemeHistory(ctx, other)
			if err != nil && !errors.Is(err, view.ErrNotFound) {
				return "", "", nil, err
			}
			b.Facts = []fact{{Label: p.t("web_theme_now"), Text: cmp.Or(to.Label, fmt.Sprintf("#%d", other)), Href: p.href(fmt.Sprintf("/themes/%d", other))}}
		}
	}
	b.Tables = p.lineageTables(h)
	return "list", h.Label, b, nil
}

// newsFact tells since when a theme is there that was announced as new.
func (p *pages) newsFact(n *view.ThemeNews) fact {
	days := n.Announced.Sub(n.First).Hours() / 24
	return fact{Label: p.t("web_theme_news"), Text: p.Date(n.First), Note: p.t("web_theme_news_note", "at", p.Date(n.Announced), "days", p.Num(days, 1), "n", p.Int(n.N), "q", p.Percent(n.Q))}
}

// lineageTables are what became of a theme and what analysts decided.
func (p *pages) lineageTables(h view.ThemeHistory) (out []table) {
	if len(h.Events) > 0 {
		out = append(out, p.eventTable(h))
	}
	if len(h.Sizes) > 1 {
		out = append(out, p.sizeTable(h.Sizes))
	}
	if len(h.Edits) > 0 {
		t := table{Caption: p.t("web_theme_edits"), Columns: []column{{Title: p.t("theme_edit"), Num: true}, {Title: p.t("web_at")}, {Title: p.t("theme_actor")}, {Title: p.t("web_theme"), Num: true}, {Title: p.t("theme_what")}}}
		for _, e := range h.Edits {
			t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(e.ID), Class: "num"}, {Text: p.Full(e.At), Class: "time"}, {Text: e.Actor}, {Text: fmt.Sprintf("#%d", e.Theme), Class: "num"}, {Text: p.ThemeEdit(e), Class: "wide"}})
		}
		out = append(out, t)
	}
	return out
}

func (p *pages) eventTable(h view.ThemeHistory) table {
	t := table{Caption: p.t("web_theme_history"), Columns: []column{{Title: p.t("web_run"), Num: true}, {Title: p.t("web_at")}, {Title: p.t("web_theme"), Num: true}, {Title: p.t("theme_what")}, {Title: p.t("web_theme_was"), Num: true}, {Title: p.t("web_size"), Num: true}}}
	for _, e := range h.Events {
		theme, what := cell{Text: fmt.Sprintf("#%d", e.Theme), Class: "num"}, cell{Text: p.ThemeEvent(e.What, e.Other, e.Share)}
		if e.Theme != h.ID {
			theme.Href = p.href(fmt.Sprintf("/themes/%d", e.Theme))
		}
		if e.Other > 0 && e.Other != h.ID {
			what.Href = p.href(fmt.Sprintf("/themes/%d", e.Other))
		}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(e.Run), Class: "num"}, {Text: p.Full(e.At), Class: "time"}, theme, what, p.number(e.Was, ""), p.number(e.N, "")})
	}
	return t
}

// sizeTable is how many complaints a theme had in the latest runs, the last first.
func (p *pages) sizeTable(list []view.ThemeSize) table {
	t := table{Caption: p.t("web_theme_sizes"), Columns: []column{{Title: p.t("web_run"), Num: true}, {Title: p.t("web_at")}, {Title: p.t("web_size"), Num: true}, {Title: ""}}}
	const most = 12
	largest := 0
	for _, x := range list {
		largest = max(largest, x.N)
	}
	for i := len(list) - 1; i >= max(0, len(list)-most); i-- {
		x := list[i]
		meter := chart.Meter{Frame: p.small(fmt.Sprintf("size%d", i), 96, 8, p.t("web_size"), p.Int(x.N)), Value: float64(x.N), Most: float64(largest)}
		t.Rows = append(t.Rows, []cell{{Text: fmt.Sprint(x.Run), Class: "num"}, {Text: p.Full(x.At), Class: "time"}, p.number(x.N, ""), {Mark: meter.SVG()}})
	}
	return t
}

// editTable tells how a theme is changed: the page only reads.
func (p *pages) editTable(id int64) table {
	t := table{Caption: p.t("web_theme_change"), Columns: []column{{Title: p.t("web_theme_to")}, {Title: p.t("web_theme_command")}}}
	for _, x := range []struct{ code, command string }{{"name", fmt.Sprintf("plaint themes name %d %q", id, p.t("web_theme_a_name"))}, {"merge", fmt.Sprintf("plaint themes merge %d ID", id)},
		{"split", fmt.Sprintf("plaint themes split %d --by %s", id, p.t("web_theme_words"))}, {"pin", fmt.Sprintf("plaint themes pin %d", id)}, {"undo", "plaint themes undo " + p.t("theme_edit")}} {
		t.Rows = append(t.Rows, []cell{{Text: p.t("web_theme_to_" + x.code)}, {Text: x.command, Class: "code"}})
	}
	return t
}

// showHistory adds its life to the page of a theme.
func (p *pages) showHistory(ctx context.Context, v *view.Reader, b *listBody, x view.Theme, q *param.Query) error {
	h, err := v.ThemeHistory(ctx, x.ID)
	if err != nil {
		return err
	}
	if h.News != nil {
		b.Facts = append(b.Facts, p.newsFact(h.News))
	}
	if _, offset := q.Paging(); offset == 0 {
		b.Tables = append(b.Tables, p.lineageTables(h)...)
	}
	return nil
}
