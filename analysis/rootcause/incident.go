package rootcause

import "slices"

// incidents numbers the windows so that those which burst together have one
// number: windows of series of the same type, of which the shorter lies at
// least half in the other. Complaints of one incident in two languages are two
// themes; this is what joins them. Numbers are from 1, by start.
func incidents(all []window, typeOf func(series int) string) []int64 {
	group := make([]int, len(all))
	for i := range group {
		group[i] = i
		for j := range i {
			if typeOf(all[i].series) == typeOf(all[j].series) && together(all[i], all[j]) {
				low, high := min(group[i], group[j]), max(group[i], group[j])
				for k := range i + 1 {
					if group[k] == high {
						group[k] = low
					}
				}
			}
		}
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(all[a].start - all[b].start) })
	number, out := map[int]int64{}, make([]int64, len(all))
	for _, i := range order {
		if number[group[i]] == 0 {
			number[group[i]] = int64(len(number) + 1)
		}
		out[i] = number[group[i]]
	}
	return out
}

func together(a, b window) bool {
	both := min(a.end, b.end) - max(a.start, b.start)
	return both > 0 && 2*both >= min(a.end-a.start, b.end-b.start)
}
