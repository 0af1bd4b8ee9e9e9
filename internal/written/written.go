// Package written reads YAML that people write, models, rules and profiles, and says
// what is wrong with it by line and in codes that have words in every language: an
// unknown key with the nearest known one, a value of the wrong kind, a broken line.
package written

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
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

// Error is for logs; where something was said already and no line is known, it is that.
func (e *Error) Error() string {
	if e.Err != nil && e.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("line %d: %s %v", e.Line, e.Code, e.Pairs)
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// In says it of a file of that name, as FILE:LINE: what is wrong.
func (e *Error) In(file string) (code string, pairs []any) {
	return "err_in_file", []any{"file", file, "line", e.Line, "reason", &Error{Code: e.Code, Pairs: e.Pairs}}
}

// Unknown says that a value is none of those that are known: a code whose words name
// them or, with _near behind it, the one that was meant.
func Unknown(code, value string, known []string) *Error {
	if hint := Nearest(value, known); hint != "" {
		return wrong(0, code+"_near", "value", Short(value), "near", hint)
	}
	return wrong(0, code, "value", Short(value), "names", strings.Join(known, ", "))
}

func wrong(line int, code string, pairs ...any) *Error {
	return &Error{Line: line, Code: code, Pairs: pairs}
}

// File is a file that was read.
type File struct{ root *yaml.Node }

// Decode reads a file into v, a pointer to a struct; an unknown key is an error. An
// empty file leaves v as it is. The error is an *Error.
func Decode(data []byte, v any) (File, error) { return Decoder{}.Decode(data, v) }

// Decoder reads what people write. A discreet one repeats no value in what it says: it
// may be a secret in the wrong place.
type Decoder struct{ Discreet bool }

// Decode is as the function of that name.
func (d Decoder) Decode(data []byte, v any) (File, error) {
	var doc yaml.Node
	switch err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); {
	case errors.Is(err, io.EOF):
		return File{}, nil
	case err != nil:
		return File{}, broken(data, err)
	}
	return File{doc.Content[0]}, d.Node(doc.Content[0], v)
}

// Node reads a part of a file into v, a pointer to a struct, as Decode reads all of it:
// for types that read themselves, whose *Error Decode gives on.
func (d Decoder) Node(n *yaml.Node, v any) error {
	w := walker{d.Discreet, map[*yaml.Node]bool{}}
	if err := w.look(n, reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	if err := n.Decode(v); err != nil { // what the walk has no eye for
		return syntax(err)
	}
	return nil
}

// Has tells whether the file has a key on its first level with a value.
func (f File) Has(key string) bool {
	_, n := f.at(key)
	return n != nil && n.Tag != "!!null"
}

// Line of what stands under keys (string) and places (int, from 0), which is where
// the last key stands, or begins what has the last place; of the last step that is
// there.
func (f File) Line(path ...any) int {
	line := 0
	for i := range path {
		at, n := f.at(path[:i+1]...)
		if n == nil {
			break
		}
		line = at
	}
	return line
}

func (f File) at(path ...any) (line int, n *yaml.Node) {
	n = f.root
	for _, step := range path {
		if n = real(n); n == nil {
			return 0, nil
		}
		next := (*yaml.Node)(nil)
		switch s := step.(type) {
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == s {
					line, next = n.Content[i].Line, n.Content[i+1]
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && s < len(n.Content) {
				line, next = n.Content[s].Line, n.Content[s]
			}
		}
		n = next
	}
	return line, n
}

// real is what an alias stands for.
func real(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// mostShown is how many characters of a value are repeated.
const mostShown = 40

// Short is as much of a value as a message repeats.
func Short(value string) string {
	if r := []rune(value); len(r) > mostShown {
		return string(r[:mostShown]) + "…"
	}
	return value
}

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
