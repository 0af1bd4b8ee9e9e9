package text

import (
	"strings"
	"testing"
	"time"
)

func said(tokens []Token) string {
	var got []string
	for _, x := range tokens {
		switch x.Kind {
		case Word:
			got = append(got, x.Text)
		case Stop:
			got = append(got, "("+x.Text+")")
		case Entity, Amount:
			got = append(got, x.Text+"!")
		case Break:
			got = append(got, "|"+x.Text)
		}
	}
	return strings.Join(got, " ")
}

// TestEntities: what is of letters, digits and marks stays one token; money is
// a class by its size, and what a person could be known by is left out.
func TestEntities(t *testing.T) {
	for in, want := range map[string]string{
		"ERR_1234":               "err_1234! |",
		"错误0x80070005":           "错误 0x80070005! |",
		"E-401, HTTP-502":        "e-401! | http-502! |",
		"提示PG-5041":              "提示 pg-5041! |",
		"A stop loss order":      "(a) stop-loss order |",
		"My stop-loss failed":    "(my) stop-loss failed |",
		"限价单没有成交":                "限价单 (没有) 成交 |",
		"扣了¥1,000":               "扣 (了) | ¤4! |",
		"扣了￥１，０００":               "扣 (了) | ¤2! |",
		"1000元没到账":               "¤4! | 没到账 |",
		"paid $12.50 twice":      "paid | ¤2! | twice |",
		"亏了3万":                   "亏了 | ¤5! |",
		"3万多块":                   "¤5! |",
		"3万人":                    "(万) (人) |",
		"1.5万元":                  "¤5! |",
		"2百万美元":                  "¤7! |",
		"USD 1,234.56 is gone":   "¤4! | (is) gone |",
		"RMB500":                 "¤3! |",
		"200 dollars":            "¤3! |",
		"50usdt":                 "¤2! |",
		"AAPL fell":              "aapl fell |",
		"600519.SH 跌停":           "600519.sh! 跌停 |",
		"AAPL.US":                "aapl.us! |",
		"BTC/USDT 滑点":            "btc/usdt! 滑点 |",
		"and/or":                 "(and) | (or) |",
		"app 5.9.0":              "app 5.9.0! |",
		"v2.3.1":                 "v2.3.1! |",
		"call 138-1234-5678":     "call |#phone",
		"手机13812345678":          "手机 |#phone",
		"+86 13812345678":        "|#phone",
		"on 2026-03-05 at 10:30": "(on) |#date (at) |#time",
		"3月5日下单":                 "|#date 下单 |",
		"order 2026030512345":    "order |#id",
		"T123456789":             "|#id",
		"by XXXX on XX/XX/2024":  "(by) |#redacted (on) |#redacted |#redacted",
		"XXX银行 xxxx1234":         "|#redacted 银行 |#redacted",
		"XL or Xbox":             "xl (or) xbox |",
		"5G 信号":                  "5g! 信号 |",
		"3天了":                    "(天) (了) |",
		"余额①元":                   "余额 | ¤2! |",
		"oﬃce ﬁle":               "office file |",
		"ＡＰＰ　闪退":                 "app | 闪退 |",
		"cafe\u0301":             "café |",
	} {
		if got := said(NewTokenizer().Tokens(nil, in)); got != want {
			t.Errorf("Tokens(%q)\n     = %q,\nwant   %q", in, got, want)
		}
	}
}

