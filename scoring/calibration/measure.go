// Package calibration turns scores into probabilities that mean what they say, and
// measures rankings and probabilities.
package calibration

import (
	"cmp"
	"math"
	"slices"
)

// Case is a scored row whose truth is known.
type Case struct {
	Score  float64
	Bad    bool
	Weight float64 // how many rows it stands for (Horvitz and Thompson 1952); 0 is one
}

// mass is how many rows a case stands for.
func (c Case) mass() float64 {
	if c.Weight == 0 {
		return 1
	}
	return c.Weight
}

// falling sorts cases by score, the highest first.
func falling(cases []Case) []Case {
	out := slices.Clone(cases)
	slices.SortStableFunc(out, func(a, b Case) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// AUROC is the chance that a bad case has a higher score than a good one, ties
// counting half; NaN without both kinds.
func AUROC(cases []Case) float64 {
	c := falling(cases)
	var bad, good, area float64
	for i := 0; i < len(c); {
		b, g := 0., 0.
		for s := c[i].Score; i < len(c) && c[i].Score == s; i++ {
			if c[i].Bad {
				b += c[i].mass()
			} else {
				g += c[i].mass()
			}
		}
		area += g * (bad + b/2)
		bad, good = bad+b, good+g
	}
	return area / (bad * good)
}

// AveragePrecision is the mean precision over recall, a step for each score that
// occurs; NaN without a bad case.
func AveragePrecision(cases []Case) float64 {
	c := falling(cases)
	var bad, n, sum float64
	for i := 0; i < len(c); {
		b := 0.
		for s := c[i].Score; i < len(c) && c[i].Score == s; i++ {
			n += c[i].mass()
			if c[i].Bad {
				b += c[i].mass()
			}
		}
		bad += b
		sum += b * bad / n
	}
	return sum / bad
}

// bins of Error.
const bins = 10

// binned are cases by bins of equal mass.
type binned struct {
	off    [bins]float64 // mass times probability less truth
	spread [bins]float64 // variance of off, were every probability true
	mass   float64
}

func binsOf(cases []Case) (b binned) {
	c := falling(cases)
	for _, x := range c {
		b.mass += x.mass()
	}
	before := 0.
	for _, x := range c {
		// A case is in the bin that its end lies in.
		before += x.mass()
		k := min(bins-1, max(0, int(math.Ceil(before*bins/b.mass))-1))
		b.off[k] += x.mass() * (x.Score - truth(x))
		b.spread[k] += x.mass() * x.mass() * x.Score * (1 - x.Score)
	}
	return b
}

// Error is the expected calibration error of probabilities: the mean distance
// between the mean probability and the share of bad cases over 10 bins of equal
// mass; NaN without cases.
func Error(cases []Case) float64 {
	b, sum := binsOf(cases), 0.
	for _, d := range b.off {
		sum += math.Abs(d)
	}
	return sum / b.mass
}

// Chance is the Error that probabilities which are all true would reach once in a
// thousand times on as many cases: the mean of ten folded normals and 3.09 of
// their standard deviations; NaN without cases.
func Chance(cases []Case) float64 {
	b, mean, variance := binsOf(cases), 0., 0.
	for _, v := range b.spread {
		mean += math.Sqrt(v * 2 / math.Pi)
		variance += v * (1 - 2/math.Pi)
	}
	return (mean + 3.09*math.Sqrt(variance)) / b.mass
}

// Spearman is the rank correlation of two scores of the same rows, ties sharing
// their mean rank; NaN where one of them never changes.
func Spearman(a, b []float64) float64 {
	x, y := ranks(a), ranks(b)
	mean := float64(len(x)+1) / 2
	xy, xx, yy := 0., 0., 0.
	for i := range x {
		xy += (x[i] - mean) * (y[i] - mean)
		xx += (x[i] - mean) * (x[i] - mean)
		yy += (y[i] - mean) * (y[i] - mean)
	}
	return xy / math.Sqrt(xx*yy)
}

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	out := make([]float64, len(v))
	for from, to := 0, 0; from < len(order); from = to {
		for to = from + 1; to < len(order) && v[order[to]] == v[order[from]]; to++ {
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to+1) / 2
		}
	}
	return out
}

func truth(c Case) float64 {
	if c.Bad {
		return 1
	}
	return 0
}
