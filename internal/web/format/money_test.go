package format

import (
	"testing"

	"plaint/internal/web/locale"
)

// TestClaims: each currency is named, and how many are left out.
func TestClaims(t *testing.T) {
	list := []Money{{"USD", 5, 1234.4}, {"", 3, 20}, {"JPY", 2, 1e6}, {"HKD", 1, 7}}
	for _, c := range []struct {
		n      int
		en, zh string
	}{{0, "–", "–"}, {1, "1,234 USD", "1,234 USD"}, {2, "1,234 USD, 20", "1,234 USD、20"}, {4, "1,234 USD, 20 +2", "1,234 USD、20 +2"}} {
		for lang, want := range map[string]string{"en": c.en, "zh": c.zh} {
			if is := (Format{Words: locale.For(lang)}).Claims(list[:c.n]); is != want {
				t.Errorf("%s, %d: %q, not %q", lang, c.n, is, want)
			}
		}
	}
}
