package rule

import (
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"plaint/internal/record"
	"plaint/scoring/signal"
)

// fact is one thing that a rule may look at besides signals.
type fact struct {
	name string
	kind *cel.Type
	of   func(f *record.Facts) ref.Val
}

// facts that rules may look at. What is not known has no value: a comparison with
// it is neither true nor false, and a rule that hangs on it does not hold.
var facts = []fact{
	{"amount", cel.DoubleType, func(f *record.Facts) ref.Val { return known(f.Amount.Valid, types.Double(f.Amount.Value)) }},
	{"channel", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Channel) }},
	{"currency", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Currency) }},
	{"has_amount", cel.BoolType, func(f *record.Facts) ref.Val { return types.Bool(f.Amount.Valid) }},
	{"has_hour", cel.BoolType, func(f *record.Facts) ref.Val { return types.Bool(hasHour(f)) }},
	{"has_weekday", cel.BoolType, func(f *record.Facts) ref.Val { return types.Bool(hasDay(f)) }},
	{"hour", cel.IntType, func(f *record.Facts) ref.Val { return known(hasHour(f), types.Int(f.Received.Time.UTC().Hour())) }},
	{"language", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Language) }},
	{"product", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Product) }},
	{"source", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Source) }},
	{"type", cel.StringType, func(f *record.Facts) ref.Val { return word(f.Type) }},
	{"weekday", cel.IntType, func(f *record.Facts) ref.Val { return known(hasDay(f), types.Int(weekday(f.Received.Time))) }},
}

var factsByName = func() map[string]*fact {
	out := map[string]*fact{}
	for i := range facts {
		out[facts[i].name] = &facts[i]
	}
	return out
}()

func hasHour(f *record.Facts) bool {
	return f.Received.Known() && f.Received.Precision <= record.ToMinute
}

func hasDay(f *record.Facts) bool { return f.Received.Known() && f.Received.Precision <= record.ToDay }

// weekday in UTC, from 1, a Monday, to 7.
func weekday(t time.Time) int { return (int(t.UTC().Weekday())+6)%7 + 1 }

var errUnknown = errors.New("not known")

func known(is bool, v ref.Val) ref.Val {
	if !is {
		return types.WrapErr(errUnknown) // one for each: the interpreter writes into it where it stood
	}
	return v
}

// mostWord is how many bytes of a text a rule sees: codes are short, and a cell of
// four megabytes must not cost anything.
const mostWord = 256

func word(s string) ref.Val {
	if len(s) > mostWord {
		n := mostWord
		for n > mostWord-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return types.String(s)
}

// functions of the language: no loops, no regular expressions, no conversions that
// guess a type. So the time a rule takes is bounded by its length, and no limit
// has to be watched while it runs.
var functions = []*env.Function{
	fn("_&&_"), fn("_||_"), fn("!_"), fn("_?_:_"), fn("_==_"), fn("_!=_"),
	fn("_<_"), fn("_<=_"), fn("_>_"), fn("_>=_"), fn("@in", "in_list"),
	fn("_+_", "add_double", "add_int64"), fn("_-_", "subtract_double", "subtract_int64"),
	fn("_*_", "multiply_double", "multiply_int64"), fn("_/_", "divide_double", "divide_int64"), fn("_%_", "modulo_int64"),
	fn("-_", "negate_double", "negate_int64"), fn("double", "int64_to_double"),
	fn("contains"), fn("startsWith"), fn("endsWith"),
}

// fn is a function with these overloads, all where none are named.
func fn(name string, overloads ...string) *env.Function {
	f := &env.Function{Name: name}
	for _, o := range overloads {
		f.Overloads = append(f.Overloads, &env.Overload{ID: o})
	}
	return f
}

// language is what every condition is read in. A protective signal is a name of it,
// so that a rule that asks for one can be told why it may not.
var language = sync.OnceValues(func() (*cel.Env, error) {
	o := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{DisableMacros: true, IncludeFunctions: functions})),
		cel.ClearMacros(), cel.CrossTypeNumericComparisons(true), cel.HomogeneousAggregateLiterals(),
		cel.ParserRecursionLimit(mostDepth), cel.ParserExpressionSizeLimit(mostWhen),
	}
	for name := range signal.All {
		o = append(o, cel.Variable(name, cel.DoubleType))
	}
	for _, f := range facts {
		o = append(o, cel.Variable(f.name, f.kind))
	}
	return cel.NewCustomEnv(o...)
})
