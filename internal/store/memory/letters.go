package memory

import (
	"cmp"
	"slices"

	"plaint/internal/record"
)

const (
	// LetterWindow is how many of the latest letters are compared with; it
	// bounds memory (about 50 MB with its table) and the time to open a large file.
	LetterWindow = 1 << 17
	// postingDepth is how many letters that share one sketch word are looked
	// at, newest first, and how many are found at most; boilerplate that
	// thousands share costs no more.
	postingDepth = 8
	// minOverlap is the estimated Jaccard overlap from which two letters are
	// nearly the same.
	minOverlap = 0.5
)

// Letters remembers the sketches of the latest complaints in arrival order and
// finds those nearly the same as a new one. It is a function of the rows in
// arrival order alone, so it can be dropped and read from the file again.
type Letters struct {
	sketches []record.Sketch // by slot; apart, so that each is one cache line
	links    []link
	pasts    []record.Past
	count    int64    // letters ever added; slot = count mod window
	heads    postings // mixed word -> newest slot
	query    int64
}

// link is what one step of a search needs beside the sketch.
type link struct {
	next  [record.SketchSize]int32 // older slot with the same word, or -1
	seen  int64                    // query that last met it
	place int64                    // how many were added before it
}

// NewLetters is an empty memory.
func NewLetters() *Letters {
	return &Letters{heads: newPostings(1 << 16)}
}

// Add remembers a letter; one without a sketch is left out.
func (l *Letters) Add(p record.Past, sketch record.Sketch) {
	if sketch == (record.Sketch{}) {
		return
	}
	slot := int32(l.count % LetterWindow)
	if int(slot) == len(l.links) {
		l.sketches, l.links, l.pasts = append(l.sketches, sketch), append(l.links, link{}), append(l.pasts, p)
	}
	l.sketches[slot], l.links[slot], l.pasts[slot] = sketch, link{place: l.count}, p
	l.count++
	if l.heads.full() {
		l.relink()
	}
	l.link(slot)
}

func (l *Letters) link(slot int32) {
	for i, w := range l.sketches[slot] {
		older := l.heads.set(mixKey(i, w), slot)
		if older == slot {
			older = -1
		}
		l.links[slot].next[i] = older
	}
}

// relink drops the words of letters that have left the window, in a table
// large enough for those that have not.
func (l *Letters) relink() {
	l.heads = l.heads.sized(len(l.links) * record.SketchSize)
	for n := max(0, l.count-LetterWindow); n < l.count-1; n++ { // the latest is linked by add
		l.link(int32(n % LetterWindow))
	}
}

// Near appends to out the letters nearly the same as the sketch, in arrival
// order, about postingDepth of them at most.
func (l *Letters) Near(sketch record.Sketch, out []record.Letter) []record.Letter {
	if sketch == (record.Sketch{}) {
		return out
	}
	l.query++
	start := len(out)
	var keys [record.SketchSize]uint64
	for i, w := range sketch {
		keys[i] = mixKey(i, w)
	}
	if !l.heads.touch(keys[:]) {
		return out
	}
	for i, w := range sketch {
		if len(out)-start >= postingDepth {
			break
		}
		slot := l.heads.get(keys[i])
		// A slot that was overwritten since ends the chain: from there on the
		// places no longer fall or the word is another.
		last := int64(1<<63 - 1)
		for depth := 0; slot >= 0 && depth < postingDepth; depth++ {
			at, other := &l.links[slot], &l.sketches[slot]
			if at.place >= last || other[i] != w {
				break
			}
			last = at.place
			if at.seen != l.query {
				at.seen = l.query
				if o := sketch.Overlap(other); o >= minOverlap {
					out = append(out, record.Letter{Past: l.pasts[slot], Overlap: o})
				}
			}
			slot = at.next[i]
		}
	}
	found := out[start:]
	if len(found) > 1 {
		slices.SortFunc(found, func(a, b record.Letter) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	return out
}
