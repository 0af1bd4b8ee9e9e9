package web_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/scoring/model"
)

// TestCasesSayWhetherTheyAreStillFlagged: the queue marks what the latest decision no
// longer flags, and what today's model has not judged; a complaint names the model
// that scored it.
func TestCasesSayWhetherTheyAreStillFlagged(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	var batch record.Batch
	for _, id := range []string{"C1", "C2", "C3"} {
		c := record.Complaint{Customer: id, Received: record.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
		c.ExternalID = id
		c.Stamp(nil)
		batch.Complaints = append(batch.Complaints, c)
	}
	judge := func(name, flagged string) store.Decide {
		return func(c *record.Complaint, _ *record.History) record.Decision {
			return record.Decision{Model: name, Score: 1, Flagged: strings.Contains(flagged, c.ExternalID)}
		}
	}
	if _, err := st.Admit(ctx, &batch, judge(model.Default, "C1 C2")); err != nil {
		t.Fatal(err)
	}
	if n, _, err := st.Draw(ctx, store.Drawing{N: 1, Seed: "1"}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{st: st, handler: h}
	look := func(when string, want map[string]int) {
		t.Helper()
		for lang, words := range map[string][2]string{"en": {"no longer flagged", "has not judged it"}, "zh": {"已不再被标记", "尚未评判"}} {
			for _, path := range []string{"/cases", "/"} {
				page := b.get(path, lang).Body.String()
				if got := strings.Count(page, words[0]); got != want["unflagged"] {
					t.Errorf("%s, %s, %s: %d no longer flagged, want %d", when, path, lang, got, want["unflagged"])
				}
				if got := strings.Count(page, words[1]); got != want["outdated"] {
					t.Errorf("%s, %s, %s: %d not judged, want %d", when, path, lang, got, want["outdated"])
				}
			}
		}
	}
	look("at admission", nil)
	if _, err := st.Rescore(ctx, model.Default, judge(model.Default, "C1")); err != nil {
		t.Fatal(err)
	}
	look("after a run", map[string]int{"unflagged": 1})
	if page := b.get("/cases/2", "en").Body.String(); !strings.Contains(page, "no longer flagged") {
		t.Error("the case's own page does not say it")
	}
	if err := st.AddModel(ctx, record.ModelVersion{Name: "own-1", File: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Promote(ctx, record.ModelVersion{Name: "own-1", State: record.Champion, By: "li", Reason: "x"}, model.Default, false); err != nil {
		t.Fatal(err)
	}
	look("after a promotion", map[string]int{"outdated": 2}) // not of the one that was drawn: it is nobody's
	reg = prometheus.NewRegistry()
	named, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg, Judge: func() string { return model.Default }})
	if err != nil {
		t.Fatal(err)
	}
	b.handler = named
	look("where the server was started with a model of its own", map[string]int{"unflagged": 1})
	b.handler = h
	if page := b.get("/complaints/1", "en").Body.String(); !strings.Contains(page, `href="/models/plaint-2"`) {
		t.Error("the complaint does not name the model of its score")
	}
	if page := b.get("/complaints/3", "en").Body.String(); strings.Contains(page, "/models/") {
		t.Error("a complaint whose score is hidden names the model")
	}
}
