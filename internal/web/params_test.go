package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"plaint/internal/web/api"
)

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
	Schema   struct {
		Type             string
		Enum             []string
		AnyOf            []struct{ Enum []string }
		Minimum, Maximum *int64
		Pattern          string
	}
}

// wrong are values that a parameter must not have, with what the answer has to
// name beside the parameter.
func (p parameter) wrong() map[string][]string {
	switch {
	case p.Schema.AnyOf != nil:
		return map[string][]string{"zz": p.Schema.AnyOf[0].Enum, "rule:": p.Schema.AnyOf[0].Enum, "rule:A": p.Schema.AnyOf[0].Enum}
	case p.Schema.Enum != nil:
		return map[string][]string{"zz": p.Schema.Enum, "*": p.Schema.Enum, p.Schema.Enum[0] + ",": p.Schema.Enum}
	case p.Schema.Pattern != "":
		return map[string][]string{"zz": {"c0123456789ab"}, "U7": nil, "C0123456789AB": nil, "c0123456789ab0": nil}
	case p.Schema.Type == "number":
		return map[string][]string{"x": nil, "NaN": nil, "Inf": nil, "1,5": nil}
	case p.Schema.Type == "integer":
		limits := []string{fmt.Sprint(*p.Schema.Minimum)}
		out := map[string][]string{"x": limits, "1.5": limits, "1e2": limits, fmt.Sprint(*p.Schema.Minimum - 1): limits, "99999999999999999999": limits}
		if p.Schema.Maximum != nil {
			limits = append(limits, fmt.Sprint(*p.Schema.Maximum))
			out[fmt.Sprint(*p.Schema.Maximum+1)] = limits
		}
		return out
	case p.Name == "from" || p.Name == "to":
		return map[string][]string{"yesterday": {"2026-03-01"}, "2026-13-01": {"2026-03-01"}}
	}
	return nil // a word of the data
}

// TestParameters: on every path of the document, a parameter that is unknown or
// has a value it must not have is an error that names it and what it may be, in
// the language that was asked for; and every value that it may have is taken.
func TestParameters(t *testing.T) {
	b := open(t)
	var doc struct {
		Paths      map[string]map[string]struct{ Parameters []parameter }
		Components struct{ Parameters map[string]parameter }
	}
	if err := json.Unmarshal(api.Document, &doc); err != nil {
		t.Fatal(err)
	}
	refused := func(target string, names ...string) {
		t.Helper()
		messages := map[string]string{}
		for _, lang := range []string{"en", "zh"} {
			w := b.get(target, lang)
			var e struct {
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusBadRequest || e.Error.Code != "bad_parameter" {
				t.Errorf("%s: %d %.200s", target, w.Code, w.Body)
				return
			}
			for _, n := range names {
				if !strings.Contains(e.Error.Message, n) {
					t.Errorf("%s %s: %q does not name %s", lang, target, e.Error.Message, n)
				}
			}
			messages[lang] = e.Error.Message
		}
		if messages["en"] == messages["zh"] {
			t.Errorf("%s: one message for two languages: %s", target, messages["en"])
		}
	}
	checked := 0
	for path, methods := range doc.Paths {
		if _, ok := methods["get"]; !ok {
			continue // of intake, whose tests look at these
		}
		path = strings.ReplaceAll(path, "{id}", "1")
		var all []string
		for _, p := range methods["get"].Parameters {
			if p.Ref != "" {
				p = doc.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
			}
			if p.In != "query" {
				continue
			}
			all = append(all, p.Name)
			for value, names := range p.wrong() {
				refused(path+"?"+url.Values{p.Name: {value}}.Encode(), append(names, p.Name)...)
				checked++
			}
			for _, value := range p.Schema.Enum {
				if w := b.get(path+"?"+url.Values{p.Name: {value}}.Encode(), "en"); w.Code != http.StatusOK {
					t.Errorf("%s: %s=%s: %d", path, p.Name, value, w.Code)
				}
			}
		}
		refused(path+"?nonsense=1", append(all, "nonsense")...)
	}
	if checked < 100 {
		t.Errorf("only %d wrong values", checked)
	}
}
