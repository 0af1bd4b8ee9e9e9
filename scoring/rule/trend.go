package rule

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"plaint/scoring/signal"
)

// trend is what a condition, or a number in it, does where a signal grows.
type trend uint8

const (
	rises trend = 1 << iota
	falls
	either = rises | falls
)

func (t trend) flipped() trend { return t>>1&rises | t<<1&falls }

// walker follows what names do to the outcome of a condition.
type walker struct {
	r     *Rule
	info  *ast.SourceInfo
	names map[string]trend
	words []Word
	err   error
}

func (w *walker) trends(e ast.Expr) { w.look(e, rises) }

// look goes down an expression that moves the outcome by t where it grows.
func (w *walker) look(e ast.Expr, t trend) {
	switch e.Kind() {
	case ast.LiteralKind:
	case ast.IdentKind:
		w.name(e, t)
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			w.look(x, either)
		}
	case ast.CallKind:
		w.call(e.AsCall(), t)
	default: // maps, messages and fields: there is nothing to look into
		w.fail(e, "err_rule_form")
	}
}

func (w *walker) name(e ast.Expr, t trend) {
	name := e.AsIdent()
	switch {
	case signal.Protective[name]:
		w.fail(e, "err_rule_protective", "name", name)
	case signal.All[name] == nil && factsByName[name] == nil: // the name of a type
		w.fail(e, "err_rule_form")
	default:
		w.names[name] |= t
	}
}

func (w *walker) call(c ast.CallExpr, t trend) {
	w.compared(c)
	if c.IsMemberFunction() {
		w.look(c.Target(), either)
	}
	args := c.Args()
	turn := func(list ...trend) {
		for i, x := range args {
			w.look(x, list[min(i, len(list)-1)])
		}
	}
	switch c.FunctionName() {
	case "_&&_", "_||_", "_+_", "double":
		turn(t)
	case "!_", "-_":
		turn(t.flipped())
	case "_>_", "_>=_", "_-_":
		turn(t, t.flipped())
	case "_<_", "_<=_":
		turn(t.flipped(), t)
	case "_?_:_":
		turn(either, t)
	case "_*_", "_/_":
		if positive(args[1]) {
			turn(t, either)
			return
		}
		turn(either)
	default:
		turn(either)
	}
}

// compared notes the texts that a fact is compared with as a whole.
func (w *walker) compared(c ast.CallExpr) {
	args := c.Args()
	if len(args) != 2 {
		return
	}
	a, b := args[0], args[1]
	switch c.FunctionName() {
	case "_==_", "_!=_":
		w.word(a, b)
		w.word(b, a)
	case "@in":
		if b.Kind() == ast.ListKind {
			for _, x := range b.AsList().Elements() {
				w.word(a, x)
			}
		}
	}
}

func (w *walker) word(fact, text ast.Expr) {
	if fact.Kind() != ast.IdentKind || text.Kind() != ast.LiteralKind {
		return
	}
	if s, ok := text.AsLiteral().(types.String); ok {
		w.words = append(w.words, Word{fact.AsIdent(), string(s)})
	}
}

// positive tells whether an expression is a number above zero as it stands.
func positive(e ast.Expr) bool {
	if e.Kind() != ast.LiteralKind {
		return false
	}
	switch v := e.AsLiteral().(type) {
	case types.Double:
		return v > 0
	case types.Int:
		return v > 0
	}
	return false
}

func (w *walker) fail(e ast.Expr, code string, pairs ...any) {
	if w.err == nil {
		at := w.info.GetStartLocation(e.ID())
		w.err = wrong(code, append([]any{"rule", w.r.Name, "line", max(at.Line(), 1), "column", max(at.Column(), 0) + 1}, pairs...)...)
	}
}
