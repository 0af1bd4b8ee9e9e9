// Package model turns signals into a score: a glass-box additive model in a
// versioned file, whose reasons add up.
package model

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"sort"
	"strings"

	"plaint/internal/written"
	"plaint/scoring/calibration"
	"plaint/scoring/rule"
	"plaint/scoring/signal"
)

//go:embed models/*.yaml
var models embed.FS

// Default is the model that comes with the program.
const Default = "plaint-2"

// Model is an additive model: the score of a complaint is the base plus the
// points of each signal, in log-odds of abuse against honesty. Calibration, where
// a model has it, bends the sum of what speaks against a complaint so that it
// means what it says; the points of rules are added, and what protects is taken
// off, after it.
type Model struct {
	Name        string            `yaml:"name"`
	About       map[string]string `yaml:"about,omitempty"`
	Threshold   float64           `yaml:"threshold"`
	Base        float64           `yaml:"base"`
	Signals     []Shape           `yaml:"signals"`
	Calibration calibration.Curve `yaml:"calibration,omitempty"`
	Rules       []rule.Rule       `yaml:"rules,omitempty"`
	Card        *Card             `yaml:"card,omitempty"`  // of a trained model
	Trial       *Trial            `yaml:"trial,omitempty"` // of its rules

	funcs []signal.Func
	plain int       // signals before the protective ones
	rules *rule.Set // nil where there are none
}

// Shape is how a signal's value becomes points. Either Points, linear between
// the given [value, points] pairs and flat outside them, or Steps: one value for
// each part between Cuts, a cut belonging to the part below it. Monotone on
// purpose: more of a signal never lowers the score, more of a protective one
// never raises it.
type Shape struct {
	Signal string       `yaml:"signal"`
	Points [][2]float64 `yaml:"points,omitempty,flow"`
	Cuts   []float64    `yaml:"cuts,omitempty,flow"`
	Steps  []float64    `yaml:"steps,omitempty,flow"`
	Errors []float64    `yaml:"errors,omitempty,flow"` // one standard deviation of each step between bags
	Rows   []int        `yaml:"rows,omitempty,flow"`   // rows each step was learned from
}

// Builtin tells whether a model comes with the program.
func Builtin(name string) bool {
	_, err := models.Open("models/" + name + ".yaml")
	return err == nil
}

// Builtins are the models that come with the program, by name.
func Builtins() (names []string) {
	files, _ := models.ReadDir("models")
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// IsFile tells whether a name is that of a model file.
func IsFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Load reads the named built-in model or, if the name is a .yaml file, that.
func Load(name string) (*Model, error) {
	var data []byte
	var err error
	if IsFile(name) {
		data, err = os.ReadFile(name)
	} else {
		data, err = models.ReadFile("models/" + name + ".yaml")
	}
	if err != nil {
		return nil, fmt.Errorf("load the model %s: %w", name, err)
	}
	m, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	return m, nil
}

// Parse reads a model file; an unknown key or signal is an error. The error is a
// *written.Error.
func Parse(data []byte) (*Model, error) {
	m := &Model{}
	f, err := written.Decode(data, m)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"name", "threshold", "base", "signals"} {
		if !f.Has(key) { // 0 is a number like others; nothing is a mistake
			return nil, &written.Error{Code: "err_yaml_missing", Pairs: []any{"key", key}}
		}
	}
	if err := m.Check(); err != nil {
		var bad *written.Error
		if errors.As(err, &bad) {
			bad.Line = f.Line(bad.Path...)
			return nil, bad
		}
		return nil, rule.Located(f, m.Rules, err)
	}
	return m, nil
}

