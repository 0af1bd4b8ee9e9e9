package stream_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsSpeakInCodes: what is wrong with settings is a *written.Error, which has
// words in every language. So nothing that Source calls in its package, until the source
// runs, makes an error out of a text.
func TestSettingsSpeakInCodes(t *testing.T) {
	for _, folder := range []string{"mailbox", "queue", "table", "telemetry"} {
		functions, files := map[string][]*ast.FuncDecl{}, token.NewFileSet()
		paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				d, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				name := d.Name.Name
				if d.Recv != nil {
					name = "." + name
				}
				functions[name] = append(functions[name], d)
			}
		}
		seen, next := map[string]bool{}, []string{".Source"}
		for len(next) > 0 {
			name := next[0]
			next = next[1:]
			if seen[name] {
				continue
			}
			seen[name] = true
			for _, d := range functions[name] {
				for call, at := range calls(d.Body) {
					if call == "errors.New" || call == "fmt.Errorf" {
						t.Errorf("%s: %s makes an error out of a text; use stream.Wrong", files.Position(at), name)
					}
					next = append(next, call)
				}
			}
		}
		if len(seen) < 10 {
			t.Errorf("%s: only %d functions were looked at", folder, len(seen))
		}
	}
}

// calls are what a body calls, a method of anything as .check, without what the functions
// in it call when they run.
func calls(body ast.Node) map[string]token.Pos {
	found := map[string]token.Pos{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			switch f := n.Fun.(type) {
			case *ast.Ident:
				found[f.Name] = n.Pos()
			case *ast.SelectorExpr:
				found["."+f.Sel.Name] = n.Pos()
				if x, ok := f.X.(*ast.Ident); ok {
					found[x.Name+"."+f.Sel.Name] = n.Pos()
				}
			}
		}
		return true
	})
	return found
}
