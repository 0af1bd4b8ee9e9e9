package duplicate

// Two texts are alike if what both have covers most of both, wherever it stands.
// An edit leaves a gap as long as a gram; what somebody wrote in words of their own
// leaves a long one. So a copy with every tenth character changed is told from two
// letters that share a paragraph, although the same part of both may be shared.
const (
	leastCover   = .4  // of a text
	mostOwn      = .25 // of a text in long gaps
	commonPower  = .55 // of the origins: a gram that more have speaks neither way
	leastCovered = 10  // characters
	leastWithin  = .75 // of a short text, to be in a long one:
	longer       = 1.6 // so many times as long
)

// By what a text is made of, characters or letters: a short text must be covered
// more, by this over its length; and what is a long gap.
var (
	shortCover = [2]float64{6, 18}
	longGap    = [2]int{14, 30}
)

// cover is how much of a text is shared.
type cover struct{ covered, own, all int }

func (c cover) share() float64 { return float64(c.covered) / float64(max(c.all, 1)) }

func (c cover) enough(kind uint8) bool {
	return c.covered >= leastCovered && c.share() >= leastCover+shortCover[kind]/float64(max(c.all, 1)) && float64(c.own) <= mostOwn*float64(c.all)
}

// like compares a core with the text in the set, and gives the share of the less
// covered.
func (f *Finder) like(c *core, s *Sketch) (score float64, like bool) {
	f.comparison++
	a := f.coverOf(c.grams, c.kind, true)
	if a.covered < leastCovered {
		return 0, false
	}
	b := f.coverOf(s.grams, s.kind, false)
	score = min(a.share(), b.share())
	x, y := float64(len(c.grams)), float64(len(s.grams))
	switch {
	case x > longer*y:
		return score, b.enough(s.kind) && b.share() >= leastWithin
	case y > longer*x:
		return score, a.enough(c.kind) && a.share() >= leastWithin
	}
	return score, a.enough(c.kind) && b.enough(s.kind)
}

// coverOf walks over the grams of a text. A character is covered by a shared gram
// that begins at it or shortly before; one where only common grams begin counts
// for nothing. The core is walked over first and marks what it has in the set.
func (f *Finder) coverOf(grams []uint32, kind uint8, core bool) (out cover) {
	until, gap := 0, 0 // shared up to; characters since
	for i, h := range grams {
		x := f.set.find(h)
		shared := x != nil
		switch {
		case core && shared:
			x.met = f.comparison
		case !core:
			shared = x != nil && x.met == f.comparison
		}
		usual := x != nil && x.common
		if shared && !usual {
			n := letterGram
			if h&1 == 1 {
				n = hanGram
			}
			until = max(until, i+n)
		}
		switch {
		case i < until:
			out.all++
			out.covered++
			out.closeGap(&gap, kind)
		case !usual:
			out.all++
			gap++
		}
	}
	out.closeGap(&gap, kind)
	return out
}

func (c *cover) closeGap(gap *int, kind uint8) {
	if *gap >= longGap[kind] {
		c.own += *gap
	}
	*gap = 0
}
