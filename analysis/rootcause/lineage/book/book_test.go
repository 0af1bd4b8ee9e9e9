package book

import (
	"regexp"
	"testing"
)

// TestPattern: words are found whatever their case and not within longer ones;
// Chinese has no bounds, and signs mean themselves.
func TestPattern(t *testing.T) {
	for _, c := range []struct {
		words []string
		text  string
		want  bool
	}{
		{[]string{"app"}, "The APP crashes", true},
		{[]string{"app"}, "what happened", false},
		{[]string{"stop loss"}, "my stop loss failed", true},
		{[]string{"验证码"}, "收不到验证码了", true},
		{[]string{"x", "提现"}, "提现慢", true},
		{[]string{"a.c"}, "abc", false},
		{[]string{"C++ (beta)"}, "the c++ (beta) of it", true},
		{[]string{"é"}, "café", true}, // bounds are those of ASCII, as the engine's are
	} {
		if got := regexp.MustCompile(Pattern(c.words)).MatchString(c.text); got != c.want {
			t.Errorf("%v in %q: %v", c.words, c.text, got)
		}
	}
}

// TestWordsOf: words are numbered by how many texts hold them, stop words and
// single letters left out.
func TestWordsOf(t *testing.T) {
	names, docs := wordsOf([]string{"the card was declined", "card card declined twice", "the card"})
	if len(names) < 2 || names[0] != "card" || names[1] != "declined" || len(docs) != 3 || len(docs[2]) != 1 {
		t.Errorf("%v %v", names, docs)
	}
	if x := chiSquare(10, 5, 5, 5); x != 10 {
		t.Errorf("two words that always stand together: %v", x)
	}
	if x := chiSquare(10, 5, 4, 2); x != 0 {
		t.Errorf("two words that know nothing of each other: %v", x)
	}
}
