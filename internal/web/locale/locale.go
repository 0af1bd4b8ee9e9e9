// Package locale holds the words: inside the program there are only codes, and
// at the edge each becomes a sentence in English or Chinese.
package locale

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

// Languages lists the languages, the fallback first.
var Languages = []string{"en", "zh"}

// Words is the catalogue of one language.
type Words struct {
	Lang  string
	words map[string]string
	rest  *Words // where a word is missing
}

var load = sync.OnceValue(func() map[string]*Words {
	out := map[string]*Words{}
	for _, lang := range Languages {
		data, err := files.ReadFile(lang + ".yaml")
		if err != nil {
			panic("locale: " + err.Error()) // part of the program
		}
		w := &Words{Lang: lang, rest: out[Languages[0]]}
		if err := yaml.Unmarshal(data, &w.words); err != nil {
			panic("locale: " + lang + ": " + err.Error())
		}
		out[lang] = w
	}
	return out
})

// For returns the catalogue for a language tag such as "zh", "zh_CN.UTF-8" or
// "en-GB"; English for any it does not know.
func For(tag string) *Words {
	lang, ok := find(tag)
	if !ok {
		lang = Languages[0]
	}
	return load()[lang]
}

// Known reports whether there are words in the language of a tag.
func Known(tag string) bool {
	_, ok := find(tag)
	return ok
}

func find(tag string) (lang string, ok bool) {
	tag = strings.ToLower(tag)
	for _, lang := range Languages {
		if tag == lang || strings.HasPrefix(tag, lang+"-") || strings.HasPrefix(tag, lang+"_") {
			return lang, true
		}
	}
	return "", false
}

// Has reports whether the code has words.
func (w *Words) Has(code string) bool {
	_, ok := w.words[code]
	return ok || (w.rest != nil && w.rest.Has(code))
}

// T gives the words of a code. Pairs of name and value fill the {name}
// placeholders. A code without words is shown as it is.
func (w *Words) T(code string, pairs ...any) string {
	s, ok := w.words[code]
	if !ok {
		if w.rest != nil {
			return w.rest.T(code, pairs...)
		}
		s = code
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return s
}

// Name gives the words of a coded value of a group ("type", "department",
// "status", ...), or the value itself where it is the source's own word.
func (w *Words) Name(group, value string) string {
	if value == "" {
		return w.T("none")
	}
	if code := group + "_" + value; w.Has(code) {
		return w.T(code)
	}
	return value
}

// All is the whole catalogue, for the page's scripts.
func (w *Words) All() map[string]string { return w.words }

// Codes are the values of a group that there are words for, in the order of the
// alphabet.
func Codes(group string) (out []string) {
	for code := range For(Languages[0]).words {
		if value, ok := strings.CutPrefix(code, group+"_"); ok {
			out = append(out, value)
		}
	}
	slices.Sort(out)
	return out
}
