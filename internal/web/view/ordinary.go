package view

import (
	"regexp"
	"slices"
	"strings"
)

// Behind what introduces a name there may be ordinary words instead: "the account
// name is still the old one". What follows knows such words and lets through only
// what begins with one, so that whatever else stands there is masked.

var (
	// linking are words between what introduces a name and the name.
	linking = regexp.MustCompile(`^(?:还是|還是|就是|仍是|仍然是|依然是|都是|也是|不是|应该是|應該是|原来是|原來是|以前是|写的是|寫的是|填的是|登记的是|登記的是|写着|寫著|显示为|顯示為|显示是|显示|顯示|改成了|改成|改為|改为|变成了|变成|變成|叫做|是|为|為)`)
	// joining are words that a name may begin with, too.
	joining = regexp.MustCompile(`^[和与與跟及同]`)
	// ordinaryHan is no beginning of a name: a function word, or a word of two
	// characters where the first alone is also a family name.
	ordinaryHan = regexp.MustCompile(`^(?:[的了不没沒被就我你您它这這仍只更给給得着著错錯旧舊写寫改变變哪怎什请請需吗嗎呢吧啊们們]|还[没有在要不能]|還[沒有在要不能]|那[个個么麼是边邊]|都[不没沒有能对對]|也[不没沒有要能]|能[不否改看够夠]|可[以能是]|要[求改和不用跟]|会[不被显]|會[不被顯]|但[是我]|以[前及后後为為]|已[经經被改]|才[能是]|从[来未]|從[來未]|对[不应得吗]|對[不應得嗎]|到[现現底]|过[期了不]|過[期了不]|新[的户戶旧舊]|老[是的]|应[该當当]|應[該當]|必[须須]|一[直致样樣]|填[写寫错錯]|核[对對实實]|审[核批]|審[核批]|验[证證]|驗[證]|修[改]|信[息]|资[料]|資[料]|卡[号號]|账[号號户户戶]|帳[號戶]|身份|银行|銀行|证件|證件|实名|實名|开户|開戶|护照|護照|本人|他[的们們人]|她[的们們]|注册|註冊|绑定|綁定|系统|系統|收款|汇款|匯款|付款|电话|電話|手机|手機|邮箱|郵箱|签名|簽名|公司|空[的白着]|英文|中文|拼音|正[确確]|原[来來先]|之前|什么)`)
	hanRun      = regexp.MustCompile(`^\p{Han}+`)
)

// mostName is how many characters of Chinese behind an introduction are masked.
const mostName = 3

// withoutCalled masks the Chinese names that a text introduces.
func withoutCalled(s string) string {
	var b strings.Builder
	for {
		at := calledLike.FindStringIndex(s)
		if at == nil {
			return b.String() + s
		}
		b.WriteString(s[:at[1]])
		s = s[at[1]:]
		if again := calledLike.FindStringIndex(s); again != nil && again[0] == 0 {
			continue // 投诉人姓名
		}
		run := hanRun.FindString(s)
		linked := false
		for l := linking.FindString(run); l != ""; l = linking.FindString(run) {
			b.WriteString(l)
			run, s, linked = run[len(l):], s[len(l):], true
		}
		joined := joining.FindString(run)
		letters := []rune(run)
		switch {
		case len(letters) == 0, len(letters) == 1 && !linked, ordinaryHan.MatchString(run), joined != "" && ordinaryHan.MatchString(run[len(joined):]):
			continue
		}
		n := min(len(letters), mostName)
		if joined != "" {
			n = min(len(letters), mostName+1)
		}
		b.WriteString(dot)
		s = s[len(string(letters[:n])):]
	}
}

var (
	// greeting are words of letters that are no part of a name; of those that a
	// name may hold, nothing is here.
	greeting = strings.Fields("sir sirs madam madame regards sincerely faithfully thank thanks please team customer support service whom concern")
	// opening are the same at the beginning.
	opening = strings.Fields("dear hello hi hey yours")
	// beforeRegards are words that stay before regards, and alone may be names.
	beforeRegards = strings.Fields("best kind kindest warm warmest")
	// ordinaryWords follow "I am" and "this is" in capitals or not. Behind "my name is"
	// or "regards" the same letters are a name: So, To, An.
	ordinaryWords = strings.Fields("a an the not very still so my your our their his her its this that to in on at of for from with no never also just only really extremely absolutely totally now again being unable unacceptable angry upset waiting writing asking requesting trying calling sure sorry aware about")
	// orNames are those of them that are family names too: So, To, An. With a name
	// behind them they belong to it.
	orNames = strings.Fields("an so to in on at no her")
	stating = regexp.MustCompile(`(?i)^(?:this is|i am|i'm|i,)`)
)

// withoutTwoNames masks words in capitals that stand together, but for those that
// greet or close a letter.
func withoutTwoNames(s string) string {
	return twoNames.ReplaceAllStringFunc(s, func(m string) string {
		words := strings.Fields(m)
		keep := make([]bool, len(words))
		any := false
		for i, w := range words {
			w = strings.ToLower(w)
			keep[i] = slices.Contains(greeting, w) || i == 0 && slices.Contains(opening, w) ||
				slices.Contains(beforeRegards, w) && i+1 < len(words) && strings.EqualFold(words[i+1], "regards") || w == "you" && i > 0 && strings.EqualFold(words[i-1], "thank")
			any = any || keep[i]
		}
		if !any {
			return dot
		}
		return maskedWords(words, keep)
	})
}

// maskedWords joins words, with one dot for those that stand together and are not
// kept.
func maskedWords(words []string, keep []bool) string {
	var out []string
	for i, w := range words {
		if keep[i] {
			out = append(out, w)
		} else if i == 0 || keep[i-1] {
			out = append(out, dot)
		}
	}
	return strings.Join(out, " ")
}

// withoutIntroduced masks names of letters behind what introduces them.
func withoutIntroduced(s string) string {
	return englishName.ReplaceAllStringFunc(s, func(m string) string {
		parts := englishName.FindStringSubmatch(m)
		words := strings.Fields(parts[2])
		spoken := stating.MatchString(parts[1])
		keep := make([]bool, len(words))
		for i, w := range words {
			w = strings.ToLower(w)
			keep[i] = (i == 0 || keep[i-1]) && (spoken && slices.Contains(ordinaryWords, w) || slices.Contains(greeting, w))
		}
		if slices.Contains(keep, false) {
			for i, w := range words {
				keep[i] = keep[i] && !slices.Contains(orNames, strings.ToLower(w))
			}
		}
		return parts[1] + " " + maskedWords(words, keep)
	})
}
