package view

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"plaint/internal/web/naming"
)

// Short is an id of a person, device or account of which only the ends are
// shown: "U12…89". Short ids lose more.
func Short(id string) string {
	r := []rune(id)
	switch n := len(r); {
	case n == 0:
		return ""
	case n < 6:
		return string(r[0]) + "…"
	default:
		return string(r[:3]) + "…" + string(r[n-2:])
	}
}

const dot = naming.Dot

// namesOf are the names that a letter may hold: those of customers, and those of
// which every word is taken out, as its writer's own.
type namesOf struct {
	known *naming.Known
	own   []string
}

var (
	mailLike    = regexp.MustCompile(`[\p{L}\p{N}._%+•-]+\s?[@＠]\s?[\p{L}\p{N}.•-]+`)
	linkLike    = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)
	deviceLike  = regexp.MustCompile(`(?i)\b(?:dv-|[0-9a-f]{8,})[0-9a-f-]*\b`)
	handleLike  = regexp.MustCompile(`(?i)((?:微信|微訊|威信|薇信|wechat|weixin|telegram|whatsapp|\bvx|\bqq|\btg|\bwx)(?:\s*(?:号|號|id|no\.?|is|：|:|=|@|/|-)*\s*))([a-z0-9_.@•-]{3,})`)
	calledLike  = regexp.MustCompile(`((?:我叫|姓名|名字是|名叫|户名|戶名|老客户|老客戶|投诉人|投訴人|申诉人|申訴人)[：: ]?)`)
	englishName = regexp.MustCompile(`(?i:(my name is|this is|name:|i am|i'm|i,|undersigned|signed,?|regards,?|best,|sincerely,?|mr\.?|mrs\.?|ms\.?)\s+)(\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+){0,3})`)
	twoNames    = regexp.MustCompile(`\b\p{Lu}[\p{Ll}'-]+(?:\s+\p{Lu}[\p{L}'-]+)+`)
	longDigits  = regexp.MustCompile(`\+?[0-9０-９][0-9０-９ -]{4,}[0-9０-９]`)
	hanRuns     = regexp.MustCompile(`\p{Han}+`)
	dateWords   = regexp.MustCompile(`^[年月日号時时點点分秒上下午早晚中凌晨周週星期礼拜一二三四五六七八九十零〇是否有无男女]+$`)
	letterRuns  = regexp.MustCompile(`[A-Za-z]*[0-9０-９][A-Za-z0-9０-９]*`)
)

// Text takes out of a text what names or reaches a person: mails, links,
// messenger handles, the given names, what is introduced or written as a name,
// and every digit with the letters attached to it. It would rather take too
// much than too little.
func Text(s string, names []string) string {
	return namesOf{&naming.Known{}, names}.text(s)
}

// text is Text where the names of all customers are known.
func (n namesOf) text(s string) string {
	// First, as what follows could take a word of a name and leave the others.
	s = n.known.Letter(s, n.own...)
	for _, name := range n.own {
		s = withoutName(s, name)
	}
	s = mailLike.ReplaceAllString(s, dot+"@"+dot)
	s = linkLike.ReplaceAllString(s, dot)
	s = handleLike.ReplaceAllString(s, "$1"+dot)
	s = withoutCalled(s)
	s = withoutIntroduced(s)
	s = withoutTwoNames(s)
	s = deviceLike.ReplaceAllStringFunc(s, func(m string) string {
		if strings.ContainsFunc(m, unicode.IsDigit) {
			return dot
		}
		return m
	})
	s = letterRuns.ReplaceAllString(s, dot)
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '•'
		}
		return r
	}, s)
}

// withoutName takes the words of a name out where they are part of a longer word,
// as in Russian, where a name has endings. English has none, and too many words
// that hold a name.
func withoutName(s, name string) string {
	for _, p := range strings.Fields(name) {
		if utf8.RuneCountInString(p) > 1 && strings.ContainsFunc(p, func(r rune) bool { return r > unicode.MaxASCII }) {
			s = regexp.MustCompile("(?i)"+regexp.QuoteMeta(p)).ReplaceAllString(s, dot)
		}
	}
	return s
}

// longestExcerpt is in characters.
const longestExcerpt = 160

// excerpt is the masked beginning of a text, never the whole of it: who needs
// the letter has the system that it came from.
func (n namesOf) excerpt(s string) string { return beginning(n.text(s)) }

func beginning(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	keep := min(len(r)*4/5, longestExcerpt)
	return strings.TrimSpace(string(r[:keep])) + "…"
}

// Raw masks a short piece of input that a refusal quotes. It may come from any
// column, a name's among them: of Chinese, only words of dates and answers stay.
func Raw(s string) string {
	s = hanRuns.ReplaceAllStringFunc(Text(s, nil), func(run string) string {
		if dateWords.MatchString(run) {
			return run
		}
		return dot
	})
	r := []rune(s)
	return string(r[:min(len(r), 80)])
}
