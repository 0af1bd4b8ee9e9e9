package stream

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"plaint/ingest/file"
	"plaint/internal/record"
	"plaint/internal/written"
)

// Common is what every source's settings begin with.
type Common struct {
	Name string `yaml:"name"` // unique; positions are kept under it
	Type string `yaml:"type"`
	// What the messages are: As or Profile must be given where the source does not
	// say it by itself.
	As      string `yaml:"as"`
	Profile string `yaml:"profile"`
	Source  string `yaml:"source"` // the system the records come from, "" = the profile's, else the name
}

// Options are those of a decoder for the source's messages. The error is a
// *written.Error without a line, whose Path begins below the source.
func (c *Common) Options() (file.Options, error) {
	o := file.Options{Profile: c.Profile, Source: c.Source}
	if c.As != "" {
		k, ok := record.ParseKind(c.As)
		if !ok {
			return o, at(written.Unknown("err_record_kind", Shown(c.As), record.KindNames()), "as")
		}
		o.As = k
	}
	if o.As == 0 && o.Profile == "" {
		return o, at(&written.Error{Code: "err_source_what"}, "as")
	}
	return o, nil
}

// Secret is a value that is never written down in the settings: {env: NAME} or
// {file: PATH}. It prints as ***.
type Secret struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
}

// UnmarshalYAML tells a user who wrote the secret itself where it belongs; the
// message does not repeat it. The error is a *written.Error.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return &written.Error{Line: n.Line, Code: "err_secret_form"}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "env":
			s.Env = n.Content[i+1].Value
		case "file":
			s.File = n.Content[i+1].Value
		default:
			return &written.Error{Line: n.Content[i].Line, Code: "err_secret_form"}
		}
	}
	if (s.Env == "") == (s.File == "") {
		return &written.Error{Line: n.Line, Code: "err_secret_form"}
	}
	return nil
}

// Given reports whether the settings name a secret.
func (s Secret) Given() bool { return s.Env != "" || s.File != "" }

// NoSecret is a place that the settings name and that holds no secret.
type NoSecret struct{ Env, File string }

func (n *NoSecret) Error() string {
	if n.Env != "" {
		return fmt.Sprintf("the environment variable %s is not set, or empty", n.Env)
	}
	return fmt.Sprintf("the file %s is empty", n.File)
}

// Value reads the secret, without the line break at its end; "" if none is
// named. The error, a *NoSecret or of the system, names the place, never the
// value.
func (s Secret) Value() (string, error) {
	switch {
	case s.Env != "":
		v := os.Getenv(s.Env)
		if v == "" {
			return "", &NoSecret{Env: s.Env}
		}
		return v, nil
	case s.File != "":
		data, err := os.ReadFile(s.File)
		if err != nil {
			return "", fmt.Errorf("read a secret: %w", err)
		}
		v := strings.TrimRight(string(data), "\r\n")
		if v == "" {
			return "", &NoSecret{File: s.File}
		}
		return v, nil
	}
	return "", nil
}

// String hides the secret's place as well as its value.
func (s Secret) String() string { return "***" }
