package rule

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"plaint/scoring/signal"
)

// Set are the rules of a model, ready to be asked. Several may ask at once.
type Set struct {
	at    map[string]int // by signal, its place among those of the model
	rules []compiled
}

type compiled struct {
	program cel.Program
	names   map[string]trend // signals and facts that it looks at
	words   []Word
}

// Word is a text that a condition compares a fact with.
type Word struct{ Fact, Text string }

// Compile reads rules over the signals of a model that are always looked at, in
// the model's order. The error is an *Error.
func Compile(list []Rule, signals []string) (*Set, error) {
	if err := check(list); err != nil {
		return nil, err
	}
	s := &Set{at: map[string]int{}}
	for i, name := range signals {
		s.at[name] = i
	}
	for i := range list {
		c, err := compile(&list[i])
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(c.names)) {
			if _, ok := s.at[name]; !ok && factsByName[name] == nil {
				return nil, wrong("err_rule_not_kept", "rule", list[i].Name, "name", name)
			}
		}
		s.rules = append(s.rules, c)
	}
	return s, nil
}

func compile(r *Rule) (c compiled, err error) {
	e, err := language()
	if err != nil {
		return c, err
	}
	tree, issues := e.Compile(r.When)
	if issues.Err() != nil {
		return c, refused(r, issues)
	}
	if !sameInOneLine(e, tree, r) {
		return c, wrong("err_rule_line", "rule", r.Name)
	}
	w := walker{r: r, info: tree.NativeRep().SourceInfo(), names: map[string]trend{}}
	w.trends(tree.NativeRep().Expr())
	switch {
	case w.err != nil:
		return c, w.err
	case tree.OutputType() != cel.BoolType:
		return c, wrong("err_rule_bool", "rule", r.Name, "kind", tree.OutputType().String())
	case len(w.names) == 0:
		return c, wrong("err_rule_nothing", "rule", r.Name)
	}
	c.names, c.words = w.names, w.words
	c.program, err = e.Program(tree, cel.EvalOptions(cel.OptOptimize))
	if err != nil { // what is constant is worked out here, and may fail
		return c, wrong("err_rule_syntax", "rule", r.Name, "line", 1, "column", 1, "detail", err.Error())
	}
	return c, nil
}

// sameInOneLine tells whether people who are shown a condition in one line read
// what is worked out: a comment may hide the lines after it.
func sameInOneLine(e *cel.Env, tree *cel.Ast, r *Rule) bool {
	line, issues := e.Compile(r.Line())
	if issues.Err() != nil {
		return false
	}
	a, err := cel.AstToString(tree)
	b, err2 := cel.AstToString(line)
	return errors.Join(err, err2) == nil && a == b
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	overload   = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)
)

// refused words the first thing that is wrong with a condition.
func refused(r *Rule, issues *cel.Issues) error {
	first := issues.Errors()[0]
	said := []any{"rule", r.Name, "line", max(first.Location.Line(), 1), "column", max(first.Location.Column(), 0) + 1}
	if m := undeclared.FindStringSubmatch(first.Message); m != nil {
		return wrong("err_rule_unknown", append(said, "name", strings.Trim(m[1], "_@"), "names", strings.Join(Names(), ", "))...)
	}
	if m := overload.FindStringSubmatch(first.Message); m != nil {
		code := "err_rule_types"
		if strings.Contains(m[2], "double") && strings.Contains(m[2], "int") {
			code = "err_rule_numbers"
		}
		return wrong(code, append(said, "operator", strings.Trim(m[1], "_@"), "kinds", m[2])...)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(first.Message, "Syntax error: "), " expecting {")
	return wrong("err_rule_syntax", append(said, "detail", text)...)
}

// Names that a condition may use, in the order of the alphabet.
func Names() []string {
	var out []string
	for name := range signal.All {
		if !signal.Protective[name] {
			out = append(out, name)
		}
	}
	for _, f := range facts {
		out = append(out, f.name)
	}
	slices.Sort(out)
	return out
}

// Signals that a rule looks at, in the order of the alphabet.
func (s *Set) Signals(rule int) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(s.rules[rule].names)) {
		if _, ok := s.at[name]; ok {
			out = append(out, name)
		}
	}
	return out
}

// Falls names the signals of which more may end that a rule holds, or, where its
// points are negative, begin it: more of them may then lower the score.
func (s *Set) Falls(rule int, points float64) (out []string) {
	bad := falls
	if points < 0 {
		bad = rises
	}
	for _, name := range s.Signals(rule) {
		if s.rules[rule].names[name]&bad != 0 && points != 0 {
			out = append(out, name)
		}
	}
	return out
}

// LooksAt tells whether a rule looks at a fact or signal.
func (s *Set) LooksAt(rule int, name string) bool {
	_, ok := s.rules[rule].names[name]
	return ok
}

// Words are the texts that a rule compares facts with, as a whole, in their order.
func (s *Set) Words(rule int) []Word { return s.rules[rule].words }

// Missing are the signals that conditions look at and that are not among those of
// a model.
func Missing(list []Rule, signals []string) (out []string, err error) {
	all := slices.DeleteFunc(Names(), func(n string) bool { return signal.All[n] == nil })
	s, err := Compile(list, all)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, name := range s.Signals(i) {
			if !slices.Contains(signals, name) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
