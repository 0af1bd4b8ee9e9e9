package view

import (
	"strings"
	"testing"

	"plaint/internal/web/naming"
)

func TestText(t *testing.T) {
	for text, gone := range map[string][]string{
		"call +86 138 1234 5678 or u77@web.example now":         {"138", "5678", "u77", "web.example"},
		"微信号 abc_def-1，加 QQ:998877，电话１３８００":                     {"abc_def", "998877", "１３８"},
		"This is Lerato King from Berlin. Regards, Ann-Mary Li": {"Lerato", "King", "Mary"},
		"我叫王小明，老客户孙芳。":                                          {"王小明", "孙芳"},
		"Jo Ng wrote; jo says ng":                               {"Jo", "Ng", "jo ", " ng"},
		"see https://x.example/a?b=c and www.y.example":         {"x.example", "y.example"},
		"device dv-06c82f03d49d, account 62711610541969":        {"06c82f", "62711"},
	} {
		got := Text(text, []string{"Jo Ng"})
		for _, g := range gone {
			if strings.Contains(got, g) {
				t.Errorf("%q: %q is still in %q", text, g, got)
			}
		}
	}
	if got := Text("出金一直没有到账，很着急", nil); got != "出金一直没有到账，很着急" {
		t.Error(got)
	}
}

// TestOrdinaryWords: what only looks as if a name were introduced stays, and names
// behind the same words go.
func TestOrdinaryWords(t *testing.T) {
	for text, want := range map[string]string{
		"账户名还是旧的":                           "账户名还是旧的",
		"账户名还是王小明的":                         "账户名还是•的",
		"户名和卡号不一致":                          "户名和卡号不一致",
		"户名和王小明的不同":                         "户名•的不同",
		"户名是张三":                             "户名是•",
		"户名：还小明":                            "户名：•",
		"姓名显示错误，姓名不是李四光":                    "姓名显示错误，姓名不是•",
		"户名不对，户名王小明":                        "户名不对，户名•",
		"我是老客户了，我叫王小明":                      "我是老客户了，我叫•",
		"老客户孙芳":                             "老客户•",
		"投诉人那英":                             "投诉人•",
		"姓名 和珅":                             "姓名 •",
		"Dear Sir or Madam, hello":          "Dear Sir or Madam, hello",
		"Dear Lerato King, hello":           "Dear •, hello",
		"Dear Sir Lerato King":              "Dear Sir •",
		"Best Regards Lerato King":          "Best Regards •",
		"with Best Regards":                 "with Best Regards",
		"Thank You Lerato King":             "Thank You •",
		"Best Wang and Kind Li and Li Best": "• and • and •",
		"May Concern":                       "• Concern",
		"this is NOT acceptable":            "this is NOT acceptable",
		"I am NOT Lerato King":              "I am NOT •",
		"I am Lerato and this is Not it":    "I am • and this is Not it",
		"John Dear and John Hi":             "• and •",
		"Mr. Lerato":                        "Mr. •",
		"My name is So Wing Kei":            "My name is •",
		"Regards, To Wai":                   "Regards, •",
		"Mr An called":                      "Mr • called",
		"I am SO Wing Kei":                  "I am •",
		"This is So":                        "This is So",
		"投诉人姓名：张三":                          "投诉人姓名：•",
		"户名名字是张三":                           "户名名字是•",
	} {
		if got := Text(text, nil); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestNamesInAnyCase: also of letters outside ASCII.
func TestNamesInAnyCase(t *testing.T) {
	for text, name := range map[string]string{"Talked to Иван Петров today": "иван петров", "JOSÉ GARCÍA wrote": "José García", "by Lerato dlamini": "lerato Dlamini", "和王小明说": "王小明"} {
		if got := Text(text, []string{name}); strings.Contains(strings.ToLower(got), strings.Fields(strings.ToLower(name))[0]) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestShort(t *testing.T) {
	for id, want := range map[string]string{"": "", "U1": "U…", "U12345689": "U12…89", "客户一二三四五": "客户一…四五"} {
		if got := Short(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
	if got := beginning("ten chars!"); strings.Contains(got, "ten chars!") || !strings.HasSuffix(got, "…") {
		t.Error(got)
	}
}

func TestRaw(t *testing.T) {
	for raw, want := range map[string]string{"王小明": "•", "诸葛孔明 1380013": "• •", "2026年3月1日 下午3点": "•年•月•日 下午•点", "never": "never", "Lerato King": "•"} {
		if got := Raw(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestLogText(t *testing.T) {
	known := &naming.Known{}
	known.Learn("Lerato King")
	known.Learn("王小明")
	for template, want := range map[string]string{
		"ack timeout <*>ms client will resend code=OE-1107": "ack timeout <*>ms client will resend code=OE-1107",
		"mail to a.b@c.example failed":                      "mail to •@• failed",
		"call +86 138 1234 5678 failed":                     "call • failed",
		"微信号 abc_def-1 bound":                               "微信号 • bound",
		"login of Lerato King from <*>":                     "login of • from <*>",
		"用户王小明登录":                                           "用户•登录",
		"telegram is lerato king, lerato.king@x.example":    "telegram is •, •@•",
	} {
		if got := logText(template, known); got != want {
			t.Errorf("%q: %q, want %q", template, got, want)
		}
	}
}

// TestNamesBesideAddresses: a handle or a mail takes no word of a name away that
// the others are known by.
func TestNamesBesideAddresses(t *testing.T) {
	names := namesOf{known: &naming.Known{}}
	names.known.Learn("Lerato King")
	for text, want := range map[string]string{
		"my wechat is lerato king":            "my wechat is •",
		"lerato king @ x.example":             "•@•",
		"lerato.king@x.example":               "•@•",
		"wechat lerato.king.x":                "wechat •",
		"see www.x.example/lerato-king/a now": "see • now",
	} {
		if got := names.text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
