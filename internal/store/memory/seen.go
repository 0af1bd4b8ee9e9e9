package memory

import "plaint/internal/record"

// Seen is a Bloom filter over the identities of all records: what it does
// not know is new, without asking the engine; of what is new it takes one in a
// thousand for known, and those are looked up. It grows by layers, each twice
// the one before, at two bytes for each record (Almeida et al., Scalable Bloom
// Filters, 2007; blocks of one cache line: Putze et al. 2007).
type Seen struct{ layers []seenLayer }

type seenLayer struct {
	blocks [][8]uint64
	room   int
}

const seenProbes = 6

func (l *seenLayer) each(id record.Identity, f func(word *uint64, bit uint64) bool) bool {
	block := &l.blocks[id.Hi%uint64(len(l.blocks))]
	h := id.Lo
	for range seenProbes {
		if !f(&block[h&7], 1<<(h>>3&63)) {
			return false
		}
		h >>= 9
	}
	return true
}

// Has reports whether the identity may have been added.
func (s *Seen) Has(id record.Identity) bool {
	for i := range s.layers {
		if s.layers[i].each(id, func(w *uint64, bit uint64) bool { return *w&bit != 0 }) {
			return true
		}
	}
	return false
}

// Add takes an identity in.
func (s *Seen) Add(id record.Identity) {
	last := len(s.layers) - 1
	if last < 0 || s.layers[last].room == 0 {
		n := 1 << 16
		if last >= 0 {
			n = 32 * 2 * len(s.layers[last].blocks)
		}
		s.layers = append(s.layers, seenLayer{make([][8]uint64, n/32), n}) // 16 bits each
		last++
	}
	l := &s.layers[last]
	l.room--
	l.each(id, func(w *uint64, bit uint64) bool { *w |= bit; return true })
}
