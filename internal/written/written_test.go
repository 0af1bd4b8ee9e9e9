package written

import (
	"errors"
	"testing"
	"time"
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
}

// TestDecode: what is wrong is told by line and code; what is right is read.
func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"whole: 1\non: true\nat: 2026-01-02\nlist: [{name: a, pairs: [[1, 2]]}]\nnext: {name: b}\n": "",
		"":                                  "",
		"list: null":                        "",
		"a: &a {name: x}\nlist: [*a]":       "line 1: err_yaml_key [key a names whole, on, at, words, list, next]",
		"next: &a {name: x}\nlist: [*a]":    "",
		"words:\n  x:\n    nam: y":          "line 3: err_yaml_key_near [key nam near name]",
		"next:\n  pairs: [[1, 2], [1]]":     "line 2: err_yaml_length [n 1 want 2]",
		"next:\n  pairs: [[1, x]]":          "line 2: err_yaml_value [value x want number]",
		"whole: 1.5":                        "line 1: err_yaml_value [value 1.5 want whole]",
		"on: 3":                             "line 1: err_yaml_value [value 3 want bool]",
		"at: soon":                          "line 1: err_yaml_value [value soon want time]",
		"list: 3":                           "line 1: err_yaml_value [value 3 want list]",
		"next: {name: {a: 1}}":              "line 1: err_yaml_kind [is mapping want text]",
		"whole: 1\nwhole: 2":                "line 2: err_yaml_twice [key whole first 1]",
		"whole: 1\n  on: true":              "line 2: err_yaml_syntax [detail mapping values are not allowed in this context]",
		"next: &a {name: x, <<: *a}":        "line 0: err_yaml_syntax [detail anchor 'a' value contains itself]",
		"next: {<<: {name: x, nothing: 1}}": "line 1: err_yaml_syntax [detail field nothing not found in type written.inner]",
	} {
		var v outer
		_, err := Decode([]byte(text), &v)
		got := ""
		var bad *Error
		if errors.As(err, &bad) {
			got = bad.Error()
		} else if err != nil {
			got = "no *Error: " + err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
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

// FuzzDecode: whatever stands there, it ends, and what is wrong is an *Error.
func FuzzDecode(f *testing.F) {
	f.Add("next: &a {name: x}\nlist: [*a, *a]")
	f.Add("words: {x: {<<: *a}}")
	f.Fuzz(func(t *testing.T, text string) {
		var v outer
		var bad *Error
		if _, err := Decode([]byte(text), &v); err != nil && !errors.As(err, &bad) {
			t.Errorf("%v", err)
		}
	})
}
