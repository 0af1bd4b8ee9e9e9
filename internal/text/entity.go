package text

import (
	"strings"
	"unicode/utf8"
)

// currencies are words that make a number an amount of money.
var currencies = set("usd usdt usdc rmb cny cnh hkd eur gbp jpy aud cad chf nzd sgd krw inr thb twd ntd rub brl mxn zar btc eth dollar dollars buck bucks yuan euro euros pound pounds yen rupee rupees quid cents " +
	"元 块 块钱 美元 美金 港币 港元 人民币 欧元 日元 英镑 澳元 加元 新币 台币 新台币 刀 元人民币 美刀")

// codes are the currencies that instruments are quoted in.
var codes = set("USD USDT USDC EUR GBP JPY CNY CNH HKD AUD CAD CHF NZD SGD BTC ETH")

// counted are characters behind 万 that count something else than money.
const counted = "人次笔条股手份名位个家户里米步年字分客粉点"

func set(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// numeric is whether a number may begin with a character.
func numeric(r rune) bool {
	return r >= '0' && r <= '9' || r == '$' || r == '+' || r >= 0xA2 && (r == '¥' || r == '￥' || r == '€' || r == '£' || r >= '０' && r <= '９')
}

// number reads a number at the beginning of s and says what it is: an amount,
// or a class that a Break carries. width is 0 where it is none, or a code that
// begins with digits. An amount without a currency is a Break of the amount's
// class, so that a word before it can be its currency.
func number(s string) (class string, kind TokenKind, width int) {
	symbol := 0
	if r, n := utf8.DecodeRuneInString(s); r == '$' || r == '¥' || r == '￥' || r == '€' || r == '£' {
		if symbol = n; strings.HasPrefix(s[n:], " ") {
			symbol++
		}
	}
	d := digitsAt(s[symbol:])
	if d.whole == 0 {
		return "", Break, 0
	}
	at := symbol + d.width
	whole := d.whole
	if more, n := multiplier(s[at:]); n > 0 && d.plain() {
		next, _ := utf8.DecodeRuneInString(s[at+n:])
		unit := unitAt(s[at+n:])
		if symbol > 0 || unit > 0 || more >= 4 && !strings.ContainsRune(counted, next) {
			return size(whole + more), Amount, at + n + unit
		}
		return "", Break, at // 3万人: the rest is a word
	}
	switch {
	case symbol > 0 && d.plain():
		return size(whole), Amount, at + unitAt(s[at:])
	case symbol > 0:
		return "", Break, at
	case d.dates > 0 && d.plain():
		return "#date", Break, at
	}
	if d.plain() {
		if n := unitAt(s[at:]); n > 0 {
			return size(whole), Amount, at + n
		}
	}
	if letterAt(s[at:]) || d.code {
		return "", Break, 0 // 5G, 3d, 600519.SH: a run of its own
	}
	return d.class(), Break, at
}

// multiplier reads 百, 千, 万 and 亿, one behind another: how many digits they
// stand for, and their width.
func multiplier(s string) (digits, width int) {
	for {
		r, n := utf8.DecodeRuneInString(s[width:])
		switch r {
		case '百':
			digits += 2
		case '千':
			digits += 3
		case '万', '萬':
			digits += 4
		case '亿', '億':
			digits += 8
		default:
			return digits, width
		}
		width += n
	}
}

// size is the class of an amount, by the digits before its point.
func size(whole int) string {
	return "¤" + string(rune('0'+max(2, min(whole, 7))))
}

// digits is what stands in a number.
type digits struct {
	whole, all, width int // digits before the point, digits, bytes
	points, dashes    int
	colons, commas    int
	dates             int  // 3月5日
	year, mobile      bool // begins as a year does, as a mobile number of China
	code              bool // three parts: a version
}

// plain is a number that can be an amount.
func (d digits) plain() bool { return d.dashes == 0 && d.colons == 0 && d.points < 2 && d.all <= 12 }

func (d digits) class() string {
	switch {
	case d.dashes == 2 && d.all >= 6 && d.all <= 8 && d.year, d.dates > 0:
		return "#date"
	case d.colons > 0 && d.all <= 6:
		return "#time"
	case d.mobile && d.all == 11, d.dashes > 0 && d.all >= 7 && d.all <= 15:
		return "#phone"
	case d.all >= 7 && d.commas == 0 && d.points == 0:
		return "#id"
	case d.plain():
		return size(d.whole)
	}
	return ""
}

// digitsAt reads digits and what holds them together: commas before three
// digits, a point, and dashes, strokes and colons between digits.
func digitsAt(s string) digits {
	var d digits
	i, group := 0, 0
	if strings.HasPrefix(s, "+") {
		i = 1
	}
	d.year, d.mobile = strings.HasPrefix(s, "20") || strings.HasPrefix(s, "19"), len(s) > 1 && s[0] == '1' && s[1] > '2' && s[1] <= '9'
	for i < len(s) {
		c, n := digitAt(s[i:])
		if n > 0 {
			d.all, group, i = d.all+1, group+1, i+n
			if d.points+d.dashes+d.colons == 0 {
				d.whole++
			}
			continue
		}
		_, after := digitAt(s[min(i+1, len(s)):])
		switch {
		case d.all == 0 || after == 0:
			return d.end(s, i)
		case c == ',' && d.points+d.dashes+d.colons == 0 && group <= 3 && thousand(s[i+1:]):
			d.commas++
		case c == '.':
			d.points++
		case c == '-' || c == '/':
			d.dashes++
		case c == ':':
			d.colons++
		default:
			return d.end(s, i)
		}
		i, group = i+1, 0
	}
	return d.end(s, i)
}

// end closes a number at a place: a month and a day in Chinese belong to it.
func (d digits) end(s string, i int) digits {
	d.width = i
	d.code = d.points >= 2
	if rest, ok := strings.CutPrefix(s[i:], "月"); ok && d.all <= 2 {
		n := 0
		for n < len(rest) && n < 2 && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n > 0 && (strings.HasPrefix(rest[n:], "日") || strings.HasPrefix(rest[n:], "号") || strings.HasPrefix(rest[n:], "號")) {
			d.dates, d.width = 1, i+len("月")+n+len("日")
		}
	}
	return d
}

// digitAt is the width of the digit at the beginning of s, 0 if there is none,
// and its first byte.
func digitAt(s string) (byte, int) {
	switch {
	case s == "":
		return 0, 0
	case s[0] >= '0' && s[0] <= '9':
		return s[0], 1
	case len(s) > 2 && s[0] == 0xEF && s[1] == 0xBC && s[2] >= 0x90 && s[2] <= 0x99: // full width
		return s[0], 3
	}
	return s[0], 0
}

// thousand is whether exactly three digits stand at the beginning of s.
func thousand(s string) bool {
	for i := range 4 {
		if _, n := digitAt(s[min(i, len(s)):]); (n > 0) != (i < 3) {
			return false
		}
	}
	return true
}

// letterAt is whether a letter or a digit's companion goes on at once.
func letterAt(s string) bool {
	if s == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	c := classOf(r)
	return c == alnum || r == '_' || c == joiner && len(s) > 1 && classOf(rune(s[1])) == alnum
}

// unitAt is the width of the word for a currency at the beginning of s, with a
// blank before it.
func unitAt(s string) int {
	at := 0
	if strings.HasPrefix(s, " ") {
		at = 1
	}
	for _, more := range []string{"多", "余", "來", "来"} {
		if strings.HasPrefix(s[at:], more) {
			at += len(more)
			break
		}
	}
	end := at
	for end < len(s) && end-at < 8 && (s[end]|0x20) >= 'a' && (s[end]|0x20) <= 'z' {
		end++
	}
	if end > at {
		if currencies[strings.ToLower(s[at:end])] && (end == len(s) || classOf(rune(s[end])) != alnum) {
			return end
		}
		return 0
	}
	for runes, width := 0, 0; runes < 3 && at+width < len(s); runes++ {
		_, n := utf8.DecodeRuneInString(s[at+width:])
		if width += n; currencies[s[at:at+width]] {
			end = at + width
		}
	}
	if end == at {
		return 0
	}
	return end
}

// money is a run of letters and digits that is an amount: rmb500, 20usdt.
func money(s string) bool {
	letters := strings.Trim(s, "0123456789.,")
	return currencies[letters]
}

// after is how many digits stand behind the point.
func after(s string) int {
	_, behind, _ := strings.Cut(s, ".")
	n := 0
	for i := range len(behind) {
		if behind[i] >= '0' && behind[i] <= '9' {
			n++
		}
	}
	return n
}

// market is a name with the market it is listed at: aapl.us.
func market(s string) bool {
	switch s[strings.IndexByte(s, '.')+1:] {
	case "us", "hk", "sh", "sz", "ss", "l", "n", "o":
		return true
	}
	return false
}

// pair is whether the run of capitals so far and what follows a stroke are an
// instrument, one of them a currency: BTC/USDT.
func (t *Tokenizer) pair(rest string) bool {
	if n := len(t.run); n < 2 || n > 6 {
		return false
	}
	end := 0
	for end < len(rest) && end < 7 && rest[end] >= 'A' && rest[end] <= 'Z' {
		end++
	}
	if end < 2 || end > 6 || end < len(rest) && classOf(rune(rest[end])) == alnum {
		return false
	}
	for _, r := range t.run {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return codes[rest[:end]] || codes[string(t.run)]
}
