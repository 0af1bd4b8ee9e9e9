package satisfaction

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"plaint/analysis/service"
)

// confidence of all intervals.
const confidence = .95

// estimate is a metric's score with its interval: CSAT in percent, NPS from
// -100 to 100, CES on its own scale, any other metric from 0 to 100.
type estimate struct {
	n                int
	score, low, high float64
}

func estimated(metric string, answers []*answer) estimate {
	switch metric {
	case "csat":
		return csat(answers)
	case "nps":
		return nps(answers)
	case "ces":
		return meanOf(answers, func(a *answer) float64 { return a.score }, answers[0].low, answers[0].high)
	}
	return meanOf(answers, (*answer).normal, 0, 100)
}

// csat is the share of the two best answers with Wilson's interval.
func csat(answers []*answer) estimate {
	k := 0
	for _, a := range answers {
		if a.score >= a.high-1 {
			k++
		}
	}
	low, high := service.Wilson(k, len(answers))
	return estimate{len(answers), 100 * float64(k) / float64(len(answers)), 100 * low, 100 * high}
}

// nps is promoters (9, 10) less detractors (0 to 6) with an adjusted Wald
// interval: three quarters of an answer are added to each of both and three to
// the number (Rocks 2016). Other scales are stretched to 0 to 10.
func nps(answers []*answer) estimate {
	var up, down float64
	n := float64(len(answers))
	for _, a := range answers {
		switch s := a.normal() / 10; {
		case s >= 8.5:
			up++
		case s < 6.5:
			down++
		}
	}
	score := (up - down) / n
	p, q, m := (up+.75)/(n+3), (down+.75)/(n+3), n+3
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	half := z * math.Sqrt((p+q-(p-q)*(p-q))/m)
	low, high := min(p-q-half, score), max(p-q+half, score)
	return estimate{len(answers), 100 * score, 100 * max(low, -1), 100 * min(high, 1)}
}

// meanOf is the mean with Student's interval, kept on the scale; one answer
// alone may be anywhere on it.
func meanOf(answers []*answer, of func(*answer) float64, floor, ceiling float64) estimate {
	values := make([]float64, len(answers))
	for i, a := range answers {
		values[i] = of(a)
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	if len(values) < 2 {
		return estimate{len(values), mean, floor, ceiling}
	}
	n := float64(len(values))
	half := quantile(n-1) * deviation / math.Sqrt(n)
	return estimate{len(values), mean, max(mean-half, floor), min(mean+half, ceiling)}
}

// quantile is Student's two-sided quantile.
func quantile(freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(1 - (1-confidence)/2)
}
