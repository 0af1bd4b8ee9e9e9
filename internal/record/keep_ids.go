package record

import (
	"cmp"
	"slices"
)

// KeepIDs gives groups of complaints, by their arrival numbers, the ids that they
// had in an earlier run, and the others new ones above all of the past; most is
// the highest id ever given. The same is a group that has at least half of the
// complaints of the smaller of both, and of which may holds; of several the one
// with most in common, so that a group that grows, or takes another in, keeps its
// id. from is the earlier group that each goes on with, -1 for none. may is nil
// for always.
func KeepIDs(now, before [][]int64, ids []int64, most int64, may func(now, was int) bool) (out []int64, from []int) {
	owner := map[int64][]int{}
	for b, members := range before {
		most = max(most, ids[b])
		for _, seq := range members {
			owner[seq] = append(owner[seq], b)
		}
	}
	type match struct{ now, was, shared int }
	var all []match
	for i, members := range now {
		shared := map[int]int{}
		for _, seq := range members {
			for _, b := range owner[seq] {
				shared[b]++
			}
		}
		for b, n := range shared {
			if 2*n >= min(len(members), len(before[b])) && (may == nil || may(i, b)) {
				all = append(all, match{i, b, n})
			}
		}
	}
	slices.SortFunc(all, func(a, b match) int {
		return cmp.Or(b.shared-a.shared, cmp.Compare(ids[a.was], ids[b.was]), a.now-b.now)
	})
	out, from = make([]int64, len(now)), make([]int, len(now))
	for i := range from {
		from[i] = -1
	}
	taken := map[int]bool{}
	for _, m := range all {
		if from[m.now] < 0 && !taken[m.was] {
			taken[m.was] = true
			out[m.now], from[m.now] = ids[m.was], m.was
		}
	}
	for i := range out {
		if from[i] < 0 {
			most++
			out[i] = most
		}
	}
	return out, from
}
