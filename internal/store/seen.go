package store

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"plaint/internal/record"
)

// seenIDs is a Bloom filter over the identities of all records: what it does
// not know is new, without asking the engine; of what is new it takes one in a
// thousand for known, and those are looked up. It grows by layers, each twice
// the one before, at two bytes for each record (Almeida et al., Scalable Bloom
// Filters, 2007; blocks of one cache line: Putze et al. 2007).
type seenIDs struct{ layers []seenLayer }

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

// has reports whether the identity may have been added.
func (s *seenIDs) has(id record.Identity) bool {
	for i := range s.layers {
		if s.layers[i].each(id, func(w *uint64, bit uint64) bool { return *w&bit != 0 }) {
			return true
		}
	}
	return false
}

func (s *seenIDs) add(id record.Identity) {
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

// factTables hold the identities of everything that came in.
var factTables = []string{"complaint", "complaint_event", "survey", "log_line", "transaction_version", "account_version", "service_level_version"}

// loadSeen reads the identities in the file, once.
func (s *Store) loadSeen(ctx context.Context) error {
	if s.seen != nil {
		return nil
	}
	seen := &seenIDs{}
	for _, table := range factTables {
		err := s.arrowRows(ctx, "select key_hi, key_lo from "+table, func(rec arrow.Record) {
			hi, lo := rec.Column(0).(*array.Uint64), rec.Column(1).(*array.Uint64)
			for i := range int(rec.NumRows()) {
				seen.add(record.Identity{Hi: hi.Value(i), Lo: lo.Value(i)})
			}
		})
		if err != nil {
			return fmt.Errorf("read what is known: %w", err)
		}
	}
	s.seen = seen
	return nil
}
