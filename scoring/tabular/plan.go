package tabular

import (
	"math"
	"slices"
	"strings"
)

// Roles says what the columns of a table are for.
type Roles struct {
	ID, Label   string
	Split, Time string     // one of them
	Entities    []string   // columns that name what rows share
	Ignore      []string   // columns that are not looked at
	Edges       [][2]int32 // ties between rows
	Delay       float64    // time until a label counts, with Time
	Challenger  bool       // train the challenger in place of the glass box
	Seed        uint64
}

// plan is a table with its roles looked up.
type plan struct {
	t        *Table
	r        Roles
	bad      []float64 // all labels
	badIs    string
	parts    []Part
	times    *Column
	entities []*Column
	own      []*Column         // columns that are features
	left     map[string]string // columns that are not, and why
	learn    []float64         // labels that a model may learn from, NaN for others
	start    float64           // time of the first row to be judged
}

// newPlan looks up the roles and refuses what leaks.
func newPlan(t *Table, r Roles) (*plan, error) {
	p := &plan{t: t, r: r, left: map[string]string{}}
	if t.Rows() == 0 {
		return nil, problem("err_fraud_no_rows")
	}
	t.Settle()
	var err error
	if p.bad, p.badIs, err = t.Column(r.Label).Labels(); err != nil {
		return nil, err
	}
	if err := p.part(); err != nil {
		return nil, err
	}
	for _, e := range r.Entities {
		p.entities = append(p.entities, t.Column(e))
	}
	p.choose()
	return p, p.learnable()
}

// part finds out which rows are learned from.
func (p *plan) part() error {
	p.learn = make([]float64, p.t.Rows())
	for i := range p.learn {
		p.learn[i] = math.NaN()
	}
	var err error
	if p.r.Split != "" {
		if p.parts, err = p.t.Column(p.r.Split).PartOf(); err != nil {
			return err
		}
		for i, x := range p.parts {
			if x == Train {
				p.learn[i] = p.bad[i]
			}
		}
		return nil
	}
	p.times = p.t.Column(p.r.Time)
	last, err := p.times.InTime()
	if err != nil {
		return err
	}
	if len(last) == 0 {
		return problem("err_fraud_few", "rows", p.t.Rows())
	}
	p.parts = make([]Part, p.t.Rows())
	p.start = p.times.Numbers[last[0]]
	if slices.Min(p.times.Numbers) == p.start {
		return problem("err_fraud_one_time", "column", p.times.Name, "value", p.times.Cell(int(last[0])))
	}
	for i, at := range p.times.Numbers {
		if at+p.r.Delay < p.start {
			p.parts[i], p.learn[i] = Train, p.bad[i]
		}
	}
	for _, i := range last {
		p.parts[i] = Test
		p.learn[i] = math.NaN()
	}
	return nil
}

// choose picks the columns that are features.
func (p *plan) choose() {
	role := map[string]bool{p.r.ID: true, p.r.Label: true, p.r.Split: true, p.r.Time: true}
	for _, c := range p.t.Columns {
		switch {
		case role[c.Name]:
		case slices.Contains(p.r.Ignore, c.Name):
			p.left[c.Name] = "ignored"
		case c.Kind == Parts || c.Kind == Constant:
			p.left[c.Name] = string(c.Kind)
		case slices.Contains(p.r.Entities, c.Name): // told by its history: a name would be learned by heart
		default:
			p.own = append(p.own, c)
		}
	}
}

// learnable tells whether there is something to learn from, and no leak.
func (p *plan) learnable() error {
	kinds := [2]int{}
	for _, b := range p.learn {
		if !math.IsNaN(b) {
			kinds[int(b)]++
		}
	}
	if kinds[0] == 0 && kinds[1] == 0 {
		return problem("err_fraud_no_train")
	}
	if kinds[0] < leastKind || kinds[1] < leastKind {
		return problem("err_fraud_few_kind", "bad", kinds[1], "good", kinds[0], "least", leastKind)
	}
	if leaks := Leaks(p.suspects(), p.learn, p.times); len(leaks) > 0 {
		return &Refused{leaks}
	}
	return p.withoutNames()
}

// leastKind is the fewest rows of a kind that anything can be learned from.
const leastKind = 10

// suspects are the columns that are looked at for leaks: entities are to be shared
// and are judged by labels of the past alone.
func (p *plan) suspects() []*Column {
	return slices.DeleteFunc(slices.Clone(p.own), func(c *Column) bool { return slices.Contains(p.entities, c) })
}

// Refused is a table with columns that a model must not see.
type Refused struct{ Leaks []Leak }

func (r *Refused) Error() string {
	var out []string
	for _, l := range r.Leaks {
		out = append(out, l.Column+": "+l.Reason)
	}
	return "columns that leak: " + strings.Join(out, "; ")
}
