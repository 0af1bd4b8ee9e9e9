package ring

import (
	"math/bits"
	"slices"

	"plaint/internal/record"
)

// graph is customers with whom they share things, and how much: weights are
// whole numbers of 1/unit, so that sums do not depend on their order.
type graph struct {
	first  []int32 // of a customer's neighbours; one more than customers
	to     []int32
	weight []int64
	size   []int32 // customers in a node
}

const unit = 1 << 12

// Customers of a thing with many users are tied to those next to them in time
// only: their number bounds the work, and who keeps step is near.
const (
	allPairs = 64 // users up to which all are tied to each other
	beside   = 16 // neighbours on either side
)

// half is how many users halve the weight of a thing. Everything weighs less
// the more have it (the column weights of FRAUDAR, Hooi et al. 2016, 4.3, with a
// steeper fall), so that what a ring shares with thousands cannot hide it.
var half = [record.TieKinds]float64{record.TieDevice: 40, record.TiePayout: 40, record.TieContact: 40, record.TieHandle: 80, record.TieAddress: 10, record.TieLetter: 20}

// tieWeight is the weight of an edge that a thing of n users makes, in units.
func tieWeight(k record.TieKind, n int) int64 {
	w := 1 / (1 + float64(n)/half[k])
	if n > allPairs { // few edges stand for all
		w = min(w*float64(n-1)/(2*beside), .5)
	}
	return int64(w * unit)
}

// project makes the graph of customers.
func (x *net) project() *graph {
	n := len(x.rows)
	g := &graph{first: make([]int32, 1, n+1), size: make([]int32, n)}
	edges, met := make([]edge, n), []int32(nil)
	for c := range n {
		g.size[c] = 1
		met = met[:0]
		for _, e := range x.has[c] {
			t := &x.entities[e]
			w, speaks := tieWeight(t.kind, t.n), uint8(1)<<t.kind
			if t.n <= allPairs {
				speaks |= alone
			}
			near(t.users, int32(c), func(other int32) {
				if edges[other].kinds == 0 {
					met = append(met, other)
				}
				edges[other].weight += w
				edges[other].kinds |= speaks
			})
		}
		slices.Sort(met)
		for _, other := range met {
			if e := edges[other]; e.kinds&alone != 0 || bits.OnesCount8(e.kinds) > 1 {
				g.to, g.weight = append(g.to, other), append(g.weight, e.weight)
			}
			edges[other] = edge{}
		}
		g.first = append(g.first, int32(len(g.to)))
	}
	return g
}

// edge is what two customers share. What many have ties two only where they
// share something of another kind as well.
type edge struct {
	weight int64
	kinds  uint8 // by kind of thing, and alone where few have it
}

const alone = uint8(1) << record.TieKinds

// near calls f with the users that one of them is tied to.
func near(users []int32, c int32, f func(int32)) {
	if len(users) <= allPairs {
		for _, u := range users {
			if u != c {
				f(u)
			}
		}
		return
	}
	at, _ := slices.BinarySearch(users, c)
	for d := 1; d <= beside; d++ {
		f(users[(at+d)%len(users)])
		f(users[(at-d+len(users))%len(users)])
	}
}

// communities groups customers so that within a group the weight between two
// is at least gamma on average: the constant Potts model (Traag, Van Dooren and
// Nesterov 2011), which finds a group of five as well beside a million others,
// by local moves and aggregation (Blondel et al. 2008). Groups of one are left
// out; members and groups ascend.
func (g *graph) communities(gamma float64) [][]int32 {
	price := int64(gamma * unit)
	of := make([]int32, len(g.size))
	for i := range of {
		of[i] = int32(i)
	}
	for level := g; ; {
		to, n := level.move(price)
		for i, c := range of {
			of[i] = to[c]
		}
		if n == len(level.size) {
			break
		}
		level = level.merge(to, n)
	}
	groups := make([][]int32, len(g.size))
	for c, k := range of {
		groups[k] = append(groups[k], int32(c))
	}
	return slices.DeleteFunc(groups, func(m []int32) bool { return len(m) < 2 })
}

// mostSweeps bounds the passes over all nodes; later ones move next to nothing.
const mostSweeps = 12

// move puts each node into the group that gains most, until none moves, and
// numbers the groups by their first node.
func (g *graph) move(price int64) (of []int32, n int) {
	of = make([]int32, len(g.size))
	total := make([]int64, len(g.size)) // customers in a group
	for i := range of {
		of[i], total[i] = int32(i), int64(g.size[i])
	}
	gain, met := make([]int64, len(g.size)), []int32(nil)
	for range mostSweeps {
		moved := false
		for v := range g.size {
			from, to := g.first[v], g.first[v+1]
			if from == to {
				continue
			}
			met = met[:0]
			for e := from; e < to; e++ {
				k := of[g.to[e]]
				if gain[k] == 0 {
					met = append(met, k)
				}
				gain[k] += g.weight[e]
			}
			size, own := int64(g.size[v]), of[v]
			total[own] -= size
			best, most := own, gain[own]-price*size*total[own]
			for _, k := range met {
				if s := gain[k] - price*size*total[k]; s > most || s == most && k < best && best != own {
					best, most = k, s
				}
			}
			for _, k := range met {
				gain[k] = 0
			}
			total[best] += size
			moved = moved || best != own
			of[v] = best
		}
		if !moved {
			break
		}
	}
	number := make([]int32, len(g.size))
	for i, k := range of {
		if number[k] == 0 {
			n++
			number[k] = int32(n)
		}
		of[i] = number[k] - 1
	}
	return of, n
}

// merge makes nodes of groups.
func (g *graph) merge(of []int32, n int) *graph {
	out := &graph{first: make([]int32, 1, n+1), size: make([]int32, n)}
	nodes := make([][]int32, n)
	for v, k := range of {
		nodes[k] = append(nodes[k], int32(v))
		out.size[k] += g.size[v]
	}
	sum, met := make([]int64, n), []int32(nil)
	for k := range nodes {
		met = met[:0]
		for _, v := range nodes[k] {
			for e := g.first[v]; e < g.first[v+1]; e++ {
				other := of[g.to[e]]
				if int(other) == k {
					continue
				}
				if sum[other] == 0 {
					met = append(met, other)
				}
				sum[other] += g.weight[e]
			}
		}
		slices.Sort(met)
		for _, other := range met {
			out.to, out.weight = append(out.to, other), append(out.weight, sum[other])
			sum[other] = 0
		}
		out.first = append(out.first, int32(len(out.to)))
	}
	return out
}
