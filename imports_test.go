// Package plaint holds only the test of who may import whom.
package plaint

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// allowed says which rooms of ours a room may import. A room is the longest
// prefix here of a package's folder.
var allowed = map[string][]string{
	"internal/record":     {},
	"internal/child":      {},
	"internal/near":       {},
	"internal/text":       {"internal/record"},
	"internal/store":      {"internal/record"},
	"internal/store/keep": {"internal/record", "internal/store"},
	"internal/testload":   {"ingest", "internal/record", "internal/store"},
	"internal/written":    {"internal/near"},
	"internal/web/locale": {},
	"internal/web":        {"internal", "analysis", "scoring", "ingest"},
	"ingest":              {"internal/text", "internal/record", "internal/child", "internal/written"},
	"scoring":             {"internal/text", "internal/record", "internal/near", "internal/written"},
	"scoring/review":      {"internal/record"},
	"analysis":            {"internal/store", "internal/text", "internal/record"},
	"dashboards":          {},
	"cmd":                 {"internal", "analysis", "scoring", "ingest"},
}

// TestWhoMayImportWhom keeps the rooms apart: the rooms that decide and the
// room that remembers never meet, and store alone knows the engine. Tests may
// use everything.
func TestWhoMayImportWhom(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "tools") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		checkImports(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 40 {
		t.Fatalf("only %d files were looked at", files)
	}
}

func checkImports(t *testing.T, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	room := roomOf(filepath.ToSlash(filepath.Dir(path)))
	for _, i := range f.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if name == "github.com/marcboeker/go-duckdb" && room != "internal/store" {
			t.Errorf("%s imports the engine; only internal/store may", path)
		}
		ours, is := strings.CutPrefix(name, "plaint/")
		if !is || roomOf(ours) == room || strings.HasPrefix(ours+"/", room+"/") {
			continue
		}
		if !mayImport(room, ours) {
			t.Errorf("%s (%s) may not import %s", path, room, ours)
		}
		if room == "internal/record" {
			t.Errorf("%s: record imports only the standard library", path)
		}
	}
}

func roomOf(dir string) string {
	best := ""
	for room := range allowed {
		if (dir == room || strings.HasPrefix(dir, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

func mayImport(room, target string) bool {
	for _, a := range allowed[room] {
		if target == a || strings.HasPrefix(target, a+"/") {
			return true
		}
	}
	return false
}
