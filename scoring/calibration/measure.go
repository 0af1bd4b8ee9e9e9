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
	Score float64
	Bad   bool
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
				b++
			} else {
				g++
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
			n++
			if c[i].Bad {
				b++
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
	sum := 0.
	for b := range bins {
		part := c[b*len(c)/bins : (b+1)*len(c)/bins]
		d := 0.
		for _, x := range part {
			d += x.Score - truth(x)
		}
		sum += math.Abs(d)
	}
	return sum / float64(len(c))
}

func truth(c Case) float64 {
	if c.Bad {
		return 1
	}
	return 0
}
