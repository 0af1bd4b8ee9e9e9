package web_test

import (
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web"
	"plaint/internal/web/card"
	"plaint/internal/web/locale"
	"plaint/internal/web/view"
	"plaint/scoring/model"
)

// hostile is the name of a model that is markup and looks like other paths.
const hostile = `a/..?x=1 <b>%2F&'"`

// modelled is a store of models: trained ones, one with a hostile name, and one
// whose file cannot be read.
func modelled(t *testing.T) *broker {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	files := map[string]string{"broken": "name: [", ".": "name: [", "..": "name: ["}
	for _, name := range []string{"rules", "precision", "written"} {
		text, err := os.ReadFile(filepath.Join("card", "testdata", name, "model.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := model.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		files[m.Name] = string(text)
	}
	for name, text := range files {
		if err := st.AddModel(t.Context(), record.ModelVersion{Name: name, Author: "li <i>", File: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	reg := prometheus.NewRegistry()
	h, err := web.New(web.Options{Store: st, Registerer: reg, Gatherer: reg})
	if err != nil {
		t.Fatal(err)
	}
	return &broker{st: st, handler: h}
}

var cardLink = regexp.MustCompile(`href="(/models/[^"]*)"`)

// TestCards: the list leads to every model, and the page of each says in both
// languages all that its card says, and leads back.
func TestCards(t *testing.T) {
	b := modelled(t)
	for _, lang := range locale.Languages {
		links := cardLink.FindAllStringSubmatch(b.get("/models", lang).Body.String(), -1)
		titles := map[string]bool{}
		for _, l := range links {
			w := b.get(html.UnescapeString(l[1]), lang)
			page := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(page, `<a href="/models">`) || strings.Contains(page, "card_") || strings.Contains(page, "<b>") || strings.Contains(page, "<i>") {
				t.Errorf("%s %s: %d %s", lang, l[1], w.Code, page)
			}
			_, rest, _ := strings.Cut(page, "<h1>")
			title, _, _ := strings.Cut(rest, "</h1>")
			titles[html.UnescapeString(title)] = true
			for _, other := range regexp.MustCompile(`href="(/models/[^"]*)" hreflang`).FindAllStringSubmatch(page, -1) {
				if w := b.get(html.UnescapeString(other[1]), lang); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "</h1>") {
					t.Errorf("%s: in the other language %d", other[1], w.Code)
				}
			}
		}
		for _, name := range []string{model.Default, "ruled", "own-2", "broken", hostile} {
			if !titles[locale.For(lang).T("card_title", "name", name)] {
				t.Errorf("%s: no link leads to %s: %v", lang, name, titles)
			}
		}
		if len(links) != 5 {
			t.Errorf("%d links: a browser never asks for . and ..", len(links))
		}
		for path, name := range map[string]string{"/models/ruled": "ruled", "/models/own-2": "own-2", "/models/" + model.Default: model.Default} {
			b.tellsAll(t, path, name, lang)
		}
	}
}

// tellsAll: every word of the card of a model is on its page.
func (b *broker) tellsAll(t *testing.T, path, name, lang string) {
	t.Helper()
	m, err := view.LoadModel(t.Context(), b.st, name)
	if err != nil {
		t.Fatal(err)
	}
	events, err := b.st.ModelEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := card.Of(locale.For(lang), m, events)
	said := append([]string{c.Title, c.About}, c.Items...)
	for _, s := range c.Sections {
		said = append(said, s.Heading)
		for _, p := range s.Parts {
			said = append(append(said, p.Text), p.Items...)
			if p.Table == nil {
				continue
			}
			for _, col := range p.Table.Columns {
				said = append(said, col.Title)
			}
			for _, x := range slices.Concat(p.Table.Rows...) {
				said = append(append(said, x.Text, x.Note), x.Parts...)
			}
		}
	}
	page := html.UnescapeString(b.get(path, lang).Body.String())
	for _, s := range said {
		if !strings.Contains(page, s) {
			t.Errorf("%s %s does not say %q", lang, path, s)
		}
	}
	if name == "ruled" && len(said) < 200 {
		t.Errorf("the card says only %d things", len(said))
	}
}

// TestNoCard: a model that nobody has is a page that is not there, and one whose
// file cannot be read says so and still tells its history.
func TestNoCard(t *testing.T) {
	b := modelled(t)
	for lang, want := range map[string]string{"en": "cannot be read", "zh": "无法读取"} {
		for _, path := range []string{"/models/nobody", "/models/ruled2", "/models/%3Cb%3E", "/models/..%2F..%2Fetc", "/models/%00", "/models/%FF", "/models/plaint-2.yaml"} {
			if w := b.get(path, lang); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), locale.For(lang).T("web_not_found")) || strings.Contains(w.Body.String(), "<b>") {
				t.Errorf("%s %s: %d %.300s", lang, path, w.Code, w.Body)
			}
		}
		if w := b.get("/models/broken", lang); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), "li &lt;i&gt;") {
			t.Errorf("%s: %d %s", lang, w.Code, w.Body)
		}
		if w := b.get("/models/ruled?name=own-2", lang); w.Code != http.StatusBadRequest {
			t.Errorf("a parameter that no page has: %d", w.Code)
		}
	}
	if page := open(t).get("/cases/1", "en").Body.String(); !strings.Contains(page, `<a href="/models/plaint-2">plaint-2</a>`) {
		t.Error("a case does not lead to the model that judged it")
	}
}
