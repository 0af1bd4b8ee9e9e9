package rule

import (
	"errors"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"plaint/internal/record"
)

// Outcomes of a rule, as they are kept beside the signals.
const (
	Not    float32 = 0
	Holds  float32 = 1
	Failed float32 = -1 // it could not be worked out: a division by zero, a number too large
)

// View is one complaint as rules see it: its facts, and its signals in the order of
// the model, rounded as they are kept. It serves all rules of the complaint and is
// for one caller at a time.
type View struct {
	Set     *Set
	Facts   *record.Facts
	Signals []float32
}

// Ask tells whether a rule holds. One that fails, whatever the reason, gives no
// points.
func (v *View) Ask(rule int) float32 {
	out, _, err := v.Set.rules[rule].program.Eval(v)
	switch {
	case err == nil && out == types.True:
		return Holds
	case err == nil && out == types.False, errors.Is(err, errUnknown):
		return Not
	}
	return Failed
}

// ResolveName gives the value of a name of a condition.
func (v *View) ResolveName(name string) (any, bool) {
	if i, ok := v.Set.at[name]; ok {
		return types.Double(v.Signals[i]), true
	}
	if f := factsByName[name]; f != nil {
		return f.of(v.Facts), true
	}
	return nil, false
}

// Parent is nil: there is nothing behind what a complaint shows.
func (v *View) Parent() interpreter.Activation { return nil }
