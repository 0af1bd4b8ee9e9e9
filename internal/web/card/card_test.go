package card_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/card"
	"plaint/internal/web/locale"
	"plaint/scoring/model"
)

var update = flag.Bool("update", false, "write what the cases give as what they should give")

// TestMarkdown: each case is a model and its card in each language.
func TestMarkdown(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/model.yaml")
	if err != nil || len(cases) < 3 {
		t.Fatal(len(cases), err)
	}
	for _, path := range cases {
		m, err := model.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 4, 6, 8, 5, 0, 0, time.UTC)
		events := []record.ModelVersion{{Name: "other", State: record.Champion, Since: at}, {Name: m.Name, State: record.Candidate, Since: at, By: "li", Reason: "a | b"}}
		for _, lang := range locale.Languages {
			got, file := card.Of(locale.For(lang), m, events).Markdown(), filepath.Join(filepath.Dir(path), lang+".md")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || got != string(want) {
				t.Errorf("%s: %v\n%s", file, err, got)
			}
		}
	}
}
