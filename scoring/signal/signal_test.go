package signal

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"plaint/internal/record"
)

var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func at(days ...float64) (list []record.Past) {
	for i, d := range days {
		list = append(list, record.Past{Seq: int64(i + 1), Customer: uint64(i + 10), Received: day0.Add(-time.Duration(d * float64(day)))})
	}
	return list
}

func now() *record.Complaint { return &record.Complaint{Received: record.At(day0), Type: "login"} }

// TestSurpriseIsAChance sums the negative binomial distribution that the prior makes
// of the numbers of complaints in the window of a one-day half-life.
func TestSurpriseIsAChance(t *testing.T) {
	width := 1 / math.Ln2
	p := width / (width + usualSpan.Hours()/24)
	tail, term := 1., math.Pow(1-p, usualEvents)
	for k := 1; k <= 3; k++ {
		tail -= term
		term *= (usualEvents + float64(k) - 1) / float64(k) * p
		list := at(slices.Repeat([]float64{1e-6}, k)...)
		if got, want := surprise(now(), list, time.Time{}), -math.Log10(tail); math.Abs(got-want) > 1e-3 {
			t.Errorf("%d at once: %.4f, the distribution says %.4f", k, got, want)
		}
	}
}

func TestSurpriseIsAgainstTheOwnPast(t *testing.T) {
	of := func(days ...float64) float64 { return surprise(now(), at(days...), time.Time{}) }
	rush := of(1, 1.5, 2)
	steady := make([]float64, 32)
	for i := range steady {
		steady[i] = 1 + 3*float64(i)
	}
	if rush < 1.7 || of(steady...) > 1 || of(300) > .05 || of() != 0 {
		t.Errorf("a rush of three %.2f, one every three days %.2f, one long ago %.2f, none %.2f", rush, of(steady...), of(300), of())
	}
	if more := of(.5, 1, 1.5, 2); more <= rush {
		t.Errorf("one more: %.2f, %.2f", rush, more)
	}
	if calm := surprise(now(), at(1, 1.5, 2), day0.AddDate(-3, 0, 0)); calm <= rush {
		t.Errorf("after three calm years %.2f, without %.2f", calm, rush)
	}
	own := &record.History{ByCustomer: at(steady...), Accounts: []record.Account{{Opened: record.At(day0.AddDate(-3, 0, 0))}}}
	own.Since = own.ByCustomer[len(steady)-1].Received // older ones are not seen
	if x := customerSurprise(now(), own); x > 1 {
		t.Errorf("every three days for three years, of which 32 are seen: %.2f", x)
	}
	if own.Since = day0.AddDate(-5, 0, 0); customerSurprise(now(), own) < 3 {
		t.Error("three calm years before do not count")
	}
	if own.Since = (time.Time{}); customerSurprise(now(), own) > 1 {
		t.Error("a time of which nothing is known was calm")
	}
	// Nothing jumps when a complaint grows older, and what comes later is not looked at.
	last := of(.01)
	for d := .02; d < 200; d *= 1.02 {
		if x := of(d); math.Abs(x-last) > .1 {
			t.Fatalf("from %.3f to %.3f at %.2f days", last, x, d)
		} else {
			last = x
		}
	}
	if x := of(1, 1.5, 2, -.5, -1); math.Abs(x-rush) > 1e-12 {
		t.Errorf("with what comes later %.3f, without %.3f", x, rush)
	}
	if most := of(slices.Repeat([]float64{.001}, 32)...); most != mostSurprise {
		t.Errorf("32 at once: %v", most)
	}
	if x := surprise(&record.Complaint{}, at(1), time.Time{}); x != 0 {
		t.Errorf("without a date: %v", x)
	}
}

func TestAssociation(t *testing.T) {
	of := func(list ...record.Association) float64 {
		return association(now(), &record.History{Associated: list, Confirmed: 3})
	}
	today := record.Association{Seq: 1, Decided: day0, Sharers: 1}
	crowded, old := today, today
	crowded.Sharers, old.Decided = 15, day0.Add(-fades)
	for name, x := range map[string]struct{ got, want float64 }{
		"one":               {of(today), 1},
		"two":               {of(today, today), 2},
		"of a thing of 16":  {of(crowded), .25},
		"half a year ago":   {of(old), .5},
		"only the own ones": {of(), 0},
	} {
		if math.Abs(x.got-x.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

func TestLogsRefute(t *testing.T) {
	for _, x := range []struct {
		kind      string
		well, ill int
		want      float64
	}{{"login", 0, 0, 0}, {"login", 2, 0, 2}, {"login", 9, 0, 3}, {"platform_down", 9, 1, 0}, {"withdrawal_delay", 9, 0, 0}} {
		c := now()
		c.Type = x.kind
		asked := time.Duration(0)
		h := &record.History{Lines: func(span time.Duration) (int, int) { asked = span; return x.well, x.ill }}
		if got := logsRefute(c, h); got != x.want || asked > day {
			t.Errorf("%+v: %v, asked for %v", x, got, asked)
		}
	}
	c := now()
	c.Body = "有人异地登录了我的账户"
	if logsRefute(c, &record.History{Lines: func(time.Duration) (int, int) { return 3, 0 }}) != 0 {
		t.Error("what somebody else did refutes the customer")
	}
	if logsRefute(now(), &record.History{}) != 0 {
		t.Error("no logs refute something")
	}
}

// TestNothingKnown: a complaint of which nothing is known has no signal, but for the
// crowd, which is as large as usual.
func TestNothingKnown(t *testing.T) {
	for name, f := range All {
		want := 0.
		if name == "crowd" {
			want = 1
		}
		if got := f(now(), &record.History{}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name := range Group {
		if All[name] == nil {
			t.Errorf("%s is no signal", name)
		}
	}
}

// TestEvidenceOfEverySharedThing leads to the complaints behind the signals.
func TestEvidenceOfEverySharedThing(t *testing.T) {
	h := &record.History{Associated: []record.Association{{Seq: 77}}}
	for i, list := range []*[]record.Past{&h.ByCustomer, &h.ByDevice, &h.ByPayout, &h.ByContact, &h.ByHandle, &h.ByAddress} {
		*list = []record.Past{{Seq: 99, Received: day0.AddDate(-1, 0, 0)}, {Seq: int64(i + 1), Received: day0.AddDate(0, 0, -1)}, {Seq: int64(i + 1), Received: day0.AddDate(0, 0, -1)}}
	}
	for name, want := range map[string]string{"repeat_30d": "[1]", "customer_surprise": "[1 99]", "device_surprise": "[2 99]", "payout_others": "[3]", "contact_surprise": "[4 99]", "handle_others": "[5]", "address_others": "[6]", "lockstep": "[2 3]", "association": "[77]"} {
		if got := Evidence(name, now(), h); fmt.Sprint(got) != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
