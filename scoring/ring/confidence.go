package ring

import "math"

const (
	// prior is the share of rings among groups that are tied at all.
	prior = .05
	// The scale of the bits of honest groups, as it was met in quarters in which
	// addresses are known and not known.
	leastScale = .7
	mostScale  = 3
	// Where there are few groups, rings may be most of them and must not be the
	// measure of themselves: the least that is known of honest ones is.
	fewGroups  = 50
	fewMedian  = 2
	scaleOfFew = 1.5
)

// crowd is how much speaks for honest groups: half of them weigh more than the
// median, and beyond it ever fewer, exponentially.
type crowd struct{ median, scale float64 }

// honest measures it: most groups are people who live or work together. The
// scale is taken between the median and the fourth fifth, which rings, being
// few, hardly move. list is by falling weight.
func honest(list []*weighed) crowd {
	if len(list) == 0 {
		return crowd{0, leastScale}
	}
	at := func(share float64) float64 { return list[int(float64(len(list)-1)*(1-share))].total }
	c := crowd{at(.5), max((at(.8)-at(.5))/math.Log(2.5), leastScale)}
	if len(list) < fewGroups {
		return crowd{min(c.median, fewMedian), min(c.scale, scaleOfFew)}
	}
	return crowd{c.median, min(c.scale, mostScale)}
}

// p is the share of honest groups that reach so much.
func (h crowd) p(total float64) float64 { return math.Exp(-max(0, total-h.median) / h.scale) }

// confidence is the share of rings among groups for which so much speaks.
func (h crowd) confidence(total float64) float64 { return prior / (prior + h.p(total)) }

// belongs is how sure it is that a customer with such support is of a ring that
// is one.
func belongs(support float64) float64 { return 1 - math.Exp2(-4*support) }
