package memory

// postings is an open-addressing hash table from 64-bit keys to slots of a
// ring. An entry is one word, the upper bits of its key over its slot, so that
// a search costs one cache line: a bulk load spends a tenth of its time in such
// searches, nearly all of it waiting for memory.
type postings struct {
	entries []uint64 // 0 = free
	used    int
}

const (
	slotBits = 20 // of a ring of at most 1<<slotBits - 1 places
	slotMask = 1<<slotBits - 1
)

func newPostings(size int) postings { return postings{entries: make([]uint64, size)} }

// mixKey is the table's key of a hash in one of several spaces. Keys that agree
// in their upper 44 bits and fall into each other's place of the table are
// taken for one.
func mixKey(space int, hash uint64) uint64 {
	h := (hash ^ uint64(space+1)*0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93
	return h ^ h>>31
}

// find is the place of the key, or the free place where it would go.
func (p *postings) find(key uint64) int {
	mask := uint64(len(p.entries) - 1)
	tag := key &^ slotMask
	at := key & mask
	for p.entries[at] != 0 && p.entries[at]&^slotMask != tag {
		at = (at + 1) & mask
	}
	return int(at)
}

// get is the slot of a key, -1 if it has none.
func (p *postings) get(key uint64) int32 { return int32(p.entries[p.find(key)]&slotMask) - 1 }

// set points the key to the slot and returns the slot it pointed to, -1 if none.
func (p *postings) set(key uint64, slot int32) int32 {
	at := p.find(key)
	older := int32(p.entries[at]&slotMask) - 1
	if older < 0 {
		p.used++
	}
	p.entries[at] = key&^slotMask | uint64(slot+1)
	return older
}

// touch reads the places of several keys at once: these reads do not wait for
// each other, as those of one search after the other do. It reports whether
// any of the places is taken.
func (p *postings) touch(keys []uint64) bool {
	mask := uint64(len(p.entries) - 1)
	var any uint64
	for _, key := range keys {
		any |= p.entries[key&mask]
	}
	return any != 0
}

// full reports whether the table is so full that finding gets slow.
func (p *postings) full() bool { return p.used*10 > len(p.entries)*7 }

// sized is an empty table with room for n keys and as many again that have
// gone out of the window.
func (p *postings) sized(n int) postings {
	size := len(p.entries)
	for 2*size < 3*n {
		size *= 2
	}
	return newPostings(size)
}
