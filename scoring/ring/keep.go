package ring

import (
	"cmp"
	"slices"

	"plaint/internal/record"
)

// keep gives rings that were known before the ids that they had, and the others
// new ones above most. The same is a ring with at least half of the complaints
// of the smaller of both; of several the one with most, so that a ring that
// grows, or takes another in, keeps its id.
func keep(list []record.Ring, before []record.PastRing, most int64) {
	owner := map[int64][]int{}
	for b, p := range before {
		most = max(most, p.ID)
		for _, seq := range p.Members {
			owner[seq] = append(owner[seq], b)
		}
	}
	type match struct{ now, was, shared int }
	var all []match
	for i := range list {
		shared := map[int]int{}
		for _, m := range list[i].Members {
			for _, b := range owner[m.Seq] {
				shared[b]++
			}
		}
		for b, n := range shared {
			if 2*n >= min(len(list[i].Members), len(before[b].Members)) {
				all = append(all, match{i, b, n})
			}
		}
	}
	slices.SortFunc(all, func(a, b match) int {
		return cmp.Or(b.shared-a.shared, cmp.Compare(before[a.was].ID, before[b.was].ID), a.now-b.now)
	})
	taken := map[int]bool{}
	for _, m := range all {
		if x := &list[m.now]; x.ID == 0 && !taken[m.was] {
			taken[m.was] = true
			x.ID = before[m.was].ID
		}
	}
	for i := range list {
		if list[i].ID == 0 {
			most++
			list[i].ID = most
		}
	}
}
