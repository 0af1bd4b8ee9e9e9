package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"

	"plaint/internal/store"
	"plaint/internal/web/locale"
	"plaint/internal/web/view"
)

func isMissing(err error) bool { return errors.Is(err, view.ErrNotFound) }

// Report writes the overview as one HTML file that needs no other: no links,
// no scripts, no personal data, in the language of the words.
func Report(ctx context.Context, st *store.Store, words *locale.Words, w io.Writer) error {
	p, err := newPages(words, false)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	style, err := files.ReadFile("static/style.css")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	o, err := view.NewIn(st, words.Lang).Overview(ctx)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	s := sheet{Title: p.t("web_title"), Style: template.CSS(style), Body: p.overview(o), Foot: p.t("web_report_foot", "at", p.Full(st.Now()))}
	if err := p.render(w, "overview", s); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
