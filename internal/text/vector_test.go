package text

import (
	"fmt"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	for in, want := range map[string]string{
		"短信验证码一直收不到，錯誤PG-5041":      "短信验证码 (一直) 收不到 | 错误 pg-5041! |",
		"My withdrawal isn't here!": "(my) withdrawal (isn't) (here) |",
		"亏85元 app ５.９.０ 闪退":         "亏 | ¤2! | app 5.9.0! 闪退 |",
		"T123456789 paid $20":       "| paid | ¤2! |",
		"":                          "",
	} {
		var got []string
		for _, x := range NewTokenizer().Tokens(nil, in) {
			got = append(got, map[TokenKind]string{Word: x.Text, Stop: "(" + x.Text + ")", Entity: x.Text + "!", Amount: x.Text + "!", Break: "|"}[x.Kind])
		}
		if s := strings.Join(got, " "); s != want && in != "" {
			t.Errorf("Tokens(%q) = %q, want %q", in, s, want)
		}
	}
}

func TestEmptyVocabulary(t *testing.T) {
	var b Builder
	b.Add(nil)
	v := b.Vocabulary(1, .4)
	if m := b.Matrix(v, 1); m.Rows != 1 || m.Cols != 0 || b.Counts(v).Rows != 1 {
		t.Errorf("an empty text has %d features", m.Cols)
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
