// Package profile says how the columns of an export map to the product's
// words. Profiles are data: one YAML file per known export, and the same form
// for a user's own.
package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"

	"plaint/internal/record"
	"plaint/internal/text"
	"plaint/internal/written"
)

//go:embed profiles/*.yaml
var builtin embed.FS

// Profile is how one kind of export maps to one kind of record.
type Profile struct {
	Name    string              `yaml:"name"`
	About   map[string]string   `yaml:"about"`   // language -> one sentence
	As      string              `yaml:"as"`      // complaints, surveys, ...
	Source  string              `yaml:"source"`  // name of the system; "" = the input's name
	Tells   []string            `yaml:"tells"`   // words whose presence speaks for this profile
	Columns map[string][]string `yaml:"columns"` // our word -> header names, best first
	// Values maps a word's values in the export to ours.
	Values map[string]map[string]string `yaml:"values"`
	// Constants give a word the same value in every row.
	Constants map[string]string `yaml:"constants"`
	// Filename takes a word's value from the input's base name: the first group.
	Filename map[string]string `yaml:"filename"`
	Missing  []string          `yaml:"missing"`    // values that mean "no value"
	NotScore []string          `yaml:"not_scores"` // answers that are no score
	Scale    []float64         `yaml:"scale"`      // lowest and highest score
	Dates    DateRule          `yaml:"dates"`
	Skip     []string          `yaml:"skip_lines"` // patterns of lines that are no rows: footers
	// generic profiles yield to a named one that fits as well.
	Generic bool `yaml:"generic"`

	text     []byte // as it was read
	kind     record.Kind
	skip     []*regexp.Regexp
	filename map[string]*regexp.Regexp
}

// DateRule settles what a date such as 03/04/2024 means.
type DateRule struct {
	Order string     `yaml:"order"` // ymd, dmy, mdy; "" = from the column's other rows
	Zone  string     `yaml:"zone"`  // IANA name for times without a zone; "" = UTC
	When  []DateCase `yaml:"when"`
}

// DateCase is an order that holds for rows with a certain value.
type DateCase struct {
	Column string `yaml:"column"`
	Equals string `yaml:"equals"`
	Order  string `yaml:"order"`
}

// Kind is the kind of record the profile yields.
func (p *Profile) Kind() record.Kind { return p.kind }

// Builtin returns the profiles that come with the program, by name. They are
// read once and shared: nobody may change them.
func Builtin() ([]*Profile, error) { return builtins() }

var builtins = sync.OnceValues(readBuiltin)

func readBuiltin() ([]*Profile, error) {
	names, err := fs.Glob(builtin, "profiles/*.yaml")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var out []*Profile
	for _, name := range names {
		data, err := builtin.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// UsageError is a wrong choice of the user's; Pairs fill the words of its code. Err is
// what is wrong with the file that was chosen, if that is it.
type UsageError struct {
	Code  record.Code
	Pairs []any
	Err   error
}

func (e *UsageError) Error() string { return fmt.Sprint(e.Code, e.Pairs) }

// Unwrap gives Err.
func (e *UsageError) Unwrap() error { return e.Err }

// IsFile tells whether a name is that of a profile in a file.
func IsFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Find returns the built-in profile of that name or, if the name is a YAML
// file, the profile in it.
func Find(name string) (*Profile, error) {
	if IsFile(name) {
		p, err := read(name)
		if err != nil {
			return nil, unusable(name, err)
		}
		return p, nil
	}
	all, err := Builtin()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, &UsageError{Code: "err_no_such_profile", Pairs: []any{"name", name, "names", strings.Join(names, ", ")}}
}

func read(file string) (*Profile, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// unusable says why the profile in a file cannot be used, and in which line.
func unusable(file string, err error) error {
	var bad *written.Error
	if errors.As(err, &bad) && bad.Line > 0 {
		code, pairs := bad.In(file)
		return &UsageError{Code: record.Code(code), Pairs: pairs, Err: err}
	}
	return &UsageError{Code: "err_bad_profile", Pairs: []any{"file", file, "reason", err}, Err: err}
}

// Source returns the text of the profile that Find returns, to start one's own from.
func Source(name string) ([]byte, error) {
	p, err := Find(name)
	if err != nil {
		return nil, err
	}
	return p.text, nil
}

// IsFooter reports whether a row is a line of the report around the table.
func (p *Profile) IsFooter(row string) bool {
	for _, re := range p.skip {
		if re.MatchString(row) {
			return true
		}
	}
	return false
}

// plain is a header or a value as it is compared: letters and digits only,
// lower case, half width, simplified.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
			continue
		}
		if r >= 0xFF10 && r <= 0xFF19 {
			b.WriteRune(r - 0xFEE0)
			continue
		}
		if f := text.Fold(r); f != 0 {
			b.WriteRune(f)
		}
	}
	return b.String()
}
