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
		if i >= total-LineWindow {
			by[customer] = append(by[customer], told{at, ill})
		}
	}
	end := start.Add(time.Duration(total) * time.Second)
	met := 0
	for customer := uint64(1); customer <= 50_000; customer += 7 {
		list := by[customer]
		list = list[max(0, len(list)-lineDepth):]
		upTo, span := end.Add(-time.Duration(r.IntN(200_000))*time.Second), time.Duration(r.IntN(400_000))*time.Second
		well, ill := 0, 0
		for _, x := range list {
			switch {
			case x.at.After(upTo) || !x.at.After(upTo.Add(-span)):
			case x.ill:
				ill++
			default:
				well++
			}
		}
		met += well + ill
		if w, i := l.Around(customer, span, upTo); w != well || i != ill {
			t.Fatalf("customer %d: %d and %d, want %d and %d", customer, w, i, well, ill)
		}
	}
	if met < 1000 {
		t.Fatalf("only %d lines were asked for", met)
	}
	if w, i := (*Lines)(nil).Around(1, time.Hour, end); w+i != 0 {
		t.Error("no memory tells lines")
	}
}
