package incident

import (
	"cmp"
	"slices"
)

// Past is an incident of an earlier run.
type Past struct {
	ID         int64
	Start, End int64   // unix seconds
	Seen       int64   // unix seconds
	Members    []int64 // Complaint.Seq
}

// Keep gives incidents that were known before the ids that they had, and the
// others new ones above all of the past; most is the highest id ever given. The
// same is an incident at the same time with at least half of the complaints of
// the smaller of both; of several the one with most.
func Keep(list []*Incident, before []Past, most int64, d *Data) {
	owner := map[int64][]int{}
	for b, p := range before {
		most = max(most, p.ID)
		for _, seq := range p.Members {
			owner[seq] = append(owner[seq], b)
		}
	}
	type match struct{ now, was, shared int }
	var all []match
	for i, x := range list {
		shared := map[int]int{}
		for _, m := range x.Members {
			for _, b := range owner[d.Complaints[m].Seq] {
				shared[b]++
			}
		}
		for b, n := range shared {
			if p := before[b]; 2*n >= min(len(x.Members), len(p.Members)) && x.Start < p.End && p.Start < x.End {
				all = append(all, match{i, b, n})
			}
		}
	}
	slices.SortFunc(all, func(a, b match) int {
		return cmp.Or(b.shared-a.shared, cmp.Compare(before[a.was].ID, before[b.was].ID), a.now-b.now)
	})
	taken := map[int]bool{}
	for _, x := range list {
		x.ID = 0
	}
	for _, m := range all {
		if x := list[m.now]; x.ID == 0 && !taken[m.was] {
			taken[m.was] = true
			x.ID, x.Seen = before[m.was].ID, min(x.Seen, before[m.was].Seen)
		}
	}
	for _, x := range list {
		if x.ID == 0 {
			most++
			x.ID = most
		}
	}
}
