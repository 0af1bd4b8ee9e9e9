package incident

import (
	"cmp"
	"slices"
)

// line is what a series is of: a type, a value of an attribute within a type,
// or a theme.
type line struct {
	kind      int32 // type; -1 for a theme
	attribute int   // -1 = of all values
	value     int16
	theme     int32 // -1 = none
}

// ground is the data cut into series.
type ground struct {
	*Data
	clock   *clock
	order   []int // places of the complaints with a time, in order of time
	times   []int64
	lines   []line
	events  [][]Tally
	base    []baseline
	place   map[line]int
	members [][]int32 // of each series: indices into order
}

func newGround(d *Data) *ground {
	g := &ground{Data: d, place: map[line]int{}}
	for i := range d.Complaints {
		if d.Complaints[i].At != 0 {
			g.order = append(g.order, i)
		}
	}
	slices.SortStableFunc(g.order, func(a, b int) int { return cmp.Compare(d.Complaints[a].At, d.Complaints[b].At) })
	for at, i := range g.order {
		c := &d.Complaints[i]
		g.times = append(g.times, c.At)
		g.add(line{c.Type, -1, 0, -1}, int32(at))
		if c.Theme >= 0 {
			g.add(line{-1, -1, 0, c.Theme}, int32(at))
		}
		for a := range d.Attributes {
			if d.Attributes[a].Slices && c.Values[a] >= 0 {
				g.add(line{c.Type, a, c.Values[a], -1}, int32(at))
			}
		}
	}
	g.tally()
	return g
}

func (g *ground) add(l line, at int32) {
	s, ok := g.place[l]
	if !ok {
		s = len(g.lines)
		g.place[l] = s
		g.lines, g.members = append(g.lines, l), append(g.members, nil)
	}
	g.members[s] = append(g.members[s], at)
}

// tally counts every series by the hour and lays the clock over the types:
// each complaint is in one of these series.
func (g *ground) tally() {
	g.events = make([][]Tally, len(g.lines))
	var types [][]Tally
	for s, list := range g.members {
		var out []Tally
		for _, m := range list {
			at := Hour(g.times[m])
			if k := len(out) - 1; k >= 0 && out[k].At == at {
				out[k].N++
			} else {
				out = append(out, Tally{at, 1})
			}
		}
		g.events[s] = out
		if g.isType(s) {
			types = append(types, out)
		}
	}
	g.clock = newClock(types, g.Daily)
	if g.clock.bins > 0 {
		g.clock.delayed(g.Until, g.Complete)
		g.clock.share(types)
	}
}

func (g *ground) isType(s int) bool { return g.lines[s].kind >= 0 && g.lines[s].attribute < 0 }

// delayed lowers the profile where complaints are still to come.
func (c *clock) delayed(until int64, complete func(int64) float64) {
	if complete == nil {
		return
	}
	for b := range c.profile {
		c.profile[b] *= min(1, max(.05, complete(until-c.at(b)-c.width/2)))
	}
	c.settle()
}

// leastTypes is how many types there must be to tell what all have in common.
const leastTypes = 5

// share raises and lowers each day of the profile by what most types have in
// common that day: growth, holidays, ends of months and campaigns raise all of
// them, a fault one or two. The two types that are highest above their own
// level are left out, and the two lowest; ten pseudo-events draw a day to 1.
func (c *clock) share(types [][]Tally) {
	if len(types) < leastTypes {
		return
	}
	per := c.perDay()
	days := (c.bins + per - 1) / per
	n, e := make([][]float64, len(types)), make([][]float64, len(types))
	for t, events := range types {
		counts := c.counts(events)
		_, base := c.search(t, counts) // what bursts must not raise the level around it
		n[t], e[t] = make([]float64, days), make([]float64, days)
		for b, v := range counts {
			n[t][b/per] += v
			e[t][b/per] += c.rate(&base, b)
		}
	}
	for d := range days {
		f := common(len(types), 10, func(t int) (float64, float64) { return n[t][d], e[t][d] })
		for b := d * per; b < min(c.bins, (d+1)*per); b++ {
			c.profile[b] *= f
		}
	}
	c.settle()
}

