package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

const (
	// letterWindow is how many of the latest letters are compared with; it
	// bounds memory (about 50 MB with its table) and the time to open a large file.
	letterWindow = 1 << 17
	// postingDepth is how many letters that share one sketch word are looked
	// at, newest first, and how many are found at most; boilerplate that
	// thousands share costs no more.
	postingDepth = 8
	// minOverlap is the estimated Jaccard overlap from which two letters are
	// nearly the same.
	minOverlap = 0.5
)

// letters remembers the sketches of the latest complaints in arrival order and
// finds those nearly the same as a new one. It is a function of the rows in
// arrival order alone, so it can be dropped and read from the file again.
type letters struct {
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

func newLetters() *letters {
	return &letters{heads: newPostings(1 << 16)}
}

// add remembers a letter; one without a sketch is left out.
func (l *letters) add(p record.Past, sketch record.Sketch) {
	if sketch == (record.Sketch{}) {
		return
	}
	slot := int32(l.count % letterWindow)
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

func (l *letters) link(slot int32) {
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
func (l *letters) relink() {
	l.heads = l.heads.sized(len(l.links) * record.SketchSize)
	for n := max(0, l.count-letterWindow); n < l.count-1; n++ { // the latest is linked by add
		l.link(int32(n % letterWindow))
	}
}

// near appends to out the letters nearly the same as the sketch, in arrival
// order, about postingDepth of them at most.
func (l *letters) near(sketch record.Sketch, out []record.Letter) []record.Letter {
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

const lettersQuery = `select seq, customer_key, received, amount, s0, s1, s2, s3, s4, s5, s6, s7
	from complaint where s0 is not null and seq > ? order by seq`

// loadLetters reads the window from the file, after open and after a rollback.
func (s *Store) loadLetters(ctx context.Context) error {
	if s.letters != nil {
		return nil
	}
	var from int64
	err := s.db.QueryRowContext(ctx, `select coalesce(min(seq), 0) - 1 from
		(select seq from complaint where s0 is not null order by seq desc limit ?)`, int64(letterWindow)).Scan(&from)
	if err != nil {
		return fmt.Errorf("read the latest letters: %w", err)
	}
	l := newLetters()
	err = s.arrowRows(ctx, lettersQuery, func(rec arrow.Record) {
		c := pastColumns{rec, 0, 1, 2, 3}
		var words [record.SketchSize]*array.Uint64
		for i := range words {
			words[i] = rec.Column(4 + i).(*array.Uint64)
		}
		for i := 0; i < int(rec.NumRows()); i++ {
			var sk record.Sketch
			for j := range sk {
				sk[j] = words[j].Value(i)
			}
			l.add(c.at(i), sk)
		}
	}, from)
	if err != nil {
		return fmt.Errorf("read the latest letters: %w", err)
	}
	s.letters = l
	return nil
}

// pastColumns reads a record.Past from four columns of an Arrow record.
type pastColumns struct {
	rec                             arrow.Record
	seq, customer, received, amount int
}

func (p pastColumns) at(i int) record.Past {
	out := record.Past{Seq: p.rec.Column(p.seq).(*array.Int64).Value(i)}
	if c := p.rec.Column(p.customer).(*array.Uint64); c.IsValid(i) {
		out.Customer = c.Value(i)
	}
	out.Received = timeAt(p.rec.Column(p.received), i)
	if c := p.rec.Column(p.amount).(*array.Float64); c.IsValid(i) {
		out.Amount = record.Num(c.Value(i))
	}
	return out
}

func timeAt(col arrow.Array, i int) time.Time {
	c := col.(*array.Timestamp)
	if c.IsNull(i) {
		return time.Time{}
	}
	return time.UnixMicro(int64(c.Value(i))).UTC()
}
