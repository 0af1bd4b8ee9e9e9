// Package glass is an explainable boosting machine (Lou et al., KDD 2012 and 2013;
// Caruana et al., KDD 2015; Nori et al. 2019): a score that is a sum of one curve
// for each feature and of a few surfaces for pairs of features, each of which can
// be drawn, checked and, where it must be, held monotone.
package glass

import (
	"math"
	"strings"

	"plaint/scoring/feature"
)

// Model is a trained machine. It holds no rows and can be kept as JSON.
type Model struct {
	Intercept float64        `json:"intercept"` // the log-odds of the average training row
	Bins      []feature.Bins `json:"bins"`      // by feature
	Terms     []Term         `json:"terms"`     // mains, one for each feature in their order, then pairs
	Bags      int            `json:"bags"`
	Trees     []int          `json:"trees"` // of each bag
}

// Term is a curve over the bins of one feature or a surface over the coarse bins
// of two, in log-odds. Curves and surfaces are zero on average over the training
// rows, and a surface also along each of its bins: it holds only what the two
// curves cannot (purified, Lengerich et al., AISTATS 2020).
type Term struct {
	Features []int     `json:"features"`
	Coarse   [][]uint8 `json:"coarse,omitempty"` // of each feature of a pair, by bin
	Wide     int       `json:"wide,omitempty"`   // coarse bins of the second feature
	Scores   []float64 `json:"scores"`
	Errors   []float64 `json:"errors"` // one standard deviation between bags
	Rows     []float64 `json:"rows"`   // training rows in a bin: how far it is to be believed
}

// Name of a term: its feature, or both with an x between.
func (m *Model) Name(term int) string {
	var names []string
	for _, f := range m.Terms[term].Features {
		names = append(names, m.Bins[f].Name)
	}
	return strings.Join(names, " × ")
}

// at is the place of a row in a term's scores, from the bins of its features.
func (t *Term) at(bin func(feature int) uint8) int {
	if len(t.Features) == 1 {
		return int(bin(t.Features[0]))
	}
	return int(t.Coarse[0][bin(t.Features[0])])*t.Wide + int(t.Coarse[1][bin(t.Features[1])])
}

// Explain writes the contribution of every term to the score of a row, in
// log-odds, to out (one place for each term) and gives the score: the intercept
// and the contributions, added in the order of the terms.
func (m *Model) Explain(t *feature.Table, row int, out []float64) float64 {
	bins := make([]uint8, len(m.Bins))
	for j := range m.Bins {
		bins[j] = m.Bins[j].One(&t.Columns[j], row)
	}
	score := m.Intercept
	for k := range m.Terms {
		term := &m.Terms[k]
		out[k] = term.Scores[term.at(func(f int) uint8 { return bins[f] })]
		score += out[k]
	}
	return score
}

// Scores gives the log-odds of every row of a table with the features the model
// was trained on, in their order.
func (m *Model) Scores(t *feature.Table) []float64 {
	bins := make([][]uint8, len(m.Bins))
	feature.Parallel(len(bins), func(j int) { bins[j] = m.Bins[j].Bin(&t.Columns[j]) })
	out := make([]float64, t.Rows())
	const block = 1 << 14
	feature.Parallel((len(out)+block-1)/block, func(b int) {
		end := min((b+1)*block, len(out))
		for i := b * block; i < end; i++ {
			score := m.Intercept
			for k := range m.Terms {
				score += m.Terms[k].of(bins, i)
			}
			out[i] = score
		}
	})
	return out
}

// of is the contribution of a term to a row.
func (t *Term) of(bins [][]uint8, i int) float64 {
	if len(t.Features) == 1 {
		return t.Scores[bins[t.Features[0]][i]]
	}
	return t.Scores[int(t.Coarse[0][bins[t.Features[0]][i]])*t.Wide+int(t.Coarse[1][bins[t.Features[1]][i]])]
}

// Probability of a score in log-odds.
func Probability(score float64) float64 { return 1 / (1 + math.Exp(-score)) }
