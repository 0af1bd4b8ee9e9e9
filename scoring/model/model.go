// Package model turns signals into a score: a glass-box additive model in a
// versioned file, whose reasons add up.
package model

import (
	"embed"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"plaint/scoring/calibration"
	"plaint/scoring/rule"
	"plaint/scoring/signal"
)

//go:embed models/*.yaml
var models embed.FS

// Default is the model that comes with the program.
const Default = "plaint-1"

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

// Parse reads a model file; an unknown key or signal is an error.
func Parse(data []byte) (*Model, error) {
	m := &Model{}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	var given map[string]any
	if err := yaml.Unmarshal(data, &given); err != nil {
		return nil, err
	}
	for _, key := range []string{"name", "threshold", "base", "signals"} {
		if given[key] == nil { // 0 is a number like others; nothing is a mistake
			return nil, fmt.Errorf("%s is missing", key)
		}
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	return m, nil
}

// Check tells what is wrong with a model, and makes it ready to decide.
func (m *Model) Check() error {
	if m.Name == "" {
		return fmt.Errorf("name is missing")
	}
	if !finite(m.Base, m.Threshold) || m.Calibration.Check() != nil {
		return fmt.Errorf("base, threshold and calibration must be numbers, and calibration must rise")
	}
	m.funcs, m.plain = nil, 0
	seen := map[string]bool{}
	for i := range m.Signals {
		s := &m.Signals[i]
		f, ok := signal.All[s.Signal]
		protective := signal.Protective[s.Signal]
		switch {
		case m.plain < i && !protective:
			return fmt.Errorf("%s: protective signals must stand last", s.Signal)
		case !ok:
			return fmt.Errorf("%q is no signal", s.Signal)
		case seen[s.Signal]:
			return fmt.Errorf("%s stands there twice", s.Signal)
		}
		if err := s.check(protective); err != nil {
			return err
		}
		if !protective {
			m.plain++
		}
		seen[s.Signal] = true
		m.funcs = append(m.funcs, f)
	}
	return m.readRules()
}

func (s *Shape) check(protective bool) error {
	switch {
	case s.Points == nil && s.Steps == nil && s.Cuts == nil:
		return fmt.Errorf("%s: no points", s.Signal)
	case s.Points != nil && (s.Steps != nil || s.Cuts != nil):
		return fmt.Errorf("%s: either points or cuts and steps", s.Signal)
	case s.Points == nil && len(s.Steps) != len(s.Cuts)+1, s.Points != nil && len(s.Points) == 0:
		return fmt.Errorf("%s: there must be one step more than cuts", s.Signal)
	}
	at, to := s.corners()
	for i := range to {
		if !finite(to[i]) || i < len(at) && !finite(at[i]) {
			return fmt.Errorf("%s: not a number", s.Signal)
		}
	}
	for i := 1; i < len(at); i++ {
		if at[i] <= at[i-1] {
			return fmt.Errorf("%s: values must rise", s.Signal)
		}
	}
	for i := 1; i < len(to); i++ {
		if step := to[i] - to[i-1]; step < 0 != protective && step != 0 {
			return fmt.Errorf("%s: points must not fall, or not rise for a protective signal", s.Signal)
		}
	}
	return nil
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
