package incident

import "plaint/internal/record"

// Past is an incident of an earlier run.
type Past struct {
	ID         int64
	Start, End int64   // unix seconds
	Seen       int64   // unix seconds
	Members    []int64 // Complaint.Seq
}

// Keep gives incidents the ids that they had (record.KeepIDs); the same is one at
// the same time.
func Keep(list []*Incident, before []Past, most int64, d *Data) {
	now, was, known := make([][]int64, len(list)), make([][]int64, len(before)), make([]int64, len(before))
	for i, x := range list {
		for _, m := range x.Members {
			now[i] = append(now[i], d.Complaints[m].Seq)
		}
	}
	for b, p := range before {
		was[b], known[b] = p.Members, p.ID
	}
	ids, from := record.KeepIDs(now, was, known, most, func(i, b int) bool { return list[i].Start < before[b].End && before[b].Start < list[i].End })
	for i, x := range list {
		x.ID = ids[i]
		if b := from[i]; b >= 0 {
			x.Seen = min(x.Seen, before[b].Seen)
		}
	}
}
