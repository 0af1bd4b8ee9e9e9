package text

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestTokens(t *testing.T) {
	for in, want := range map[string]string{
		"短信验证码一直收不到，錯誤PG-5041":      "短信验证码 (一直) 收不到 | 错误 pg-5041! |",
		"My withdrawal isn't here!": "(my) withdrawal (isn't) (here) |",
		"亏85元 app ５.９.０ 闪退":         "亏 | (元) app 5.9.0! 闪退 |",
		"T123456789 paid $20":       "paid |",
		"":                          "",
	} {
		var got []string
		for _, x := range NewTokenizer().Tokens(nil, in) {
			got = append(got, map[TokenKind]string{Word: x.Text, Stop: "(" + x.Text + ")", Entity: x.Text + "!", Break: "|"}[x.Kind])
		}
		if s := strings.Join(got, " "); s != want && in != "" {
			t.Errorf("Tokens(%q) = %q, want %q", in, s, want)
		}
	}
}

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
	m := &CSR{Rows: rows, Cols: cols, Start: []int{0}}
	for i := range rows {
		for j := range cols {
			m.Col, m.Val = append(m.Col, int32(j)), append(m.Val, float32(exact.At(i, j)))
		}
		m.Start = append(m.Start, len(m.Col))
	}
	var svd mat.SVD
	if !svd.Factorize(exact, mat.SVDThin) {
		t.Fatal("no decomposition")
	}
	var v mat.Dense
	svd.VTo(&v)
	got := Reduce(m, rank, 7)
	for j := range rank {
		dot := 0.0
		for i := range cols {
			dot += got.Row(i)[j] * v.At(i, j)
		}
		if math.Abs(math.Abs(dot)-1) > 1e-3 {
			t.Errorf("direction %d: cosine %g", j, dot)
		}
	}
	if !reflect.DeepEqual(m.Transpose().Transpose(), m) {
		t.Error("transposing twice changes the matrix")
	}
}

func TestGroup(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := NewDense(300, 20)
	for i := range rows.Rows {
		rows.Row(i)[i%3] = 1
		for j := range rows.Cols {
			rows.Row(i)[j] += .15 * r.NormFloat64()
		}
		Normalize(rows.Row(i))
	}
	g := Group(Smooth(rows, 8, 1), 3, 3, 1)
	for i := range rows.Rows {
		if g.Of[i] != g.Of[i%3] {
			t.Fatalf("row %d is in group %d, row %d in %d", i, g.Of[i], i%3, g.Of[i%3])
		}
	}
	if g := Group(NewDense(0, 5), 3, 2, 1); g.Centroids.Rows != 0 {
		t.Error("no rows have a group")
	}
}

func TestEmptyVocabulary(t *testing.T) {
	var b Builder
	b.Add(nil)
	v := b.Vocabulary(1, .4)
	m := b.Matrix(v)
	if basis := Reduce(m, 10, 1); basis.Cols != 0 || Project(m, basis).Rows != 1 {
		t.Errorf("an empty text has %d directions", basis.Cols)
	}
}

func BenchmarkFeatures(b *testing.B) {
	for name, s := range map[string]string{
		"zh": strings.Repeat("更新后动不动就闪退，USOIL平仓平到一半没了，短信验证码收不到。", 6),
		"en": strings.Repeat("The withdrawal has been pending for days and nobody replies. ", 3),
	} {
		b.Run(fmt.Sprintf("%s-%d", name, len([]rune(s))), func(b *testing.B) {
			x := NewExtractor()
			for b.Loop() {
				x.Features(s)
			}
		})
	}
}

func FuzzFeatures(f *testing.F) {
	f.Add("短信 PG-5041 it's ５.９ \xff")
	f.Fuzz(func(t *testing.T, s string) { NewExtractor().Features(s) })
}
