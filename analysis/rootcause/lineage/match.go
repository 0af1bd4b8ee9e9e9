package lineage

import (
	"cmp"
	"slices"
)

// pair is a theme of the last run and a cluster with complaints in common.
type pair struct {
	id      int64
	cluster int32
	n       int
	jaccard float64
}

// match gives themes of the last run to the clusters that share most with them:
// the greatest Jaccard index first, of equals the lowest id and then the lowest
// cluster. Complaints that came since do not count, or growth would look like
// change. Themes that an anchor has given away, and clusters that have an id,
// are left out.
func (n *names) match(taken map[int64]bool) {
	for _, p := range n.pairs() {
		if p.jaccard < n.least || taken[p.id] || n.ids[p.cluster] != 0 {
			continue
		}
		n.ids[p.cluster], taken[p.id] = p.id, true
	}
}

// pairs are those with complaints in common, the best first.
func (n *names) pairs() []pair {
	type both struct {
		id      int64
		cluster int32
	}
	common, was, is := map[both]int{}, map[int64]int{}, make([]int, n.fit.Clusters)
	for i, c := range n.fit.Now {
		id := n.ref[i]
		if id > 0 {
			was[id]++
		}
		if c >= 0 && id != Unseen {
			is[c]++
		}
		if c >= 0 && id > 0 {
			common[both{id, c}]++
		}
	}
	out := make([]pair, 0, len(common))
	for b, k := range common {
		out = append(out, pair{b.id, b.cluster, k, float64(k) / float64(was[b.id]+is[b.cluster]-k)})
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.jaccard, a.jaccard), cmp.Compare(a.id, b.id), cmp.Compare(a.cluster, b.cluster))
	})
	return out
}
