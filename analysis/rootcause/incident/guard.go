package incident

import "time"

// Crowd is what a guard must know of one incident.
type Crowd struct {
	ID          int64
	Type        string
	Start, End  time.Time // end exclusive
	Seen        time.Time // when it was sure; before, it bears nothing out
	Open        bool
	N           int
	Expected    float64
	Independent int
	Linked      bool                // a log template is linked to it
	Slices      []map[string]string // whom it met; none: everybody
	Themes      []int64
}

// Asked is the complaint that a guard is asked about.
type Asked struct {
	Type       string
	Theme      int64 // 0 = unknown
	At         time.Time
	Attributes map[string]string // by the names that slices have: product, channel, country
	// Later says that what was found out after the complaint may be used: for a
	// review, never for a score of that time.
	Later bool
}

// Guard says which incident bears a complaint out: a crowd of many people with
// one and the same true trouble must not look like a ring.
type Guard struct{ crowds []Crowd }

// NewGuard keeps the incidents that it is given.
func NewGuard(list []Crowd) *Guard { return &Guard{list} }

// Empty tells whether it bears out nothing.
func (g *Guard) Empty() bool { return g == nil || len(g.crowds) == 0 }

// On tells whether there is an incident of a type at a time, whatever else is asked.
func (g *Guard) On(kind string, at time.Time) bool {
	for i := range g.crowds {
		if c := &g.crowds[i]; c.Type == kind && !at.Before(c.Start) && at.Before(c.until()) {
			return true
		}
	}
	return false
}

// openFor is how long after its last window an open incident still counts.
const openFor = joinGap * time.Hour

// Corroborates is the incident that bears a complaint out best, and how
// strongly, from 0 to 1: the share of the complaints of that time, type and
// slice that the incident explains, less where its own are not independent of
// each other, and half way to 1 where a log template is linked to it. Without
// such an incident id and strength are 0.
func (g *Guard) Corroborates(a Asked) (id int64, strength float64) {
	if g == nil {
		return 0, 0
	}
	for i := range g.crowds {
		if s := g.crowds[i].strength(a); s > strength {
			id, strength = g.crowds[i].ID, s
		}
	}
	return id, strength
}

func (c *Crowd) strength(a Asked) float64 {
	if a.At.Before(c.Start) || !a.At.Before(c.until()) || !a.Later && a.At.Before(c.Seen) || c.N == 0 {
		return 0
	}
	if c.Type != a.Type && !c.theme(a.Theme) || !c.meets(a.Attributes) {
		return 0
	}
	s := max(0, 1-c.Expected/float64(c.N)) * min(1, float64(c.Independent)/float64(c.N))
	if c.Linked {
		s = (1 + s) / 2
	}
	return s
}

// until is when it no longer counts.
func (c *Crowd) until() time.Time {
	if c.Open {
		return c.End.Add(openFor)
	}
	return c.End
}

func (c *Crowd) theme(id int64) bool {
	for _, t := range c.Themes {
		if t == id && id != 0 {
			return true
		}
	}
	return false
}

// meets reports that the attributes are of a slice of the incident. What is not
// known of a complaint does not speak against it.
func (c *Crowd) meets(attributes map[string]string) bool {
	for _, slice := range c.Slices {
		all := true
		for name, want := range slice {
			if have := attributes[name]; have != "" && have != want {
				all = false
			}
		}
		if all {
			return true
		}
	}
	return len(c.Slices) == 0
}
