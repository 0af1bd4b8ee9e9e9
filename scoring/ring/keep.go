package ring

import "plaint/internal/record"

// keep gives rings the ids that they had (record.KeepIDs).
func keep(list []record.Ring, before []record.PastRing, most int64) {
	now, was, known := make([][]int64, len(list)), make([][]int64, len(before)), make([]int64, len(before))
	for i := range list {
		for _, m := range list[i].Members {
			now[i] = append(now[i], m.Seq)
		}
	}
	for b, p := range before {
		was[b], known[b] = p.Members, p.ID
	}
	ids, _ := record.KeepIDs(now, was, known, most, nil)
	for i, id := range ids {
		list[i].ID = id
	}
}
