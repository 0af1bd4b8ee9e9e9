package rootcause

import (
	"fmt"
	"testing"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"upstream timeout after 350ms tx=T123456789012": "upstream timeout after <*>ms tx=<*>",
		"login ok ip=10.0.0.7 device=a3f09b21":          "login ok ip=<*> device=<*>",
		"provider=sms-3 code=SMS-2107":                  "provider=sms-<*> code=SMS-2107",
		"GET /v3/quotes/XAUUSD 200 12ms":                "GET /v3/quotes/XAUUSD <*> <*>ms",
		"at 2026-01-05T09:00:01.123Z, amount=1,204.50":  "at <*>, amount=<*>",
		"id 550e8400-e29b-41d4-a716-446655440000 done":  "id <*> done",
		"订单 12345 失败":                                   "订单 <*> 失败",
		"hash deadbeefcafe seen":                        "hash <*> seen",
		"":                                              "",
	} {
		if got := string(mask(nil, in)); got != want {
			t.Errorf("mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMiner(t *testing.T) {
	mine := func(n int) []*template {
		m := newMiner()
		for i := range n {
			for j, message := range []string{"order %d accepted for user%c bank=%s", "order %d rejected by rule=%c bank=%s", "order queue empty"} {
				if j < 2 {
					message = fmt.Sprintf(message, i, 'a'+rune(i%7), []string{"HSBC", "DBS", "CIMB"}[i%3])
				}
				m.add(&logLine{seq: int64(3*i + j + 1), at: int64(1767571200 + i), service: "oms", level: "info", message: message})
			}
		}
		return m.settle()
	}
	few, many := mine(40), mine(4000)
	if len(few) != 3 || len(many) != 3 {
		t.Fatalf("%d and %d templates", len(few), len(many))
	}
	ids := map[string]int64{}
	for _, f := range few {
		ids[f.text()] = f.id
	}
	for _, f := range many {
		if ids[f.text()] != f.id || f.id >= 1<<52 || f.n != 4000 {
			t.Errorf("%s: id %d, %d in the smaller run, n %d", f.text(), f.id, ids[f.text()], f.n)
		}
	}
	if ids["order <*> accepted for <*> bank=<*>"] == 0 {
		t.Errorf("templates %v", ids)
	}
}

func BenchmarkMiner(b *testing.B) {
	m := newMiner()
	i := int64(0)
	for b.Loop() {
		i++
		m.add(&logLine{seq: i, at: i, service: "oms", level: "info", message: "upstream timeout after 350ms tx=T123456789012 bank=HSBC code=PG-5041"})
	}
}

func FuzzMask(f *testing.F) {
	f.Add("a=1 b-2 \xff\x00")
	f.Fuzz(func(t *testing.T, s string) {
		m := newMiner()
		m.add(&logLine{message: s, at: 1})
		m.settle()
	})
}
