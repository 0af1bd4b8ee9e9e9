package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"plaint/internal/record"
)

const trained = `
name: own-1
threshold: 0.5
base: -2
signals:
  - {signal: repeat_30d, cuts: [0.5, 4], steps: [0, 0.3, 0.9]}
  - {signal: payout_others, cuts: [0.5], steps: [0, 1.9], errors: [0, 0.1], rows: [10, 3]}
  - {signal: agent, points: [[0, 0], [1, 1.8]]}
  - {signal: refuted, steps: [0]}
  - {signal: crowd, points: [[1.4, 0], [2.2, -2.2]]}
calibration: {x: [-3, -1, 2], y: [-4, -0.5, 1.5]}
`

func parsed(t testing.TB, text string) *Model {
	t.Helper()
	m, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestStepsAndCalibration works a score out by hand.
func TestStepsAndCalibration(t *testing.T) {
	m := parsed(t, trained)
	c, h := busy() // 32 complaints before, 16 others, a messenger handle: repeat, payout and agent at their most
	raw := -2 + .9 + 1.9 + 1.8
	want := 1.5 + 1e-4*(raw+3) // beyond the last x
	d := m.Decide(c, h)
	if math.Abs(d.Score-want) > 1e-12 || !d.Flagged {
		t.Fatalf("%v, want %v: %+v", d.Score, want, d)
	}
	if v := m.Signals[0].points(4); v != .3 {
		t.Errorf("a cut belongs to the part below it: %v", v)
	}
	h.Crowd = func() float64 { return 3 }
	if d = m.Decide(c, h); math.Abs(d.Score-(want-2.2)) > 1e-12 || d.Flagged {
		t.Errorf("what protects is taken off the calibrated score: %v", d.Score)
	}
}

// TestReasonsAddUpWhateverTheSignals compares score and reasons of many kept
// signals, flagged or not, of a trained model and of the one that comes with the
// program, and judges each again from what is kept, in another order.
func TestReasonsAddUpWhateverTheSignals(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, m := range []*Model{parsed(t, trained), load(t)} {
		names := m.SignalNames()
		other := append([]string{"not ours"}, names...)
		j, missing := m.Over(other)
		if len(missing) > 0 {
			t.Fatal(missing)
		}
		flagged := 0
		for range 20_000 {
			v := make([]float64, len(names))
			for i := range v {
				if random.IntN(3) == 0 {
					v[i] = random.Float64() * 5
				}
			}
			v[slices.Index(names, "crowd")] = 1 + random.Float64()*3 // a crowd is never nothing
			d := m.judge(func(i int) float64 { return v[i] }, nil)
			sum := 0.
			for _, r := range m.Reasons(d.Signals) {
				sum += r.Points
			}
			if math.Abs(sum-d.Score) > 1e-9 {
				t.Fatalf("%s: %v, reasons %v of %v", m.Name, d.Score, sum, d.Signals)
			}
			kept := append([]float32{9}, d.Signals...)
			for len(kept) > 0 && kept[len(kept)-1] == 0 { // as they are kept
				kept = kept[:len(kept)-1]
			}
			again := j.Again(kept, nil, protects(m, v))
			if again.Score != d.Score || again.Flagged != d.Flagged {
				t.Fatalf("%s: %v, again %v", m.Name, d, again)
			}
			flagged += map[bool]int{true: 1}[d.Flagged]
		}
		if flagged < 300 || flagged > 19_000 {
			t.Errorf("%s: %d flagged: the test shows little", m.Name, flagged)
		}
	}
}

func TestOverSaysWhatWasNotKept(t *testing.T) {
	m := parsed(t, trained)
	if _, missing := m.Over([]string{"repeat_30d", "payout_others", "agent"}); len(missing) != 0 {
		t.Errorf("an unused signal and what protects are not missed: %v", missing)
	}
	if _, missing := m.Over([]string{"repeat_30d", "agent"}); len(missing) != 1 || missing[0] != "payout_others" {
		t.Errorf("%v", missing)
	}
}

func TestParseRefusesTrainedFilesThatWouldMislead(t *testing.T) {
	for name, change := range map[string][2]string{
		"falling steps":        {"steps: [0, 0.3, 0.9]", "steps: [0, 0.9, 0.3]"},
		"a step too few":       {"steps: [0, 0.3, 0.9]", "steps: [0, 0.3]"},
		"falling cuts":         {"cuts: [0.5, 4]", "cuts: [4, 0.5]"},
		"points and steps":     {"steps: [0]", "steps: [0], points: [[0, 0]]"},
		"no number":            {"steps: [0, 1.9]", "steps: [0, .nan]"},
		"infinite threshold":   {"threshold: 0.5", "threshold: .inf"},
		"base is no number":    {"base: -2", "base: .nan"},
		"falling calibration":  {"y: [-4, -0.5, 1.5]", "y: [-4, 1.5, -0.5]"},
		"crooked calibration":  {"x: [-3, -1, 2]", "x: [-3, -1]"},
		"standing calibration": {"x: [-3, -1, 2]", "x: [-3, -3, 2]"},
		"twice":                {"signal: agent", "signal: repeat_30d"},
	} {
		text := strings.Replace(trained, change[0], change[1], 1)
		if text == trained {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestProtectionIsAskedForLate: a protective signal is looked at only where it
// could matter, whoever judges.
func TestProtectionIsAskedForLate(t *testing.T) {
	m := parsed(t, trained)
	asked := 0
	crowd := record.Protection{Crowd: func() float64 { asked++; return 1 }}
	m.Decide(&record.Complaint{}, &record.History{Protection: crowd})
	j, _ := m.Over(m.SignalNames())
	j.Again(nil, nil, crowd)
	if asked != 0 {
		t.Errorf("asked %d times", asked)
	}
	if j.Again([]float32{9, 9, 9}, nil, crowd); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// protects gives the protective ones of a model's values, as they are kept.
func protects(m *Model, v []float64) record.Protection {
	value := func(name string) func() float64 {
		return func() float64 { return float64(float32(v[slices.Index(m.SignalNames(), name)])) }
	}
	return record.Protection{Crowd: value("crowd"), Incident: value("incident")}
}