// common is how many times the expected most of k series have: the two with
// the largest excess and the two with the largest lack left out.
func common(k int, pseudo float64, of func(int) (n, e float64)) float64 {
	type one struct{ n, e float64 }
	all := make([]one, k)
	for i := range all {
		all[i].n, all[i].e = of(i)
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare((a.n-a.e)/(a.e+1), (b.n-b.e)/(b.e+1)) })
	cut := min(2, (k-1)/3)
	var n, e float64
	for _, x := range all[cut : k-cut] {
		n, e = n+x.n, e+x.e
	}
	return (n + pseudo) / (e + pseudo)
}

// within are the members of a series in a window, in order of time.
func (g *ground) within(c cell) []int32 {
	list := g.members[c.series]
	from, _ := slices.BinarySearchFunc(list, c.start, func(m int32, at int64) int { return cmp.Compare(g.times[m], at) })
	to, _ := slices.BinarySearchFunc(list, c.end, func(m int32, at int64) int { return cmp.Compare(g.times[m], at) })
	return list[from:to]
}

func (g *ground) expected(s int, start, end int64) float64 {
	from, to := max(0, g.clock.bin(start)), min(g.clock.bins, g.clock.bin(end-1)+1)
	if from >= to {
		return 0
	}
	return g.clock.expected(&g.base[s], from, to)
}

// candidate is a window above its baseline.
type candidate struct {
	Window
	kind  int32 // type of most of its complaints
	mixed bool  // its texts name two codes
}

// candidates are the windows of all series that stay significant when what the
// other types do at the same time, in the same slice, is taken into account.
func (g *ground) candidates() []candidate {
	g.base = make([]baseline, len(g.lines))
	var all []Window
	searched := 0
	for s := range g.lines {
		n := g.clock.counts(g.events[s])
		if total(g.events[s]) < leastCount || g.clock.bins < 2 {
			g.base[s] = g.clock.baseline(n, nil)
			continue
		}
		var found []Window
		found, g.base[s] = g.clock.search(s, n)
		all = append(all, found...)
		searched++
	}
	var rest []Window
	for _, w := range all {
		if w.P > 1e-3 {
			continue
		}
		w.Expected *= g.swell(w)
		if g.clock.weigh(&w, float64(w.N), w.Expected); w.P < 1e-3 {
			rest = append(rest, w)
		}
	}
	var out []candidate
	for _, w := range g.clock.joined(significant(rest, searched)) {
		out = append(out, candidate{Window: w, kind: g.kindOf(w)})
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(b.Gain, a.Gain) })
	return out
}

// kindOf is the type of most complaints in a window.
func (g *ground) kindOf(w Window) int32 {
	if k := g.lines[w.Series].kind; k >= 0 {
		return k
	}
	n := make([]int, len(g.Types))
	for _, m := range g.within(cell{series: w.Series, start: w.Start, end: w.End}) {
		n[g.Complaints[g.order[m]].Type]++
	}
	return int32(slices.Index(n, slices.Max(n)))
}

// swell is how many times the expected the other types have in a window, in
// the slice that the window is of, at least 1: a pile of mail entered in an
// hour raises all of them.
func (g *ground) swell(w Window) float64 {
	own, l := g.kindOf(w), g.lines[w.Series]
	var others []int
	for t := range g.Types {
		x := line{int32(t), l.attribute, l.value, -1}
		if l.kind < 0 {
			x.attribute, x.value = -1, 0
		}
		if s, ok := g.place[x]; ok && int32(t) != own {
			others = append(others, s)
		}
	}
	if len(others) < leastTypes-1 {
		return 1
	}
	f := common(len(others), 1, func(i int) (float64, float64) {
		return float64(len(g.within(cell{series: others[i], start: w.Start, end: w.End}))), g.expected(others[i], w.Start, w.End)
	})
	return max(1, f)
}
