package tabular

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"plaint/scoring/anomaly"
)

// Surprises are the rows of a table without labels, by how unlike the others they
// are.
type Surprises struct {
	*anomaly.Result
	Summary SurpriseSummary
}

// SurpriseSummary says what was looked at.
type SurpriseSummary struct {
	Rows     int               `json:"rows"`
	Model    string            `json:"model"`
	Features int               `json:"features"`
	Left     map[string]string `json:"left_out"` // columns that are no features, and why
	Median   float64           `json:"median_bits"`
	Most     float64           `json:"most_bits"`
	Seconds  float64           `json:"seconds_of_scoring"`
}

// Unlabelled measures how unlike the others each row is, from the same features as
// Screen without those that need labels. The error is a *Problem.
func Unlabelled(t *Table, r Roles) (*Surprises, error) {
	at := time.Now()
	p := &plan{t: t, r: r, left: map[string]string{}}
	if t.Rows() == 0 {
		return nil, problem("err_fraud_no_rows")
	}
	t.Settle()
	p.bad, p.learn = make([]float64, t.Rows()), make([]float64, t.Rows())
	for i := range p.bad {
		p.bad[i], p.learn[i] = math.NaN(), math.NaN()
	}
	if r.Time != "" {
		p.times = t.Column(r.Time)
		if _, err := p.times.InTime(); err != nil {
			return nil, err
		}
	}
	for _, e := range r.Entities {
		p.entities = append(p.entities, t.Column(e))
	}
	p.choose()
	if err := p.withoutNames(); err != nil {
		return nil, err
	}
	features := p.features()
	x := &Surprises{Result: anomaly.Of(features)}
	sorted := slices.Sorted(slices.Values(x.Bits))
	x.Summary = SurpriseSummary{Rows: t.Rows(), Model: "anomaly", Features: len(features.Columns), Left: p.left,
		Median: sorted[len(sorted)/2], Most: sorted[len(sorted)-1], Seconds: time.Since(at).Seconds()}
	return x, nil
}

// withoutNames leaves out columns that name rows; the error says that nothing is
// left.
func (p *plan) withoutNames() error {
	p.own = slices.DeleteFunc(p.own, func(c *Column) bool {
		if c.Kind == Name {
			p.left[c.Name] = string(Name)
		}
		return c.Kind == Name
	})
	if len(p.own) > 0 || len(p.entities) > 0 || len(p.r.Edges) > 0 {
		return nil
	}
	if len(p.left) > 0 {
		return problem("err_fraud_no_columns", "columns", strings.Join(slices.Sorted(maps.Keys(p.left)), ", "))
	}
	return problem("err_fraud_columns_none")
}
