package ring

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"plaint/internal/record"
)

// describe tells a group as a ring.
func (j *judge) describe(w *weighed, usual crowd) record.Ring {
	all := slices.Concat(w.members, w.joined)
	slices.Sort(all)
	r := record.Ring{Customers: len(all), Bits: w.total, P: millionths(usual.p(w.total)), Confidence: millionths(usual.posterior(w.total))}
	r.Honest = record.HonestCrowd{Incident: w.explained, Home: j.atHome(w.members)}
	rows := j.timeline(&r, w, all)
	j.hold(all)
	j.members(&r, w, rows)
	r.Evidence = j.evidence(w, all)
	r.Ties, r.Honest.Public = j.ties(all)
	j.release()
	r.Money = j.money(rows)
	return r
}

// atHome is the share of members who live with another one.
func (j *judge) atHome(members []int32) float64 {
	j.uses(members)
	homes := map[int32]bool{}
	for _, c := range members {
		homes[j.homes[c]] = true
	}
	return float64(len(members)-len(homes)) / float64(max(len(members)-1, 1))
}

// around is how long before and after the stretch of a ring its customers'
// complaints are of it.
const around = 14 * 24 * time.Hour

// timeline tells when a ring was at work and gives its complaints: those of its
// customers about that time, and of each customer one at least.
func (j *judge) timeline(r *record.Ring, w *weighed, all []int32) (rows []int32) {
	x := j.x
	if len(w.steps) > 0 {
		from, to := w.steps[0].row, w.steps[len(w.steps)-1].row
		if w.pace.bits > 0 {
			from, to = w.steps[w.pace.from].row, w.steps[w.pace.to].row
		}
		a, b := x.in[from].Received, x.in[to].Received
		if b.Before(a) { // clocks of two types
			a, b = b, a
		}
		pad := max(around, b.Sub(a)/2)
		for _, c := range all {
			near := slices.DeleteFunc(slices.Clone(x.rows[c]), func(i int32) bool {
				t := x.in[i].Received
				return t.IsZero() || t.Before(a.Add(-pad)) || t.After(b.Add(pad))
			})
			if len(near) == 0 {
				near = append(near, slices.MinFunc(x.rows[c], func(i, k int32) int {
					return cmp.Compare(x.in[i].Received.Sub(a).Abs(), x.in[k].Received.Sub(a).Abs())
				}))
			}
			rows = append(rows, near...)
		}
		if w.pace.bits > 0 {
			r.Lockstep = j.lockstep(w, rows, a, b)
		}
	} else {
		for _, c := range all {
			rows = append(rows, x.rows[c]...)
		}
	}
	slices.Sort(rows)
	for _, i := range rows {
		t := x.in[i].Received
		if !t.IsZero() && (r.Start.IsZero() || t.Before(r.Start)) {
			r.Start = t
		}
		if t.After(r.End) {
			r.End = t
		}
	}
	return rows
}

// lockstep tells of the stretch who else complained in it about the same.
func (j *judge) lockstep(w *weighed, rows []int32, a, b time.Time) record.Lockstep {
	s := record.Lockstep{Start: a, End: b, Customers: w.pace.to - w.pace.from + 1, Bits: w.bits[lockstepKind]}
	kinds, own := map[string]bool{}, 0
	for _, i := range rows {
		kinds[j.x.in[i].Type] = true
		if t := j.x.in[i].Received; !t.IsZero() && !t.Before(a) && !t.After(b) {
			own++
		}
	}
	for k := range kinds {
		times := j.x.clock.times[k]
		s.Others += before(times, b.Unix()+1) - before(times, a.Unix())
	}
	s.Others = max(0, s.Others-own)
	return s
}

// members are the complaints with the confidence that they belong. Who is on the
// edge, or shares one thing and did not keep step, belongs half as surely.
func (j *judge) members(r *record.Ring, w *weighed, rows []int32) {
	for _, i := range rows {
		c := j.x.of[i]
		support, ties := j.support(c)
		sure := r.Confidence * belongs(support)
		if _, edge := slices.BinarySearch(w.joined, c); edge || ties < 2 && !j.inStep(r, c) {
			sure /= 2
		}
		r.Members = append(r.Members, record.RingMember{Seq: j.x.in[i].Seq, Customer: j.x.in[i].Customer, Confidence: millionths(sure), Ties: ties})
	}
}