// TestForms: one word, written on the mainland, in Taiwan and in Hong Kong.
func TestForms(t *testing.T) {
	for in, want := range map[string]string{
		"看著": "看着", "顯著": "显著", "著名": "著名", "拿著手機": "拿着手机",
		"乾淨": "干净", "幹部": "干部", "干擾": "干扰", "乾隆": "乾隆", "後來": "后来", "皇后": "皇后", "麵包": "面包", "裡面": "里面", "裏面": "里面", "里程": "里程",
		"軟體": "软件", "軟件": "软件", "帳戶": "账户", "账户": "账户", "戶口": "账户", "提領": "提取", "資訊": "信息", "信息": "信息", "簡訊": "短信",
		"登入": "登录", "網路": "网络", "停損": "止损", "孖展": "保证金", "臺灣": "台湾", "發票": "发票", "頭髮": "头发", "電郵": "邮箱", "轉帳": "转账",
	} {
		var b strings.Builder
		for _, k := range NewTokenizer().Tokens(nil, in) {
			b.WriteString(k.Text)
		}
		if got := b.String(); got != want {
			t.Errorf("%s is read as %s, want %s", in, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for in, want := range map[string]string{
		"提现":                                     "zh",
		"ok":                                     "en",
		"No puedo entrar en mi cuenta":           "es",
		"Je ne peux pas accéder à mon compte":    "fr",
		"Die Auszahlung ist nicht angekommen":    "de",
		"Meu dinheiro não foi devolvido":         "pt",
		"ถอนเงินไม่ได้":                          "th",
		"لم تصل الأموال":                         "ar",
		"Не могу войти":                          "ru",
		"出金できない":                                 "ja",
		"Withdrawal failed":                      "en",
		"Tài khoản của tôi bị khóa":              "vi",
		"The seller cancelled and la die refund": "en",
		"KYC":                                    "en",
		"提現 pending":                             "zh",
	} {
		if got := Language(in); got != want {
			t.Errorf("Language(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestOtherScripts: every script has features, and a text of one long run takes
// no longer than its length allows.
func TestOtherScripts(t *testing.T) {
	x := NewExtractor()
	for _, s := range []string{"ログインできません", "출금이 지연됩니다", "ถอนเงินไม่ได้สามวันแล้ว", "لم تصل الأموال إلى حسابي", "Деньги не пришли", "Où est mon argent déjà débité", "पैसा नहीं आया", "ငွေထုတ်မရ"} {
		few := len(x.Features(s))
		if few < 4 {
			t.Errorf("%s has only %d features", s, few)
		}
		if again := len(x.Features(s, s)); again < few {
			t.Errorf("%s: %d features, twice %d", s, few, again)
		}
	}
	for _, s := range []string{"ถ", "a", "カ", "が", "提", "9", "ض", "-", "/A", "1,", "$1", "е\u0301"} {
		started := time.Now()
		x.Features(strings.Repeat(s, 1<<17/len(s)))
		if took := time.Since(started); took > 20*time.Second {
			t.Errorf("128 kB of %q took %s", s, took)
		}
	}
}

func TestReadLexicon(t *testing.T) {
	l, err := ReadLexicon(strings.NewReader("\ufeff# ours\n飞天宝\nrocket desk\n飞天  # nothing\nFTB = 飞天宝\n飛天寶寶 ＝ 飞天宝\nrkt = rocket-desk\n"))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"我的飞天宝打不开": "(我) (的) 飞天宝 打不开 |", "飞天宝宝": "飞天宝 |", "The Rocket Desk is down": "(the) rocket-desk (is) (down) |", "RKT": "rocket-desk |"} {
		if got := said(NewTokenizerOf(l).Tokens(nil, in)); got != want {
			t.Errorf("Tokens(%q) = %q, want %q", in, got, want)
		}
	}
	if m := l.Meanings(); len(m) != 1 || m[0] != (Meaning{"ftb", "飞天宝"}) {
		t.Errorf("meanings %v", m)
	}
	if got := said(NewTokenizer().Tokens(nil, "飞天宝")); got == "飞天宝 |" {
		t.Error("a user's word is known to those who were not given it")
	}
	for in, want := range map[string]LexiconError{
		"":                         {0, "nothing", ""},
		"# words\n\n":              {0, "nothing", ""},
		"a\xff\n":                  {1, "not_text", ""},
		"a\x00b\n":                 {1, "not_text", ""},
		"ok\n= x\n":                {2, "empty_word", "= x"},
		"提现 =\n":                   {1, "empty_word", "提现 ="},
		"a1 = b = c\n":             {1, "two_equals", "a1 = b = c"},
		"12345\n":                  {1, "no_letters", "12345"},
		"A股通\n":                    {1, "mixed", "a股通"},
		"甲 = 乙\n甲 = 丙\n":           {2, "told_twice", "甲"},
		"甲乙 = 丙丁\n丙丁 = 甲乙\n":       {2, "circle", "丙丁"},
		strings.Repeat("字", 61):    {1, "too_long", "60"},
		strings.Repeat("x", 1<<17): {1, "too_long", "60"},
	} {
		_, err := ReadLexicon(strings.NewReader(in))
		if e, ok := err.(*LexiconError); !ok || *e != want {
			t.Errorf("ReadLexicon(%.20q): %v, want %v", in, err, want)
		}
	}
}
