package service

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"plaint/internal/store"
)

// Result is the run and its headline.
type Result struct {
	Run     int64          `json:"run"`
	Numbers map[string]any `json:"numbers"`
}

// unit is a handler, a department, a type or a channel and how it does.
type unit struct {
	by, name                                string
	n, closed, timed, breached              int
	reopened, escalated, csatTop, csatCalls int
	hours                                   []float32
	mix                                     map[cell]int // of the complaints with a clock
}

// cell is complaints of one type in one department.
type cell struct{ kind, department string }

// Measure runs every complaint's clock as of now, measures the quality of
// handlers, departments, types and channels, and keeps both as a run of kind
// "service".
func Measure(ctx context.Context, st *store.Store, now time.Time) (Result, error) {
	started := st.Now()
	levels, err := ReadLevels(ctx, st)
	if err != nil {
		return Result{}, fmt.Errorf("service levels: %w", err)
	}
	clocks := store.Table{Name: "service_clock"}
	units, states, cells := map[[2]string]*unit{}, map[State]int{}, map[cell][2]int{}
	last, err := each(ctx, st, func(i *item) {
		limit, level, ok := levels.limit(i.kind)
		var c clock
		if ok {
			c = i.run(limit, now)
		}
		if c.state != "" {
			states[c.state]++
			clocks.Rows = append(clocks.Rows, c.row(i, string(level.Rule), level.Department))
		}
		tallyCell(cells, i, c)
		for _, u := range [...][2]string{{"handler", i.handler}, {"department", i.department}, {"type", i.kind}, {"channel", i.channel}, {"all", "all"}} {
			count(units, u, i, c)
		}
	})
	if err != nil {
		return Result{}, fmt.Errorf("service levels: %w", err)
	}
	numbers := map[string]any{"clocks": len(clocks.Rows), "breached": states[Late] + states[Overdue] + states[Again], "reopened": states[Again], "overdue": states[Overdue],
		"due_soon": states[DueSoon], "running": states[Running]}
	id, err := st.SaveRun(ctx, store.Run{Kind: "service", Started: started, UpTo: last, Summary: numbers,
		Params: map[string]any{"as_of": now.Format(time.RFC3339), "at_once_minutes": AtOnce.Minutes(), "confidence": .95},
		Tables: []store.Table{clocks, qualityTable(units, cells)}})
	if err != nil {
		return Result{}, fmt.Errorf("service levels: %w", err)
	}
	return Result{Run: id, Numbers: numbers}, nil
}

// row is the clock's row: the department is the one that handles the
// complaint, or the one the table names.
func (c *clock) row(i *item, rule, department string) []any {
	var late any
	if c.breached {
		late = c.hoursLate
	}
	return []any{i.seq, i.kind, cmp.Or(i.department, department), rule, c.due, i.stopped, c.breached, late, string(c.state)}
}

func count(units map[[2]string]*unit, key [2]string, i *item, c clock) {
	if key[1] == "" {
		return
	}
	u := units[key]
	if u == nil {
		u = &unit{by: key[0], name: key[1], mix: map[cell]int{}}
		units[key] = u
	}
	u.n++
	u.csatTop += i.csatTop
	u.csatCalls += i.csatN
	for _, f := range [...]struct {
		is bool
		to *int
	}{{!i.stopped.IsZero(), &u.closed}, {c.state != "", &u.timed}, {c.breached, &u.breached}, {i.reopened, &u.reopened}, {i.escalated, &u.escalated}} {
		if f.is {
			*f.to++
		}
	}
	if c.state != "" {
		u.mix[cell{i.kind, i.department}]++
	}
	if !i.stopped.IsZero() && !i.received.IsZero() {
		u.hours = append(u.hours, float32(i.stopped.Sub(i.received).Hours()))
	}
}

// expected is the breach rate that the unit would have if each of its
// complaints were answered as those of its type and department are on the
// whole. Without it a handler would be blamed for the work.
func (u *unit) expected(rates map[cell]float64) float64 {
	cells := make([]cell, 0, len(u.mix))
	for c := range u.mix {
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b cell) int { // sums in one order
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.department, b.department))
	})
	sum := 0.0
	for _, c := range cells {
		sum += float64(u.mix[c]) * rates[c]
	}
	return sum / float64(u.timed)
}

// tallyCell counts a clock in its cell.
func tallyCell(cells map[cell][2]int, i *item, c clock) {
	if c.state == "" {
		return
	}
	n := cells[cell{i.kind, i.department}]
	n[0]++
	if c.breached {
		n[1]++
	}
	cells[cell{i.kind, i.department}] = n
}

func qualityTable(units map[[2]string]*unit, cells map[cell][2]int) store.Table {
	rates := make(map[cell]float64, len(cells))
	for c, n := range cells {
		rates[c] = float64(n[1]) / float64(n[0])
	}
	list := make([]*unit, 0, len(units))
	for _, u := range units {
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b *unit) int {
		return cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	t := store.Table{Name: "service_quality"}
	for _, u := range list {
		row := []any{u.by, u.name, u.n, u.closed, u.breached, nil, nil, nil, u.reopened, u.escalated, nil, nil, u.csatCalls, nil}
		if u.timed > 0 {
			low, high := Wilson(u.breached, u.timed)
			row[5], row[6], row[7] = float64(u.breached)/float64(u.timed), low, high
			row[13] = u.expected(rates)
		}
		if len(u.hours) > 0 {
			row[10] = median(u.hours)
		}
		if u.csatCalls > 0 {
			row[11] = 100 * float64(u.csatTop) / float64(u.csatCalls)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func median(v []float32) float64 {
	slices.Sort(v)
	return (float64(v[(len(v)-1)/2]) + float64(v[len(v)/2])) / 2
}

// Wilson is the 95 % score interval of a share of k in n (Wilson 1927).
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	z := distuv.UnitNormal.Quantile(.975)
	p, m := float64(k)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	low, high = (centre-half)/(1+z*z/m), (centre+half)/(1+z*z/m)
	if k == 0 {
		low = 0 // but for rounding
	}
	if k == n {
		high = 1
	}
	return low, high
}
