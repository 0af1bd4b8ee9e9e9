// Package model turns signals into a score: a glass-box additive model in a
// versioned file, whose reasons add up.
package model

import (
	"embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"plaint/internal/record"
	"plaint/scoring/signal"
)

//go:embed models/*.yaml
var models embed.FS

// Default is the model that comes with the program.
const Default = "plaint-1"

// Model is an additive model: the score of a complaint is the base plus the
// points of each signal, in log-odds of abuse against honesty.
type Model struct {
	Name      string            `yaml:"name"`
	About     map[string]string `yaml:"about"`
	Threshold float64           `yaml:"threshold"`
	Base      float64           `yaml:"base"`
	Signals   []Shape           `yaml:"signals"`

	funcs []signal.Func
}

// Shape is how a signal's value becomes points: linear between the given
// [value, points] pairs, flat outside them. Monotone on purpose: more of a
// signal never lowers the score.
type Shape struct {
	Signal string       `yaml:"signal"`
	Points [][2]float64 `yaml:"points"`
}

// Load reads the named built-in model or, if the name is a .yaml file, that.
func Load(name string) (*Model, error) {
	var data []byte
	var err error
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
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
	if m.Name == "" {
		return nil, fmt.Errorf("name is missing")
	}
	last := false
	for _, s := range m.Signals {
		if last && !signal.Protective[s.Signal] {
			return nil, fmt.Errorf("%s: protective signals must stand last", s.Signal)
		}
		last = signal.Protective[s.Signal]
		f, ok := signal.All[s.Signal]
		if !ok {
			return nil, fmt.Errorf("%q is no signal", s.Signal)
		}
		if len(s.Points) == 0 {
			return nil, fmt.Errorf("%s: no points", s.Signal)
		}
		for i := 1; i < len(s.Points); i++ {
			step := s.Points[i][1] - s.Points[i-1][1]
			if s.Points[i][0] <= s.Points[i-1][0] || step < 0 != signal.Protective[s.Signal] && step != 0 {
				return nil, fmt.Errorf("%s: values must rise and points must not fall, or not rise for a protective signal", s.Signal)
			}
		}
		m.funcs = append(m.funcs, f)
	}
	return m, nil
}

// points is the shape's value at v.
func (s *Shape) points(v float64) float64 {
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

// Decide scores one complaint from what was known before it. The reasons of a
// flagged complaint, with the base among them, add up to its score.
func (m *Model) Decide(c *record.Complaint, h *record.History) record.Decision {
	d := record.Decision{Model: m.Name, Score: m.Base, Threshold: m.Threshold, Signals: make([]float32, len(m.funcs))}
	for i, f := range m.funcs {
		// What can only lower the score is looked at only where it is high.
		if d.Score < m.Threshold && signal.Protective[m.Signals[i].Signal] {
			continue
		}
		// Kept as float32, so that the points of a kept signal are the points
		// that were given.
		d.Signals[i] = float32(f(c, h))
		d.Score += m.Signals[i].points(float64(d.Signals[i]))
	}
	if d.Flagged = d.Score >= m.Threshold; d.Flagged {
		d.Reasons = m.Reasons(d.Signals)
		for i := range d.Reasons {
			d.Reasons[i].Evidence = signal.Evidence(d.Reasons[i].Signal, c, h)
		}
	}
	return d
}

// Base is the name of the reason that is the same for everybody.
const Base = "base"

// Reasons explains a score from the kept signals: the base and every signal
// that gave points, the heaviest first. Their points sum to the score.
func (m *Model) Reasons(signals []float32) []record.Reason {
	out := []record.Reason{{Signal: Base, Points: m.Base}}
	for i, v := range signals {
		if p := m.Signals[i].points(float64(v)); p != 0 {
			out = append(out, record.Reason{Signal: m.Signals[i].Signal, Value: float64(v), Points: p})
		}
	}
	slices.SortStableFunc(out[1:], func(a, b record.Reason) int {
		switch {
		case a.Points > b.Points:
			return -1
		case a.Points < b.Points:
			return 1
		}
		return 0
	})
	return out
}

// SignalNames lists the model's signals in the order in which they are kept.
func (m *Model) SignalNames() []string {
	out := make([]string, len(m.Signals))
	for i, s := range m.Signals {
		out[i] = s.Signal
	}
	return out
}
