package calibration

import "math"

// Promise is a threshold that holds a precision.
type Promise struct {
	Precision float64 `json:"precision"` // what is promised
	Threshold float64 `json:"threshold"` // scores from here on
	Flagged   int     `json:"flagged"`   // cases it was found on that reach it
	Found     float64 `json:"found"`     // precision among those
	Low       float64 `json:"low"`       // its lower bound, at 95 %
	Recall    float64 `json:"recall"`
}

// Keep finds the lowest threshold at which two witnesses hold what is promised: the
// lower bound of the precision (Clopper and Pearson 1934, one-sided, 95 %) on the
// cases, and the probabilities themselves, on average. The cases are of one stretch
// of time and may have been easy ones, all the more where the best of many thresholds
// is looked for; the probabilities know all that was learned from. probability is
// that of a score. It returns false where no threshold holds.
func Keep(cases []Case, precision float64, probability func(score float64) float64) (Promise, bool) {
	c := falling(cases)
	all := 0.
	for _, x := range c {
		all += x.mass() * truth(x)
	}
	best, found := Promise{Precision: precision}, false
	var bad, n, squares, said float64
	for i, x := range c {
		w := x.mass()
		bad, n, squares, said = bad+w*truth(x), n+w, squares+w*w, said+w*probability(x.Score)
		if i+1 < len(c) && c[i+1].Score == x.Score || min(bad, said) < precision*n {
			continue
		}
		if low := lowerBound(bad*n/squares, n*n/squares); low >= precision {
			best, found = Promise{precision, x.Score, i + 1, bad / n, low, bad / all}, true
		}
	}
	return best, found
}

// Share is bad of n cases with its two-sided 95 % interval (Clopper and Pearson
// 1934). squares is the sum of the squares of the cases' weights, n where each is
// one: cases that stand for many make an interval wider (Kish 1965).
func Share(bad, n, squares float64) (share, low, high float64) {
	if n == 0 {
		return 0, 0, 1
	}
	b, e := bad*n/squares, n*n/squares
	return bad / n, bound(b, e, .025), 1 - bound(e-b, e, .025)
}

// lowerBound is the share of which bad or more of n cases are seen once in 20
// times.
func lowerBound(bad, n float64) float64 { return bound(bad, n, .05) }

// bound is the share of which bad or more of n cases are seen with a chance of
// level.
func bound(bad, n, level float64) float64 {
	if bad <= 0 {
		return 0
	}
	low, high := 0., bad/n
	for range 50 {
		p := (low + high) / 2
		if tail(bad, n, p) > level {
			high = p
		} else {
			low = p
		}
	}
	return low
}

// tail is the chance of k or more of n at p: the regularised incomplete beta
// function I_p(k, n-k+1), by its continued fraction (Lentz).
func tail(k, n, p float64) float64 { return beta(k, n-k+1, p) }

func beta(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x > (a+1)/(a+b+2) {
		return 1 - beta(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	const tiny = 1e-300
	f, c, d := 1., 1., 0.
	for i := range 400 {
		m := float64(i / 2)
		var t float64
		switch {
		case i == 0:
			t = 1
		case i%2 == 0:
			t = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			t = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		d = 1 / nonZero(1+t*d, tiny)
		c = nonZero(1+t/c, tiny)
		f *= c * d
		if math.Abs(1-c*d) < 1e-12 {
			break
		}
	}
	return front * (f - 1) / a
}

func nonZero(v, tiny float64) float64 {
	if math.Abs(v) < tiny {
		return tiny
	}
	return v
}
