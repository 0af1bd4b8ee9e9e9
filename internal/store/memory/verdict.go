package memory

import (
	"time"

	"plaint/internal/record"
)

// Verdict is what people decided of a case: abuse, from one moment until it
// was taken back (zero while it stands).
type Verdict struct {
	CaseID, Seq int64
	From, Until time.Time
	Keys        [Spaces]uint64
}

// stood reports whether the verdict was known at a moment; an unknown moment
// is now.
func (v *Verdict) stood(at time.Time) bool {
	if at.IsZero() {
		return v.Until.IsZero()
	}
	return !v.From.After(at) && (v.Until.IsZero() || v.Until.After(at))
}

// Verdicts are the confirmed cases by the keys of their complaints.
type Verdicts map[uint64][]*Verdict

// Add files a verdict under its keys; it may still be changed.
func (v Verdicts) Add(x *Verdict) {
	for space, k := range x.Keys {
		if k != 0 {
			v[mixKey(space, k)] = append(v[mixKey(space, k)], x)
		}
	}
}

// Against counts the cases confirmed by asOf that share a key with the
// complaint numbered seq, each once, its own case left out: a label counts from
// the moment it was decided, and never for the complaint that it is about.
func (v Verdicts) Against(c *record.Complaint, seq int64, asOf time.Time) int {
	if len(v) == 0 {
		return 0
	}
	counted := map[int64]bool{}
	for space, k := range keysOf(c) {
		if k == 0 {
			continue
		}
		for _, x := range v[mixKey(space, k)] {
			if x.Seq != seq && x.stood(asOf) {
				counted[x.CaseID] = true
			}
		}
	}
	return len(counted)
}
