package written

import (
	"encoding"
	"errors"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// walker goes down a file beside the type that it is to fill.
type walker struct {
	discreet bool
	open     map[*yaml.Node]bool
}

var (
	asNode   = reflect.TypeFor[yaml.Unmarshaler]()
	asText   = reflect.TypeFor[encoding.TextUnmarshaler]()
	duration = reflect.TypeFor[time.Duration]()
)

func (w *walker) look(n *yaml.Node, t reflect.Type) error {
	alias := n
	if n = real(n); n.Tag == "!!null" {
		return nil
	}
	if w.open[n] {
		return wrong(alias.Line, "err_yaml_itself", "name", alias.Value)
	}
	w.open[n] = true
	defer delete(w.open, n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := reflect.PointerTo(t)
	switch {
	case p.Implements(asNode) || p.Implements(asText):
		return w.fits(n, t)
	case t.Kind() == reflect.Struct:
		return w.fields(n, t)
	case t.Kind() == reflect.Map:
		return w.entries(n, t)
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return w.items(n, t)
	}
	return w.fits(n, t)
}

func (w *walker) fields(n *yaml.Node, t reflect.Type) error {
	known := map[string]reflect.Type{}
	names := keys(t, known, nil)
	return w.mapping(n, t, func(key, value *yaml.Node) error {
		if known[key.Value] == nil {
			bad := Unknown("err_yaml_key", key.Value, names)
			bad.Line = key.Line
			return bad
		}
		return w.look(value, known[key.Value])
	})
}

// keys lists the keys of a struct, those of inlined ones among them, behind names.
func keys(t reflect.Type, known map[string]reflect.Type, names []string) []string {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			names = keys(f.Type, known, names)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		known[name], names = f.Type, append(names, name)
	}
	return names
}

func (w *walker) entries(n *yaml.Node, t reflect.Type) error {
	return w.mapping(n, t, func(key, value *yaml.Node) error {
		if err := w.look(key, t.Key()); err != nil {
			return err
		}
		return w.look(value, t.Elem())
	})
}

// mapping looks at each pair of a mapping, no key of which may stand there twice, and
// at the mappings that are merged into it.
func (w *walker) mapping(n *yaml.Node, t reflect.Type, pair func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return w.kind(n, "mapping")
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		err := error(nil)
		switch {
		case key.Tag == "!!merge":
			err = w.merged(value, t)
		case key.Kind == yaml.ScalarNode && seen[key.Value] > 0:
			err = wrong(key.Line, "err_yaml_twice", "key", Short(key.Value), "first", seen[key.Value])
		default:
			seen[key.Value] = key.Line
			err = pair(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// merged looks at one mapping that is merged into one of type t, or at several.
func (w *walker) merged(n *yaml.Node, t reflect.Type) error {
	list := []*yaml.Node{n}
	if r := real(n); r.Kind == yaml.SequenceNode {
		list = r.Content
	}
	for _, m := range list {
		if r := real(m); r.Kind != yaml.MappingNode {
			return w.kind(r, "mapping")
		}
		if err := w.look(m, t); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) items(n *yaml.Node, t reflect.Type) error {
	if n.Kind != yaml.SequenceNode {
		return w.kind(n, "list")
	}
	if t.Kind() == reflect.Array && len(n.Content) != t.Len() {
		return wrong(n.Line, "err_yaml_length", "n", len(n.Content), "want", t.Len())
	}
	for _, x := range n.Content {
		if real(x).Tag == "!!null" { // it would be left out in silence
			return wrong(x.Line, "err_yaml_nothing")
		}
		if err := w.look(x, t.Elem()); err != nil {
			return err
		}
	}
	return nil
}

// fits tells whether a single value is of a type.
func (w *walker) fits(n *yaml.Node, t reflect.Type) error {
	cut := n.Tag == "!!float" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 // it would be cut off in silence
	err := n.Decode(reflect.New(t).Interface())
	var own *Error
	switch {
	case err == nil && !cut:
		return nil
	case errors.As(err, &own): // of a type that reads itself
		return own
	case t == duration:
		return w.kind(n, "duration")
	}
	switch t.Kind() {
	case reflect.Bool:
		return w.kind(n, "bool")
	case reflect.Float32, reflect.Float64:
		return w.kind(n, "number")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return w.kind(n, "whole")
	case reflect.Struct: // of our files' types, a time alone is one
		return w.kind(n, "time")
	}
	return w.kind(n, "text")
}

// Kind of value, which the commands word.
type Kind string

// kind says that a value is not of the kind that is wanted: the words know the code
// yaml_kind_ and its name.
func (w *walker) kind(n *yaml.Node, want Kind) *Error {
	is := Kind("text")
	switch {
	case n.Kind == yaml.MappingNode:
		is = "mapping"
	case n.Kind == yaml.SequenceNode:
		is = "list"
	case want == "mapping" && strings.ContainsRune(n.Value, wideColon):
		return wrong(n.Line, "err_yaml_wide")
	case !w.discreet:
		return wrong(n.Line, "err_yaml_value", "value", Short(n.Value), "want", want)
	case n.Tag == "!!int" || n.Tag == "!!float":
		is = "number"
	case n.Tag == "!!bool":
		is = "bool"
	}
	return wrong(n.Line, "err_yaml_kind", "is", is, "want", want)
}
