package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plaint/internal/web/locale"
	"plaint/scoring/review"
	"plaint/scoring/signal"
)

// TestWords: every code that templates and pages name has words; the catalogues
// are compared with each other by the room that holds them.
func TestWords(t *testing.T) {
	words := locale.For("en")
	code := regexp.MustCompile(`(?:\bt |\.t\(|\.T\(|fail\()"([a-z0-9_]+)"[,)} ]`)
	n := 0
	for _, glob := range []string{"*.go", "templates/*.html", "param/*.go", "api/*.go", "format/*.go", "card/*.go"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range code.FindAllStringSubmatch(string(raw), -1) {
				if n++; strings.HasSuffix(m[1], "_") { // the start of a code
					continue
				}
				if !words.Has(m[1]) && !strings.HasSuffix(path, "_test.go") {
					t.Errorf("%s: %q has no words", path, m[1])
				}
			}
		}
	}
	for _, c := range []string{"web_volume_by_day", "web_volume_by_week", "web_not_found", "web_method_not_allowed", "web_wrong_host", "web_too_long"} {
		if !words.Has(c) {
			t.Errorf("%s has no words", c)
		}
	}
	if n < 150 {
		t.Errorf("only %d codes found", n)
	}
	for name := range signal.All {
		if !words.Has("signal_" + name) {
			t.Errorf("signal %s has no words", name)
		}
	}
	for _, g := range review.Grounds {
		if !words.Has("ground_" + g) {
			t.Errorf("ground %s has no words", g)
		}
	}
	for _, s := range review.Scopes {
		if !words.Has("scope_" + s) {
			t.Errorf("scope %s has no words", s)
		}
	}
}
