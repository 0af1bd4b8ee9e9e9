package duplicate_test

import (
	"math/rand/v2"
	"strings"
)

// letters makes texts with planted copies, the same for the same seed.
type letters struct {
	rng     *rand.Rand
	least   float64 // share of characters that a copy changes
	most    float64
	length  int
	english bool
	words   []string
	greet   []string
	end     []string
}

func newLetters(seed uint64, english bool) *letters {
	l := &letters{rng: rand.New(rand.NewPCG(seed, 2)), least: .06, most: .12, length: 200, english: english}
	l.greet = []string{"您好，我是贵公司的客户，我要投诉。", "尊敬的客服人员你好，本人在贵平台开户多年，现就以下问题提出投诉：", ""}
	l.end = []string{"请尽快处理，谢谢！", "希望贵公司高度重视，尽快给予答复，否则将向监管部门反映。谢谢。", ""}
	n := 4000
	if english {
		l.greet = []string{"Hello, I am a customer of yours and I would like to complain. ", "Dear Sir or Madam, I have held an account with you for many years. ", ""}
		l.end = []string{" Please look into this as soon as possible. Thank you.", " I expect a reply within eight weeks. Kind regards", ""}
		n = 6000
	}
	seen := map[string]bool{}
	for len(l.words) < n {
		w := l.word()
		if !seen[w] {
			seen[w] = true
			l.words = append(l.words, w)
		}
	}
	return l
}

// word makes a word; later ones are rarer (Zipf), as in a language.
func (l *letters) word() string {
	if !l.english {
		r := []rune{}
		for range 1 + l.rng.IntN(3) {
			r = append(r, rune(0x4E00+min(l.rng.IntN(3000), l.rng.IntN(3000))))
		}
		return string(r)
	}
	var b strings.Builder
	for range 1 + l.rng.IntN(3) {
		b.WriteByte("bcdfghklmnprstvw"[l.rng.IntN(16)])
		b.WriteByte("aeiou"[l.rng.IntN(5)])
		if l.rng.IntN(2) == 0 {
			b.WriteByte("nrstlm"[l.rng.IntN(6)])
		}
	}
	return b.String()
}

func (l *letters) pick() string {
	u := l.rng.Float64()
	return l.words[int(float64(len(l.words))*u*u*u)]
}

// body writes sentences of words up to the length in characters.
func (l *letters) body(length int) string {
	var b strings.Builder
	n := 0
	for n < length {
		for range 5 + l.rng.IntN(8) {
			w := l.pick()
			b.WriteString(w)
			n += len([]rune(w))
			if l.english {
				b.WriteByte(' ')
				n++
			}
		}
		if l.english {
			b.WriteString(". ")
		} else {
			b.WriteString("。")
		}
	}
	return b.String()
}

// text is an honest one: own words, perhaps between a greeting and an end that
// many have.
func (l *letters) text() string {
	return l.greet[l.rng.IntN(3)] + l.body(l.length*3/4+l.rng.IntN(l.length/2)) + l.end[l.rng.IntN(3)]
}

// copy changes characters and may move a sentence.
func (l *letters) copy(s string) string {
	mark := "。"
	if l.english {
		mark = ". "
	}
	if parts := strings.SplitAfter(s, mark); len(parts) > 3 && l.rng.IntN(2) == 0 {
		i, j := l.rng.IntN(len(parts)-1), l.rng.IntN(len(parts)-1)
		parts[i], parts[j] = parts[j], parts[i]
		s = strings.Join(parts, "")
	}
	r := []rune(s)
	out := make([]rune, 0, len(r)+20)
	share := l.least + (l.most-l.least)*l.rng.Float64()
	for _, c := range r {
		if l.rng.Float64() >= share {
			out = append(out, c)
			continue
		}
		switch other := []rune(l.pick())[0]; l.rng.IntN(3) {
		case 0:
			out = append(out, other)
		case 1:
			out = append(out, c, other)
		}
	}
	return string(out)
}

// corpus makes n texts; a share of them are copies of planted letters, as many of
// each as a draw from 2 to 2*mean-2 says. Truth is the letter, -1 for none.
func (l *letters) corpus(n int, share float64, mean int) (texts []string, truth []int) {
	texts, truth = make([]string, n), make([]int, n)
	order := l.rng.Perm(n)
	copies, letter := int(share*float64(n)), 0
	for i := 0; i < copies; letter++ {
		base := l.text()
		for range min(2+l.rng.IntN(2*mean-3), copies-i) {
			texts[order[i]], truth[order[i]] = l.copy(base), letter
			i++
		}
	}
	for _, at := range order[copies:] {
		texts[at], truth[at] = l.text(), -1
	}
	return texts, truth
}

// agreement is precision and recall over pairs of texts in one group.
func agreement(group, truth []int) (precision, recall float64) {
	type both struct{ g, t int }
	g, t, b := map[int]float64{}, map[int]float64{}, map[both]float64{}
	for i := range group {
		g[group[i]]++
		if truth[i] >= 0 {
			t[truth[i]]++
			b[both{group[i], truth[i]}]++
		}
	}
	var found, planted, hit float64
	for _, n := range g {
		found += n * (n - 1) / 2
	}
	for _, n := range t {
		planted += n * (n - 1) / 2
	}
	for _, n := range b {
		hit += n * (n - 1) / 2
	}
	return hit / max(found, 1), hit / max(planted, 1)
}
