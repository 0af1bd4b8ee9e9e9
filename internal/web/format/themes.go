package format

import (
	"strings"

	"plaint/analysis/rootcause/lineage/book"
)

// ThemeEvent says what became of a theme: split off another, merged into one.
func (f Format) ThemeEvent(what string, other int64, share float64) string {
	code := "theme_" + what
	if other > 0 && f.Words.Has(code+"_of") {
		return f.Words.T(code+"_of", "other", other, "share", f.Percent(share))
	}
	return f.Words.T(code)
}

// ThemeEdit says what an analyst decided.
func (f Format) ThemeEdit(e book.Edit) string {
	s := f.Words.T("theme_edit_"+e.Action, "name", e.Name, "other", e.Other, "words", strings.Join(e.Words, ", "), "edit", e.Undoes)
	switch {
	case e.Waits:
		s += " " + f.Words.T("theme_undo_waits")
	case e.Undone:
		s += " " + f.Words.T("theme_undone")
	}
	return s
}
