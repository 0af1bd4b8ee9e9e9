// Package written reads YAML that people write, models, rules and profiles, and says
// what is wrong with it by line and in codes that have words in every language: an
// unknown key with the nearest known one, a value of the wrong kind, a broken line.
package written

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"

	"plaint/internal/near"
)

// Error is what is wrong with a file: a code whose words the commands know, and
// what they speak of as name, value, name, value. Line is counted from 1; 0 is the
// file as a whole.
type Error struct {
	Line  int
	Code  string
	Pairs []any
	Path  []any // of what is wrong, as File.Line takes it, where the line is not known yet
	Err   error // what was said of it before it had a line, if anything
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s %v", e.Line, e.Code, e.Pairs) }

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

func wrong(line int, code string, pairs ...any) *Error {
	return &Error{Line: line, Code: code, Pairs: pairs}
}

// File is a file that was read.
type File struct{ root *yaml.Node }

// Decode reads a file into v, a pointer to a struct; an unknown key is an error. An
// empty file leaves v as it is. The error is an *Error.
func Decode(data []byte, v any) (File, error) {
	var doc yaml.Node
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return File{}, nil
	case err != nil:
		return File{}, syntax(err)
	}
	f := File{doc.Content[0]}
	w := walker{open: map[*yaml.Node]bool{}}
	if err := w.look(f.root, reflect.TypeOf(v).Elem()); err != nil {
		return f, err
	}
	strict := yaml.NewDecoder(strings.NewReader(string(data)))
	strict.KnownFields(true)
	if err := strict.Decode(v); err != nil { // what the walk has no eye for
		return f, syntax(err)
	}
	return f, nil
}

// Has tells whether the file has a key on its first level with a value.
func (f File) Has(key string) bool {
	n := f.at(key)
	return n != nil && n.Tag != "!!null"
}

// Line of what stands under keys (string) and places (int, from 0); of the last
// that is there.
func (f File) Line(path ...any) int {
	line := 0
	for i := range path {
		n := f.at(path[:i+1]...)
		if n == nil {
			break
		}
		line = n.Line
	}
	return line
}

func (f File) at(path ...any) *yaml.Node {
	n := f.root
	for _, step := range path {
		if n = real(n); n == nil {
			return nil
		}
		next := (*yaml.Node)(nil)
		switch s := step.(type) {
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == s {
					next = n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && s < len(n.Content) {
				next = n.Content[s]
			}
		}
		n = next
	}
	return n
}

// real is what an alias stands for.
func real(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

var lineOf = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line (\d+): )?(?s)(.*)$`)

// syntax words what the package of YAML says, which speaks English.
func syntax(err error) *Error {
	m := lineOf.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1]) // 0 where it tells none
	first, _, _ := strings.Cut(m[2], "\n")
	return wrong(line, "err_yaml_syntax", "detail", first)
}

// walker goes down a file beside the type that it is to fill.
type walker struct{ open map[*yaml.Node]bool }

var (
	asNode = reflect.TypeFor[yaml.Unmarshaler]()
	asText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (w *walker) look(n *yaml.Node, t reflect.Type) error {
	if n = real(n); n.Tag == "!!null" || w.open[n] {
		return nil
	}
	w.open[n] = true
	defer delete(w.open, n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.PointerTo(t)
	switch {
	case p.Implements(asNode) || p.Implements(asText):
		return fits(n, t)
	case t.Kind() == reflect.Struct:
		return w.fields(n, t)
	case t.Kind() == reflect.Map:
		return w.entries(n, t)
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return w.items(n, t)
	}
	return fits(n, t)
}

func (w *walker) fields(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.MappingNode {
		return kind(n, "mapping")
	}
	known := map[string]reflect.Type{}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		if f.IsExported() && name != "-" {
			known[name], names = f.Type, append(names, name)
		}
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Tag == "!!merge":
			continue // the strict reading that follows looks into it
		case seen[key.Value] > 0:
			return wrong(key.Line, "err_yaml_twice", "key", key.Value, "first", seen[key.Value])
		case known[key.Value] == nil:
			return unknown(key, names)
		}
		seen[key.Value] = key.Line
		if err := w.look(n.Content[i+1], known[key.Value]); err != nil {
			return err
		}
	}
	return nil
}

func unknown(key *yaml.Node, names []string) *Error {
	if hint := Nearest(key.Value, names); hint != "" {
		return wrong(key.Line, "err_yaml_key_near", "key", key.Value, "near", hint)
	}
	return wrong(key.Line, "err_yaml_key", "key", key.Value, "names", strings.Join(names, ", "))
}

func (w *walker) entries(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.MappingNode {
		return kind(n, "mapping")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := w.look(n.Content[i+1], t.Elem()); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) items(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.SequenceNode {
		return kind(n, "list")
	}
	if t.Kind() == reflect.Array && len(n.Content) != t.Len() {
		return wrong(n.Line, "err_yaml_length", "n", len(n.Content), "want", t.Len())
	}
	for _, x := range n.Content {
		if err := w.look(x, t.Elem()); err != nil {
			return err
		}
	}
	return nil
}

// fits tells whether a single value is of a type.
func fits(n *yaml.Node, t reflect.Type) error {
	cut := n.Tag == "!!float" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 // it would be cut off in silence
	if !cut && n.Decode(reflect.New(t).Interface()) == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return kind(n, "bool")
	case reflect.Float32, reflect.Float64:
		return kind(n, "number")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kind(n, "whole")
	case reflect.Struct: // of our files' types, a time alone is one
		return kind(n, "time")
	}
	return kind(n, "text")
}

// mostShown is how many characters of a value are repeated.
const mostShown = 40

// kind says that a value is not of the kind that is wanted: the words know the code
// yaml_kind_ and its name.
func kind(n *yaml.Node, want string) *Error {
	is := "text"
	switch {
	case n.Kind == yaml.MappingNode:
		is = "mapping"
	case n.Kind == yaml.SequenceNode:
		is = "list"
	case n.Tag == "!!int" || n.Tag == "!!float":
		is = "number"
	case n.Tag == "!!bool":
		is = "bool"
	}
	if is != "mapping" && is != "list" {
		value := []rune(n.Value)
		if len(value) > mostShown {
			value = append(value[:mostShown], '…')
		}
		return wrong(n.Line, "err_yaml_value", "value", string(value), "want", Kind(want))
	}
	return wrong(n.Line, "err_yaml_kind", "is", Kind(is), "want", Kind(want))
}

// Kind of value, which the commands word.
type Kind string

// Nearest is the known name that a wrong one was meant to be: of three letters one
// may differ, of nine three, and case does not count; "" where there is none or are
// several as near.
func Nearest(name string, known []string) string {
	most := min(3, len([]rune(name))/3)
	best, at, several := "", most+1, false
	for _, k := range slices.Compact(slices.Sorted(slices.Values(known))) {
		d := near.Edits(utf16.Encode([]rune(strings.ToLower(name))), utf16.Encode([]rune(strings.ToLower(k))), most)
		switch {
		case d < at:
			best, at, several = k, d, false
		case d == at && d <= most:
			several = true
		}
	}
	if several {
		return ""
	}
	return best
}
