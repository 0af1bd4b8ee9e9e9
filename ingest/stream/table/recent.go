package table

import "hash/maphash"

// recent remembers rows of the overlap, so that what is read again and is the
// same is not handed over again. It is only there to spare the work: after a
// restart it is empty, and rows that come again are known.
type recent struct {
	seed maphash.Seed
	rows map[uint64]seenRow
}

// mostRecent bounds what is remembered, about 48 bytes each.
const mostRecent = 500_000

type seenRow struct {
	id, content uint64
	at          int64
}

func newRecent() recent { return recent{seed: maphash.MakeSeed(), rows: map[uint64]seenRow{}} }

func (s *recent) row(id string, object []byte, at int64) seenRow {
	return seenRow{maphash.String(s.seed, id), maphash.Bytes(s.seed, object), at}
}

func (s *recent) has(row seenRow) bool {
	old, ok := s.rows[row.id]
	return ok && old.content == row.content
}

func (s *recent) add(row seenRow) {
	if len(s.rows) >= mostRecent {
		clear(s.rows)
	}
	s.rows[row.id] = row
}

// forget drops rows that will not be read again.
func (s *recent) forget(before int64) {
	for k, row := range s.rows {
		if row.at < before {
			delete(s.rows, k)
		}
	}
}
