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

// Error is the expected calibration error of probabilities: the mean distance
// between the mean probability and the share of bad cases over 10 bins of equal
// mass; NaN without cases.
func Error(cases []Case) float64 {
	const bins = 10
	c := falling(cases)
	all := 0.
	for _, x := range c {
		all += x.mass()
	}
	var off [bins]float64
	sum, before := 0., 0.
	for _, x := range c {
		// A case is in the bin that its end lies in.
		before += x.mass()
		b := min(bins-1, max(0, int(math.Ceil(before*bins/all))-1))
		off[b] += x.mass() * (x.Score - truth(x))
	}
	for _, d := range off {
		sum += math.Abs(d)
	}
	return sum / all
}

func truth(c Case) float64 {
	if c.Bad {
		return 1
	}
	return 0
}
