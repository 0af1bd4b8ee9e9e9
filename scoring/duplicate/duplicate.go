// Package duplicate finds texts that were made from one another: copies of a
// letter with words changed, sentences moved, amounts filled in.
package duplicate

import (
	"iter"
	"math"
	"runtime"
	"slices"
)

const (
	leastSame   = 120 // size of texts that are the same to a character
	mostCores   = 5   // texts that a group is compared by
	anchored    = 24  // members of a group that give it anchors
	manyAnchors = 30  // of a text: one shared is chance then
	mostTried   = 8   // groups that a text is compared with
	countLog    = 24
)

// Finder groups texts as they come. What it says of a text depends on the texts
// before it and on nothing else, so that texts added one at a time and in bulk
// get the same groups.
type Finder struct {
	counts  []uint32 // groups that have a gram, by hash; grams may share a count
	groups  []group
	of      []int32 // text to group
	whole   map[uint64]int32
	anchors *table
	origins float64 // groups so far
	set     set
	found   []int32
	tried   []try

	comparison uint32
}

// group is a set of texts. Its cores are texts that agree with each other.
type group struct {
	parent int32 // the group it went into, or itself
	size   int32
	cores  []core
}

type core struct {
	grams []uint32
	kind  uint8
}

type try struct {
	group       int32
	hits        int
	score       float64
	good, total int
}

// NewFinder returns an empty finder.
func NewFinder() *Finder {
	return &Finder{counts: make([]uint32, 1<<countLog), whole: map[uint64]int32{}, anchors: newTable()}
}

// AddAll adds texts in their order. They are sketched side by side, ahead of being
// added.
func (f *Finder) AddAll(texts []string) {
	const slice = 128
	sketches := make([]Sketch, len(texts))
	ready := make([]chan struct{}, (len(texts)+slice-1)/slice)
	next := make(chan int, len(ready))
	for i := range ready {
		ready[i] = make(chan struct{})
		next <- i
	}
	close(next)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			s := NewSketcher()
			for k := range next {
				for i := k * slice; i < min((k+1)*slice, len(texts)); i++ {
					sketches[i] = s.Sketch(texts[i])
				}
				close(ready[k])
			}
		}()
	}
	for k := range ready {
		<-ready[k]
		for i := k * slice; i < min((k+1)*slice, len(texts)); i++ {
			f.Add(sketches[i])
			sketches[i] = Sketch{}
		}
	}
}

// Add finds the group of a text and gives its number for now: groups may still
// be found to be one (Groups).
func (f *Finder) Add(s Sketch) int32 {
	g := f.place(&s)
	f.of = append(f.of, g)
	f.groups[g].size++
	return g
}

func (f *Finder) place(s *Sketch) int32 {
	if s.size < leastSize {
		return f.newGroup()
	}
	if g, ok := f.whole[s.whole]; ok && s.size >= leastSame {
		return f.root(g)
	}
	best := int32(-1)
	if f.candidates(s); len(f.tried) > 0 {
		f.load(s)
	}
	for i := range f.tried {
		if f.compare(&f.tried[i], s) {
			best = f.better(best, i)
		}
	}
	if best < 0 {
		g := f.newGroup()
		f.origins++
		f.count(s)
		f.keep(g, s)
		return g
	}
	t := f.tried[best]
	f.joinOthers(int(best))
	f.keep(f.root(t.group), s)
	return f.root(t.group)
}

// count notes the distinct grams of a text that is the first of its kind.
func (f *Finder) count(s *Sketch) {
	f.set.clear()
	for _, h := range s.grams {
		if f.set.add(h, false) {
			f.counts[h>>(32-countLog)]++
		}
	}
}

func (f *Finder) newGroup() int32 {
	g := int32(len(f.groups))
	f.groups = append(f.groups, group{parent: g})
	return g
}

func (f *Finder) root(g int32) int32 {
	for f.groups[g].parent != g {
		g = f.groups[g].parent
	}
	return g
}

