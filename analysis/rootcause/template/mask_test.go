package template

import (
	"fmt"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		// addresses
		"from 10.0.0.7 port 22":                   "from <*> port <*>",
		"to 10.0.0.7:50010 (2001:db8::1)":         "to <*> (<*>::<*>)",
		"fe80:0:0:0:202:b3ff:fe1e:8329 is up":     "<*> is up",
		"mac 00:1b:44:11:3a:b7 joined":            "mac <*> joined",
		"see https://a.example.com/x?y=1, please": "see <*>, please",
		"GET http://a.b/c HTTP/1.1":               "GET <*> HTTP/<*>",
		"mail to a.b-c@example.com.":              "mail to <*>.",
		"root@notty stays":                        "root@notty stays",
		// numbers, hex, identifiers
		"upstream timeout after 350ms tx=T123456789012": "upstream timeout after <*>ms tx=<*>",
		"id 550e8400-e29b-41d4-a716-446655440000 done":  "id <*> done",
		"login ok ip=10.0.0.7 device=a3f09b21":          "login ok ip=<*> device=<*>",
		"hash deadbeefcafe seen at 0x7fed806eb5d":       "hash <*> seen at <*>",
		"trace=4bf92f3577b34da6a3ce929d0e0e4736":        "trace=<*>",
		"offset -12, +7 and 3.5e10":                     "offset -<*>, +<*> and <*>",
		"block blk_-1608999687919862906 lost":           "block blk_-<*> lost",
		"order ORD20260105001 and A-1204, ticket 88_31": "order <*> and <*>, ticket <*>",
		"provider=sms-3 code=SMS-2107":                  "provider=sms-<*> code=SMS-2107",
		"PG-5041 and ORA-00600 stay":                    "PG-5041 and ORA-00600 stay",
		"IPv6 over eth0 by SOCKS5, order 4":             "IPv6 over eth0 by SOCKS5, order <*>",
		"GET /v3/quotes/XAUUSD 200 12ms":                "GET /v3/quotes/XAUUSD <*> <*>ms",
		"open /var/log/app.2026-01-05.log":              "open /var/log/app.<*>",
		// amounts, durations, dates and times
		"amount=1,204.50 USD, fee 0.5%":      "amount=<*> USD, fee <*>%",
		"took 1h2m3s, then 15.5s and 300us":  "took <*>, then <*>s and <*>us",
		"at 2026-01-05T09:00:01.123Z":        "at <*>",
		"at 2026-01-05T09:00:01+08:00 again": "at <*>+<*> again",
		"on 2026/01/05 at 09:00:01,123":      "on <*>/<*>/<*> at <*>",
		"EURUSD 1.0842 00700.HK 9988":        "EURUSD <*> <*> <*>",
		// Chinese, without blanks
		"订单12345失败，金额1,204.50元": "订单<*>失败，金额<*>元",
		"用户A1029从10.0.0.7登录":    "用户<*>从<*>登录",
		"2026年01月05日 08:00 结算":  "<*>年<*>月<*>日 <*> 结算",
		"耗时350ms，code=SMS-2107": "耗时<*>ms，code=SMS-2107",
		// hardly there
		"": "", "5": "<*>", "-": "-", "\xff\xfe5": "\xff\xfe<*>", "a@": "a@", "http://": "http://", "@@ ::// x@y": "@@ ::// x@y",
	} {
		if got := string(mask(nil, in)); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
}

// chinese are log lines with the kind of each.
const chinese = `1	用户张三登录成功，来自10.0.0.1
1	用户李四登录成功，来自10.0.0.2
1	用户王小明登录成功，来自10.0.0.3
1	用户赵子龙登录成功，来自10.1.0.3
2	用户张三登录失败，原因：密码错误
2	用户赵六登录失败，原因：密码错误
3	订单12345已受理，金额1,204.50元
3	订单A20260105001已受理，金额7.5元
4	订单12345已撤销
4	订单12999已撤销
5	支付通道 HSBC 超时，耗时350ms
5	支付通道 DBS 超时，耗时1200ms
5	支付通道 CIMB 超时，耗时20ms
5	支付通道 OCBC 超时，耗时25ms
5	支付通道 UOB 超时，耗时21ms
6	缓存已刷新，共123条
6	缓存已刷新，共7条
7	连接数据库失败：timeout after 3000ms
7	连接数据库失败：timeout after 5000ms
8	2026年01月05日 结算批次 20260105 完成
8	2026年01月06日 结算批次 20260106 完成
9	行情源断开，正在重连（第3次）
9	行情源断开，正在重连（第12次）
10	行情源已恢复
11	风控规则 R-101 命中，账户 8800123
11	风控规则 R-102 命中，账户 8800124
12	短信发送失败 code=SMS-2107
13	短信发送失败 code=SMS-2109`

// TestChinese: lines without blanks are grouped as they were by hand.
func TestChinese(t *testing.T) {
	var kinds, lines []string
	for _, l := range strings.Split(chinese, "\n") {
		kind, line, _ := strings.Cut(l, "\t")
		kinds, lines = append(kinds, kind), append(lines, line)
	}
	of, back := map[string]string{}, map[string]string{}
	for i, text := range mined(lines...) {
		if of[kinds[i]] == "" && back[text] == "" {
			of[kinds[i]], back[text] = text, kinds[i]
		}
		if of[kinds[i]] != text || back[text] != kinds[i] {
			t.Errorf("%s is one of %q", lines[i], text)
		}
	}
	for kind, want := range map[string]string{"1": "用户<*>登录成功，来自<*>", "7": "连接数据库失败：timeout after <*>ms", "8": "<*>年<*>月<*>日 结算批次<*>完成", "5": "支付通道<*>超时，耗时<*>ms"} {
		if of[kind] != want {
			t.Errorf("%q, want %q", of[kind], want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("a@b.c http://x 订单5")
	f.Fuzz(func(t *testing.T, s string) {
		once := string(mask(nil, s))
		for i := range len(once) {
			if c := once[i]; c >= '0' && c <= '9' && !strings.Contains(s, string(c)) {
				t.Errorf("%q became %q", s, once)
			}
		}
		if len(once) > 4*len(s)+8 {
			t.Errorf("%q became %q", s, once)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	line := fmt.Sprintf("Receiving block blk_%d src: /10.251.73.220:42557 dest: /10.251.73.220:50010", 1608999687919862906)
	buf := make([]byte, 0, 200)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		buf = mask(buf[:0], line)
	}
}
