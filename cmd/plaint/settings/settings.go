// Package settings reads plaint.yaml: what a server takes in, from where, and how
// long it keeps it. It is strict: a key that nobody knows is an error with its
// line, since a mistyped key would otherwise do nothing, silently.
package settings

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// Settings is the whole file.
type Settings struct {
	HTTP       HTTP              `yaml:"http"`
	Hooks      []Hook            `yaml:"hooks"`
	Sources    []yaml.Node       `yaml:"sources"`
	Retention  map[string]MaxAge `yaml:"retention"`  // by kind
	FAQ        string            `yaml:"faq"`        // a file of questions and answers, for analyze
	Lexicon    string            `yaml:"lexicon"`    // a file of words, for analyze
	Embeddings Embeddings        `yaml:"embeddings"` // whom analyze asks for vectors of texts
	Streams    []Stream          `yaml:"-"`          // of Sources
	File       string            `yaml:"-"`          // its name, for messages
}

// Embeddings is a service that makes vectors of texts.
type Embeddings struct {
	URL           string        `yaml:"url"`
	Model         string        `yaml:"model"`
	Dimensions    int           `yaml:"dimensions"`
	Key           stream.Secret `yaml:"key"`
	TextsMayLeave bool          `yaml:"texts_may_leave"` // to a service that is not on this machine
}

// HTTP is about POST /v1/….
type HTTP struct {
	Tokens []stream.Secret `yaml:"tokens"`
}

// Hook is a webhook of a help desk or survey tool, received under /hooks/NAME.
type Hook struct {
	Name    string          `yaml:"name"`
	Type    string          `yaml:"type"`
	Secrets []stream.Secret `yaml:"secrets"` // several while one is being replaced
	Profile string          `yaml:"profile"`
	As      string          `yaml:"as"`
	Source  string          `yaml:"source"`
	Line    int             `yaml:"-"` // where it stands
}

// Stream is one source of the settings.
type Stream struct {
	Name, Type string
	Run        stream.Source // nil until Open
	line       int
	settings   source
}

// source is what the settings of every type of source can do.
type source interface {
	Source() (stream.Source, error)
}

// MaxAge is how long records are kept.
type MaxAge time.Duration

var age = regexp.MustCompile(`^([0-9]{1,5})(d|y)$`)

// UnmarshalYAML reads 400d or 7y.
func (a *MaxAge) UnmarshalYAML(n *yaml.Node) error {
	g := age.FindStringSubmatch(n.Value)
	if g == nil {
		return &Fault{Line: n.Line, Code: "bad_age", Value: n.Value}
	}
	days := time.Duration(0)
	for _, c := range g[1] {
		days = days*10 + time.Duration(c-'0')
	}
	if g[2] == "y" {
		days = days * 36525 / 100
	}
	if days == 0 {
		return &Fault{Line: n.Line, Code: "bad_age", Value: n.Value}
	}
	*a = MaxAge(days * 24 * time.Hour)
	return nil
}

// Fault is what is wrong with the file, and where.
type Fault struct {
	Line  int
	Code  string // syntax, wrong_type, unknown_key, unknown_type, no_type, no_name, bad_name, name_twice, bad_age, unknown_kind, source
	Value string
	Known string // what would be right
	Err   error
}

func (f *Fault) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("line %d: %s %s: %v", f.Line, f.Code, f.Value, f.Err)
	}
	return fmt.Sprintf("line %d: %s %s", f.Line, f.Code, f.Value)
}

func (f *Fault) Unwrap() error { return f.Err }

// Load reads a file. The error is a *Fault, or of the system.
func Load(path string) (*Settings, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(data)
	if err == nil {
		s.File = filepath.Base(path)
	}
	return s, err
}

// Open makes the sources ready to run: secrets are read, and what else only
// somebody needs who runs them. The error is a *Fault.
func (s *Settings) Open() error {
	for i := range s.Streams {
		x := &s.Streams[i]
		var err error
		if x.Run, err = x.settings.Source(); err != nil {
			return &Fault{Line: x.line, Code: "source", Value: x.Name, Err: err}
		}
	}
	return nil
}

// Parse reads settings. Paths in them are those of the process: relative to the
// folder that it was started in.
func Parse(data []byte) (*Settings, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, syntax(err)
	}
	s := &Settings{}
	if len(root.Content) == 0 {
		return s, nil // empty, or comments alone
	}
	top := root.Content[0]
	if err := strict(top, reflect.TypeFor[Settings]()); err != nil {
		return nil, err
	}
	if err := top.Decode(s); err != nil {
		return nil, syntax(err)
	}
	return s, s.check(top)
}

var (
	lineOf    = regexp.MustCompile(`line ([0-9]+): ?`)
	wrongType = regexp.MustCompile("^cannot unmarshal !!\\w+ (?:`[^`]*` )?into (\\S+)$")
	quoted    = regexp.MustCompile("`[^`]*`")
)

