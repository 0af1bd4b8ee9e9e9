package cluster

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"plaint/ingest/simulate"
	"plaint/internal/text"
)

// TestOneCauseInTwoLanguages fits a simulated broker's complaints and looks
// whether the themes that hold both languages have one planted cause, and whether
// there are enough of them.
func TestOneCauseInTwoLanguages(t *testing.T) {
	dir := t.TempDir()
	if _, err := (simulate.Config{Seed: 4, Complaints: 3000}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	column, rows := table(t, filepath.Join(dir, "complaints.csv"))
	known, planted := table(t, filepath.Join(dir, "truth", "complaints.csv"))
	cause := map[string]string{}
	for _, row := range planted {
		cause[row[known["id"]]] = row[known["cause"]]
	}
	var texts, truth [Languages][]string
	for _, row := range rows {
		w := row[column["subject"]] + "\n" + row[column["body"]]
		l := Other
		if text.Language(w) == "zh" {
			l = Chinese
		}
		texts[l], truth[l] = append(texts[l], w), append(truth[l], cause[row[column["id"]]])
	}
	m := fitTexts(texts)
	both, right := 0, 0
	for i, x := range m.Themes {
		if x.Parts[Chinese] == nil || x.Parts[Other] == nil {
			continue
		}
		both++
		if most(m.Of[Chinese], truth[Chinese], i) == most(m.Of[Other], truth[Other], i) {
			right++
		}
	}
	t.Logf("%d of %d themes hold both languages, %d of one cause", both, len(m.Themes), right)
	if both < 10 || right*10 < both*8 {
		t.Errorf("of %d themes %d hold both languages, %d of one cause", len(m.Themes), both, right)
	}
}

// most is the commonest truth among the texts of a theme.
func most(of []int, truth []string, theme int) string {
	n := map[string]int{}
	best := ""
	for i, t := range of {
		if t != theme {
			continue
		}
		n[truth[i]]++
		if n[truth[i]] > n[best] {
			best = truth[i]
		}
	}
	return best
}

func fitTexts(texts [Languages][]string) *Model {
	x := NewExtractors(nil)
	corpora := NewCorpora(x)
	for l, list := range texts {
		corpora[l].Add(x, Source{Rows: len(list), Parts: func(i int) []string { return list[i : i+1] }})
	}
	return Fit(corpora, 0)
}

// TestStrangersStayApart: themes of collections on different subjects are not one.
func TestStrangersStayApart(t *testing.T) {
	var texts [Languages][]string
	for i := range 120 {
		texts[Chinese] = append(texts[Chinese], fmt.Sprintf("苹果和梨子很甜，水果店第%d天打折", i), fmt.Sprintf("足球比赛第%d轮，前锋进球精彩", i))
		texts[Other] = append(texts[Other], fmt.Sprintf("the orchestra played symphony number %d with violins", i), fmt.Sprintf("the telescope saw galaxy %d near a bright star", i))
	}
	m := fitTexts(texts)
	if len(m.Themes) < 4 {
		t.Errorf("%d themes", len(m.Themes))
	}
	for i, x := range m.Themes {
		if x.Parts[Chinese] != nil && x.Parts[Other] != nil {
			t.Errorf("theme %d holds both: %v, %v", i, x.Parts[Chinese].Terms, x.Parts[Other].Terms)
		}
	}
}

func TestAreas(t *testing.T) {
	like := make([][]float64, 6) // two triangles, a weak bridge
	for i := range like {
		like[i] = make([]float64, 6)
		for j := range like {
			if i/3 == j/3 {
				like[i][j] = .6
			}
		}
	}
	like[2][3], like[3][2] = .2, .2
	if of, n := areas(like); n != 2 || !slices.Equal(of, []int{0, 0, 0, 1, 1, 1}) {
		t.Errorf("areas %v", of)
	}
	if of, n := fewer(like, 3); n != 3 || of[0] == of[5] {
		t.Errorf("three of six: %v", of)
	}
	if of, n := areas(nil); n != 0 || len(of) != 0 {
		t.Errorf("areas of nothing: %v", of)
	}
}

// TestEveryClusterHasALabel where its texts have words, however few or alike they
// are.
func TestEveryClusterHasALabel(t *testing.T) {
	same := []string{}
	for i := range 250 {
		same = append(same, []string{"My withdrawal has been pending for five days.", "同一笔订单收了两次手续费。"}[i%2])
	}
	for name, texts := range map[string][]string{
		"one text in each language": same,
		"few, all different":        {"withdrawal is late", "app crashes", "登录失败", "fee charged twice", "客服不理"},
	} {
		for _, k := range []int{0, 1, 2} {
			g := Texts(texts, k, nil)
			if slices.Contains(g.Labels, "") || slices.Contains(g.Of, -1) {
				t.Errorf("%s, k %d: labels %q", name, k, g.Labels)
			}
		}
	}
}

// TestLabelsStayShort: a word of a million letters is cut.
func TestLabelsStayShort(t *testing.T) {
	texts := make([]string, 12)
	for i := range texts {
		texts[i] = "withdrawal " + strings.Repeat("ab", 500000)
	}
	for _, label := range Texts(texts, 1, nil).Labels {
		if n := utf8.RuneCountInString(label); n == 0 || n > 200 {
			t.Errorf("a label of %d letters", n)
		}
	}
}

// TestLabels: labels are phrases in the language of the texts, and name what
// sets the theme apart.
func TestLabels(t *testing.T) {
	var texts [Languages][]string
	for i := range 60 {
		texts[Chinese] = append(texts[Chinese], fmt.Sprintf("我的提现申请一直没有到账，第%d天了", i), fmt.Sprintf("登录收不到短信验证码，试了%d次", i))
	}
	m := fitTexts(texts)
	var all []string
	for _, x := range m.Themes {
		all = append(all, Label(x.Parts[Chinese].Terms))
	}
	for _, want := range []string{"到账", "验证码"} {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("no label has %q: %q", want, all)
		}
	}
}
