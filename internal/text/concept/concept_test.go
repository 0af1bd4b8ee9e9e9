package concept

import (
	"slices"
	"strings"
	"testing"

	"plaint/internal/text"
)

func names(t *Table, s string) string {
	var out []string
	for _, id := range t.Find(nil, text.NewTokenizer().Tokens(nil, s)) {
		out = append(out, t.Name(id))
	}
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	for in, want := range map[string]string{
		"My withdrawals were delayed":             "withdrawal delay",
		"我的提现一直没到账":                               "withdrawal arrival",
		"I never received the verification codes": "arrival code",
		"短信验证码收不到":                                "code",
		"簡訊驗證碼收不到":                                "code",
		"Stop-loss ignored, huge slippage":        "stop_loss no_reply slippage",
		"無法提領":                                    "withdrawal",
		"人脸识别失败。密码":                               "face failed password",
		"":                                        "",
		"1234 ！！":                                 "",
	} {
		if got := names(Default(), in); got != want {
			t.Errorf("%q names %q, want %q", in, got, want)
		}
	}
}

// pairs are labels of themes of one cause, as complaints of either language
// have them.
var pairs = [][2]string{
	{"withdrawal pending · gateway · timeout", "提现 · 支付网关 · 处理中"},
	{"transfer returned · bank rejected · bounced", "银行退回 · 转账被退 · 退票"},
	{"identity review · passport · blurry", "身份审核 · 证件 · 不清晰"},
	{"account name · names differ · mismatch", "户名 · 姓名不一致"},
	{"verification text · SMS code · resend", "短信验证码 · 收不到"},
	{"account locked · reset password", "账户锁定 · 重置密码 · 解锁"},
	{"face scan · selfie · rejects", "人脸识别 · 活体检测 · 刷脸"},
	{"wrong price · spike · chart", "价格不对 · 插针 · 图表"},
	{"slippage · market order", "滑点 · 市价单"},
	{"two orders · duplicate", "重复下单 · 两张单"},
	{"stop loss · triggered", "止损 · 未触发"},
	{"order stuck · not filled", "挂单 · 未成交"},
	{"page blank · bad gateway · site down", "白屏 · 打不开 · 服务器崩"},
	{"maintenance · weekend", "系统维护 · 周末"},
	{"risk disclosure · small print", "风险揭示 · 没告知风险"},
	{"liquidation · stop out", "强平 · 爆仓"},
	{"trading signal · mentor", "喊单 · 老师"},
	{"no reply · ignored", "没人理 · 不回复"},
	{"copy paste · same answer", "复制粘贴 · 套话"},
	{"passed around · departments", "踢皮球 · 推诿"},
	{"app crashes · update", "更新 · 闪退"},
	{"feature removed · old layout", "功能没了 · 界面"},
	{"overnight fee · swap", "隔夜利息 · 库存费"},
	{"leverage cut · 1:400", "杠杆 · 下调"},
	{"margin call · equity", "追加保证金 · 净值"},
	{"data leak · cold calls", "信息泄露 · 推销电话"},
	{"licence · regulator", "牌照 · 监管"},
	{"contract terms · signed", "合同条款 · 签字"},
	{"parcel lost · courier", "快递 · 丢件"},
	{"refund · return the item", "退货 · 退款"},
	{"flight delayed · luggage", "航班延误 · 行李"},
	{"auto renewal · subscription", "自动续费 · 会员"},
	{"roaming · data plan", "漫游 · 流量套餐"},
	{"debt collector · harass", "催收 · 骚扰"},
	{"charged twice · refund", "重复扣款 · 退费"},
	{"deposit not credited", "入金 · 未到账"},
}

// TestPartners: of the Chinese labels, the one of the same cause is nearest to
// an English one, and the other way round.
func TestPartners(t *testing.T) {
	var of [2][]Vector
	for _, p := range pairs {
		for l := range p {
			var terms []Term
			for i, s := range strings.Split(p[l], " · ") {
				terms = append(terms, Term{s, 1 / float64(i+1)})
			}
			of[l] = append(of[l], Default().Vector(terms))
		}
	}
	all := Distinctive(slices.Concat(of[0], of[1]))
	of[0], of[1] = all[:len(pairs)], all[len(pairs):]
	right := 0
	for l := range of {
		for i := range pairs {
			best, most := -1, 0.0
			for j := range pairs {
				if c := Cosine(of[l][i], of[1-l][j]); c > most {
					best, most = j, c
				}
			}
			if best == i {
				right++
				continue
			}
			found := "nothing"
			if best >= 0 {
				found = pairs[best][1-l]
			}
			t.Logf("%q is nearest to %q (%.2f)", pairs[i][l], found, most)
		}
	}
	if want := 2*len(pairs) - 2; right < want {
		t.Errorf("%d of %d labels have the right partner, want %d", right, 2*len(pairs), want)
	}
}

func TestUserWords(t *testing.T) {
	l, err := text.ReadLexicon(strings.NewReader("银小二 = customer service\n飞天宝 = rocket account\n蓝鲸卡 = 银行卡\n"))
	if err != nil {
		t.Fatal(err)
	}
	table := For(l)
	find := func(s string) string {
		var out []string
		for _, id := range table.Find(nil, text.NewTokenizerOf(l).Tokens(nil, s)) {
			out = append(out, table.Name(id))
		}
		return strings.Join(out, " ")
	}
	for in, want := range map[string]string{"银小二不回复": "agent no_reply", "飞天宝": "account", "蓝鲸卡": "bank_card"} {
		if got := find(in); got != want {
			t.Errorf("%q names %q, want %q", in, got, want)
		}
	}
}

func TestEmptyVectors(t *testing.T) {
	v := Default().Vector([]Term{{"zzz qqq", 1}})
	if len(v) != 0 || Cosine(v, Default().Vector([]Term{{"提现", 1}})) != 0 {
		t.Error("unknown words have concepts")
	}
}

func BenchmarkFind(b *testing.B) {
	for name, s := range map[string]string{
		"zh": strings.Repeat("更新后动不动就闪退，USOIL平仓平到一半没了，短信验证码收不到。", 6),
		"en": strings.Repeat("The withdrawal has been pending for days and nobody replies. ", 3),
	} {
		tokens := text.NewTokenizer().Tokens(nil, s)
		b.Run(name, func(b *testing.B) {
			var ids []ID
			for b.Loop() {
				ids = Default().Find(ids[:0], tokens)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("短信 stop-loss -- it's ５.９ \xff")
	f.Fuzz(func(_ *testing.T, s string) { names(Default(), s) })
}
