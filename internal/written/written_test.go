package written

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"plaint/internal/web/locale"
)

type inner struct {
	Name  string       `yaml:"name"`
	Pairs [][2]float64 `yaml:"pairs,flow"`
}

type outer struct {
	Whole int              `yaml:"whole"`
	On    bool             `yaml:"on"`
	At    time.Time        `yaml:"at"`
	Words map[string]inner `yaml:"words"`
	List  []inner          `yaml:"list"`
	Next  *inner           `yaml:"next"`
	Every time.Duration    `yaml:"every"`
	Even  even             `yaml:"even"`
	below `yaml:",inline"`
}

type below struct{ Lower string }

// even reads itself.
type even struct{}

func (*even) UnmarshalYAML(n *yaml.Node) error {
	return &Error{Line: n.Line, Code: "err_settings_age", Pairs: []any{"even", n.Value}}
}

// TestDecode: what is wrong is told by line and code; what is right is read.
func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"whole: 1\non: true\nat: 2026-01-02\nlist: [{name: a, pairs: [[1, 2]]}]\nnext: {name: b}\n": "",
		"":                                  "",
		"list: null":                        "",
		"a: &a {name: x}\nlist: [*a]":       "line 1: err_yaml_key [value a names whole, on, at, words, list, next, every, even, lower]",
		"next: &a {name: x}\nlist: [*a]":    "",
		"words:\n  x:\n    nam: y":          "line 3: err_yaml_key_near [value nam near name]",
		"next:\n  pairs: [[1, 2], [1]]":     "line 2: err_yaml_length [n 1 want 2]",
		"next:\n  pairs:\n  - [1, ~]":       "line 3: err_yaml_nothing []",
		"list:\n  -\n  - name: a":           "line 2: err_yaml_nothing []",
		"next: {inner: x}":                  "line 1: err_yaml_key [value inner names name, pairs]",
		"every: 5 minutes":                  "line 1: err_yaml_value [value 5 minutes want duration]",
		"every: 5":                          "line 1: err_yaml_value [value 5 want duration]",
		"every: 5m\nlower: x":               "",
		"even: x":                           "line 1: err_settings_age [even x]",
		"next:\n  pairs: [[1, x]]":          "line 2: err_yaml_value [value x want number]",
		"whole: 1.5":                        "line 1: err_yaml_value [value 1.5 want whole]",
		"on: 3":                             "line 1: err_yaml_value [value 3 want bool]",
		"at: soon":                          "line 1: err_yaml_value [value soon want time]",
		"list: 3":                           "line 1: err_yaml_value [value 3 want list]",
		"next: {name: {a: 1}}":              "line 1: err_yaml_kind [is mapping want text]",
		"whole: 1\nwhole: 2":                "line 2: err_yaml_twice [key whole first 1]",
		"next: &a {name: x, <<: *a}":        "line 1: err_yaml_itself [name a]",
		"next: {<<: {name: x, nothing: 1}}": "line 1: err_yaml_key [value nothing names name, pairs]",
		"next: {<<: 3}":                     "line 1: err_yaml_value [value 3 want mapping]",
		"next: {<<: [{name: x}, {nam: y}]}": "line 1: err_yaml_key_near [value nam near name]",
		"words:\n  <<: {x: {name: y}}\n  z: {<<: {name: y}, name: z}": "",
		"words:\n  x: {name: y}\n  z: {}\n  x: {}":                    "line 4: err_yaml_twice [key x first 2]",
		"words:\n  x: {}\n  [y]: {}":                                  "line 3: err_yaml_kind [is list want text]",
		"words: {1: {name: y}, yes: {}}":                              "",
		"words:\n  x：y":                                               "line 2: err_yaml_wide []",
		"whole: " + strings.Repeat("9x", 40):                          "line 1: err_yaml_value [value " + strings.Repeat("9x", 20) + "… want whole]",
		strings.Repeat("k", 50) + ": 1":                               "line 1: err_yaml_key [value " + strings.Repeat("k", 40) + "… names whole, on, at, words, list, next, every, even, lower]",
	} {
		if got := told(t, text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// told is what is wrong with a text, which has words in every language; "" where
// nothing is.
func told(t *testing.T, text string) string {
	t.Helper()
	var v outer
	var bad *Error
	_, err := Decode([]byte(text), &v)
	switch {
	case errors.As(err, &bad):
		for _, lang := range locale.Languages {
			if !locale.For(lang).Has(bad.Code) {
				t.Errorf("no words in %s for %s", lang, bad.Code)
			}
		}
		return bad.Error()
	case err != nil:
		return "no *Error: " + err.Error()
	}
	return ""
}

// TestDiscreet: what is wrong is told, the value is not.
func TestDiscreet(t *testing.T) {
	for text, want := range map[string]string{
		"whole: hunter2":                   "line 1: err_yaml_kind [is text want whole]",
		"on: 77":                           "line 1: err_yaml_kind [is number want bool]",
		"at: true":                         "line 1: err_yaml_kind [is bool want time]",
		"every: hunter2":                   "line 1: err_yaml_kind [is text want duration]",
		"list: hunter2":                    "line 1: err_yaml_kind [is text want list]",
		"next: {pairs: [[hunter2, 1]]}":    "line 1: err_yaml_kind [is text want number]",
		"list: [*hunter2]":                 "line 1: err_yaml_anchor []",
		"next: {name: [hunter2":            "line 1: err_yaml_bracket []",
		"next: {name: {hunter2: hunter2}}": "line 1: err_yaml_kind [is mapping want text]",
	} {
		var v outer
		if _, err := (Decoder{Discreet: true}).Decode([]byte(text), &v); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestBroken: what is no YAML is told in the line that broke it, and why.
func TestBroken(t *testing.T) {
	head := "# of the team\nnext:\n  name: x\n"
	for text, want := range map[string]string{
		head + "list:\n  - name: a\n   pairs: []\n":                    "line 6: err_yaml_fit []",
		head + "list:\n- name: a\nwords:\n- x\n y: z\n":                "line 8: err_yaml_colon []",
		head + "whole: 1: 2\non: true\n":                               "line 4: err_yaml_colon []",
		head + "whole 1\non: true\n":                                   "line 4: err_yaml_no_colon []",
		head + "whole：1\non: true\n":                                   "line 4: err_yaml_wide []",
		"whole：1\non: true\n":                                          "line 1: err_yaml_wide []",
		"whole：1\non：true\n":                                           "line 1: err_yaml_wide []",
		head + "list: [{name: a}\nwhole: 1\non: true\n":                "line 4: err_yaml_bracket []",
		head + "words: {x: {name: a}\nwhole: 1\non: true\n":            "line 4: err_yaml_bracket []",
		head + "list: [{name: a}]]\nwhole: 1\n":                        "line 4: err_yaml_fit []",
		head + "  pairs: \"x\nwhole: 1\non: true\n":                    "line 4: err_yaml_quote []",
		head + "\tpairs: []\nwhole: 1\n":                               "line 4: err_yaml_tab []",
		head + "words:\n\tx: {}\nwhole: 1\n":                           "line 5: err_yaml_tab []",
		"next:\n  name: @x\n":                                          "line 2: err_yaml_begin []",
		"next:\n  name: \"\\d+\"\n":                                    "line 2: err_yaml_escape []",
		"next:\n  name: a\x01b\n":                                      "line 2: err_yaml_sign []",
		"next:\n  name: a\n  # \xcd\xa3\xa3\n":                         "line 3: err_yaml_encoding []",
		head + "list: [*a]\nwhole: 1\n":                                "line 4: err_yaml_anchor []",
		head + "whole: !<x y\n":                                        "line 4: err_yaml_syntax [detail did not find the expected '>']",
		"# far\nnext: {name: 'x\n" + strings.Repeat("whole: 1\n", 999): "line 2: err_yaml_quote []",
	} {
		if got := told(t, text); got != want {
			t.Errorf("%q: %s, want %s", Short(text), got, want)
		}
	}
}

// TestLine finds what stands under a path, or the last of it that is there.
func TestLine(t *testing.T) {
	var v outer
	f, err := Decode([]byte("whole: 1\nlist:\n  - name: a\n  - name: b\n    pairs: []\n"), &v)
	if err != nil {
		t.Fatal(err)
	}
	for want, path := range map[int][]any{4: {"list", 1}, 5: {"list", 1, "pairs", 7}, 1: {"whole"}, 0: {"nowhere"}, 3: {"list", 0, "pairs"}} {
		if got := f.Line(path...); got != want {
			t.Errorf("%v: line %d, want %d", path, got, want)
		}
	}
	if f.Has("on") || !f.Has("whole") {
		t.Error("Has")
	}
}

// TestNearest is one that can be meant, and no guess among several.
func TestNearest(t *testing.T) {
	known := []string{"refund", "login", "withdrawal_delay", "when", "agent"}
	for name, want := range map[string]string{"refnd": "refund", "Login": "login", "withdrawal_dlya": "withdrawal_delay", "wen": "when", "x": "", "platform": "", "": ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := Nearest("bat", []string{"cat", "hat"}); got != "" {
		t.Errorf("as near as another: %q", got)
	}
}

// breaks makes one of all that ends a line in YAML.
var breaks = strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// FuzzDecode: whatever stands there, it ends, and what is wrong is an *Error.
func FuzzDecode(f *testing.F) {
	f.Add("next: &a {name: x}\nlist: [*a, *a]")
	f.Add("words: {x: {<<: *a}}")
	f.Fuzz(func(t *testing.T, text string) {
		var v outer
		var bad *Error
		if _, err := Decode([]byte(text), &v); err != nil && !errors.As(err, &bad) {
			t.Errorf("%v", err)
		} else if bad != nil && bad.Line > strings.Count(breaks.Replace(text), "\n")+1 {
			t.Errorf("line %d of %q", bad.Line, text)
		}
	})
}
