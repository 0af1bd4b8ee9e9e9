package service

import (
	"math"
	"testing"
	"time"

	"plaint/internal/record"
)

func TestDefaultLevels(t *testing.T) {
	levels, err := DefaultLevels()
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]time.Duration{"trading_rules": AtOnce, "login": 30 * time.Minute, "withdrawal_delay": 24 * time.Hour,
		"abnormal_trade": 48 * time.Hour, "platform_down": AtOnce, "risk_disclosure": AtOnce, "strategy_advice": 30 * time.Minute,
		"complaint_handling": 72 * time.Hour, "platform_update": 24 * time.Hour} {
		if got, _, ok := levels.limit(kind); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", kind, got, ok, want)
		}
	}
	for _, kind := range []string{"legal_compliance", "unheard_of", ""} {
		if _, _, ok := levels.limit(kind); ok {
			t.Errorf("%q has a clock", kind)
		}
	}
	if len(levels) != 10 || levels["legal_compliance"].Rule != record.CaseByCase {
		t.Errorf("levels %v", levels)
	}
}

func TestClock(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	midnight := start.Truncate(24 * time.Hour)
	for name, c := range map[string]struct {
		item  item
		limit time.Duration
		now   time.Time
		want  State
		late  float64
	}{
		"in time":              {item{received: start, stopped: start.Add(time.Hour)}, 2 * time.Hour, start.Add(9 * time.Hour), Met, 0},
		"on the dot":           {item{received: start, stopped: start.Add(2 * time.Hour)}, 2 * time.Hour, start.Add(9 * time.Hour), Met, 0},
		"late":                 {item{received: start, stopped: start.Add(5 * time.Hour)}, 2 * time.Hour, start.Add(9 * time.Hour), Late, 3},
		"running":              {item{received: start}, 8 * time.Hour, start.Add(5 * time.Hour), Running, 0},
		"last quarter":         {item{received: start}, 8 * time.Hour, start.Add(6 * time.Hour), DueSoon, 0},
		"overdue":              {item{received: start}, 8 * time.Hour, start.Add(9 * time.Hour), Overdue, 1},
		"open again":           {item{received: start, reopened: true}, 8 * time.Hour, start.Add(9 * time.Hour), Again, 1},
		"by the day, same day": {item{received: midnight, receivedDay: true, stopped: midnight, stoppedDay: true}, AtOnce, start.AddDate(0, 1, 0), Met, 0},
		"by the day, next day": {item{received: midnight, receivedDay: true, stopped: midnight.AddDate(0, 0, 2), stoppedDay: true}, AtOnce, start.AddDate(0, 1, 0), Late, 24},
		"closed known by day":  {item{received: start, stopped: midnight.AddDate(0, 0, 1), stoppedDay: true}, 24 * time.Hour, start.AddDate(0, 1, 0), Met, 0},
		"no date of receipt":   {item{}, time.Hour, start, "", 0},
		"received after as-of": {item{received: start}, 8 * time.Hour, start.Add(-time.Hour), Running, 0},
	} {
		got := c.item.run(c.limit, c.now)
		if got.state != c.want || math.Abs(got.hoursLate-c.late) > 1e-9 {
			t.Errorf("%s: %+v, want %s, %g hours late", name, got, c.want, c.late)
		}
	}
}

func TestWilson(t *testing.T) {
	// R: prop.test(8, 20, correct = FALSE)
	if low, high := Wilson(8, 20); math.Abs(low-.2188065) > 1e-6 || math.Abs(high-.6134185) > 1e-6 {
		t.Errorf("8 of 20: %g to %g", low, high)
	}
	if low, high := Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("none of none: %g to %g", low, high)
	}
	if low, high := Wilson(0, 5); low != 0 || high < .3 || high > .6 {
		t.Errorf("none of 5: %g to %g", low, high)
	}
}
