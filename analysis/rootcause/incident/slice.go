package incident

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"plaint/analysis/rootcause/localize"
)

// Cause is one combination of attributes that an incident keeps to.
type Cause struct {
	Values   map[string]string
	Share    float64 // of the excess
	Ratio    float64 // actual to expected
	N        int
	Expected float64
}

// draws is how many tables without a cause the search is tried on; fewer where
// they are larger than draws are made for.
const (
	draws      = 199
	leastDraws = 39
	drawnFor   = 2000 // leaves
)

// localiseAll tells whom each of all incidents met; complaints of another are no
// part of it.
func (g *ground) localiseAll(list []*Incident) {
	owner := map[int]*Incident{}
	for _, x := range list {
		for _, m := range x.Members {
			owner[m] = x
		}
	}
	for _, x := range list {
		x.Causes = nil
		g.localise(x, owner)
	}
}

// localise asks which attributes set the customers of an incident apart: the
// complaints of its type in its window against what is usual for each
// combination of values. P of the strongest cause is its rank among tables of
// the same size drawn without a cause (Monte Carlo, as Kulldorff 1997).
//
// What is told of a cause is of the incident's own complaints.
func (g *ground) localise(x *Incident, owner map[int]*Incident) {
	x.Everyone, x.CauseP = true, 1
	t := g.leaves(x, owner)
	r := localize.Find(t)
	if len(r.Causes) == 0 {
		return
	}
	gain := func(t *localize.Table, c localize.Cause) (n, e, gain float64) {
		n, e = cut(t, c)
		e = max(e, 1e-9)
		return n, e, n*math.Log(max(n, 1e-9)/e) - n + e
	}
	_, _, own := gain(t, r.Causes[0])
	h := fnv.New64a()
	h.Write([]byte{byte(x.N), byte(x.N >> 8), byte(x.Start), byte(x.Start >> 8), byte(x.Start >> 16)})
	chance := rand.New(rand.NewPCG(h.Sum64(), 7))
	above, tried := 0, min(draws, max(leastDraws, draws*drawnFor/max(len(t.Actual), 1)))
	for range tried {
		null := redraw(t, chance)
		if n := localize.Find(null); len(n.Causes) > 0 {
			if _, _, v := gain(null, n.Causes[0]); v >= own {
				above++
			}
		}
	}
	if x.CauseP = float64(above+1) / float64(tried+1); x.CauseP > .05 {
		return
	}
	x.Everyone = r.External
	for _, c := range r.Causes {
		q := g.own(x, c.Values)
		if float64(q.N) > q.Expected {
			x.Causes = append(x.Causes, q)
		}
	}
	x.Everyone = x.Everyone || len(x.Causes) == 0
	slices.SortStableFunc(x.Causes, func(a, b Cause) int { return cmp.Compare(b.Share, a.Share) })
}

// own is a combination of values among an incident's complaints, and how many of
// them are usual: what its series have in their windows, by the part of their
// other complaints that has the values.
func (g *ground) own(x *Incident, values map[string]string) Cause {
	q := Cause{Values: values}
	has := func(c *Complaint) bool {
		for a := range g.Attributes {
			want, ok := values[g.Attributes[a].Name]
			if !ok {
				continue
			}
			have := ""
			if v := c.Values[a]; v >= 0 {
				have = g.Attributes[a].Values[v]
			}
			if have != want {
				return false
			}
		}
		return true
	}
	for _, m := range x.Members {
		if has(&g.Complaints[m]) {
			q.N++
		}
	}
	for _, c := range x.cells {
		with, all := 0, 0
		for _, m := range g.members[c.series] {
			if at := g.times[m]; at >= x.Start && at < x.End {
				continue
			}
			if all++; has(&g.Complaints[g.order[m]]) {
				with++
			}
		}
		q.Expected += c.expected * float64(with) / max(float64(all), 1)
	}
	q.Expected = min(q.Expected, x.Expected)
	q.Ratio = float64(q.N) / max(q.Expected, 1e-9)
	q.Share = min(1, (float64(q.N)-q.Expected)/max(float64(x.N)-x.Expected, 1e-9))
	return q
}

// leaves are the combinations of values that complaints of the incident's type
// have: how many there are in the window that are of no other incident, and how
// many are usual, from those outside of it.
func (g *ground) leaves(x *Incident, owner map[int]*Incident) *localize.Table {
	names := make([]string, len(g.Attributes))
	for a := range g.Attributes {
		names[a] = g.Attributes[a].Name
	}
	s := g.place[line{x.Type, -1, 0, -1}]
	type leaf struct{ in, out float64 }
	counts := map[[MostAttributes]int16]*leaf{}
	var order [][MostAttributes]int16
	var in, out float64
	for _, m := range g.members[s] {
		c := &g.Complaints[g.order[m]]
		if of := owner[g.order[m]]; of != nil && of != x && c.At >= x.Start && c.At < x.End {
			continue
		}
		l := counts[c.Values]
		if l == nil {
			l = &leaf{}
			counts[c.Values] = l
			order = append(order, c.Values)
		}
		if c.At >= x.Start && c.At < x.End {
			l.in, in = l.in+1, in+1
		} else {
			l.out, out = l.out+1, out+1
		}
	}
	b := localize.NewBuilder(names)
	usual := g.expected(s, x.Start, x.End)
	values := make([]string, len(names))
	for _, v := range order {
		for a := range names {
			values[a] = ""
			if v[a] >= 0 {
				values[a] = g.Attributes[a].Values[v[a]]
			}
		}
		b.Add(values, counts[v].in, usual*counts[v].out/max(out, 1))
	}
	return b.Table()
}

// cut sums the leaves of a cause.
func cut(t *localize.Table, c localize.Cause) (n, e float64) {
	for i := range t.Actual {
		in := true
		for j, name := range t.Names {
			if v, ok := c.Values[name]; ok && t.Values[j][t.Codes[j][i]] != v {
				in = false
				break
			}
		}
		if in {
			n, e = n+t.Actual[i], e+t.Predicted[i]
		}
	}
	return n, e
}

// redraw spreads the actual events over the leaves as they are predicted.
func redraw(t *localize.Table, r *rand.Rand) *localize.Table {
	sum := make([]float64, len(t.Predicted))
	all, events := 0.0, 0
	for i, p := range t.Predicted {
		all += p
		sum[i] = all
		events += int(t.Actual[i])
	}
	out := *t
	out.Actual = make([]float64, len(t.Actual))
	for range events {
		i, _ := slices.BinarySearch(sum, r.Float64()*all)
		out.Actual[min(i, len(sum)-1)]++
	}
	return &out
}
