package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"go.yaml.in/yaml/v3"

	"plaint/internal/store"
	"plaint/scoring/learn"
	"plaint/scoring/model"
)

// backtestRun is the kind of the runs that prove a test on history.
const backtestRun = "backtest"

// fingerprint tells one version of a model from every other.
func fingerprint(m *model.Model) (string, error) {
	text, err := yaml.Marshal(m)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// keepTest notes that a model with rules was tested on all of history: without it
// the model does not come to judge. Of other models, which may be promoted
// untested, nothing is noted.
func (e *env) keepTest(ctx context.Context, st *store.Store, m *model.Model, f *backtestFlags, t learn.Tested, started time.Time) error {
	if len(m.Rules) == 0 {
		return nil
	}
	if t.Complaints == 0 || t.Unread > 0 || f.since+f.until+f.asOf != "" {
		e.say("%s: %s", e.t("doctor_note"), e.t("backtest_partly", "name", m.Name))
		return nil
	}
	id, err := fingerprint(m)
	if err != nil {
		return err
	}
	_, err = st.SaveRun(ctx, store.Run{Kind: backtestRun, Started: started, Params: map[string]any{"model": m.Name, "file": id, "by": whoAmI()},
		Summary: map[string]any{"complaints": t.Complaints, "flagged": t.Model.AllFlagged, "newly_flagged": t.Newly, "cleared": t.Cleared}})
	return err
}

// mustBeTested refuses a model with rules that was not tested on the history of
// this database, exactly as it is. With fresh the test has to have seen at least
// half of the complaints that there are now, so that a test on the first handful
// does not stand for all; without, a server starts again with what it judged by, and
// a former champion comes back.
func (e *env) mustBeTested(ctx context.Context, st *store.Store, m *model.Model, name string, fresh bool) error {
	if len(m.Rules) == 0 {
		return nil
	}
	id, err := fingerprint(m)
	if err != nil {
		return err
	}
	var tested, all int64
	if err := st.QueryRow(ctx, `select coalesce(max(json_extract(summary, '$.complaints')::bigint), 0), (select count(*) from complaint)
		from run where kind = ? and json_extract_string(params, '$.file') = ?`, backtestRun, id).Scan(&tested, &all); err != nil {
		return err
	}
	switch {
	case tested == 0:
		return &worded{"err_rules_untested", []any{"name", m.Name, "model", name}}
	case fresh && 2*tested < all:
		return &worded{"err_rules_outgrown", []any{"name", m.Name, "model", name, "tested", thousands(tested), "all", thousands(all)}}
	}
	return nil
}
