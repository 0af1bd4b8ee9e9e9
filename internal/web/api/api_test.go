package api

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestDocument: every route is in the document with its parameters, and the
// other way round.
func TestDocument(t *testing.T) {
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(Document, &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatal(doc.OpenAPI, err)
	}
	for _, r := range (API{}).Routes() {
		get, ok := doc.Paths[r.Path]["get"]
		if !ok || len(doc.Paths[r.Path]) != 1 {
			t.Errorf("%s is not in the document, or not with get alone", r.Path)
			continue
		}
		var names []string
		for _, p := range get.Parameters {
			if p.In == "query" {
				names = append(names, p.Name)
			}
		}
		want := slices.Clone(r.Names)
		slices.Sort(want)
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s: the document has parameters %v, the route %v", r.Path, names, want)
		}
		delete(doc.Paths, r.Path)
	}
	for path := range doc.Paths {
		if path == "/v1/{kind}" || path == "/hooks/{name}" {
			continue // of intake, whose tests look at these
		}
		t.Errorf("%s is in the document and not served", path)
	}
}

// TestReferences: every $ref of the document leads somewhere.
func TestReferences(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Document, &doc); err != nil {
		t.Fatal(err)
	}
	components := doc["components"].(map[string]any)
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			if ref, ok := x["$ref"].(string); ok {
				found := false
				for group, list := range components {
					for name := range list.(map[string]any) {
						found = found || ref == "#/components/"+group+"/"+name
					}
				}
				if !found {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(doc)
}
