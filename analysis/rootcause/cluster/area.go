package cluster

// areas puts themes together into as many areas as the likeness of the themes
// shows, and gives each theme's. like is symmetric; what is not alike counts
// nothing.
//
// Method: greedy modularity (Clauset, Newman, Moore 2004) of the graph of themes
// with edges at the square of their likeness.
func areas(like [][]float64) (of []int, n int) {
	m := newMerger(like, func(v float64) float64 { return max(v, 0) * max(v, 0) })
	for m.join(func(a, b int) float64 {
		return m.weight[a][b]/m.total - m.degree[a]*m.degree[b]/m.total/m.total
	}, 0) {
	}
	return m.numbers()
}

// fewer joins themes by mean likeness until k are left.
func fewer(like [][]float64, k int) (of []int, n int) {
	m := newMerger(like, func(v float64) float64 { return v })
	for left := len(like); left > k; left-- {
		m.join(func(a, b int) float64 { return m.weight[a][b] / float64(m.size[a]*m.size[b]) }, -2)
	}
	return m.numbers()
}

// merger joins things two by two.
type merger struct {
	weight [][]float64 // between groups, summed over their members
	degree []float64
	total  float64
	size   []int // members; 0 for a group that went into another
	of     []int
}

func newMerger(like [][]float64, weight func(float64) float64) *merger {
	n := len(like)
	m := &merger{degree: make([]float64, n), size: make([]int, n), of: make([]int, n)}
	for i, row := range like {
		w := make([]float64, n)
		for j, v := range row {
			if i != j {
				w[j] = weight(v)
				m.degree[i] += w[j]
			}
		}
		m.weight = append(m.weight, w)
		m.size[i], m.of[i] = 1, i
		m.total += m.degree[i]
	}
	return m
}

// join joins the two groups with the largest gain above least; ties go to the
// lower numbers. It is false if there are none.
func (m *merger) join(gain func(a, b int) float64, least float64) bool {
	const rounding = 1e-12
	to, from, most := -1, -1, least
	for a := range m.size {
		for b := a + 1; b < len(m.size); b++ {
			if m.size[a] > 0 && m.size[b] > 0 {
				if g := gain(a, b); g > most+rounding {
					to, from, most = a, b, g
				}
			}
		}
	}
	if to < 0 {
		return false
	}
	for k := range m.size {
		m.weight[to][k] += m.weight[from][k]
		m.weight[k][to] = m.weight[to][k]
	}
	m.degree[to] += m.degree[from]
	m.size[to] += m.size[from]
	m.size[from] = 0
	for i, g := range m.of {
		if g == from {
			m.of[i] = to
		}
	}
	return true
}

// numbers are the groups numbered from 0 in order of their first member.
func (m *merger) numbers() (of []int, n int) {
	place := map[int]int{}
	of = make([]int, len(m.of))
	for i, g := range m.of {
		if _, ok := place[g]; !ok {
			place[g] = len(place)
		}
		of[i] = place[g]
	}
	return of, len(place)
}
