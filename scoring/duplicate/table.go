package duplicate

// table maps anchors to the groups that have them: open addressing, one word an
// entry, an anchor as often as there are groups, up to a bound.
type table struct {
	slots []uint64 // anchor in the upper half, group + 2 in the lower; 0 is free
	used  int
}

const (
	sharing  = 12 // groups with an anchor, at most; one that more have is nobody's
	stopped  = 1  // in place of a group: this anchor is not used any more
	firstLog = 12
)

func newTable() *table { return &table{slots: make([]uint64, 1<<firstLog)} }

func (t *table) at(anchor uint32) uint64 {
	return uint64(anchor) * 0x9E3779B97F4A7C15 >> 20 & uint64(len(t.slots)-1)
}

// groups appends the groups that have an anchor.
func (t *table) groups(anchor uint32, to []int32) []int32 {
	from := len(to)
	for i := t.at(anchor); t.slots[i] != 0; i = (i + 1) & uint64(len(t.slots)-1) {
		if s := t.slots[i]; uint32(s>>32) == anchor {
			if uint32(s) == stopped {
				return to[:from]
			}
			to = append(to, int32(uint32(s)-2))
		}
	}
	return to
}

// add notes that a group has an anchor.
func (t *table) add(anchor uint32, group int32) {
	if t.used*10 > len(t.slots)*7 {
		t.grow()
	}
	i, n := t.at(anchor), 0
	first := uint64(0)
	for ; t.slots[i] != 0; i = (i + 1) & uint64(len(t.slots)-1) {
		s := t.slots[i]
		if uint32(s>>32) != anchor {
			continue
		}
		if uint32(s) == stopped || uint32(s) == uint32(group)+2 {
			return
		}
		if n++; n == 1 {
			first = i
		}
	}
	if n == sharing {
		t.slots[first] = uint64(anchor)<<32 | stopped
		return
	}
	t.slots[i] = uint64(anchor)<<32 | uint64(uint32(group)+2)
	t.used++
}

// grow doubles the table; what stands behind a stopped anchor goes.
func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, s := range old {
		if s == 0 {
			continue
		}
		i := t.at(uint32(s >> 32))
		for t.slots[i] != 0 {
			i = (i + 1) & uint64(len(t.slots)-1)
		}
		t.slots[i] = s
	}
}
