package ring

import (
	"cmp"
	"math"
	"slices"

	"plaint/internal/record"
)

// What one more customer who shares a thing says, in bits, where nobody outside
// the group has it.
var bitsOf = [record.TieKinds]float64{record.TieDevice: 1, record.TiePayout: 1.2, record.TieContact: 1, record.TieHandle: 1.2, record.TieAddress: .5, record.TieLetter: 1}

const (
	// home is how many people beside the first live together without wonder.
	home = 3
	// apart is how many of other homes have a relative's or friend's things.
	apart = 1
	// stepBits bounds what keeping step says of each customer.
	stepBits = 1.2
)

// lockstepKind is the place of lockstep among the kinds of evidence.
const lockstepKind = int(record.TieKinds)

// weighed is what speaks for a group of customers.
type weighed struct {
	members   []int32 // ascending
	joined    []int32 // customers on the edge of it, ascending
	bits      [record.TieKinds + 1]float64
	shared    [record.TieKinds]float64 // customers beyond the first of each thing, by how much the thing is theirs
	steps     []step
	pace      stretch
	explained float64
	total     float64 // without the strongest kind
}

// judge weighs things shared by a group, of which held has how many of its
// members each thing has.
type judge struct {
	x     *net
	held  []int32 // by entity
	homes []int32 // by customer, of the group looked at last
	met   []int32
	list  []use
}

func newJudge(x *net) *judge {
	return &judge{x: x, held: make([]int32, len(x.entities)), homes: make([]int32, len(x.rows))}
}

func (j *judge) hold(members []int32) {
	for _, c := range members {
		for _, e := range j.x.has[c] {
			if j.held[e] == 0 {
				j.met = append(j.met, e)
			}
			j.held[e]++
		}
	}
}

func (j *judge) release() {
	for _, e := range j.met {
		j.held[e] = 0
	}
	j.met = j.met[:0]
}

// use is one customer's use of a thing, and the home that the customer lives in.
type use struct{ entity, home int32 }

// uses are what members share with whom, by thing and home. A home is an
// address, or the customer alone where no other member has the address.
func (j *judge) uses(members []int32) []use {
	j.hold(members)
	out := j.list[:0]
	for _, c := range members {
		home := ^c
		for _, e := range j.x.has[c] {
			if j.x.entities[e].kind == record.TieAddress && j.held[e] > 1 {
				home = e
			}
		}
		for _, e := range j.x.has[c] {
			if j.held[e] > 1 {
				out = append(out, use{e, home})
			}
		}
		j.homes[c] = home
	}
	j.release()
	slices.SortFunc(out, func(a, b use) int { return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.home, b.home)) })
	j.list = out
	return out
}

// beyond is how many customers beyond the first share a thing, as far as homes
// do not explain it: of one home all have its device and telephone, and a few
// may have one account, or a letter that one of them wrote.
func (j *judge) beyond(k record.TieKind, uses []use) float64 {
	total, unknown := -1.0, 0
	for from := 0; from < len(uses); {
		to := from + 1
		for to < len(uses) && uses[to].home == uses[from].home {
			to++
		}
		total++
		if h := uses[from].home; h < 0 && !j.x.placed[^h] {
			unknown++
		}
		if more := float64(to - from - 1); k == record.TiePayout || k == record.TieHandle || k == record.TieLetter {
			total += more * more / (more + home)
		}
		from = to
	}
	if k == record.TieDevice || k == record.TiePayout || k == record.TieContact { // relatives live apart
		total *= total / (total + apart + (home-apart)*float64(unknown)/(total+1))
	}
	return total
}

// weigh says what speaks for a group: of each kind of thing how many customers
// beyond the first share one, by the share of its users that are of the group;
// and how far they keep step. What one kind alone says is not counted: every
// honest crowd has one thing in common.
func (j *judge) weigh(members []int32) *weighed {
	w := &weighed{members: members, explained: j.explained(members)}
	uses := j.uses(members)
	for from := 0; from < len(uses); {
		to := from + 1
		for to < len(uses) && uses[to].entity == uses[from].entity {
			to++
		}
		t := &j.x.entities[uses[from].entity]
		own := float64(to-from) / float64(t.n)
		if t.kind == record.TieLetter {
			own *= own
		}
		if t.kind != record.TieAddress {
			w.shared[t.kind] += own * j.beyond(t.kind, uses[from:to])
		}
		from = to
	}
	n := float64(len(members))
	for k, v := range w.shared {
		w.bits[k] = bitsOf[k] * min(v, n-1)
	}
	w.bits[record.TieLetter] *= 1 - w.explained
	things := w.bits[:record.TieKinds]
	w.total = sum(things) - slices.Max(things)
	w.steps = j.steps(members)
	if w.pace = lockstep(w.steps); w.pace.bits > 0 {
		keep := float64(w.pace.to - w.pace.from)
		w.bits[lockstepKind] = min(w.pace.bits/2, stepBits*keep) * (1 - w.explained)
		w.total += min(max(w.total, w.private()), w.bits[lockstepKind])
	}
	w.total = rounded(w.total)
	return w
}

// private is what the strongest kind says where it is one that strangers do not
// share by chance: together with lockstep it may stand without another kind.
func (w *weighed) private() float64 {
	things := w.bits[:record.TieKinds]
	if most := slices.Max(things); most == w.bits[record.TiePayout] || most == w.bits[record.TieHandle] {
		return most
	}
	return 0
}

// rounded keeps what machines of different kinds compute differently out of
// comparisons.
func rounded(v float64) float64 { return math.Round(v*1024) / 1024 }

func sum(list []float64) (s float64) {
	for _, v := range list {
		s += v
	}
	return s
}

// explained is how strongly incidents bear the complaints of a group out.
func (j *judge) explained(members []int32) float64 {
	total := 0.0
	for _, c := range members {
		most := 0.0
		for _, r := range j.x.rows[c] {
			most = max(most, j.x.in[r].Explained)
		}
		total += most
	}
	return total / float64(max(len(members), 1))
}

// support is how much ties a customer to the group that is held: what it shares
// with others of it, by how much the thing is the group's.
func (j *judge) support(c int32) (total float64, ties int) {
	for _, e := range j.x.has[c] {
		t, s := &j.x.entities[e], float64(j.held[e])
		if s < 2 {
			continue
		}
		share := s / float64(t.n)
		total += bitsOf[t.kind] * share * (s - 1) / s
		if share >= .25 {
			ties++
		}
	}
	return total, ties
}
