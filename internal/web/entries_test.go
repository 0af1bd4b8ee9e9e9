package web_test

import (
	"strings"
	"testing"
)

// TestProposalsPromiseNoSignature: where proposals are shown it is said that they
// cannot be signed yet, in both languages.
func TestProposalsPromiseNoSignature(t *testing.T) {
	b := open(t)
	for lang, want := range map[string]string{"en": "cannot be signed yet", "zh": "不能签署"} {
		for _, path := range []string{"/", "/entries"} {
			if page := b.get(path, lang).Body.String(); !strings.Contains(page, want) {
				t.Errorf("%s in %s does not say it", path, lang)
			}
		}
	}
}