// Check tells what is wrong with a model, and makes it ready to decide. The error
// is a *written.Error or a *rule.Error.
func (m *Model) Check() error {
	switch {
	case m.Name == "":
		return &written.Error{Code: "err_yaml_missing", Pairs: []any{"key", "name"}}
	case !finite(m.Base):
		return &written.Error{Code: "err_model_number", Pairs: []any{"what", "base"}, Path: []any{"base"}}
	case !finite(m.Threshold):
		return &written.Error{Code: "err_model_number", Pairs: []any{"what", "threshold"}, Path: []any{"threshold"}}
	case m.Calibration.Check() != nil:
		return &written.Error{Code: "err_model_calibration", Path: []any{"calibration"}}
	}
	m.funcs, m.plain = nil, 0
	seen := map[string]bool{}
	for i := range m.Signals {
		s := &m.Signals[i]
		protective := signal.Protective[s.Signal]
		if code, pairs := s.wrong(protective, m.plain == i, seen[s.Signal]); code != "" {
			return &written.Error{Code: code, Pairs: append([]any{"signal", s.Signal}, pairs...), Path: []any{"signals", i}}
		}
		if !protective {
			m.plain++
		}
		seen[s.Signal] = true
		m.funcs = append(m.funcs, signal.All[s.Signal])
	}
	return m.readRules()
}

// wrong is what is wrong with a shape, given whether it protects, whether none
// before it does, and whether the signal was there before; "" where nothing is.
func (s *Shape) wrong(protective, first, twice bool) (code string, pairs []any) {
	names := slices.Sorted(maps.Keys(signal.All))
	switch {
	case signal.All[s.Signal] == nil:
		if hint := written.Nearest(s.Signal, names); hint != "" {
			return "err_model_signal_near", []any{"near", hint}
		}
		return "err_model_signal", []any{"names", strings.Join(names, ", ")}
	case !first && !protective:
		return "err_model_last", nil
	case twice:
		return "err_model_twice", nil
	case s.Points == nil && s.Steps == nil && s.Cuts == nil:
		return "err_model_no_points", nil
	case s.Points != nil && (s.Steps != nil || s.Cuts != nil):
		return "err_model_points_or_steps", nil
	case s.Points == nil && len(s.Steps) != len(s.Cuts)+1, s.Points != nil && len(s.Points) == 0:
		return "err_model_steps", nil
	}
	return s.bent(protective), nil
}

// bent is what is wrong with the corners of a shape.
func (s *Shape) bent(protective bool) string {
	at, to := s.corners()
	if !finite(at...) || !finite(to...) {
		return "err_model_shape_number"
	}
	for i := 1; i < len(at); i++ {
		if at[i] <= at[i-1] {
			return "err_model_values"
		}
	}
	for i := 1; i < len(to); i++ {
		if step := to[i] - to[i-1]; step < 0 != protective && step != 0 {
			return "err_model_falls"
		}
	}
	return ""
}

// corners are the values where a shape changes and the points it takes.
func (s *Shape) corners() (at, to []float64) {
	if s.Points == nil {
		return s.Cuts, s.Steps
	}
	for _, p := range s.Points {
		at, to = append(at, p[0]), append(to, p[1])
	}
	return at, to
}

func finite(list ...float64) bool {
	for _, v := range list {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// points is the shape's value at v.
func (s *Shape) points(v float64) float64 {
	if len(s.Steps) > 0 {
		return s.Steps[sort.SearchFloat64s(s.Cuts, v)]
	}
	p := s.Points
	if v <= p[0][0] {
		return p[0][1]
	}
	for i := 1; i < len(p); i++ {
		if v <= p[i][0] {
			share := (v - p[i-1][0]) / (p[i][0] - p[i-1][0])
			return p[i-1][1] + share*(p[i][1]-p[i-1][1])
		}
	}
	return p[len(p)-1][1]
}

// Flat tells whether a signal has no part in the score.
func (s *Shape) Flat() bool {
	_, to := s.corners()
	return len(to) == 1 && to[0] == 0
}

// Unused is the shape of a signal that is kept and has no part in the score.
func Unused(name string) Shape { return Shape{Signal: name, Steps: []float64{0}} }

// SignalNames lists the model's signals in their order.
func (m *Model) SignalNames() []string {
	out := make([]string, len(m.Signals))
	for i, s := range m.Signals {
		out[i] = s.Signal
	}
	return out
}
