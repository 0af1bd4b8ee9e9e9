// Package profile says how the columns of an export map to the product's
// words. Profiles are data: one YAML file per known export, and the same form
// for a user's own.
package profile

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"plaint/internal/record"
	"plaint/internal/text"
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

// UsageError is a wrong choice of the user's; Pairs fill the words of its code.
type UsageError struct {
	Code  record.Code
	Pairs []any
}

func (e *UsageError) Error() string { return fmt.Sprint(e.Code, e.Pairs) }

// Find returns the built-in profile of that name or, if the name is a YAML
// file, the profile in it.
func Find(name string) (*Profile, error) {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, &UsageError{Code: "err_bad_profile", Pairs: []any{"file", filepath.Base(name), "reason", err}}
		}
		p, err := Parse(data)
		if err != nil {
			return nil, &UsageError{Code: "err_bad_profile", Pairs: []any{"file", filepath.Base(name), "reason", err}}
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

// Source returns the text of a built-in profile, to start one's own from.
func Source(name string) ([]byte, error) {
	files, err := fs.Glob(builtin, "profiles/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := builtin.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if p, err := Parse(data); err == nil && p.Name == name {
			return data, nil
		}
	}
	_, err = Find(name)
	return nil, err
}

// Parse reads a profile and checks it; an unknown key or word is an error that
// names it.
func Parse(data []byte) (*Profile, error) {
	p := &Profile{}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	return p, p.compile()
}

func (p *Profile) compile() error {
	var ok bool
	if p.kind, ok = record.ParseKind(p.As); !ok {
		return fmt.Errorf("as: %q is none of complaints, surveys, logs, transactions, accounts, service_levels", p.As)
	}
	if p.Name == "" {
		return fmt.Errorf("name is missing")
	}
	for _, words := range []map[string]bool{keys(p.Columns), keys(p.Values), keys(p.Constants), keys(p.Filename)} {
		for w := range words {
			if !knownWord(p.kind, w) {
				return fmt.Errorf("%q is no word of %s; there are %s", w, p.As, strings.Join(Words(p.kind), ", "))
			}
		}
	}
	for _, o := range append([]DateCase{{Order: p.Dates.Order}}, p.Dates.When...) {
		if _, ok := orders[o.Order]; !ok {
			return fmt.Errorf("dates: order %q is none of ymd, dmy, mdy", o.Order)
		}
	}
	if len(p.Scale) != 0 && (len(p.Scale) != 2 || p.Scale[0] >= p.Scale[1]) {
		return fmt.Errorf("scale: want [lowest, highest]")
	}
	if _, err := zone(p.Dates.Zone); err != nil {
		return fmt.Errorf("dates: zone: %w", err)
	}
	for _, s := range p.Skip {
		re, err := regexp.Compile(s)
		if err != nil {
			return fmt.Errorf("skip_lines: %w", err)
		}
		p.skip = append(p.skip, re)
	}
	p.filename = map[string]*regexp.Regexp{}
	for w, s := range p.Filename {
		re, err := regexp.Compile(s)
		if err != nil || re.NumSubexp() < 1 {
			return fmt.Errorf("filename: %s: want a pattern with one group", w)
		}
		p.filename[w] = re
	}
	return nil
}

func keys[V any](m map[string]V) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
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
