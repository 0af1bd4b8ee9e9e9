package memory

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestLinesForget compares with a plain list, over more than the window.
func TestLinesForget(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	type told struct {
		at  time.Time
		ill bool
	}
	l, by := NewLines(), map[uint64][]told{}
	total := LineWindow + LineWindow/4
	if testing.Short() {
		total = 100_000
	}
	for i := range total {
		customer, ill := 1+r.Uint64N(50_000), r.IntN(3) == 0
		at := start.Add(time.Duration(i) * time.Second)
		l.Add(customer, at, ill)
		by[customer] = append(by[customer], told{at, ill})
	}
	end := start.Add(time.Duration(total) * time.Second)
	met, forgotten := 0, 0
	for customer := uint64(1); customer <= 50_000; customer += 7 {
		list := by[customer]
		upTo, span := end.Add(-time.Duration(r.IntN(200_000))*time.Second), time.Duration(r.IntN(400_000))*time.Second
		well, ill := 0, 0
		for _, x := range list {
			switch {
			case x.at.After(upTo) || !x.at.After(upTo.Add(-span)):
			case x.ill:
				ill = 1
			default:
				well++
			}
		}
		w, i := l.Around(customer, span, upTo)
		if lost := start.Add(time.Duration(total-LineWindow-1) * time.Second); lost.After(upTo.Add(-span)) && w == 0 && i == 0 {
			forgotten++
			continue
		}
		if ill > 0 {
			well = 0
		}
		met += well + ill
		if w != well || i != ill {
			t.Fatalf("customer %d: %d and %d, want %d and %d", customer, w, i, well, ill)
		}
	}
	if met < 1000 || forgotten > 2000 {
		t.Fatalf("%d lines were found, %d customers forgotten", met, forgotten)
	}
	many := NewLines()
	many.Add(1, start, true)
	for i := range 3000 {
		many.Add(1, start.Add(time.Duration(i)*time.Second), false)
	}
	if w, i := many.Around(1, 24*time.Hour, start.Add(2*time.Hour)); w != 0 || i == 0 {
		t.Errorf("trouble is forgotten behind many lines: %d and %d", w, i)
	}
	for i := range 2 * lineSteps {
		many.Add(1, start.Add(time.Duration(i)*time.Second), false)
	}
	if w, i := many.Around(1, 24*time.Hour, start.Add(2*time.Hour)); w+i != 0 {
		t.Errorf("what was not looked at counts: %d and %d", w, i)
	}
	if w, i := (*Lines)(nil).Around(1, time.Hour, end); w+i != 0 {
		t.Error("no memory tells lines")
	}
}

func TestCounts(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		level, message string
		counts, ill    bool
	}{
		{"info", "login ok cid=7", true, false}, {"", "GET /v3/positions 200 12ms", true, false}, {"info", "登录成功", true, false}, {"info", "identity verified", true, false},
		{"info", "login failed reason=wrong_password", true, true}, {"info", "account locked after 5 attempts", true, true}, {"info", "登录失败 密码错误", true, true},
		{"", "login denied code=403", true, true}, {"info", "POST /v3/orders 502", true, true}, {"warn", "slow", true, true}, {"error", "", true, true},
		{"info", "newsletter sent", false, false}, {"info", "candles served 33ms", false, false}, {"info", "password reset requested", false, false}, {"debug", "login ok", false, false}, {"info", "unlocked by block 5", false, false},
	} {
		if counts, ill := Counts("U1", x.level, x.message, at); counts != x.counts || ill != x.ill {
			t.Errorf("%s %q: %v %v", x.level, x.message, counts, ill)
		}
	}
	if counts, _ := Counts("", "error", "", at); counts {
		t.Error("a line of nobody counts")
	}
}
