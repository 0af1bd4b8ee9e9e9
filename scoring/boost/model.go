// Package boost grows forests of boosted trees on binned features (Friedman 2001;
// Chen and Guestrin, KDD 2016; Ke et al., NeurIPS 2017). Without a limit they are
// the challenger that the glass box is measured against. With no more than two
// features on the way to any leaf, they are what the glass box is made of.
package boost

import (
	"plaint/scoring/feature"
)

// Model is the mean of some boosted forests, in log-odds.
type Model struct {
	Bins    []feature.Bins `json:"bins"`
	Forests []Forest       `json:"forests"`
}

// Forest is a sum of trees.
type Forest struct {
	Base  float64 `json:"base"`
	Trees []Tree  `json:"trees"`
}

// Tree holds its nodes from the root on.
type Tree []Node

// Node sends a row to Left when the bin of its feature is at most Cut, else to
// Left+1; rows whose value is missing go Right or not. A leaf has feature -1 and a
// value in log-odds.
type Node struct {
	Feature int32   `json:"f"`
	Cut     uint8   `json:"c,omitempty"`
	Right   bool    `json:"r,omitempty"`
	Left    int32   `json:"l,omitempty"`
	Value   float64 `json:"v,omitempty"`
}

// Next is the node that a bin leads to.
func (n *Node) Next(bin uint8) int32 {
	if bin > n.Cut || bin == 0 && n.Right {
		return n.Left + 1
	}
	return n.Left
}

// value of the leaf that row i falls into.
func (t Tree) value(cells [][]uint8, i int32) float64 {
	n := &t[0]
	for n.Feature >= 0 {
		n = &t[n.Next(cells[n.Feature][i])]
	}
	return n.Value
}

// Scores gives the log-odds of every row of a table with the features the model
// was trained on, in their order.
func (m *Model) Scores(t *feature.Table) []float64 {
	cells := make([][]uint8, len(m.Bins))
	feature.Parallel(len(cells), func(j int) { cells[j] = m.Bins[j].Bin(&t.Columns[j]) })
	out := make([]float64, t.Rows())
	const block = 1 << 12
	feature.Parallel((len(out)+block-1)/block, func(b int) {
		for i := b * block; i < min((b+1)*block, len(out)); i++ {
			out[i] = m.score(cells, int32(i))
		}
	})
	return out
}

func (m *Model) score(cells [][]uint8, i int32) float64 {
	sum := 0.
	for f := range m.Forests {
		sum += m.Forests[f].Base
		for _, t := range m.Forests[f].Trees {
			sum += t.value(cells, i)
		}
	}
	return sum / float64(len(m.Forests))
}
