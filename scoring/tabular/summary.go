package tabular

import (
	"encoding/json"
	"math"

	"plaint/scoring/calibration"
	"plaint/scoring/glass"
)

// Summary says what was done and how good it is.
type Summary struct {
	Rows     int                `json:"rows"`
	Labelled int                `json:"labelled"`
	Bad      int                `json:"bad"`
	BadIs    string             `json:"bad_is"` // the label's value that is bad
	Model    string             `json:"model"`
	Learned  int                `json:"learned_from"`
	Scored   int                `json:"scored"`
	Features int                `json:"features"`
	Pairs    int                `json:"pairs"`
	Left     map[string]string  `json:"left_out"` // columns that are no features, and why
	Val      *Quality           `json:"val,omitempty"`
	Test     *Quality           `json:"test,omitempty"`
	Curve    string             `json:"calibration"`                    // identity or isotonic
	Followed bool               `json:"calibration_followed,omitempty"` // labels that came after training moved the probabilities of later rows
	Promises []Kept             `json:"promises"`
	Refused  []Leak             `json:"refused"`
	Times    map[string]float64 `json:"seconds_of"`
	Delay    float64            `json:"label_delay,omitempty"`
}

// Map is the summary by the names of its JSON.
func (s Summary) Map() map[string]any { return named(s) }

// Map is the summary by the names of its JSON.
func (s SurpriseSummary) Map() map[string]any { return named(s) }

func named(summary any) map[string]any {
	text, err := json.Marshal(summary)
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		out["summary"] = err.Error() // a number that JSON does not know
	}
	return out
}

// Quality of the scores of labelled rows.
type Quality struct {
	Rows  int     `json:"rows"`
	Bad   int     `json:"bad"`
	AUROC float64 `json:"auroc"`
	AP    float64 `json:"ap"`
	Error float64 `json:"calibration_error"` // in 10 bins of equal mass
}

// Kept is a threshold with a promised precision, and what came of the promise.
type Kept struct {
	calibration.Promise
	Flagged int     `json:"test_flagged"`
	Reached float64 `json:"test_precision"`
}

// promised precisions that thresholds are looked for.
var promised = []float64{.5, .7, .8, .9}

// quality of a part.
func (x *Result) quality(p *plan, part Part) (*Quality, []calibration.Case) {
	var cases []calibration.Case
	for _, i := range p.rows(part) {
		cases = append(cases, calibration.Case{Score: glass.Probability(x.odds(i)), Bad: p.bad[i] == 1})
	}
	n := p.count(p.rows(part))
	if n[0] == 0 || n[1] == 0 {
		return nil, cases
	}
	return &Quality{Rows: len(cases), Bad: n[1], AUROC: calibration.AUROC(cases), AP: calibration.AveragePrecision(cases), Error: calibration.Error(cases)}, cases
}

func (x *Result) summary(p *plan, cases []calibration.Case) {
	s := &x.Summary
	*s = Summary{Rows: p.t.Rows(), BadIs: p.badIs, Model: "glass", Learned: len(p.rows(Train)), Scored: len(x.Rows), Features: len(x.Table.Columns),
		Left: p.left, Curve: "identity", Delay: p.r.Delay, Refused: []Leak{}, Promises: []Kept{}}
	for _, b := range p.bad {
		if !math.IsNaN(b) {
			s.Labelled++
			s.Bad += int(b)
		}
	}
	if p.r.Challenger {
		s.Model = "challenger"
	} else {
		s.Pairs = len(x.Model.Terms) - len(x.Table.Columns)
	}
	if !x.Curve.Identity() {
		s.Curve = "isotonic"
	}
	s.Followed = x.offset != nil
	var test []calibration.Case
	s.Val, _ = x.quality(p, Val)
	s.Test, test = x.quality(p, Test)
	for i := range cases {
		cases[i].Score = glass.Probability(cases[i].Score)
	}
	for _, want := range promised {
		if k, ok := calibration.Keep(cases, want, func(p float64) float64 { return p }); ok {
			s.Promises = append(s.Promises, kept(k, test))
		}
	}
}

// kept tells what came of a promise.
func kept(p calibration.Promise, test []calibration.Case) Kept {
	k, bad := Kept{Promise: p}, 0
	for _, c := range test {
		if c.Score >= p.Threshold {
			k.Flagged++
			if c.Bad {
				bad++
			}
		}
	}
	k.Reached = float64(bad) / math.Max(float64(k.Flagged), 1)
	return k
}
