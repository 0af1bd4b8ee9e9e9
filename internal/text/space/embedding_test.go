package space

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
)

// subjects are texts on k subjects whose words are mostly common to all, and
// vectors that know the subject better than the words do.
func subjects(n, k int) (c *Collection, vectors [][]float32, of []int) {
	r := rand.New(rand.NewPCG(8, 9))
	const words, own, each, numbers = 400, 12, 9, 40
	m, counts := NewCSR(words), NewCSR(words)
	for i := range n {
		row := map[int32]bool{}
		for range each {
			w := r.IntN(words)
			if r.IntN(3) == 0 {
				w = i % k * own % words
				w += r.IntN(own)
			}
			row[int32(w)] = true
		}
		for w := range int32(words) {
			if row[w] {
				m.Col, m.Val = append(m.Col, w), append(m.Val, 1)
				counts.Col, counts.Val = append(counts.Col, w), append(counts.Val, 1)
			}
		}
		_, v := m.Col[m.Start[i]:], m.Val[m.Start[i]:]
		Normalize(v)
		m.End()
		counts.End()
		of = append(of, i%k)
		vector := make([]float32, numbers)
		for j := range vector {
			vector[j] = .25 * float32(r.NormFloat64())
		}
		vector[i%k] += 1
		Normalize(vector)
		vectors = append(vectors, vector)
	}
	return &Collection{Even: m, Rare: m, Counts: counts}, vectors, of
}

// rightPairs is the share of pairs of rows of one group that are of one subject.
func rightPairs(got, of []int) float64 {
	right, all := 0, 0
	for i := range got {
		for j := range i {
			if got[i] == got[j] {
				if all++; of[i] == of[j] {
					right++
				}
			}
		}
	}
	return float64(right) / float64(max(all, 1))
}

// TestEmbed: vectors that know more than the words help, those of other rows are
// left out, and then nothing at all changes.
func TestEmbed(t *testing.T) {
	const n, k = 1200, 20
	plain, vectors, of := subjects(n, k)
	alone, groups := Partition(plain, k, 5)
	with, _, _ := subjects(n, k)
	if !with.Embed(vectors, k, 5) {
		t.Fatal("good vectors do not count")
	}
	better, _ := Partition(with, k, 5)
	before, after := rightPairs(alone, of), rightPairs(better, of)
	if after < before+.1 {
		t.Errorf("right pairs: %.2f with vectors, %.2f without", after, before)
	}
	if other := Number(with, 5); other != Number(plain, 5) {
		t.Error("vectors change the number of groups")
	}
	wrong := make([][]float32, n)
	for i, j := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		wrong[i] = vectors[j]
	}
	c, _, _ := subjects(n, k)
	if c.Embed(wrong, k, 5) {
		t.Error("vectors of other texts count")
	}
	if got, g := Partition(c, k, 5); g != groups || !reflect.DeepEqual(got, alone) {
		t.Error("vectors that do not count change something")
	}
}

// TestEmbedOdd: texts without a vector, vectors that are all the same, none.
func TestEmbedOdd(t *testing.T) {
	const n, k = 300, 5
	_, vectors, _ := subjects(n, k)
	same, some := make([][]float32, n), make([][]float32, n)
	for i := range same {
		same[i] = []float32{.6, .8, 0}
		if i%2 == 0 {
			some[i] = vectors[i]
		}
	}
	for name, v := range map[string][][]float32{"same": same, "some": some, "none": make([][]float32, n)} {
		c, _, _ := subjects(n, k)
		if counts := c.Embed(v, k, 3); counts && name != "some" {
			t.Errorf("%s: vectors count", name)
		}
		if of, groups := Partition(c, k, 3); len(of) != n || groups < 2 {
			t.Errorf("%s: %d groups", name, groups)
		}
	}
}

// TestEmbedDeterministic: one processor gives what several give.
func TestEmbedDeterministic(t *testing.T) {
	run := func() []int {
		c, vectors, _ := subjects(900, 12)
		c.Embed(vectors, 12, 4)
		of, _ := Partition(c, 12, 4)
		return of
	}
	many := run()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if !reflect.DeepEqual(run(), many) {
		t.Error("the number of processors changes the groups")
	}
}
