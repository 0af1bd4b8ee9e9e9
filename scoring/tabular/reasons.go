package tabular

import "slices"

// Reasons adds up the contributions to a score by group: the columns of the table,
// what entities have a history of, ties, labels of neighbours. A pair of two groups
// counts half for each.
type Reasons struct {
	x      *Result
	Groups []string
	of     [][2]int // groups of each term
	out    []float64
}

// Reasons prepares the telling; nil for the challenger, whose score is no sum.
func (x *Result) Reasons() *Reasons {
	if x.Model == nil {
		return nil
	}
	r := &Reasons{x: x, out: make([]float64, len(x.Model.Terms))}
	group := func(feature int) int {
		name := x.Table.Columns[feature].Group
		if at := slices.Index(r.Groups, name); at >= 0 {
			return at
		}
		r.Groups = append(r.Groups, name)
		return len(r.Groups) - 1
	}
	for _, t := range x.Model.Terms {
		r.of = append(r.of, [2]int{group(t.Features[0]), group(t.Features[len(t.Features)-1])})
	}
	return r
}

// Reason is why a row has its score: Base, that of the average row, Calibration and
// the groups add up to LogOdds, the log-odds of the score.
type Reason struct {
	LogOdds, Base, Calibration float64
	Groups                     []float64
}

// Of tells the reasons of a row of the table.
func (r *Reasons) Of(row int32) Reason {
	out := Reason{Base: r.x.Model.Intercept, Groups: make([]float64, len(r.Groups))}
	raw := r.x.Model.Explain(r.x.Table, int(row), r.out)
	for k, v := range r.out {
		out.Groups[r.of[k][0]] += v / 2
		out.Groups[r.of[k][1]] += v / 2
	}
	out.LogOdds = r.x.odds(row)
	out.Calibration = out.LogOdds - raw
	return out
}
