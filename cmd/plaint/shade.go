package main

import (
	"context"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/view"
)

// shade lets the shadow judge what comes in beside the champion, without effect.
// One that cannot be read is told and left out: nothing waits for it.
func (e *env) shade(ctx context.Context, st *store.Store) {
	st.Shade(nil)
	v, err := st.ModelIn(ctx, record.Shadow)
	if err != nil || v.Name == "" {
		return // whoever asks for models is told why they cannot be read
	}
	m, err := view.LoadModel(ctx, st, v.Name)
	if err != nil {
		e.say("%s: %s", e.t("doctor_note"), e.t("shadow_unreadable", e.pairs([]any{"name", v.Name, "reason", cause(err)})...))
		return
	}
	st.Shade(m.Decide)
}
