package incident

import (
	"cmp"
	"slices"
)

// Settings of how windows become incidents.
const (
	sure         = 3e-5 // P of a window, each author and letter counted once
	leastPeople  = 6    // independent complaints
	sameLetter   = .5   // overlap of two texts that are one letter
	mostCompared = 3000 // texts that are compared each with each
	strays       = 4    // a window in another slice with a quarter of the complaints may be those who stray
)

// read gets the texts of all complaints in candidate windows.
func (g *ground) read(found []candidate) (map[int64]Text, error) {
	seen := map[int64]bool{}
	var seqs []int64
	for _, c := range found {
		for _, m := range g.within(cell{series: c.Series, start: c.Start, end: c.End}) {
			if seq := g.Complaints[g.order[m]].Seq; !seen[seq] {
				seen[seq] = true
				seqs = append(seqs, seq)
			}
		}
	}
	if g.Texts == nil || len(seqs) == 0 {
		return nil, nil
	}
	slices.Sort(seqs)
	return g.Texts(seqs)
}

// gather makes incidents of windows, the strongest first: what is left of a
// window without the complaints of stronger incidents joins one of them, is an
// incident of its own, or is nothing.
//
// Windows whose texts name two codes come last: two faults of one type at one
// time are told apart by their themes, if at all.
func (g *ground) gather(found []candidate, texts map[int64]Text) []*Incident {
	for i := range found {
		w := &found[i]
		w.mixed = g.lines[w.Series].theme < 0 && g.mixed(g.within(cell{series: w.Series, start: w.Start, end: w.End}), texts)
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Or(order(a.mixed, b.mixed), cmp.Compare(b.Gain, a.Gain)) })
	taken := map[int32]*Incident{}
	var list []*Incident
	for i := range found {
		w := &found[i]
		in := cell{series: w.Series, start: w.Start, end: w.End}
		var left []int32
		for _, m := range g.within(in) {
			if taken[m] == nil {
				left = append(left, m)
			}
		}
		rest, left := g.narrow(w, left)
		in = cell{w.Series, rest.Start, rest.End, rest.Expected}
		alone := g.independent(left, texts)
		g.clock.weigh(&rest, float64(alone), rest.Expected)
		if alone < leastPeople || 2*alone < len(left) || rest.P > sure || float64(alone) < leastLift*rest.Expected {
			continue
		}
		x := g.partner(list, &candidate{Window: rest, kind: w.kind}, left, texts)
		if x == nil {
			x = &Incident{Start: rest.Start, End: rest.End, Type: w.kind, P: rest.P, phi: rest.phi}
			list = append(list, x)
		}
		x.Start, x.End = min(x.Start, rest.Start), max(x.End, rest.End)
		x.cells = append(x.cells, in)
		x.Expected += rest.Expected
		x.Independent += alone
		for _, m := range left {
			taken[m] = x
			x.Members = append(x.Members, int(m))
		}
	}
	for _, x := range list {
		slices.Sort(x.Members)
		x.N = len(x.Members)
	}
	return list
}

// narrow is what a window comes down to without the complaints that stronger
// incidents explain, and those that are left in it.
func (g *ground) narrow(w *candidate, left []int32) (Window, []int32) {
	rest := w.Window
	if len(left) == rest.N || len(left) < leastPeople {
		return rest, left
	}
	n := make([]float64, g.clock.bins)
	for _, m := range left {
		n[g.clock.bin(g.times[m])]++
	}
	scale := w.Expected / max(g.expected(w.Series, w.Start, w.End), 1e-9)
	for _, s := range g.clock.scan(n, &g.base[w.Series]) { // the best first
		rest.Start, rest.End, rest.Expected, rest.N = s.Start, s.End, s.Expected*scale, s.N
		return rest, slices.DeleteFunc(left, func(m int32) bool { return g.times[m] < s.Start || g.times[m] >= s.End })
	}
	return rest, nil
}

