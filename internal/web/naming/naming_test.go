package naming

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestForms: a name is found however the customer and the letter wrote it.
func TestForms(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"Amaka Obi", "amaka obi's account", "•'s account"},
		{"Amaka Obi", "amaka obi’s account", "•’s account"},
		{"Sunil Rao", "of 'sunil rao' and ‘Sunil  Rao’", "of '•' and ‘•’"},
		{"Sunil Rao", "sunil\u00a0rao, sunil_rao, SU\u00adNIL\u200b RAO", "•, •, •"},
		{"सुनीता शर्मा", "मैं सुनीता शर्मा हूँ", "मैं • हूँ"},
		{"สมชาย ใจดี", "ผมสมชาย ใจดีครับ และสมชายใจดี", "ผม•ครับ และ•"},
		{"Renée Müller", "by rene\u0301e mu\u0308ller", "by •"},
		{"Renée Müller", "by Renee Muller", "by •"},
		{"김민수", "김민수입니다", "•입니다"},
		{"김민수", "\u1100\u1175\u11b7\u1106\u1175\u11ab\u1109\u116e입니다", "•입니다"},
		{"佐藤さくら", "佐藤さくらさんから", "•さんから"},
		{"佐藤 さくら", "佐藤さくらさんから", "•さんから"},
		{"阿卜杜拉·买买提", "我和阿卜杜拉买买提都不能登录", "我和•都不能登录"},
		{"王曉明", "和王晓明说", "和•说"},
		{"Maria del Carmen de la Cruz", "here maria del carmen de la cruz wrote", "here • wrote"},
		{"Kowalski, Anna", "by anna kowalski or Kowalski, Anna", "by • or •"},
		{"anna  kowalski", "by Anna Kowalski", "by •"},
		{"Mr. peter lorre", "it was peter lorre", "it was •"},
		{"Peter Lorre, Dr.", "it was peter lorre", "it was •"},
		{"alpha.beta", "alpha beta and alpha.beta", "• and •"},
		{"王小明（先生）", "我叫王小明", "我叫•"},
		{"王小明先生", "我叫王小明", "我叫•"},
		{"乔治・布什", "见乔治·布什和乔治布什", "见•和•"},
		{"AYŞE YILMAZ", "ben ayşe yılmaz geldim", "ben • geldim"},
		{"ayşe yılmaz", "ben AYŞE YILMAZ geldim", "ben • geldim"},
		{"İnci Işık", "ben inci ışık", "ben •"},
		{"Siobhan O’Neil", "siobhan o'neil is here", "• is here"},
		{"Στέφανος Παππάς", "ΣΤΈΦΑΝΟΣ ΠΑΠΠΆΣ", "•"},
		{"Jörg Strauß", "JÖRG STRAUSS", "•"},
		{"J. Smith", "login of j. smith failed", "login of • failed"},
		{"nguyen thi thu ha", "login of nguyen thi thu ha failed", "login of • failed"},
		{"Peter Lorre", "peterson lorre and peter lorres", "peterson lorre and peter lorres"},
		{"Price Waters", "the price rose, waters too", "the price rose, waters too"},
		{"", "nothing (at all)", "nothing (at all)"},
		{"-", "nothing - at all", "nothing - at all"},
	} {
		var k Known
		k.Learn(c.name)
		if got := k.Letter(c.text); got != c.want {
			t.Errorf("%q in a letter: %q, want %q", c.name, got, c.want)
		}
		if got := k.Whole(c.text); got != c.want {
			t.Errorf("%q in a log: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSingle: a name of one word is masked in letters and not in logs, and the
// words of a name wherever its letter has the whole of it or its bearer writes.
func TestSingle(t *testing.T) {
	var k Known
	for _, name := range []string{"Price", "O'Hara", "Peter Lorre", "X", "王"} {
		k.Learn(name)
	}
	for text, want := range map[string]string{"the Price's up": "the •'s up", "o’hara and ohara": "• and ohara", "X or 王": "X or 王",
		"lorre: Peter Lorre, peter": "•: •, •", "lorre alone": "lorre alone"} {
		if got := k.Letter(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if s := "price of o'hara for X and 王"; k.Whole(s) != s {
		t.Error(k.Whole(s))
	}
	for text, own := range map[string]string{"here is o'neil again": "Siobhan O’Neil", "here is lorre": "Lorre, Peter (Mr)", "da ist strauss": "Jörg Strauß"} {
		if got, want := k.Letter(text, own), text[:strings.LastIndex(text[:len(text)-5], "is")+2]; !strings.HasPrefix(got, want+" •") && got != "da ist •" {
			t.Errorf("%s: %q", own, got)
		}
	}
	for term, want := range map[string]bool{"lorre": true, "reset peter": true, "price": true, "reset mail": false} {
		if k.Personal(term) != want {
			t.Errorf("%s: %v", term, !want)
		}
	}
}

// TestTitles: a title is no name, not even where it stands in one; what it stands
// before is.
func TestTitles(t *testing.T) {
	var k Known
	for _, name := range []string{"Sir or Madam", "先生", "Madam Chan Tai", "Sir Peter Lorre"} {
		k.Learn(name)
	}
	for text, want := range map[string]string{"Dear Sir or Madam": "Dear Sir or Madam", "先生你好": "先生你好", "sir, Madam Chan Tai, chan": "sir, •, •",
		"madam chan tai or sir peter lorre": "• or •", "or peter lorre": "or •"} {
		if got := k.Letter(text, "Madam Chan Tai"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if k.Personal("sir") || k.Personal("or") || !k.Personal("chan") || !k.Personal("lorre") {
		t.Error("a title is personal, or a name is not")
	}
	if got := new(Known).Letter("Sir or Madam", "Sir or Madam"); got != "Sir or Madam" {
		t.Error(got)
	}
}

// TestWhileLearning: names are learnt while texts are masked.
func TestWhileLearning(t *testing.T) {
	var k Known
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := range 500 {
				k.Learn(fmt.Sprintf("Name%c of%c", 'a'+part, 'a'+i%26))
				k.Letter("namea ofa")
			}
		})
	}
	wg.Wait()
	if got := k.Letter("namea ofa"); got != Dot {
		t.Error(got)
	}
}

func FuzzLetter(f *testing.F) {
	f.Add("Kowalski, Anna（x）", "by anna kowalski's é\u0301 김")
	f.Fuzz(func(t *testing.T, name, text string) {
		var k Known
		k.Learn(name)
		k.Letter(text, name)
		k.Whole(text)
		k.Personal(text)
	})
}

func BenchmarkLearn(b *testing.B) {
	var k Known
	for i := range b.N {
		k.Learn(fmt.Sprintf("Anna%d Kowalska", i))
	}
}

func BenchmarkLetter(b *testing.B) {
	var k Known
	k.Learn("阿卜杜拉·买买提")
	text := strings.Repeat("我和阿卜杜拉买买提都不能登录 and could not do it either ", 8)
	for range b.N {
		k.Letter(text, "王小明")
	}
}