// inStep reports whether a customer complained about the time in which the ring
// kept step: a day before or after, or half the stretch. Where that is not known,
// nobody is out of step.
func (j *judge) inStep(r *record.Ring, customer int32) bool {
	if r.Lockstep.Bits == 0 {
		return true
	}
	pad := max(24*time.Hour, r.Lockstep.End.Sub(r.Lockstep.Start)/2)
	return slices.ContainsFunc(j.x.rows[customer], func(i int32) bool {
		t := j.x.in[i].Received
		return t.IsZero() || !t.Before(r.Lockstep.Start.Add(-pad)) && !t.After(r.Lockstep.End.Add(pad))
	})
}

// evidence is what each kind says, the strongest first.
func (j *judge) evidence(w *weighed, all []int32) (out []record.RingEvidence) {
	var with [record.TieKinds]int
	for _, c := range all {
		var has [record.TieKinds]bool
		for _, e := range j.x.has[c] {
			if j.held[e] > 1 && 4*int(j.held[e]) >= j.x.entities[e].n {
				has[j.x.entities[e].kind] = true
			}
		}
		for k, yes := range has {
			if yes {
				with[k]++
			}
		}
	}
	for k := range record.TieKinds {
		if w.bits[k] > 0 {
			out = append(out, record.RingEvidence{Name: k.String(), Bits: rounded(w.bits[k]), Customers: with[k]})
		}
	}
	if b := w.bits[lockstepKind]; b > 0 {
		out = append(out, record.RingEvidence{Name: Lockstep, Bits: rounded(b), Customers: w.pace.to - w.pace.from + 1})
	}
	slices.SortStableFunc(out, func(a, b record.RingEvidence) int { return cmp.Compare(b.Bits, a.Bits) })
	return out
}

// Lockstep is the name of the evidence that is no kind of tie.
const Lockstep = "lockstep"

// ties are the things that members share, and the share of their uses that is
// of things mostly used by others.
func (j *judge) ties(all []int32) (out []record.RingTie, public float64) {
	slices.Sort(j.met)
	uses, common := 0, 0
	for _, e := range j.met {
		t, s := &j.x.entities[e], int(j.held[e])
		if s < 2 {
			continue
		}
		uses += s
		if 4*s < t.n {
			common += s
		}
		out = append(out, record.RingTie{Kind: t.kind, Customers: s, Users: t.n, Example: j.example(t, all),
			Weight: rounded(bitsOf[t.kind] * float64(s-1) * float64(s) / float64(t.n))})
	}
	slices.SortStableFunc(out, func(a, b record.RingTie) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), b.Customers-a.Customers, int(a.Kind)-int(b.Kind), cmp.Compare(a.Example, b.Example))
	})
	return out, float64(common) / float64(max(uses, 1))
}

// example is the first complaint of the ring that has a thing.
func (j *judge) example(t *entity, all []int32) int64 {
	key, best := j.x.in[t.example].Keys[t.kind], int64(0)
	for _, c := range all {
		for _, i := range j.x.rows[c] {
			if s := j.x.in[i].Seq; j.x.in[i].Keys[t.kind] == key && (best == 0 || s < best) {
				best = s
			}
		}
	}
	return best
}

// money sums what is claimed, the currency of most claims first.
func (j *judge) money(rows []int32) (out []record.Money) {
	of := map[string]*record.Money{}
	for _, i := range rows {
		t := &j.x.in[i]
		if !t.Amount.Valid || t.Amount.Value <= 0 {
			continue
		}
		m := of[t.Currency]
		if m == nil {
			m = &record.Money{Currency: t.Currency}
			of[t.Currency] = m
		}
		m.N++
		m.Sum += t.Amount.Value
	}
	for _, c := range slices.Sorted(maps.Keys(of)) {
		out = append(out, *of[c])
	}
	slices.SortStableFunc(out, func(a, b record.Money) int { return b.N - a.N })
	return out
}
