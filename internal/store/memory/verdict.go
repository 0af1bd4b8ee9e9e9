package memory

import (
	"cmp"
	"slices"
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

// mostAssociations is how many complaints of others are named, the latest decided.
const mostAssociations = 16

// Against finds the cases confirmed by asOf that share a key with the complaint
// numbered seq, each once, its own case left out: a label counts from the moment
// it was decided, and never for the complaint that it is about. own counts those
// of the customer; those of others are appended to out, with how many share what
// ties them. near is what the complaint's things were used for before.
func (v Verdicts) Against(c *record.Complaint, seq int64, asOf time.Time, near *record.History, out []record.Association) (own int, others []record.Association) {
	if len(v) == 0 {
		return 0, out
	}
	used := [Spaces][]record.Past{ByDevice: near.ByDevice, ByPayout: near.ByPayout, ByContact: near.ByContact, ByHandle: near.ByHandle, ByAddress: near.ByAddress}
	for space, k := range Keys(&c.Keys) {
		if k == 0 {
			continue
		}
		sharers := 0
		for _, x := range v[mixKey(space, k)] {
			mine := x.Keys[ByCustomer] == c.Keys.Customer && c.Keys.Customer != 0
			if x.Seq == seq || !x.stood(asOf) || mine != (space == ByCustomer) {
				continue
			}
			if mine {
				own++
				continue
			}
			if sharers == 0 {
				sharers = sharersOf(used[space])
			}
			at := slices.IndexFunc(out, func(a record.Association) bool { return a.Seq == x.Seq })
			if at < 0 {
				at, out = len(out), append(out, record.Association{Seq: x.Seq, Decided: x.From, Sharers: sharers})
			}
			out[at].Sharers = min(out[at].Sharers, sharers)
		}
	}
	slices.SortFunc(out, func(a, b record.Association) int {
		return cmp.Or(a.Decided.Compare(b.Decided), cmp.Compare(a.Seq, b.Seq))
	})
	return own, out[max(0, len(out)-mostAssociations):]
}

// sharersOf counts the customers among earlier complaints, at least the one that
// there must be.
func sharersOf(list []record.Past) int {
	n := 0
	for i := range list {
		if !slices.ContainsFunc(list[:i], func(p record.Past) bool { return p.Customer == list[i].Customer }) {
			n++
		}
	}
	return max(n, 1)
}
