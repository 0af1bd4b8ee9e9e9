package rule

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
)

var names = []string{"repeat_30d", "agent", "letter_overlap"}

func set(t testing.TB, when ...string) *Set {
	t.Helper()
	var list []Rule
	for i, w := range when {
		list = append(list, Rule{Name: fmt.Sprintf("r%d", i), When: w, Points: 1})
	}
	s, err := Compile(list, names)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(s *Set, f record.Facts, signals ...float32) float32 {
	v := View{s, &f, signals}
	return v.Ask(0)
}

var full = record.Facts{Source: "crm", Channel: "app", Type: "withdrawal_delay", Product: "forex", Language: "zh", Currency: "USD",
	Amount: record.Num(900), Received: record.At(time.Date(2026, 1, 4, 23, 59, 0, 0, time.UTC))} // a Sunday

// TestWhatHolds: every operator and fact, and what is not known.
func TestWhatHolds(t *testing.T) {
	day := full
	day.Received.Precision = record.ToDay
	for _, c := range []struct {
		when string
		f    record.Facts
		want float32
	}{
		{"repeat_30d > 3", full, Holds},
		{"repeat_30d >= 4.0 && agent == 1.0", full, Holds},
		{"repeat_30d < 4 || agent != 1.0", full, Not},
		{"letter_overlap > 0.7", full, Holds},
		{"letter_overlap == 0.75", full, Holds},
		{"type == 'withdrawal_delay' && !(channel in ['mail', 'phone'])", full, Holds},
		{"product.startsWith('for') && product.endsWith('ex') && product.contains('re')", full, Holds},
		{"(agent > 0 ? amount : 0.0) / 2.0 == 450.0", full, Holds},
		{"double(hour) + 1.0 == 24.0 && hour % 2 == 1 && weekday == 7", full, Holds},
		{"source == 'crm' && language == 'zh' && currency == 'USD' && has_amount && has_hour && has_weekday", full, Holds},
		{"-repeat_30d * 2.0 - 1.0 < -8", full, Holds},
		// What is not known makes nothing hold, and does not fail.
		{"amount < 100.0", record.Facts{}, Not},
		{"!(amount < 100.0)", record.Facts{}, Not},
		{"amount < 100.0 || agent > 0", record.Facts{}, Holds},
		{"!has_amount && !has_hour && !has_weekday && type == ''", record.Facts{}, Holds},
		{"hour < 24", day, Not},
		{"has_weekday && !has_hour && weekday == 7", day, Holds},
		{"hour < 24", record.Facts{}, Not},
		// What cannot be worked out fails.
		{"hour / 0 > 1", full, Failed},
		{"hour % (hour - 23) == 0", full, Failed},
		{"hour * 9223372036854775807 > 0", full, Failed},
		{"-9223372036854775808 - hour < 0", full, Failed},
		{"agent > 0 || hour / 0 > 1", full, Holds},
		{"agent / 0.0 > 1.0", full, Holds}, // as floating point has it
		{"0.0 / (agent - 1.0) == 0.0", full, Not},
	} {
		if got := ask(set(t, c.when), c.f, 4, 1, .75); got != c.want {
			t.Errorf("%s: %v, want %v", c.when, got, c.want)
		}
	}
}

// TestRefused: what is wrong with a rule is told by a code, where it stands and
// what it is about.
func TestRefused(t *testing.T) {
	ok := Rule{Name: "r", When: "agent > 0", Points: 1}
	many := make([]Rule, Most+1)
	for _, c := range []struct {
		change func(r *Rule)
		code   string
		says   string
	}{
		{func(r *Rule) { r.When = "agent >\n  nobody" }, "err_rule_unknown", "line 2 column 3 name nobody"},
		{func(r *Rule) { r.When = "agent > 1.0 // \x1b]0;x" }, "err_rule_sign", ""},
		{func(r *Rule) { r.When = "agent > 1.0\u2028|| agent < 9.0" }, "err_rule_sign", ""},
		{func(r *Rule) { r.When = "agent > 1.0 // for agents &&\n || agent < 9.0" }, "err_rule_line", ""},
		{func(r *Rule) { r.When = "agent > 1.0 ||\n // for agents\n agent < 9.0" }, "err_rule_line", ""},
		{func(r *Rule) { r.When = "body.contains('x')" }, "err_rule_unknown", "name body"},
		{func(r *Rule) { r.When = "status == 'closed'" }, "err_rule_unknown", "name status"},
		{func(r *Rule) { r.When = "type.matches('(a+)+$')" }, "err_rule_unknown", "name matches"},
		{func(r *Rule) { r.When = "[1, 2].all(x, x > 1)" }, "err_rule_unknown", "name all"},
		{func(r *Rule) { r.When = "dyn(agent) == 1" }, "err_rule_unknown", "name dyn"},
		{func(r *Rule) { r.When = "timestamp('2026-01-01T00:00:00Z') > timestamp(type)" }, "err_rule_unknown", "name timestamp"},
		{func(r *Rule) { r.When = "crowd > 1" }, "err_rule_protective", "line 1 column 1 name crowd"},
		{func(r *Rule) { r.When = "agent > 0 &&" }, "err_rule_syntax", "line 1 column 13"},
		{func(r *Rule) { r.When = "" }, "err_rule_syntax", "column 1"},
		{func(r *Rule) { r.When = "agent = 1" }, "err_rule_syntax", "column 7"},
		{func(r *Rule) { r.When = "agent == 1" }, "err_rule_numbers", "column 7 operator == kinds (double, int)"},
		{func(r *Rule) { r.When = "agent in [1, 2]" }, "err_rule_numbers", "operator in"},
		{func(r *Rule) { r.When = "type > 1" }, "err_rule_types", "kinds (string, int)"},
		{func(r *Rule) { r.When = "!agent" }, "err_rule_types", "kinds (double)"},
		{func(r *Rule) { r.When = "agent" }, "err_rule_bool", "kind double"},
		{func(r *Rule) { r.When = "type" }, "err_rule_bool", "kind string"},
		{func(r *Rule) { r.When = "1 < 2" }, "err_rule_nothing", "rule r"},
		{func(r *Rule) { r.When = "agent > 0 && int == int" }, "err_rule_form", "column 14"},
		{func(r *Rule) { r.When = "agent > 0 && {'a': 1} == {'a': 1}" }, "err_rule_form", "column 14"},
		{func(r *Rule) { r.When = "google.protobuf.BoolValue{value: true}" }, "err_rule_form", "rule r"},
		{func(r *Rule) { r.When = "refuted > 0" }, "err_rule_not_kept", "name refuted"},
		{func(r *Rule) { r.When = "agent > 0 " + strings.Repeat("&& agent > 0 ", 100) }, "err_rule_long", "most 1000"},
		{func(r *Rule) { r.When = strings.Repeat("(", 200) + "agent > 0" + strings.Repeat(")", 200) }, "err_rule_syntax", "rule r"},
		{func(r *Rule) { r.When = strings.Repeat("!", 900) + "has_amount" }, "", ""},
		{func(r *Rule) { r.When = strings.Repeat("!!(!!!!!!(!!!!(((((!!(!!(!!!!((", 30) + "1" }, "err_rule_syntax", "rule r"},
		{func(r *Rule) { r.Name = "agent" }, "err_rule_taken", "rule agent"},
		{func(r *Rule) { r.Name = "amount" }, "err_rule_taken", "rule amount"},
		{func(r *Rule) { r.Name = "base" }, "err_rule_taken", "rule base"},
		{func(r *Rule) { r.Name = "Big One" }, "err_rule_name", "place 1"},
		{func(r *Rule) { r.Name = "" }, "err_rule_name", "place 1"},
		{func(r *Rule) { r.Points = math.NaN() }, "err_rule_points", "NaN"},
		{func(r *Rule) { r.Points = math.Inf(-1) }, "err_rule_points", "-Inf"},
		{func(r *Rule) { r.Points = 20.5 }, "err_rule_points", "most 20"},
		{func(r *Rule) { r.About = map[string]string{"fr": "x"} }, "err_rule_words", "about.fr"},
		{func(r *Rule) { r.About = map[string]string{"en": "red\x1b[31m"} }, "err_rule_words", "about.en"},
		{func(r *Rule) { r.About = map[string]string{"zh": strings.Repeat("长", 201)} }, "err_rule_words", "about.zh"},
		{func(r *Rule) { r.By = "a\nb" }, "err_rule_words", "field by"},
	} {
		r := ok
		c.change(&r)
		_, err := Compile([]Rule{r}, names)
		var e *Error
		if c.code == "" {
			if err != nil {
				t.Errorf("%q: %v", r.When, err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(fmt.Sprint(e.Pairs), c.says) {
			t.Errorf("%q: %v, want %s %s", r.When, err, c.code, c.says)
		}
	}
	for code, list := range map[string][]Rule{"err_rule_count": many, "err_rule_twice": {ok, ok}} {
		var e *Error
		if _, err := Compile(list, names); !errors.As(err, &e) || e.Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

// TestOnlyFactsAndSignals: the language has no word for a person or for how a
// complaint was handled, and every name that it tells of can be used.
func TestOnlyFactsAndSignals(t *testing.T) {
	for _, name := range []string{"customer", "customer_name", "contact", "body", "subject", "device", "payout_account", "external_id", "evidence", "extra",
		"status", "resolution", "upheld", "redress", "closed", "handler", "department", "priority", "country", "crowd"} {
		if slices.Contains(Names(), name) {
			t.Errorf("%s is a name of the language", name)
		}
		if _, err := Compile([]Rule{{Name: "r", When: name + " == " + name}}, Names()); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, name := range Names() {
		if _, err := Compile([]Rule{{Name: "r", When: name + " == " + name}}, Names()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongWordsAreCut: a cell of four megabytes costs what a short one costs, and
// is cut between characters.
func TestLongWordsAreCut(t *testing.T) {
	long := record.Facts{Type: strings.Repeat("长", 1<<20)}
	s := set(t, "type == '"+strings.Repeat("长", 85)+"'")
	if ask(s, long, 0, 0, 0) != Holds {
		t.Error("it is not cut after 255 bytes")
	}
	if ask(set(t, "type.contains('x')"), record.Facts{Type: strings.Repeat("\x80", 300)}, 0, 0, 0) != Not {
		t.Error("bytes that are no text")
	}
}

// TestFallsAreTold: the signals of which more may lower the score.
func TestFallsAreTold(t *testing.T) {
	for when, want := range map[string]string{
		"repeat_30d > 3 && agent >= 1.0":                     "",
		"3 < repeat_30d || !(agent < 1.0)":                   "",
		"repeat_30d * 2.0 + agent / 3.0 - 1.0 > 4.0":         "",
		"agent > 0 && repeat_30d == 0.0":                     "repeat_30d",
		"agent > 0 && repeat_30d < 2":                        "repeat_30d",
		"agent - repeat_30d > 1.0":                           "repeat_30d",
		"-agent > -2.0":                                      "agent",
		"agent * repeat_30d > 1.0":                           "agent repeat_30d",
		"agent > (repeat_30d > 1 ? 1.0 : 2.0)":               "repeat_30d",
		"letter_overlap in [0.5, 0.6]":                       "letter_overlap",
		"has_amount ? agent > 1 : letter_overlap > 0.5":      "",
		"type == 'x' && amount > 3.0 && hour < 6 && agent>0": "",
	} {
		s := set(t, when)
		if got := strings.Join(s.Falls(0, 1), " "); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	s := set(t, "repeat_30d > 3 && agent < 1")
	if got := s.Falls(0, -1); len(got) != 1 || got[0] != "repeat_30d" || s.Falls(0, 0) != nil {
		t.Errorf("a protective rule: %v", got)
	}
}

func TestMissingSignalsAreTold(t *testing.T) {
	got, err := Missing([]Rule{{Name: "a", When: "refuted > 0 && agent > 0"}, {Name: "b", When: "young_account > 0.5 || refuted > 1"}}, names)
	if err != nil || strings.Join(got, " ") != "refuted young_account" {
		t.Error(got, err)
	}
}

// TestHostileConditionsCostLittle: nesting and what no grammar expects is read, or
// refused, in no time and little memory.
func TestHostileConditionsCostLittle(t *testing.T) {
	for _, motif := range []string{"!!(!!!!!!(!!!!(((((!!(!!(!!!!((", "[", "{", "a?b:", "(a", "a.b", "-", "!(", "a[", "a(", "a||b&&", "{a:", "x{", "?:", "((("} {
		for _, n := range []int{10, 100, 900} {
			for _, end := range []string{"", "1"} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				began := time.Now()
				_, err := Compile([]Rule{{Name: "r", When: strings.Repeat(motif, n) + end}}, names)
				took := time.Since(began)
				runtime.ReadMemStats(&after)
				if err == nil || took > 2*time.Second || after.TotalAlloc-before.TotalAlloc > 64<<20 {
					t.Errorf("%d times %s: %v, %v, %d bytes", n, motif, err, took, after.TotalAlloc-before.TotalAlloc)
				}
			}
		}
	}
}

// FuzzCompile: whatever is written, it is refused with a code or can be asked, and
// says the same when it is asked again.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{"agent > 0", "type in ['a']", "hour / 0 > 1", "((((", "!!(!!!!!!(!!!!(((((!!(!!(!!!!((", "amount * amount > 1e308", "'\\x00' < type", "has_amount ? agent > 1 : weekday in [6, 7]",
		"agent > 0x7fffffffffffffff", "type + type == ''", "\xff\xfe", "r'''a'''==type", "-9223372036854775808 / -1 == hour"} {
		f.Add(s, "type", 5.0, float32(1))
	}
	f.Fuzz(func(t *testing.T, when, word string, amount float64, signal float32) {
		s, err := Compile([]Rule{{Name: "r", When: when, Points: 1}}, names)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%q: %v", when, err)
			}
			return
		}
		x := record.Facts{Type: word, Product: word, Amount: record.Num(amount), Received: full.Received}
		first, second := ask(s, x, signal, signal, signal), ask(s, x, signal, signal, signal)
		if first != second || first != Holds && first != Not && first != Failed {
			t.Fatalf("%q: %v, then %v", when, first, second)
		}
		s.Falls(0, 1)
	})
}

// BenchmarkAsk is one simple rule.
func BenchmarkAsk(b *testing.B) {
	for name, when := range map[string]string{"simple": "repeat_30d > 3", "usual": "type in ['abnormal_trade', 'withdrawal_delay'] && agent >= 1.0 && amount > 500.0", "unknown": "amount > 3.0",
		"failing": "hour / 0 > 1", "longest": "agent > 9.0 " + strings.Repeat("|| agent > 9.0 ", 65)} {
		b.Run(name, func(b *testing.B) {
			s, f := set(b, when), full
			if name == "unknown" {
				f = record.Facts{}
			}
			v := View{s, &f, []float32{4, 1, .75}}
			b.ReportAllocs()
			for b.Loop() {
				v.Ask(0)
			}
		})
	}
}
