package glass

import (
	"math"

	"plaint/scoring/boost"
	"plaint/scoring/feature"
)

// assemble adds up the trees to curves and surfaces, makes them pure and centres
// them.
func assemble(d *boost.Data, trained *boost.Model) *Model {
	p := decompose(trained)
	m := &Model{Bins: d.Bins, Bags: p.forests, Terms: make([]Term, len(d.Bins)+len(p.pairs))}
	for _, f := range trained.Forests {
		m.Trees = append(m.Trees, len(f.Trees))
	}
	curves := p.sum(d)
	margins := make([][][2][]float64, len(p.pairs)) // by pair and forest: what its surface says of one feature alone
	feature.Parallel(len(p.pairs), func(k int) {
		s := p.surface(d, k, d.Rows)
		for _, f := range s.of {
			a, b := pure(f, s.rows, s.wide)
			margins[k] = append(margins[k], [2][]float64{spreadOut(a, s.coarse[0]), spreadOut(b, s.coarse[1])})
		}
		t := Term{Features: []int{p.pairs[k].a, p.pairs[k].b}, Coarse: s.coarse[:], Wide: s.wide, Rows: s.rows}
		t.Scores, t.Errors = average(s.of)
		m.Terms[len(d.Bins)+k] = t
	})
	for k, on := range p.pairs {
		for i, margin := range margins[k] {
			add(curves[on.a][i], margin[0])
			add(curves[on.b][i], margin[1])
		}
	}
	m.centre(d, p, curves)
	return m
}

// sum gives the curves by feature and forest.
func (p *parts) sum(d *boost.Data) [][][]float64 {
	curves := make([][][]float64, len(d.Bins))
	for j := range curves {
		for range p.forests {
			curves[j] = append(curves[j], make([]float64, d.Bins[j].Count()))
		}
		for _, x := range p.curves[j] {
			for b, in := range x.sets[0] {
				if in {
					curves[j][x.forest][b] += x.value
				}
			}
		}
	}
	return curves
}

// centre takes the mean over the training rows out of every curve.
func (m *Model) centre(d *boost.Data, p *parts, curves [][][]float64) {
	moved := make([]float64, len(curves))
	feature.Parallel(len(curves), func(j int) {
		t := Term{Features: []int{j}, Rows: make([]float64, d.Bins[j].Count())}
		for _, r := range d.Rows {
			t.Rows[d.Cells[j][r]]++
		}
		for _, f := range curves[j] {
			mean := 0.
			for b, n := range t.Rows {
				mean += n * f[b] / float64(len(d.Rows))
			}
			for b := range f {
				f[b] -= mean
			}
			moved[j] += mean / float64(p.forests)
		}
		t.Scores, t.Errors = average(curves[j])
		m.Terms[j] = t
	})
	for _, b := range p.base {
		m.Intercept += b / float64(p.forests)
	}
	for _, x := range moved {
		m.Intercept += x
	}
}

// spreadOut gives the values of lines to their bins.
func spreadOut(lines []float64, coarse []uint8) []float64 {
	out := make([]float64, len(coarse))
	for b, c := range coarse {
		out[b] = lines[c]
	}
	return out
}

func add(to, from []float64) {
	for i, v := range from {
		to[i] += v
	}
}

// pure takes the weighted means out of the lines and columns of a surface, again
// and again until there are none (the mass moving of Lengerich et al. 2020), and
// gives them back. An empty cell has a little weight, so that every mean exists.
func pure(f, weight []float64, wide int) (rows, columns []float64) {
	high := len(f) / wide
	rows, columns = make([]float64, high), make([]float64, wide)
	for range 200 {
		moved := 0.
		for x := range high {
			moved = max(moved, move(f, weight, &rows[x], [3]int{x * wide, 1, wide}))
		}
		for y := range wide {
			moved = max(moved, move(f, weight, &columns[y], [3]int{y, wide, high}))
		}
		if moved < 1e-10 {
			break
		}
	}
	return rows, columns
}

// move takes the mean of a line (its first cell, step and length) out of it and
// adds it to sum.
func move(f, weight []float64, sum *float64, line [3]int) float64 {
	const little = 1e-3
	s, w := 0., 0.
	for i, at := 0, line[0]; i < line[2]; i, at = i+1, at+line[1] {
		k := weight[at] + little
		s += k * f[at]
		w += k
	}
	s /= w
	for i, at := 0, line[0]; i < line[2]; i, at = i+1, at+line[1] {
		f[at] -= s
	}
	*sum += s
	return math.Abs(s)
}
