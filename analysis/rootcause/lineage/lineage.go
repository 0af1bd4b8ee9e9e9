// Package lineage keeps the identity of themes from run to run. A fit numbers
// its clusters anew each time; here each cluster gets the id of the theme of the
// last run that it goes on with, or a new one, and what became of the themes is
// told as events. What analysts decided is respected by two means:
//
//   - an anchor is a theme's id and the complaints that stood for it when it was
//     pinned or merged: a cluster that is mostly made of them is that theme, and
//     those of a pinned theme stay in it wherever the fit puts them;
//   - a part is a theme that was split off by words: of what falls in either
//     theme, the texts with the words are the one and the others the other.
//
// The package knows no store: complaints are rows of slices in the order of
// their arrival, so a million of them take well under a second.
package lineage

import "slices"

// Unseen is the earlier theme of a complaint that came after the last run; 0 is
// that of one which had none.
const Unseen = -1

// Least overlap with the last run, of the complaints known then, for a cluster
// to go on with a theme: the Jaccard index. The published threshold of one half
// (MONIC, Spiliopoulou et al. 2006) takes the id from every seventh theme whose
// cause goes on; at .3 it is every seventeenth, and below that no more are kept
// (testdata/identity.txt).
const Least = .3

// SplitShare of an earlier theme's complaints in another new theme is a split.
const SplitShare = .2

// Anchor is a theme and the complaints that stood for it.
type Anchor struct {
	ID    int64
	Seeds []int64 // arrival numbers, ascending
	Hold  bool    // they stay in it, whatever the fit says
}

// Part is a theme that an analyst split off another by words.
type Part struct {
	From, ID int64
	Holds    []int64 // arrival numbers of the texts with the words, ascending
}

// Return gives complaints back to a theme when what joined or divided it was
// undone: those of Seeds that are in From, or all of From where Seeds is nil.
type Return struct {
	From, ID int64
	Seeds    []int64
}

// Fit is a new fit beside the last run: one row per complaint in the order of
// arrival.
type Fit struct {
	Seqs     []int64
	Before   []int64 // id of its theme in the last run, 0 or Unseen
	Now      []int32 // its cluster from 0, -1 for none; Follow changes it where edits say so
	Clusters int

	Next    int64 // the lowest id that was never used
	Merged  map[int64]int64
	Anchors []Anchor
	Parts   []Part
	Returns []Return
}

// Lines are the themes after a fit.
type Lines struct {
	IDs    []int64 // of each cluster, and of those that edits added behind them; 0 for one that is empty
	Events []Event
}

// Follow gives every cluster its id, moves the complaints that edits hold
// elsewhere and tells what became of the themes.
func Follow(f *Fit) Lines { return follow(f, Least) }

func follow(f *Fit, least float64) Lines {
	n := &names{fit: f, least: least, ids: make([]int64, f.Clusters), at: map[int64]int32{}}
	n.reference()
	anchored := n.anchored()
	n.match(anchored)
	n.unite()
	n.hold()
	n.divide()
	n.fresh()
	return Lines{IDs: n.ids, Events: events(f.Before, f.Now, n.ids)}
}

// names is the work of Follow.
type names struct {
	fit   *Fit
	least float64
	ref   []int64         // Before with what edits say on top
	ids   []int64         // of clusters
	at    map[int64]int32 // the cluster of an id
}

// current is the id that a theme has after the merges.
func (n *names) current(id int64) int64 {
	for {
		into, ok := n.fit.Merged[id]
		if !ok {
			return id
		}
		id = into
	}
}

// rows calls f for the rows of arrival numbers, both ascending.
func (n *names) rows(seqs []int64, f func(row int)) {
	from := 0
	for _, s := range seqs {
		step, ok := slices.BinarySearch(n.fit.Seqs[from:], s)
		if from += step; ok {
			f(from)
		}
	}
}

// reference is where each complaint was, as analysts see it.
func (n *names) reference() {
	n.ref = make([]int64, len(n.fit.Before))
	for i, id := range n.fit.Before {
		n.ref[i] = n.current(id)
	}
	for _, r := range n.fit.Returns {
		from, id := n.current(r.From), n.current(r.ID)
		back := func(i int) {
			if n.ref[i] == from {
				n.ref[i] = id
			}
		}
		n.rows(r.Seeds, back)
		for i := 0; i < len(n.ref) && r.Seeds == nil; i++ {
			back(i)
		}
	}
	for _, a := range n.fit.Anchors {
		if a.Hold {
			n.rows(a.Seeds, func(i int) { n.ref[i] = n.current(a.ID) })
		}
	}
}

