package card

import (
	"cmp"
	"fmt"
	"math"

	"plaint/internal/web/locale"
	"plaint/scoring/model"
)

// Number writes a score or a measure with four digits.
func Number(v float64) string { return fmt.Sprintf("%.4f", v) }

func short(v float64) string { return fmt.Sprintf("%.1f", v) }

func points(v float64) string { return fmt.Sprintf("%+.2f", v) }

// Rate is a rate with its interval.
func Rate(r model.Rate) Cell {
	if r.N == 0 || math.IsNaN(r.Share) {
		return Cell{Text: "–"}
	}
	return Cell{Text: fmt.Sprintf("%.1f %%", 100*r.Share), Note: fmt.Sprintf("(%.1f–%.1f)", 100*r.Low, 100*r.High)}
}

func (w writer) quality(c *model.Card) Section {
	t := &Table{Columns: []Column{{Whole: true}, {Title: w.t("fig_auroc"), Num: true}, {Title: w.t("fig_ap"), Num: true}, {Title: w.t("fig_error"), Num: true}, {Title: w.t("fig_flagged"), Num: true}, {Title: w.t("fig_precision"), Num: true}, {Title: w.t("fig_recall"), Num: true}, {Title: w.t("fig_false"), Num: true}}}
	for _, f := range []model.Figures{c.Test, c.Before} {
		t.Rows = append(t.Rows, []Cell{{Text: f.Model}, {Text: Number(f.AUROC)}, {Text: Number(f.AP)}, {Text: Number(f.Error)}, {Text: w.Int(f.Flagged)}, Rate(f.Precision), Rate(f.Recall), Rate(f.FalseRate)})
	}
	parts := []Part{{Text: w.t("card_quality_about")}, {Table: t}}
	if c.Random > 0 {
		parts = append(parts, Part{Text: w.t("card_random", "random", Number(c.Random), "time", Number(c.Test.AUROC))})
	}
	return Section{w.t("card_quality"), parts}
}

func (w writer) groups(c *model.Card) Section {
	return Section{w.t("card_groups"), []Part{{Text: w.t("card_groups_about")}, {Table: Groups(w.Words, c.Test.Groups)}}}
}

// groupName is a group in the reader's words.
func (w writer) groupName(g model.Group) string {
	return w.t("by_"+g.By) + ": " + cmp.Or(w.Words.Name(g.By, g.Name), "–")
}

// Groups are the figures by group.
func Groups(words *locale.Words, list []model.Group) *Table {
	w := in(words)
	t := &Table{Columns: []Column{{Title: w.t("card_group")}, {Title: w.t("fig_rows"), Num: true}, {Title: w.t("fig_bad"), Num: true}, {Title: w.t("fig_precision"), Num: true}, {Title: w.t("fig_recall"), Num: true}, {Title: w.t("fig_false"), Num: true}, {Title: w.t("fig_ratio"), Num: true}}}
	for _, g := range list {
		ratio := Cell{Text: "–"}
		if g.Ratio.Share > 0 {
			ratio = Cell{Text: fmt.Sprintf("%.2f", g.Ratio.Share), Note: fmt.Sprintf("(%.2f–%.2f)", g.Ratio.Low, g.Ratio.High)}
		}
		t.Rows = append(t.Rows, []Cell{{Text: w.groupName(g)}, {Text: w.Int(g.Rows)}, {Text: w.Int(g.Bad)}, Rate(g.Precision), Rate(g.Recall), Rate(g.FalseRate), ratio})
	}
	return t
}
