package text

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"plaint/internal/record"
)

func TestFold(t *testing.T) {
	for in, want := range map[rune]rune{'Ａ': 'a', '７': '0', '7': '0', '現': '现', '。': 0, ' ': 0, 'É': 'é', '现': '现'} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"提现三天了还没到账": "zh", "My withdrawal is late": "en", "APP闪退,error E503": "zh", "": "", "123 !!": "",
		"ログインできません": "ja", "출금이 지연됩니다": "ko", "Деньги не пришли": "ru",
		"The app says 错误 when I log in and nothing happens": "en",
	} {
		if got := Language(in); got != want {
			t.Errorf("Language(%q) = %q, want %q", in, got, want)
		}
	}
}

// overlap is the exact Jaccard overlap of the folded three-character shingles.
func overlap(a, b string) float64 {
	set := func(s string) map[[3]rune]bool {
		var f []rune
		for _, r := range s {
			if x := Fold(r); x != 0 {
				f = append(f, x)
			}
		}
		m := map[[3]rune]bool{}
		for i := 2; i < len(f); i++ {
			m[[3]rune{f[i-2], f[i-1], f[i]}] = true
		}
		return m
	}
	x, y := set(a), set(b)
	both := 0
	for k := range x {
		if y[k] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

func TestSketchEstimatesOverlap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letter := func(n int) []rune {
		out := make([]rune, n)
		for i := range out {
			out[i] = rune(0x4E00 + r.IntN(3000))
		}
		return out
	}
	s := NewSketcher()
	var bias, square float64
	const trials = 400
	for range trials {
		a := letter(200)
		b := append([]rune(nil), a...)
		for range r.IntN(60) {
			b[r.IntN(len(b))] = rune(0x4E00 + r.IntN(3000))
		}
		one, other := s.Sketch(string(a)), s.Sketch(string(b))
		e := one.Overlap(&other) - overlap(string(a), string(b))
		bias += e / trials
		square += e * e / trials
	}
	if math.Abs(bias) > 0.02 || math.Sqrt(square) > 0.1 {
		t.Errorf("bias %.3f, root mean square error %.3f", bias, math.Sqrt(square))
	}
	if s.Sketch("提现太慢了") != (record.Sketch{}) {
		t.Error("a text of five characters has a sketch")
	}
}

func BenchmarkSketch(b *testing.B) {
	text := ""
	for i := range 200 {
		text += string(rune(0x4E00 + i*37%3000))
	}
	s := NewSketcher()
	for b.Loop() {
		s.Sketch(text)
	}
}

// TestFullStop: a full stop ends a name of things and no pair of words.
func TestFullStop(t *testing.T) {
	for text, want := range map[string]string{
		"Closed my account. Please mend v1.2. Then call.": "account v1.2 call",
		"12. foo":            "",
		"7.":                 "",
		"two factor. U.S.A.": "factor u.s.a",
		"账户. 冻结":             "",
	} {
		var got []string
		for _, k := range NewTokenizer().Tokens(nil, text) {
			if k.Last {
				got = append(got, k.Text)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", text, s, want)
		}
	}
}