// anchored gives an anchor's id to every cluster that is mostly made of its
// seeds: more than half of the complaints that the last run knew.
func (n *names) anchored() map[int64]bool {
	known := make([]int, n.fit.Clusters)
	for i, c := range n.fit.Now {
		if c >= 0 && n.ref[i] != Unseen {
			known[c]++
		}
	}
	taken := map[int64]bool{}
	for _, a := range n.fit.Anchors {
		seeds := make([]int, n.fit.Clusters)
		n.rows(a.Seeds, func(i int) {
			if c := n.fit.Now[i]; c >= 0 && n.ref[i] != Unseen {
				seeds[c]++
			}
		})
		for c := range seeds {
			if 2*seeds[c] > known[c] {
				id := n.current(a.ID)
				n.ids[c], taken[id] = id, true
			}
		}
	}
	return taken
}

// unite makes the clusters that have one id one cluster, the first of them.
func (n *names) unite() {
	into := make([]int32, n.fit.Clusters)
	for c, id := range n.ids {
		into[c] = int32(c)
		if id == 0 {
			continue
		}
		if first, ok := n.at[id]; ok {
			into[c], n.ids[c] = first, 0
		} else {
			n.at[id] = int32(c)
		}
	}
	for i, c := range n.fit.Now {
		if c >= 0 {
			n.fit.Now[i] = into[c]
		}
	}
}

// place is the cluster of an id; a theme that the fit has no cluster for gets
// one behind the others.
func (n *names) place(id int64) int32 {
	c, ok := n.at[id]
	if !ok {
		c = int32(len(n.ids))
		n.ids, n.at[id] = append(n.ids, id), c
	}
	return c
}

// hold puts the seeds of pinned themes into them.
func (n *names) hold() {
	for _, a := range n.fit.Anchors {
		if a.Hold {
			n.rows(a.Seeds, func(i int) { n.fit.Now[i] = n.place(n.current(a.ID)) })
		}
	}
}

// divide keeps themes that were split apart. A theme that holds another one since
// a merge has texts that the words say nothing of: of those only what was in the
// other part moves, and into it, what is new.
func (n *names) divide() {
	joined := map[int64]bool{}
	for id := range n.fit.Merged {
		joined[n.current(id)] = true
	}
	for _, p := range n.fit.Parts {
		id, from := n.current(p.ID), n.current(p.From)
		if id == from {
			continue
		}
		a, hasA := n.at[from]
		b, hasB := n.at[id]
		if !hasA && !hasB {
			continue
		}
		holds := make([]bool, len(n.fit.Now))
		n.rows(p.Holds, func(i int) { holds[i] = true })
		for i, c := range n.fit.Now {
			if c < 0 || !(hasA && c == a || hasB && c == b) {
				continue
			}
			switch in := n.ref[i]; {
			case holds[i] && (!joined[from] || in == id || in == Unseen):
				n.fit.Now[i] = n.place(id)
			case !holds[i] && (!joined[id] || in == from):
				n.fit.Now[i] = n.place(from)
			}
		}
	}
}

// fresh takes the ids of empty clusters away and numbers the new ones: the
// largest first, of equals the one with the earliest complaint.
func (n *names) fresh() {
	size, first := make([]int, len(n.ids)), make([]int, len(n.ids))
	for i, c := range n.fit.Now {
		if c < 0 {
			continue
		}
		if size[c] == 0 {
			first[c] = i
		}
		size[c]++
	}
	var born []int
	for c := range n.ids {
		if size[c] == 0 {
			n.ids[c] = 0
		} else if n.ids[c] == 0 {
			born = append(born, c)
		}
	}
	slices.SortFunc(born, func(a, b int) int {
		if size[a] != size[b] {
			return size[b] - size[a]
		}
		return first[a] - first[b]
	})
	for k, c := range born {
		n.ids[c] = n.fit.Next + int64(k)
	}
}
