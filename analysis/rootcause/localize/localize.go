// Package localize finds which combinations of attributes explain that a measure
// is not what was predicted: the few elements (product = cfd and country = SG) in
// which it deviates, not those that only contain or are part of them.
//
// Large measures: a leaf's deviation is 2(f-v)/(f+v), as in RiskLoc (Kalander
// 2022), and under one cause the same in all of its leaves (generalised ripple
// effect, Li et al., Squeeze, ISSRE 2019). Of all elements most of whose weight
// deviates, the one is a cause that gains most likelihood from a deviation of its
// own, W·m² with the weight W and mean deviation m of its leaves: a larger element
// is diluted, a smaller one has less weight. What it explains is taken out, and
// the search begins again.
//
// Small counts, where a leaf has one event or none: the scan statistic of a
// Poisson excess (Kulldorff 1997) over all elements, less what the rest would gain
// from an excess of its own, and less the price of each attribute.
package localize

import (
	"math"
	"slices"
)

// Table is what was measured and predicted for each leaf: a combination of values
// of all attributes. Leaves may stand there several times.
type Table struct {
	Names     []string   // of the attributes, at most 12
	Values    [][]string // of each attribute
	Codes     [][]int32  // of each attribute: the leaf's index into Values
	Actual    []float64
	Predicted []float64
}

// Cause is one element: some attributes and their values.
type Cause struct {
	Values map[string]string
	Share  float64 // of all that deviates
	Ratio  float64 // actual to predicted
}

// Result is what was found.
type Result struct {
	Causes []Cause
	// Deviates says that the measure is not what was predicted, somewhere or as a
	// whole; External that what deviates does not keep to the attributes.
	Deviates, External bool
	Counts             bool // the measure was taken for small counts
}

// Settings of the search.
const (
	mostCauses   = 8
	mostCells    = 1 << 21 // of one combination of attributes
	smallCounts  = 8.0     // events of a typical leaf
	deviates     = 5.0     // robust standard deviations
	mostlyLeaves = .75     // of the weight of an element deviates
	leastShare   = .001    // of all that deviates
	leastCount   = .3      // the same, of small counts
	explained    = .3      // of all that deviates, or the cause lies elsewhere
)

// Find searches a table for causes. It changes nothing in it.
func Find(t *Table) Result {
	s := newSearch(t)
	var out Result
	out.Counts = s.counts()
	pick := s.deviation
	if out.Counts {
		pick = s.excess
	} else {
		s.measure()
	}
	rest := 1.0
	for len(out.Causes) < mostCauses {
		e, ok := pick()
		if !ok {
			break
		}
		c := s.take(e)
		out.Causes, rest = append(out.Causes, c), rest-c.Share
	}
	out.Deviates = len(out.Causes) > 0 || s.deviates()
	out.External = out.Deviates && rest > 1-explained
	return out
}

// search is one search; leaves that are explained are not alive.
type search struct {
	t     *Table
	alive []bool
	d     []float64 // deviation of a leaf, large measures
	w     []float64 // weight of a leaf, the mean is 1
	odd   []bool    // it deviates
	sigma float64
	total float64 // of what deviates
	sets  []cuboid
	cells []cell
}

// cuboid is a set of attributes; a leaf's place in it is the sum of its codes
// times the strides.
type cuboid struct {
	stride []int // 0 = not of the set
	size   int
	layer  int
}

// cell sums up the leaves of an element.
type cell struct{ w, odd, sum, f, v float64 }

// element is one element of one cuboid.
type element struct {
	of    int
	place int
}

func newSearch(t *Table) *search {
	s := &search{t: t, alive: make([]bool, len(t.Actual))}
	for i := range s.alive {
		s.alive[i] = t.Actual[i] != 0 || t.Predicted[i] != 0
	}
	for set := 1; set < 1<<len(t.Names); set++ {
		c := cuboid{stride: make([]int, len(t.Names)), size: 1}
		for j := range t.Names {
			if set>>j&1 == 1 {
				c.stride[j] = c.size
				c.size *= len(t.Values[j])
				c.layer++
			}
			if c.size > mostCells {
				break
			}
		}
		if c.size <= mostCells {
			s.sets = append(s.sets, c)
		}
	}
	slices.SortStableFunc(s.sets, func(a, b cuboid) int { return a.layer - b.layer })
	return s
}

// counts reports a measure of whole numbers of which a typical leaf has few.
func (s *search) counts() bool {
	var sizes []float64
	for i, a := range s.alive {
		if a {
			if s.t.Actual[i] != math.Trunc(s.t.Actual[i]) {
				return false
			}
			sizes = append(sizes, max(s.t.Actual[i], s.t.Predicted[i]))
		}
	}
	slices.Sort(sizes)
	return len(sizes) > 0 && sizes[len(sizes)/2] < smallCounts
}

