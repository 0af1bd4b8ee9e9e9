// Package rule holds the rules that a risk analyst writes beside the weights of a
// model: a condition in CEL (the Common Expression Language, cel.dev) over the
// model's signals and a few facts of the complaint, and points for those of which
// it holds. A condition is checked when the model is read; after that nothing it
// does can stop or slow an admission.
package rule

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"plaint/scoring/signal"
)

// Rule is one rule of a model file.
type Rule struct {
	Name   string            `yaml:"name" json:"name"`
	When   string            `yaml:"when" json:"when"`     // CEL, gives a bool
	Points float64           `yaml:"points" json:"points"` // log-odds; negative: it speaks for the customer
	About  map[string]string `yaml:"about,omitempty" json:"about,omitempty"`
	By     string            `yaml:"by,omitempty" json:"by,omitempty"`
}

// Prefix of a rule's name where it stands among signals.
const Prefix = "rule:"

// Reason is the rule's name among the reasons of a score.
func (r *Rule) Reason() string { return Prefix + r.Name }

// Key names what is kept of a rule: the outcome of one condition, whatever the
// rule is called and worth.
func (r *Rule) Key() string { return Prefix + r.When }

// Line is the condition in one line, as it is shown.
func (r *Rule) Line() string { return strings.Join(strings.Fields(r.When), " ") }

// What a rule may be.
const (
	Most       = 64   // rules of a model
	MostPoints = 20   // either way: odds of 500 million to one
	mostWhen   = 1000 // characters
	mostDepth  = 32   // of nesting
	mostAbout  = 200  // characters of words, and of who wrote it
)

// reserved are what stands among the reasons of a score, or in their place, and is
// no signal.
var reserved = []string{"audit", "base", "calibration", "score"}

var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Named tells whether a reason's name is that of a rule.
func Named(reason string) bool {
	return len(reason) > len(Prefix) && reason[:len(Prefix)] == Prefix && nameShape.MatchString(reason[len(Prefix):])
}

// Error is why rules cannot be used: a code whose words the commands know, and
// what they speak of as name, value, name, value.
type Error struct {
	Code  string
	Pairs []any
}

func (e *Error) Error() string { return fmt.Sprintf("%s %v", e.Code, e.Pairs) }

func wrong(code string, pairs ...any) *Error { return &Error{code, pairs} }

// check refuses what can be seen without reading the condition.
func check(list []Rule) error {
	if len(list) > Most {
		return wrong("err_rule_count", "n", len(list), "most", Most)
	}
	seen := map[string]bool{}
	for i := range list {
		r := &list[i]
		switch {
		case !nameShape.MatchString(r.Name):
			return wrong("err_rule_name", "rule", r.Name, "place", i+1)
		case seen[r.Name]:
			return wrong("err_rule_twice", "rule", r.Name)
		case signal.All[r.Name] != nil || factsByName[r.Name] != nil || slices.Contains(reserved, r.Name):
			return wrong("err_rule_taken", "rule", r.Name)
		case math.IsNaN(r.Points) || math.Abs(r.Points) > MostPoints:
			return wrong("err_rule_points", "rule", r.Name, "points", r.Points, "most", MostPoints)
		case utf8.RuneCountInString(r.When) > mostWhen:
			return wrong("err_rule_long", "rule", r.Name, "n", utf8.RuneCountInString(r.When), "most", mostWhen)
		case !shown(r.When):
			return wrong("err_rule_sign", "rule", r.Name)
		case !plainWords(r.By):
			return wrong("err_rule_words", "rule", r.Name, "field", "by", "most", mostAbout)
		}
		for lang, words := range r.About {
			if lang != "en" && lang != "zh" || !plainWords(words) {
				return wrong("err_rule_words", "rule", r.Name, "field", "about."+lang, "most", mostAbout)
			}
		}
		seen[r.Name] = true
	}
	return nil
}

// shown tells whether no sign steers a terminal, stands for nothing or ends a line
// unseen.
func shown(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return !unicode.IsPrint(c) && c != '\t' && c != '\n' || strings.ContainsRune("\u115f\u1160\u3164\uffa0", c)
	})
}

// plainWords tells whether a text is short and of one line: it is shown in tables
// and on terminals.
func plainWords(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > mostAbout {
		return false
	}
	for _, c := range s {
		if !unicode.IsPrint(c) && c != '　' {
			return false
		}
	}
	return true
}