// syntax makes a fault of what the YAML package says. It repeats values, which
// may be secrets in the wrong place: they are left out.
func syntax(err error) error {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var many *yaml.TypeError
	if errors.As(err, &many) && len(many.Errors) > 0 {
		text = many.Errors[0]
	}
	f = &Fault{Code: "syntax", Line: 1}
	if g := lineOf.FindStringSubmatch(text); g != nil {
		_, _ = fmt.Sscan(g[1], &f.Line) // digits
	}
	text = lineOf.ReplaceAllString(text, "")
	if g := wrongType.FindStringSubmatch(text); g != nil {
		f.Code, f.Known = "wrong_type", wanted(g[1])
		return f
	}
	f.Err = errors.New(quoted.ReplaceAllString(text, "…"))
	return f
}

// wanted is the code of what a Go type is written as.
func wanted(typ string) string {
	switch {
	case strings.HasPrefix(typ, "[]"):
		return "list"
	case typ == "time.Duration":
		return "duration"
	case strings.HasPrefix(typ, "int"), strings.HasPrefix(typ, "uint"), strings.HasPrefix(typ, "float"):
		return "number"
	case typ == "string":
		return "text"
	case typ == "bool":
		return "truth"
	}
	return "keys"
}

// strict finds a key of a mapping that its type does not have.
func strict(n *yaml.Node, t reflect.Type) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()), t == reflect.TypeFor[yaml.Node]():
		return nil // it looks for itself
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, e := range n.Content {
			if err := strict(e, t.Elem()); err != nil {
				return err
			}
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		known := map[string]reflect.Type{}
		fields(t, known)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			sub, ok := known[key.Value]
			if !ok {
				names := []string{}
				for k := range known {
					names = append(names, k)
				}
				slices.Sort(names)
				return &Fault{Line: key.Line, Code: "unknown_key", Value: key.Value, Known: strings.Join(names, ", ")}
			}
			if err := strict(n.Content[i+1], sub); err != nil {
				return err
			}
		}
	}
	return nil
}

// fields lists the keys of a struct, those of inlined ones among them.
func fields(t reflect.Type, out map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			fields(f.Type, out)
		case name == "-" || !f.IsExported():
		case name == "":
			out[strings.ToLower(f.Name)] = f.Type
		default:
			out[name] = f.Type
		}
	}
}

// nameForm is what a source or hook may be called: it stands in paths, metrics
// and positions.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (s *Settings) check(top *yaml.Node) error {
	names := map[string]bool{}
	name := func(n string, line int) error {
		switch {
		case n == "":
			return &Fault{Line: line, Code: "no_name"}
		case !nameForm.MatchString(n):
			return &Fault{Line: line, Code: "bad_name", Value: n}
		case names[n]:
			return &Fault{Line: line, Code: "name_twice", Value: n}
		}
		names[n] = true
		return nil
	}
	for i := range s.Sources {
		n := &s.Sources[i]
		var c stream.Common
		if err := n.Decode(&c); err != nil {
			return syntax(err)
		}
		if err := name(c.Name, n.Line); err != nil {
			return err
		}
		into, err := read(n, c)
		if err != nil {
			return err
		}
		s.Streams = append(s.Streams, Stream{Name: c.Name, Type: c.Type, line: n.Line, settings: into})
	}
	for i := range s.Hooks {
		h := &s.Hooks[i]
		h.Line = entry(top, "hooks").Content[i].Line
		if err := name(h.Name, h.Line); err != nil {
			return err
		}
	}
	if len(s.Retention) == 0 {
		return nil
	}
	for i, key := range entry(top, "retention").Content {
		if _, ok := record.ParseKind(key.Value); !ok && i%2 == 0 {
			return &Fault{Line: key.Line, Code: "unknown_kind", Value: key.Value, Known: "complaints, surveys, logs, transactions, accounts"}
		}
	}
	return nil
}

// entry is the value of a mapping's key, which is there.
func entry(mapping *yaml.Node, key string) *yaml.Node {
	i := slices.IndexFunc(mapping.Content, func(n *yaml.Node) bool { return n.Value == key })
	n := mapping.Content[i+1]
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// read reads the settings of one source.
func read(n *yaml.Node, c stream.Common) (source, error) {
	make, ok := types[c.Type]
	if !ok {
		f := &Fault{Line: n.Line, Code: "unknown_type", Value: c.Type, Known: strings.Join(slices.Sorted(maps.Keys(types)), ", ")}
		if c.Type == "" {
			f.Code = "no_type"
		}
		return nil, f
	}
	into := make()
	if err := strict(n, reflect.TypeOf(into)); err != nil {
		return nil, err
	}
	if err := n.Decode(into); err != nil {
		return nil, syntax(err)
	}
	return into, nil
}
