package space

import (
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestReduce compares the randomised decomposition with the exact one.
func TestReduce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const rows, cols, rank = 120, 80, 6
	exact := mat.NewDense(rows, cols, nil)
	for k := range rank {
		a, b := make([]float64, rows), make([]float64, cols)
		for i := range a {
			a[i] = r.NormFloat64() * float64(rank-k)
		}
		for j := range b {
			b[j] = r.NormFloat64()
		}
		exact.RankOne(exact, 1, mat.NewVecDense(rows, a), mat.NewVecDense(cols, b))
	}
	m := NewCSR(cols)
	for i := range rows {
		for j := range cols {
			m.Col, m.Val = append(m.Col, int32(j)), append(m.Val, float32(exact.At(i, j)))
		}
		m.End()
	}
	var svd mat.SVD
	if !svd.Factorize(exact, mat.SVDThin) {
		t.Fatal("no decomposition")
	}
	var u mat.Dense
	svd.UTo(&u)
	got := Reduce(m, rank, 7)
	for j := range rank {
		dot, value := 0.0, svd.Values(nil)[j]
		for i := range rows {
			dot += float64(got.Row(i)[j]) * u.At(i, j)
		}
		if math.Abs(math.Abs(dot)/value-1) > 1e-3 {
			t.Errorf("direction %d: %g of %g", j, dot, value)
		}
	}
	if !reflect.DeepEqual(m.Transpose().Transpose(), m) {
		t.Error("transposing twice changes the matrix")
	}
}

// TestPlaces compares the filtered vectors of a graph with the exact ones.
func TestPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, k = 150, 5
	near := make([][]neighbour, n)
	for i := range near {
		for range 6 {
			j := (i%k + k*r.IntN(n/k)) % n
			if r.IntN(12) == 0 {
				j = r.IntN(n)
			}
			if j != i && !slices.ContainsFunc(near[i], func(x neighbour) bool { return x.row == j }) {
				near[i] = append(near[i], neighbour{j, float32(.3 + .01*float64((i*j+i+j)%60))})
			}
		}
	}
	m := adjacency(near).normalised()
	exact := mat.NewSymDense(n, nil)
	for i := range n {
		cols, vals := m.Row(i)
		for x, c := range cols {
			exact.SetSym(i, int(c), float64(vals[x]))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(exact, false) {
		t.Fatal("no decomposition")
	}
	values := e.Values(nil)
	got := places(m, k, 9)
	for j := range k {
		length := 0.0
		for i := range n {
			length += float64(got.Row(i)[j]) * float64(got.Row(i)[j])
		}
		if math.Abs(length-values[n-1-j]) > 1e-3 {
			t.Errorf("vector %d has the eigenvalue %.4f, want %.4f", j, length, values[n-1-j])
		}
	}
}

// planted are texts of topics topics: a third of each text's words are its
// topic's own, the rest anyone's.
func planted(n, topics int) (*Collection, []int) {
	const own, common = 30, 400
	r := rand.New(rand.NewPCG(5, 6))
	counts, truth := NewCSR(topics*own+common), make([]int, n)
	for i := range n {
		truth[i] = r.IntN(topics)
		row := map[int32]float32{}
		for range 8 {
			row[int32(truth[i]*own+r.IntN(own))]++
		}
		for range 16 {
			row[int32(topics*own+r.IntN(common))]++
		}
		for c := range int32(counts.Cols) {
			if row[c] > 0 {
				counts.Col, counts.Val = append(counts.Col, c), append(counts.Val, row[c])
			}
		}
		counts.End()
	}
	even := counts.Pick(sample(n, n))
	for i := range n {
		_, vals := even.Row(i)
		Normalize(vals)
	}
	return &Collection{Even: even, Rare: even, Counts: counts}, truth
}

// wrong is how many rows are not in the group most rows of their topic are in.
func wrong(of, truth []int) int {
	n := map[[2]int]int{}
	for i := range of {
		n[[2]int{truth[i], of[i]}]++
	}
	most := map[int]int{}
	for k, c := range n {
		most[k[0]] = max(most[k[0]], c)
	}
	right := 0
	for _, c := range most {
		right += c
	}
	return len(of) - right
}

func TestPartition(t *testing.T) {
	c, truth := planted(1500, 12)
	of, groups := Partition(c, 12, 1)
	if groups != 12 || wrong(of, truth) > 15 {
		t.Errorf("%d groups, %d of 1500 texts in the wrong one", groups, wrong(of, truth))
	}
	if k := Number(c, 1); k < 10 || k > 14 {
		t.Errorf("%d groups are seen, 12 are there", k)
	}
	was := runtime.GOMAXPROCS(1)
	alone, _ := Partition(c, 12, 1)
	runtime.GOMAXPROCS(was)
	if !reflect.DeepEqual(alone, of) {
		t.Error("the number of processors changes the partition")
	}
}

// TestPartitionFollows has more texts than are partitioned by likeness.
func TestPartitionFollows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	c, truth := planted(mostRows+4000, 5)
	of, groups := Partition(c, 5, 1)
	if groups != 5 || wrong(of, truth)*50 > len(of) {
		t.Errorf("%d groups, %d of %d texts in the wrong one", groups, wrong(of, truth), len(of))
	}
}

