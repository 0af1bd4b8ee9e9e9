package tabular_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"plaint/scoring/tabular"
)

// transactions makes a table of payments.
func transactions(rows [][]string) *tabular.Table {
	t := tabular.NewTable([]string{"id", "at", "source", "target", "amount", "place", "label"})
	for _, row := range rows {
		t.Add(row)
	}
	return t
}

// payments makes rows of payments between sources and targets in time. A few
// targets turn bad for a while: what they then get from anybody is mostly bad. A few
// sources are taken over for a while: they pay often, to new targets, more than they
// used to. Half of the labels are never known.
func payments(n int, seed uint64) [][]string {
	random := rand.New(rand.NewPCG(seed, 3))
	sources, targets := n/25, n/40
	mood := func(count int, share float64) (from, to []float64) {
		from, to = make([]float64, count), make([]float64, count)
		for i := range count {
			from[i], to[i] = math.Inf(1), math.Inf(1)
			if random.Float64() < share {
				from[i] = random.Float64() * float64(n)
				to[i] = from[i] + float64(n)*(.05+.2*random.Float64())
			}
		}
		return from, to
	}
	sFrom, sTo := mood(sources, .05)
	tFrom, tTo := mood(targets, .08)
	usual, home := make([]float64, sources), make([]int, sources)
	for i := range usual {
		usual[i], home[i] = 3+random.NormFloat64(), random.IntN(targets)
	}
	var rows [][]string
	taken := 0
	for i := range n {
		s := int(float64(sources) * math.Pow(random.Float64(), 2))
		if i%40 < 2 { // a taken source goes on
			s = taken
		}
		at := float64(i)
		inS := at >= sFrom[s] && at < sTo[s]
		if inS {
			taken = s
		}
		to := home[s]
		if inS || random.IntN(3) == 0 {
			to = random.IntN(targets)
		}
		inT := at >= tFrom[to] && at < tTo[to]
		amount, p := usual[s]+.6*random.NormFloat64(), .01
		if inS {
			amount, p = amount+1.2, .75
		}
		if inT {
			p = .85
		}
		bad := random.Float64() < p
		label := strconv.Itoa(map[bool]int{true: 1}[bad])
		if random.IntN(2) == 0 {
			label = ""
		}
		rows = append(rows, []string{fmt.Sprintf("p%d", i), strconv.Itoa(i), fmt.Sprintf("S%d", s), fmt.Sprintf("T%d", to),
			strconv.FormatFloat(math.Exp(amount), 'f', 2, 64), "L" + strconv.Itoa(random.IntN(20)), label})
	}
	return rows
}
