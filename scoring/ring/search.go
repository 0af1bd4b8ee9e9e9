package ring

import (
	"cmp"
	"slices"

	"plaint/internal/record"
)

// resolutions are the mean weights between the customers of a group that are
// tried: small rings with many ties are seen at the first, large ones whose
// members share little pairwise at the last.
var resolutions = []float64{.6, .2, .06, .02}

// groups finds the groups that weigh most, each customer in one of them, the
// heaviest first.
func (x *net) groups() []*weighed {
	j, g := newJudge(x), x.project()
	var found []*weighed
	for _, gamma := range resolutions {
		for _, members := range g.communities(gamma) {
			if len(members) >= least {
				if w := j.peel(members); w != nil {
					found = append(found, w)
				}
			}
		}
	}
	heavier := func(a, b *weighed) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(len(b.members), len(a.members)), slices.Compare(a.members, b.members))
	}
	slices.SortFunc(found, heavier)
	taken := make([]bool, len(x.rows))
	var out []*weighed
	for _, w := range found {
		free := slices.DeleteFunc(slices.Clone(w.members), func(c int32) bool { return taken[c] })
		if len(free) < len(w.members) {
			if len(free) < least {
				continue
			}
			if w = j.peel(free); w == nil {
				continue
			}
		}
		for _, c := range w.members {
			taken[c] = true
		}
		out = append(out, w)
	}
	j.attach(out, taken)
	for i, w := range out { // whoever adds to what speaks for a ring is no longer on its edge
		if len(w.joined) > 0 {
			if all := j.weigh(slices.Sorted(slices.Values(slices.Concat(w.members, w.joined)))); all.worth() >= w.worth() {
				out[i] = all
			}
		}
	}
	slices.SortFunc(out, heavier)
	return out
}

// attach adds customers who were in no group and share a thing with at least
// two of a ring that is mostly the ring's.
func (j *judge) attach(list []*weighed, taken []bool) {
	for _, w := range list {
		j.hold(w.members)
		for _, e := range j.met {
			t := &j.x.entities[e]
			if j.held[e] < 2 || 2*int(j.held[e]) < t.n || t.kind == record.TieAddress || t.kind == record.TieContact {
				continue
			}
			for _, c := range t.users {
				if !taken[c] {
					taken[c] = true
					w.joined = append(w.joined, c)
				}
			}
		}
		j.release()
		slices.Sort(w.joined)
	}
}
