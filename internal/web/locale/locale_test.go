package locale

import (
	"regexp"
	"slices"
	"testing"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestCataloguesSayTheSame(t *testing.T) {
	en, zh := For("en"), For("zh")
	for code, text := range en.words {
		other, ok := zh.words[code]
		if !ok {
			t.Errorf("%s: no Chinese", code)
			continue
		}
		a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: placeholders %v and %v", code, a, b)
		}
	}
	for code := range zh.words {
		if _, ok := en.words[code]; !ok {
			t.Errorf("%s: no English", code)
		}
	}
}

func TestFor(t *testing.T) {
	for tag, want := range map[string]string{"zh_CN.UTF-8": "zh", "zh": "zh", "en-GB": "en", "C": "en", "": "en", "zhx": "en"} {
		if got := For(tag).Lang; got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
	if got := For("zh").T("no such code {x}", "x", 1); got != "no such code 1" {
		t.Error(got)
	}
}
