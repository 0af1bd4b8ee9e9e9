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

const (
	// mostAssociations is how many complaints of others, and of the customer, are
	// told, the latest decided under each key.
	mostAssociations = 16
	// verdictSteps is how many verdicts under one key are looked at for them.
	verdictSteps = 4096
)

// Sort puts the verdicts under each key in the order in which they were decided.
func (v Verdicts) Sort() {
	for _, list := range v {
		slices.SortStableFunc(list, func(a, b *Verdict) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.CaseID, b.CaseID)) })
	}
}

// Against finds the complaints confirmed by asOf, other than the one numbered seq, that
// share a key with it, each once: a label counts from the moment it was decided, and
// never for the complaint that it is about. own counts those of the customer; those
// of others are appended to out, with how many share what ties them. near is what the
// complaint's things were used for before. The verdicts are sorted.
func (v Verdicts) Against(c *record.Complaint, seq int64, asOf time.Time, near *record.History, out []record.Association) (own int, others []record.Association) {
	if len(v) == 0 {
		return 0, out
	}
	used := [Spaces][]record.Past{ByDevice: near.ByDevice, ByPayout: near.ByPayout, ByContact: near.ByContact, ByHandle: near.ByHandle, ByAddress: near.ByAddress}
	for space, k := range Keys(&c.Keys) {
		if k == 0 {
			continue
		}
		list := v.latest(mixKey(space, k), func(x *Verdict) bool {
			mine := x.Keys[ByCustomer] == c.Keys.Customer && c.Keys.Customer != 0
			return x.Seq != seq && x.stood(asOf) && mine == (space == ByCustomer)
		})
		if space == ByCustomer {
			own = len(list)
			continue
		}
		for _, x := range list {
			sharers := sharersOf(used[space])
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

// latest are the verdicts under a key that count, one for each complaint, the latest
// decided first.
func (v Verdicts) latest(key uint64, counts func(*Verdict) bool) (out []*Verdict) {
	list := v[key]
	for i := len(list) - 1; i >= max(0, len(list)-verdictSteps) && len(out) < mostAssociations; i-- {
		if x := list[i]; counts(x) && !slices.ContainsFunc(out, func(o *Verdict) bool { return o.Seq == x.Seq }) {
			out = append(out, x)
		}
	}
	return out
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
