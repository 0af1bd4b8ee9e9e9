package incident

import (
	"cmp"
	"slices"
)

// describe fills in what follows from the members.
func (g *ground) describe(x *Incident) {
	themes, hours := map[int64]int{}, map[int64]int32{}
	for _, place := range x.Members {
		c := &g.Complaints[place]
		hours[Hour(c.At)]++
		if c.Theme >= 0 {
			themes[int64(c.Theme)]++
		}
		if x.First == 0 || c.At < x.First {
			x.First = c.At
		}
	}
	for id, n := range themes {
		x.Themes = append(x.Themes, Share{id, n})
	}
	slices.SortFunc(x.Themes, func(a, b Share) int { return cmp.Or(b.N-a.N, cmp.Compare(a.ID, b.ID)) })
	most := int32(0)
	for _, t := range InOrder(hours) {
		if t.N > most {
			x.Peak, most = t.At, t.N
		}
	}
	x.Open = g.Until-x.End < joinGap*hour
	g.detected(x)
	g.grade(x)
	g.hours(x)
}

// detected is the first time at which the complaints so far would have been
// sure enough, by the baseline of today.
func (g *ground) detected(x *Incident) {
	x.Seen = x.End
	s := x.cells[0].series
	for i, place := range x.Members {
		at := g.Complaints[place].At
		if i+1 < leastPeople {
			continue
		}
		w := Window{Start: x.Start, End: max(at+1, x.Start+1), phi: x.phi}
		if g.clock.weigh(&w, float64(i+1), x.Expected*g.expected(s, w.Start, w.End)/max(g.expected(s, x.Start, x.End), 1e-9)); w.P < sure {
			x.Seen = at
			return
		}
	}
}

func (g *ground) grade(x *Incident) {
	above := float64(x.N) - x.Expected
	n := 0
	for t, s := range g.typeSeries() {
		if int32(t) == x.Type {
			x.TypeUsual = g.expected(s, x.Start, x.End)
			n = len(g.within(cell{series: s, start: x.Start, end: x.End}))
		}
	}
	switch {
	case above < 20:
		x.Severity = Minor
	case float64(n) >= 2*x.TypeUsual:
		x.Severity = Severe
	default:
		x.Severity = Major
	}
}

func (g *ground) typeSeries() map[int]int {
	out := map[int]int{}
	for t := range g.Types {
		if s, ok := g.place[line{int32(t), -1, 0, -1}]; ok {
			out[t] = s
		}
	}
	return out
}

// around is how many hours before and after an incident are kept of its series.
const around = 72

// hours are the complaints of the incident's strongest series, from three days
// before to three days after it.
func (g *ground) hours(x *Incident) {
	s := x.cells[0].series
	from, to := max(0, g.clock.bin(x.Start-around*hour)), min(g.clock.bins, g.clock.bin(x.End-1+around*hour)+1)
	n := map[int64]int{}
	for _, c := range x.cells {
		for _, m := range g.within(cell{series: c.series, start: g.clock.at(from), end: g.clock.at(to)}) {
			at := g.times[m]
			if inside := at >= x.Start && at < x.End; c.series == s && !inside {
				n[g.clock.at(g.clock.bin(at))]++
			}
		}
	}
	for _, place := range x.Members {
		n[g.clock.at(g.clock.bin(g.Complaints[place].At))]++
	}
	scale := x.Expected / max(g.expected(s, x.Start, x.End), 1e-9)
	for b := from; b < to; b++ {
		h := Hourly{g.clock.at(b), n[g.clock.at(b)], g.clock.rate(&g.base[s], b)}
		if h.At >= x.Start && h.At < x.End {
			h.Expected *= scale
		}
		x.Hours = append(x.Hours, h)
	}
}
