package ring

import "math"

// crowd says how much speaks for groups: for honest ones little, and ever less
// often more; for rings much. Both fall off exponentially. The two are told apart
// in the complaints themselves, since how much honest people share differs from
// firm to firm, and with what is known of them: a mixture by expectation and
// maximisation (Efron 2008, two-groups model).
type crowd struct {
	honest, ring float64 // mean bits
	share        float64 // of rings among groups
}

// What is believed of groups before any is seen, and how many groups that is
// worth: a few complaints must not be the measure of themselves.
const (
	priorHonest, honestGroups = 1.0, 40.0
	priorRing, ringGroups     = 20.0, 2.0
	leastRing                 = 10.0 // mean bits of rings, or the tail of honest groups would become one
	rounds                    = 60
)

// measure fits the mixture.
func measure(list []*weighed) crowd {
	c := crowd{priorHonest, priorRing, ringGroups / (honestGroups + ringGroups)}
	for range rounds {
		var n, bits, rings, ringBits float64
		for _, w := range list {
			p := c.posterior(w.total)
			n, bits, rings, ringBits = n+1-p, bits+(1-p)*w.total, rings+p, ringBits+p*w.total
		}
		c.honest = (bits + honestGroups*priorHonest) / (n + honestGroups)
		c.ring = max(leastRing, (ringBits+ringGroups*priorRing)/(rings+ringGroups))
		c.share = (rings + ringGroups) / (n + rings + honestGroups + ringGroups)
	}
	return c
}

// surest bounds what is said of a ring: honest groups may be otherwise than they
// were taken to be.
const surest = .99

// p is the share of honest groups for which so much speaks.
func (c crowd) p(total float64) float64 { return math.Exp(-total / c.honest) }

// posterior is the share of rings among groups for which so much speaks.
func (c crowd) posterior(total float64) float64 {
	ring := c.share / c.ring * math.Exp(-total/c.ring)
	return min(surest, ring/(ring+(1-c.share)/c.honest*c.p(total)))
}

// millionths keeps of a probability what all machines agree on.
func millionths(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// belongs is how sure it is that a customer with such support is of a ring that
// is one.
func belongs(support float64) float64 { return 1 - math.Exp2(-4*support) }