// partner is the incident that a window is part of: one at the same time, of
// the same type or in the same slice, unless the texts name different codes.
func (g *ground) partner(list []*Incident, w *candidate, left []int32, texts map[int64]Text) *Incident {
	for _, x := range list {
		if first := x.cells[0]; !overlap(first.start, first.end, w.Start, w.End) {
			continue
		}
		own := make([]int32, len(x.Members))
		for i, m := range x.Members {
			own[i] = int32(m)
		}
		a, b := g.token(own, texts), g.token(left, texts)
		same, other := g.slices(x, w.Series)
		other = other && strays*len(left) > len(x.Members)
		if a != "" && a == b || (a == "" || b == "") && (same || x.Type == w.kind && !other) {
			return x
		}
	}
	return nil
}

// slices reports that a series is of the same value of the same attribute as an
// incident's strongest, be it in another type: one fault may raise several; or
// of another value.
func (g *ground) slices(x *Incident, series int) (same, other bool) {
	a, b := g.lines[x.cells[0].series], g.lines[series]
	if a.attribute < 0 || a.attribute != b.attribute {
		return false, false
	}
	return a.value == b.value, a.value != b.value
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// codes counts the codes that texts name, the most frequent first.
func (g *ground) codes(members []int32, texts map[int64]Text) (words []string, n map[string]int) {
	n = map[string]int{}
	for _, m := range members {
		for _, w := range texts[g.Complaints[g.order[m]].Seq].Words {
			if isCode(w) {
				if n[w]++; n[w] == 1 {
					words = append(words, w)
				}
			}
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(n[b]-n[a], cmp.Compare(a, b)) })
	return words, n
}

// token is the code that most of the complaints that name one do name; "" if
// fewer than three do.
func (g *ground) token(members []int32, texts map[int64]Text) string {
	words, n := g.codes(members, texts)
	if len(words) == 0 || n[words[0]] < 3 {
		return ""
	}
	return words[0]
}

// mixed reports that a second code is named by at least five, and by a quarter
// of those who name the first.
func (g *ground) mixed(members []int32, texts map[int64]Text) bool {
	words, n := g.codes(members, texts)
	return len(words) > 1 && n[words[1]] >= 5 && 4*n[words[1]] >= n[words[0]]
}

// isCode tells a word with letters and digits from a plain one.
func isCode(w string) bool {
	letters, digits := false, false
	for _, r := range w {
		letters = letters || r >= 'a' && r <= 'z'
		digits = digits || r >= '0' && r <= '9'
	}
	return letters && digits && len(w) >= 4
}

// independent counts complaints of one customer, device, payout account,
// contact or letter once.
func (g *ground) independent(members []int32, texts map[int64]Text) int {
	group := make([]int, len(members))
	find := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	type key struct {
		of    int
		value uint64
	}
	first := map[key]int{}
	for i, m := range members {
		group[i] = i
		c := &g.Complaints[g.order[m]]
		for of, v := range [...]uint64{c.Customer, c.Device, c.Payout, c.Contact} {
			if v == 0 {
				continue
			}
			if j, ok := first[key{of, v}]; ok {
				group[find(i)] = find(j)
			} else {
				first[key{of, v}] = i
			}
		}
	}
	g.letters(members, texts, func(i, j int) { group[find(i)] = find(j) })
	n := 0
	for i := range group {
		if group[i] == i {
			n++
		}
	}
	return n
}

// letters calls join for pairs of texts that are one letter. Of many texts only
// those are compared that share a word of the sketch.
func (g *ground) letters(members []int32, texts map[int64]Text, join func(i, j int)) {
	var zero Text
	list := make([]Text, len(members))
	for i, m := range members {
		list[i] = texts[g.Complaints[g.order[m]].Seq]
	}
	if len(list) <= mostCompared {
		for i := range list {
			for j := range i {
				if list[i].Sketch != zero.Sketch && list[i].Sketch.Overlap(&list[j].Sketch) >= sameLetter {
					join(i, j)
				}
			}
		}
		return
	}
	type word struct {
		of    int
		value uint64
	}
	last := map[word]int{}
	for i := range list {
		for of, v := range list[i].Sketch {
			if j, ok := last[word{of, v}]; ok && v != 0 && list[i].Sketch.Overlap(&list[j].Sketch) >= sameLetter {
				join(i, j)
			}
			last[word{of, v}] = i
		}
	}
}