// measure finds how far leaves deviate, and how far is ordinary.
func (s *search) measure() {
	t := s.t
	n := len(t.Actual)
	s.d, s.w, s.odd = make([]float64, n), make([]float64, n), make([]bool, n)
	var size, alive float64
	far := make([]float64, 0, n)
	for i := range n {
		if both := t.Predicted[i] + t.Actual[i]; s.alive[i] && both > 0 {
			s.d[i], s.w[i] = 2*(t.Predicted[i]-t.Actual[i])/both, both/2
			size, alive = size+s.w[i], alive+1
			far = append(far, math.Abs(s.d[i]))
		}
	}
	if alive == 0 {
		return
	}
	slices.Sort(far)
	s.sigma = max(1.4826*far[len(far)/2], 1e-9)
	for i := range n {
		s.w[i] *= alive / size
		if s.odd[i] = math.Abs(s.d[i]) > deviates*s.sigma; s.odd[i] && s.alive[i] {
			s.total += math.Abs(t.Predicted[i] - t.Actual[i])
		}
	}
}

// deviates reports whether there is anything to explain: of large measures a leaf
// that deviates, of small counts a sum that chance does not make (one time in
// fifty, Wilks 1938).
func (s *search) deviates() bool {
	if s.w != nil {
		return s.total > 0
	}
	var v, f float64
	for i := range s.t.Actual {
		v, f = v+s.t.Actual[i], f+s.t.Predicted[i]
	}
	return surprise(v, f) > 2.7
}

// each sums the leaves of every cuboid and calls f with its elements.
func (s *search) each(f func(e element, c *cell)) {
	for k := range s.sets {
		set := &s.sets[k]
		if cap(s.cells) < set.size {
			s.cells = make([]cell, set.size)
		}
		cells := s.cells[:set.size]
		clear(cells)
		s.fill(set, cells)
		for p := range cells {
			if cells[p].f != 0 || cells[p].v != 0 {
				f(element{k, p}, &cells[p])
			}
		}
	}
}

func (s *search) fill(set *cuboid, cells []cell) {
	for i, alive := range s.alive {
		if !alive {
			continue
		}
		c := &cells[s.place(set, i)]
		c.f += s.t.Predicted[i]
		c.v += s.t.Actual[i]
		if s.w == nil {
			continue
		}
		c.w += s.w[i]
		c.sum += s.w[i] * s.d[i]
		if s.odd[i] {
			c.odd += s.w[i]
		}
	}
}

func (s *search) place(set *cuboid, leaf int) int {
	p := 0
	for j, stride := range set.stride {
		if stride != 0 {
			p += int(s.t.Codes[j][leaf]) * stride
		}
	}
	return p
}

// deviation is the element that gains most from a deviation of its own.
func (s *search) deviation() (best element, ok bool) {
	most := 0.0
	s.each(func(e element, c *cell) {
		if c.odd < mostlyLeaves*c.w || math.Abs(c.f-c.v) < leastShare*s.total {
			return
		}
		if gain := c.sum * c.sum / c.w; gain > most*(1+1e-9) {
			best, most, ok = e, gain, true
		}
	})
	return best, ok
}

// excess is the element with the greatest scan statistic.
func (s *search) excess() (best element, ok bool) {
	var f, v, leaves float64
	for i, a := range s.alive {
		if a {
			f, v, leaves = f+s.t.Predicted[i], v+s.t.Actual[i], leaves+1
		}
	}
	if s.total == 0 {
		s.total = math.Abs(v - f)
	}
	price := math.Log(max(leaves, 2))
	most := 0.0
	up := v >= f
	s.each(func(e element, c *cell) {
		if c.v > c.f != up || math.Abs(c.v-c.f) < leastCount*s.total {
			return
		}
		gain := surprise(c.v, c.f) - price*float64(s.sets[e.of].layer)
		if rest, usual := v-c.v, f-c.f; rest > usual == up {
			gain -= surprise(rest, usual)
		}
		if gain > most {
			best, most, ok = e, gain, true
		}
	})
	return best, ok
}

// surprise is the log-likelihood ratio of x events where e were expected.
func surprise(x, e float64) float64 {
	e = max(e, 1e-9)
	if x <= 0 {
		return e
	}
	return x*math.Log(x/e) - (x - e)
}

// take makes a cause of an element and takes its leaves out.
func (s *search) take(e element) Cause {
	set := &s.sets[e.of]
	c := Cause{Values: map[string]string{}}
	var f, v float64
	for i, alive := range s.alive {
		if !alive || s.place(set, i) != e.place {
			continue
		}
		if len(c.Values) == 0 {
			for j, stride := range set.stride {
				if stride != 0 {
					c.Values[s.t.Names[j]] = s.t.Values[j][s.t.Codes[j][i]]
				}
			}
		}
		f, v = f+s.t.Predicted[i], v+s.t.Actual[i]
		s.alive[i] = false
	}
	if s.total > 0 {
		c.Share = math.Abs(v-f) / s.total
	}
	c.Ratio = v / max(f, 1e-9)
	return c
}
