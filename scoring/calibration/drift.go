package calibration

import "math"

// Moment is a case of a time, whose truth is perhaps not known.
type Moment struct {
	Case
	At    float64
	Known bool
}

// Drift follows how the truth moves away from what log-odds say: an offset and a
// slope that move at random and come back by themselves, followed by an extended
// Kalman filter on labels as they arrive (dynamic logistic regression; West,
// Harrison and Migon 1985). As they come back, a label that arrives late says
// little of the moment.
type Drift struct {
	Centre float64 // log-odds about which the slope turns: those of the usual share
	Span   float64 // time that the table spans
	Delay  float64 // a label is known for moments later than its own and this
}

// Settings that are one for all tables.
const (
	usualOffset = .5 * .5 // variance, where nothing is known
	usualSlope  = .2 * .2
	memory      = .03 // share of the span after which 1/e of what was known is left
	leastSlope  = .2  // keeps a higher score higher
	// strong is the evidence, in nats, that what is told 20 to 1 has (Kass and
	// Raftery 1995).
	strong = 3
)

// follower is where a drift stands.
type follower struct {
	*Drift
	state  [2]float64 // offset, and slope less one
	spread [3]float64 // variance of the offset, of both together, of the slope
	at     float64    // of the newest label
}

// Follow gives the log-odds of cases in the order of time, each by the labels that
// had arrived before it.
func (d *Drift) Follow(list []Moment) []float64 {
	f := follower{Drift: d, spread: [3]float64{usualOffset, 0, usualSlope}}
	out, next := make([]float64, len(list)), 0
	for i, m := range list {
		for ; list[next].At+d.Delay < m.At; next++ {
			if list[next].Known {
				f.learn(list[next])
			}
		}
		out[i] = f.of(m)
	}
	return out
}

// Helps tells whether there is strong evidence in cases in the order of time that
// following them is better than not.
func (d *Drift) Helps(list []Moment) bool {
	gain := 0.
	for i, s := range d.Follow(list) {
		if list[i].Known {
			gain += list[i].mass() * (loss(list[i].Score, list[i].Bad) - loss(s, list[i].Bad))
		}
	}
	return gain > strong
}

// left is the share of what was known that is left at a time.
func (f *follower) left(at float64) float64 { return math.Exp((f.at - at) / (memory * f.Span)) }

// of gives the log-odds of a moment.
func (f *follower) of(m Moment) float64 {
	return m.Score + f.left(m.At)*(f.state[0]+f.state[1]*(m.Score-f.Centre))
}

// learn takes in a label.
func (f *follower) learn(m Moment) {
	left := f.left(m.At)
	f.state[0], f.state[1], f.at = f.state[0]*left, f.state[1]*left, m.At
	v := f.spread
	for k, usual := range [3]float64{usualOffset, 0, usualSlope} {
		v[k] = usual + (v[k]-usual)*left*left
	}
	x := m.Score - f.Centre
	p := 1 / (1 + math.Exp(-f.of(m)))
	u, w := v[0]+v[1]*x, v[1]+v[2]*x // covariance of offset and of slope with the log-odds
	h := m.mass() * p * (1 - p)
	k := 1 / (1 + h*(u+w*x))
	f.spread = [3]float64{v[0] - k*h*u*u, v[1] - k*h*u*w, v[2] - k*h*w*w}
	step := k * m.mass() * (truth(m.Case) - p)
	f.state[0] += step * u
	f.state[1] = math.Max(f.state[1]+step*w, leastSlope-1)
}