// TestPartitionSmall has what is too small or empty to be divided.
func TestPartitionSmall(t *testing.T) {
	for n := range 6 {
		c, _ := planted(n, 2)
		for k := 1; k < 5; k++ {
			of, groups := Partition(c, k, 1)
			if len(of) != n || groups > min(n, k) || n > 0 && groups < 1 {
				t.Errorf("%d texts in %d groups: %d groups", n, k, groups)
			}
		}
		if k := Number(c, 1); k < 1 || k > max(n, 1) {
			t.Errorf("%d groups are seen among %d texts", k, n)
		}
	}
	empty := NewCSR(0)
	for range 40 {
		empty.End()
	}
	if of, _ := Partition(&Collection{Even: empty, Rare: empty, Counts: empty}, 3, 1); len(of) != 40 {
		t.Error("texts without features have no group")
	}
	Number(&Collection{Even: empty, Rare: empty, Counts: empty}, 1)
}

// TestExchange starts where two texts in five are in a wrong group: their own words
// hold them there, unless they are left out.
func TestExchange(t *testing.T) {
	c, truth := planted(400, 4)
	r := rand.New(rand.NewPCG(9, 10))
	held := slices.Clone(truth)
	for i := range held {
		if r.IntN(5) < 2 {
			held[i] = r.IntN(4)
		}
	}
	free := slices.Clone(held)
	refine(c.Even, held, 4)
	exchange(c.Even, free, 4)
	if h, f := wrong(held, truth), wrong(free, truth); f*4 > h || f > 20 {
		t.Errorf("%d of 400 texts are in a wrong group, %d where their own words count", f, h)
	}
	alone, one := []int{0, 1, 2}, NewCSR(3)
	for i := range int32(3) {
		one.Col, one.Val = append(one.Col, i), append(one.Val, 1)
		one.End()
	}
	exchange(one, alone, 3) // nobody speaks for any: they stay or fall together
	for _, g := range alone {
		if g < 0 || g > 2 {
			t.Errorf("groups %v", alone)
		}
	}
}

// TestInformation is largest for the truth and least for one group.
func TestInformation(t *testing.T) {
	c, truth := planted(600, 6)
	features := c.Even.Transpose()
	r := rand.New(rand.NewPCG(7, 8))
	last := math.Inf(1)
	for _, noise := range []int{0, 20, 50, 100} {
		of := make([]int, len(truth))
		for i, g := range truth {
			of[i] = g
			if r.IntN(100) < noise {
				of[i] = r.IntN(6)
			}
		}
		v := Information(features, of, 6)
		if v >= last {
			t.Errorf("with %d %% of the groups wrong it is %.4f, with fewer %.4f", noise, v, last)
		}
		last = v
	}
	if v := Information(features, make([]int, len(truth)), 1); math.Abs(v) > 1e-9 {
		t.Errorf("one group tells %g", v)
	}
}

func BenchmarkPartition(b *testing.B) {
	c, _ := planted(4000, 20)
	for b.Loop() {
		Partition(c, 20, 1)
	}
}
