package neighbour

import (
	"math"
	"math/rand/v2"

	"plaint/scoring/feature"
)

const (
	folds = 10
	// pseudo is how many labels of the average a rate is drawn towards.
	pseudo = 4
)

// Rates describes every row by the labels of its neighbours: bad holds 1 for known
// bad, 0 for known good and NaN for what is not known to the model, which must be
// so for every row that is to be judged. A row's own label is in none of its
// features, nor is any of the tenth of the labels that it is drawn into: a rate
// that leaves out a row's own label alone gives it away by being a little lower
// beside a bad one.
func (g *Graph) Rates(bad []float64, closeness []float64, seed uint64) []feature.Column {
	fold := draw(bad, seed)
	out := []feature.Column{
		feature.Number("bad neighbours", Labels, make([]float64, len(bad))), feature.Number("bad neighbours, damped", Labels, make([]float64, len(bad))),
		feature.Number("bad neighbours' neighbours", Labels, make([]float64, len(bad))), feature.Number("known neighbours", Labels, make([]float64, len(bad))),
	}
	if closeness != nil {
		out = append(out, feature.Number("bad close neighbours", Labels, make([]float64, len(bad))))
	}
	v := &view{g: g, bad: bad, fold: fold, damping: g.Damping(), closeness: closeness}
	feature.Parallel(folds+1, func(k int) { v.write(int8(k), out) })
	return out
}

// PastRates describes every row by the labels that earlier neighbours had by its
// time: a label counts for rows later than its row's time and delay. g has ties to
// earlier rows alone (see Before).
func (g *Graph) PastRates(bad, times []float64, delay float64) []feature.Column {
	prior, known := 1., 2.
	for _, b := range bad {
		if !math.IsNaN(b) {
			prior, known = prior+b, known+1
		}
	}
	prior /= known
	rate, count := make([]float64, len(bad)), make([]float64, len(bad))
	parallel(len(bad), func(i int) {
		var s, c float64
		for _, j := range g.Of(i) {
			if b := bad[j]; !math.IsNaN(b) && times[j]+delay < times[i] {
				s, c = s+b, c+1
			}
		}
		rate[i], count[i] = (s+pseudo*prior)/(c+pseudo), math.Log1p(c)
	})
	return []feature.Column{feature.Number("bad neighbours", Labels, rate), feature.Number("known neighbours", Labels, count)}
}

// Suspects describes every row by how bad a model thinks its neighbours are: the
// mean and deviation of their probabilities, the mean with hubs counting less, with
// close neighbours counting more, and over two hops.
func (g *Graph) Suspects(probability, closeness []float64) []feature.Column {
	mean := g.Mean(probability, nil)
	out := []feature.Column{
		feature.Number("suspect neighbours", Labels, mean), feature.Number("suspect neighbours' deviation", Labels, g.Deviation(probability, mean)),
		feature.Number("suspect neighbours, damped", Labels, g.Mean(probability, g.Damping())), feature.Number("suspect neighbours' neighbours", Labels, g.Mean(mean, nil)),
	}
	if closeness != nil {
		out = append(out, feature.Number("suspect close neighbours", Labels, g.tied(probability, closeness)))
	}
	return out
}

// draw puts every known label into one of the folds 0 to 9; what is unknown is in
// fold 10, for which nothing is hidden.
func draw(bad []float64, seed uint64) []int8 {
	random := rand.New(rand.NewPCG(seed, 1))
	fold := make([]int8, len(bad))
	for i, b := range bad {
		fold[i] = folds
		if !math.IsNaN(b) {
			fold[i] = int8(random.IntN(folds))
		}
	}
	return fold
}

// view is what the rows of one fold may see.
type view struct {
	g                  *Graph
	bad                []float64
	fold               []int8
	damping, closeness []float64
}

// write fills in the features of the rows of fold k.
func (v *view) write(k int8, out []feature.Column) {
	n := len(v.bad)
	known, sum := 0., 0.
	seen := make([]float64, n) // NaN: not seen
	for i, b := range v.bad {
		seen[i] = b
		if v.fold[i] == k {
			seen[i] = math.NaN()
		}
		if !math.IsNaN(seen[i]) {
			known++
			sum += b
		}
	}
	prior := (sum + 1) / (known + 2)
	rate := make([]float64, n)
	for i := range n {
		var s, c float64
		for _, j := range v.g.Of(i) {
			if b := seen[j]; !math.IsNaN(b) {
				s, c = s+b, c+1
			}
		}
		rate[i] = (s + pseudo*prior) / (c + pseudo)
		if v.fold[i] == k {
			out[3].Values[i] = math.Log1p(c)
		}
	}
	for i := range n {
		if v.fold[i] == k {
			out[0].Values[i] = rate[i]
			v.weighted(i, seen, prior, out)
			s, d := 0., 0.
			for _, j := range v.g.Of(i) {
				s, d = s+rate[j], d+1
			}
			out[2].Values[i] = s / d
		}
	}
}

// weighted fills in the rates in which neighbours have weights.
func (v *view) weighted(i int, seen []float64, prior float64, out []feature.Column) {
	var s, c, sc, cc, all, allClose float64
	for e := v.g.start[i]; e < v.g.start[i+1]; e++ {
		j := v.g.ends[e]
		all += v.damping[j]
		if v.closeness != nil {
			allClose += v.closeness[e]
		}
		if b := seen[j]; !math.IsNaN(b) {
			s, c = s+v.damping[j]*b, c+v.damping[j]
			if v.closeness != nil {
				sc, cc = sc+v.closeness[e]*b, cc+v.closeness[e]
			}
		}
	}
	d := math.Max(v.g.Degree(i), 1)
	a := pseudo * all / d
	out[1].Values[i] = (s + a*prior) / (c + a)
	if v.closeness != nil {
		a = pseudo * allClose / d
		out[4].Values[i] = (sc + a*prior) / (cc + a)
	}
}