// load puts the grams of a text into the set and marks the common ones: those that
// many origins have (a greeting, a signature, a quoted clause, the words of every
// day). The bound grows with the square root of the origins, nearly: it is where the
// square of the inverse document frequency falls to a fifth of its greatest. Copies
// of one letter are one origin, so that a letter does not become common by being
// copied.
func (f *Finder) load(s *Sketch) {
	f.set.clear()
	limit := uint32(math.Pow(f.origins+2, commonPower) + f.origins*200/(1<<countLog))
	for _, h := range s.grams {
		f.set.add(h, f.counts[h>>(32-countLog)] > limit)
	}
}

// candidates lists the groups with which a text shares anchors, those with the
// most first.
func (f *Finder) candidates(s *Sketch) {
	f.found, f.tried = f.found[:0], f.tried[:0]
	for _, a := range s.anchors {
		f.found = f.anchors.groups(a, f.found)
	}
	for i, g := range f.found {
		f.found[i] = f.root(g)
	}
	slices.Sort(f.found)
	for i, g := range f.found {
		if i == 0 || g != f.found[i-1] {
			f.tried = append(f.tried, try{group: g})
		}
		f.tried[len(f.tried)-1].hits++
	}
	if len(s.anchors) >= manyAnchors {
		f.tried = slices.DeleteFunc(f.tried, func(t try) bool { return t.hits < 2 })
	}
	slices.SortStableFunc(f.tried, func(a, b try) int { return b.hits - a.hits })
	f.tried = f.tried[:min(len(f.tried), mostTried)]
}

// compare says whether a text fits a group: at least half of its cores, so that
// one text between two letters does not make them one.
func (f *Finder) compare(t *try, s *Sketch) bool {
	for i := range f.groups[t.group].cores {
		c := &f.groups[t.group].cores[i]
		score, like := f.like(c, s)
		t.total++
		t.score += score
		if like {
			t.good++
		}
	}
	t.score /= float64(max(t.total, 1))
	return t.good > 0 && t.good*2 >= t.total
}

func (f *Finder) better(best int32, i int) int32 {
	if best < 0 || f.tried[i].score > f.tried[best].score {
		return int32(i)
	}
	return best
}

// keep makes a text part of what its group is found and compared by.
func (f *Finder) keep(g int32, s *Sketch) {
	x := &f.groups[g]
	f.whole[s.whole] = g
	if len(x.cores) < mostCores {
		x.cores = append(x.cores, core{s.grams, s.kind})
	}
	if x.size < anchored {
		for _, a := range s.anchors {
			f.anchors.add(a, g)
		}
	}
}

// joinOthers makes one of the groups that a text fits, if their cores are alike.
func (f *Finder) joinOthers(best int) {
	for i := range f.tried {
		t := &f.tried[i]
		a, b := f.root(f.tried[best].group), f.root(t.group)
		if i == best || t.good == 0 || t.good*2 < t.total || a == b || !f.alike(a, b) {
			continue
		}
		if f.groups[a].size < f.groups[b].size {
			a, b = b, a
		}
		x, y := &f.groups[a], &f.groups[b]
		y.parent = a
		x.size += y.size
		x.cores = append(x.cores, y.cores...)
		x.cores = x.cores[:min(len(x.cores), mostCores)]
		y.cores = nil
	}
}

// alike says whether at least half of the pairs of cores of two groups are.
func (f *Finder) alike(a, b int32) bool {
	good, all := 0, 0
	for i := range f.groups[a].cores {
		c := &f.groups[a].cores[i]
		s := Sketch{grams: c.grams, kind: c.kind}
		f.load(&s)
		for j := range f.groups[b].cores {
			all++
			if _, like := f.like(&f.groups[b].cores[j], &s); like {
				good++
			}
		}
	}
	return good*2 >= all
}

// Groups gives the groups of texts that come in pages, without holding them all;
// see Finder.Groups.
func Groups(pages iter.Seq[[]string]) []int {
	f := NewFinder()
	for texts := range pages {
		f.AddAll(texts)
	}
	return f.Groups()
}

// Groups gives the group of each text, numbered in the order in which they are
// first met. A text without a copy has a group of its own.
func (f *Finder) Groups() []int {
	number := map[int32]int{}
	out := make([]int, len(f.of))
	for i, g := range f.of {
		g = f.root(g)
		n, ok := number[g]
		if !ok {
			n = len(number)
			number[g] = n
		}
		out[i] = n
	}
	return out
}
