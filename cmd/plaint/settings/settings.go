// Package settings reads plaint.yaml: what a server takes in, from where, and how
// long it keeps it. It is strict: a key that nobody knows is an error with its
// line, since a mistyped key would otherwise do nothing, silently.
package settings

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plaint/ingest/stream"
	"plaint/internal/record"
	"plaint/internal/written"
)

// Settings is the whole file.
type Settings struct {
	HTTP       HTTP              `yaml:"http"`
	Hooks      []Hook            `yaml:"hooks"`
	Streams    []Stream          `yaml:"sources"`
	Retention  map[string]MaxAge `yaml:"retention"`  // by kind
	FAQ        string            `yaml:"faq"`        // a file of questions and answers, for analyze
	Lexicon    string            `yaml:"lexicon"`    // a file of words, for analyze
	Embeddings Embeddings        `yaml:"embeddings"` // whom analyze asks for vectors of texts
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
	lineOf     func(path ...any) int // of what stands below the source
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
		return badAge(n.Line)
	}
	days := time.Duration(0)
	for _, c := range g[1] {
		days = days*10 + time.Duration(c-'0')
	}
	if g[2] == "y" {
		days = days * 36525 / 100
	}
	if days == 0 {
		return badAge(n.Line)
	}
	*a = MaxAge(days * 24 * time.Hour)
	return nil
}

func badAge(line int) error { return &written.Error{Line: line, Code: "err_settings_age"} }

// discreet is how the settings are read: what stands in a wrong place may be a secret.
var discreet = written.Decoder{Discreet: true}

// UnmarshalYAML reads the settings of one source, by its type.
func (s *Stream) UnmarshalYAML(n *yaml.Node) error {
	var c stream.Common
	if n.Kind != yaml.MappingNode {
		return discreet.Node(n, &c)
	}
	_ = n.Decode(&c) // the keys of its type tell what is wrong with these as well
	make, ok := types[c.Type]
	switch {
	case c.Type == "":
		return &written.Error{Line: n.Line, Code: "err_settings_no_type", Pairs: []any{"names", strings.Join(typeNames(), ", ")}}
	case !ok:
		return onLine(n.Line, written.Unknown("err_settings_type", c.Type, typeNames()))
	}
	*s = Stream{Name: c.Name, Type: c.Type, line: n.Line, settings: make()}
	return discreet.Node(n, s.settings)
}

func onLine(line int, bad *written.Error) error {
	bad.Line = line
	return bad
}

// Load reads a file. The error is a *written.Error, or of the system.
func Load(path string) (*Settings, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// Open makes the sources ready to run: secrets are read, and what else only
// somebody needs who runs them. The error is a *written.Error.
func (s *Settings) Open() error {
	for i := range s.Streams {
		x := &s.Streams[i]
		var err error
		if x.Run, err = x.settings.Source(); err != nil {
			line := x.line
			if bad := (*written.Error)(nil); errors.As(err, &bad) && len(bad.Path) > 0 {
				line = cmp.Or(x.lineOf(bad.Path...), line) // 0 where the list is merged into the file
			}
			return &written.Error{Line: line, Code: "err_settings_source", Pairs: []any{"value", x.Name, "reason", err}}
		}
	}
	return nil
}

// Parse reads settings. Paths in them are those of the process: relative to the
// folder that it was started in. The error is a *written.Error.
func Parse(data []byte) (*Settings, error) {
	s := &Settings{}
	f, err := discreet.Decode(data, s)
	if err != nil {
		return nil, err
	}
	return s, s.check(f)
}

// nameForm is what a source or hook may be called: it stands in paths, metrics
// and positions.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (s *Settings) check(f written.File) error {
	names := map[string]bool{}
	name := func(n string, line int) error {
		bad := &written.Error{Line: line, Pairs: []any{"value", written.Short(n)}}
		switch {
		case n == "":
			bad.Code = "err_settings_no_name"
		case !nameForm.MatchString(n):
			bad.Code = "err_settings_bad_name"
		case names[n]:
			bad.Code = "err_settings_name_twice"
		default:
			names[n] = true
			return nil
		}
		return bad
	}
	for i := range s.Streams {
		s.Streams[i].lineOf = func(path ...any) int { return f.Line(append([]any{"sources", i}, path...)...) }
		if err := name(s.Streams[i].Name, s.Streams[i].line); err != nil {
			return err
		}
	}
	for i := range s.Hooks {
		s.Hooks[i].Line = f.Line("hooks", i)
		if err := name(s.Hooks[i].Name, s.Hooks[i].Line); err != nil {
			return err
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Retention)) {
		line := f.Line("retention", kind)
		if _, ok := record.ParseKind(kind); !ok {
			return onLine(line, written.Unknown("err_record_kind", kind, record.KindNames()))
		}
		if s.Retention[kind] == 0 { // nothing stands behind the colon
			return badAge(line)
		}
	}
	return nil
}
