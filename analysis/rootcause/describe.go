package rootcause

import (
	"cmp"
	"slices"

	"plaint/analysis/rootcause/cluster"
	"plaint/analysis/rootcause/incident"
	"plaint/analysis/rootcause/trend"
	"plaint/internal/store"
)

// theme is one theme and what is known of its complaints.
type theme struct {
	id        int64  // its own from run to run
	name      string // an analyst's
	terms     []string
	chinese   bool
	parts     [cluster.Languages]*part
	area      int // -1 for a theme that only edits know
	example   int64
	size      int
	customers int
	currency  string
	amount    float64
	kind      string
	severity  float64
	from, to  int64
	trend     float64
	hasTrend  bool
	at        []int64 // known times of receipt, without stray ones
}

// describe sums up the complaints of each theme, drops empty themes and puts
// them in order of size; ties go to the earlier example.
func (s *study) describe() {
	members := make([][]int32, len(s.themes))
	for i := range s.all {
		if t := s.all[i].theme; t >= 0 {
			members[t] = append(members[t], int32(i))
		}
	}
	for t := range s.themes {
		s.sumUp(&s.themes[t], members[t])
	}
	order := make([]int, 0, len(s.themes))
	for t := range s.themes {
		if s.themes[t].size > 0 {
			order = append(order, t)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(s.themes[b].size-s.themes[a].size, cmp.Compare(s.themes[a].example, s.themes[b].example))
	})
	place := make([]int32, len(s.themes))
	sorted := make([]theme, len(order))
	for n, t := range order {
		sorted[n], place[t] = s.themes[t], int32(n)
	}
	for i := range s.all {
		if t := s.all[i].theme; t >= 0 {
			s.all[i].theme = place[t]
		}
	}
	s.themes = sorted
	s.findBursts()
	s.setTrends()
}

// sumUp fills in one theme. Severity is between 0 and 1: the mean of the
// shares escalated (counted twice), taken to an outside body (twice),
// reopened, upheld and with money claimed. Money is in the currency that most
// of the theme's claims are in; others are not converted.
func (s *study) sumUp(t *theme, members []int32) {
	customers := map[uint64]bool{}
	kinds, moneys := make([]int, len(s.reader.types.list)), make([]int, len(s.reader.money.list))
	weight := 0
	for _, i := range members {
		c := &s.all[i]
		t.size++
		kinds[c.kind]++
		if c.customer != 0 {
			customers[c.customer] = true
		}
		if c.amount > 0 {
			moneys[c.money]++
			weight++
		}
		weight += int(c.flags&upheld) + int(c.flags&reopened>>1) + 2*int(c.flags&escalated>>2) + 2*int(c.flags&disputed>>3)
		if c.at == 0 {
			continue
		}
		if s.dense.Hold(c.at) {
			t.at = append(t.at, c.at)
		}
		if t.from == 0 || c.at < t.from {
			t.from = c.at
		}
		t.to = max(t.to, c.at)
	}
	if t.size == 0 {
		return
	}
	t.customers = len(customers)
	t.kind = s.reader.types.list[most(kinds)]
	t.severity = float64(weight) / 7 / float64(t.size)
	money := most(moneys)
	for _, i := range members {
		if c := &s.all[i]; c.amount > 0 && int(c.money) == money {
			t.amount += c.amount
		}
	}
	if t.amount > 0 {
		t.currency = s.reader.money.list[money]
	}
}

// most is the index of the largest number, the first of equals.
func most(n []int) int {
	best := 0
	for i := range n {
		if n[i] > n[best] {
			best = i
		}
	}
	return best
}

// setTrends sets each theme's change per week, without its bursts and without the
// gaps that nothing was loaded of.
func (s *study) setTrends() {
	if len(s.dense) == 0 {
		return
	}
	of := make([][]trend.Window, len(s.themes))
	for _, w := range s.bursts {
		of[w.Series] = append(of[w.Series], trend.Window{From: w.Start, To: w.End})
	}
	from, to := s.dense[0].From, s.dense[len(s.dense)-1].To
	var gaps []trend.Window
	for i := range s.dense[1:] {
		gaps = append(gaps, trend.Window{From: s.dense[i].To, To: s.dense[i+1].From})
	}
	for i := range s.themes {
		t := &s.themes[i]
		t.trend, t.hasTrend = trend.Weekly(t.at, append(of[i], gaps...), from, to)
	}
}

func (s *study) themeTable() store.Table {
	table, areas := store.Table{Name: "theme"}, s.areaIDs()
	for i := range s.themes {
		t := &s.themes[i]
		var trend, area any
		if t.hasTrend {
			trend = t.trend
		}
		if t.area >= 0 {
			area = areas[t.area]
		}
		terms := t.terms
		if terms == nil {
			terms = []string{}
		}
		table.Rows = append(table.Rows, []any{t.id, cluster.Label(terms), languageName(t.chinese), terms, t.size, t.example, t.kind, t.severity,
			t.customers, t.amount, moment(t.from), moment(t.to), trend, t.currency, area, t.name})
	}
	return table
}

func (s *study) memberTable() store.Table {
	table := store.Table{Name: "theme_member", Rows: make([][]any, 0, len(s.all))}
	for i := range s.all {
		if c := &s.all[i]; c.theme >= 0 {
			table.Rows = append(table.Rows, []any{s.themes[c.theme].id, c.seq, float64(c.like)})
		}
	}
	return table
}

// findBursts finds the windows in which a theme bursts.
func (s *study) findBursts() {
	events := make([][]incident.Tally, len(s.themes))
	daily := 0
	for t := range s.themes {
		events[t] = incident.Tallies(s.themes[t].at)
	}
	for i := range s.all {
		if s.all[i].daily {
			daily++
		}
	}
	s.bursts = incident.Bursts(events, daily*2 > len(s.all))
}

// windows are the rows of theme_window.
func (s *study) windows() [][]any {
	number := incident.Together(s.bursts, s.kindsWithin(s.bursts))
	rows := make([][]any, len(s.bursts))
	for i, w := range s.bursts {
		rows[i] = []any{s.themes[w.Series].id, moment(w.Start), moment(w.End), w.N, w.Expected, w.P, number[i]}
	}
	return rows
}

// kindsWithin is the commonest type of the complaints in each window, which is
// surer than the type of the whole theme.
func (s *study) kindsWithin(found []incident.Window) []int32 {
	of := make([][]int, len(s.themes))
	n := make([][]int, len(found))
	for w := range found {
		of[found[w].Series] = append(of[found[w].Series], w)
		n[w] = make([]int, len(s.reader.types.list))
	}
	for i := range s.all {
		c := &s.all[i]
		if c.theme < 0 || c.at == 0 {
			continue
		}
		for _, w := range of[c.theme] {
			if c.at >= found[w].Start && c.at < found[w].End {
				n[w][c.kind]++
			}
		}
	}
	out := make([]int32, len(found))
	for w := range found {
		out[w] = int32(most(n[w]))
	}
	return out
}
