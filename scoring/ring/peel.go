package ring

import (
	"cmp"
	"slices"
)

const (
	// least is how many customers a ring has.
	least = 3
	// mostWeighed bounds how often a group is weighed while it is peeled.
	mostWeighed = 64
	// rent is what each customer must add, in bits, to be worth its place: without
	// it whoever is tied to a ring by chance comes along.
	rent = .2
)

// worth is what a group weighs, net of its size.
func (w *weighed) worth() float64 { return w.total - rent*float64(len(w.members)) }

// peel takes from a group the customer that is tied to it least, again and
// again, and keeps what weighs most on the way (greedy peeling: Charikar 2000;
// FRAUDAR). nil where nothing speaks for any part of it.
func (j *judge) peel(members []int32) *weighed {
	var best *weighed
	members = slices.Clone(members)
	for stride := max(1, len(members)/mostWeighed); len(members) >= least; {
		slices.Sort(members)
		if w := j.weigh(slices.Clone(members)); w.total > 0 && (best == nil || w.worth() > best.worth()) {
			best = w
		}
		members = j.drop(members, stride)
		stride = max(1, len(members)/mostWeighed)
	}
	return best
}

// drop takes the customers out that are tied least, n of them and all that are
// tied not at all.
func (j *judge) drop(members []int32, n int) []int32 {
	type tied struct {
		c       int32
		support float64
	}
	list := make([]tied, len(members))
	j.hold(members)
	for i, c := range members {
		s, _ := j.support(c)
		list[i] = tied{c, rounded(s)}
	}
	j.release()
	slices.SortFunc(list, func(a, b tied) int {
		return cmp.Or(cmp.Compare(a.support, b.support), cmp.Compare(b.c, a.c))
	})
	loose, _ := slices.BinarySearchFunc(list, 0.0, func(t tied, zero float64) int {
		if t.support > zero {
			return 1
		}
		return -1
	})
	if loose == 0 {
		loose = min(n, len(list))
	}
	members = members[:0]
	for _, t := range list[loose:] {
		members = append(members, t.c)
	}
	return members
}
