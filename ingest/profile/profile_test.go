package profile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/web/locale"
	"plaint/internal/written"
)

func TestBuiltinProfilesAreSound(t *testing.T) {
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, w := range p.Tells {
			if _, ok := p.Columns[w]; !ok {
				t.Errorf("%s: telltale %q has no column", p.Name, w)
			}
		}
		for _, lang := range []string{"en", "zh"} {
			if p.About[lang] == "" {
				t.Errorf("%s: no sentence in %s", p.Name, lang)
			}
		}
	}
}

// TestBadProfiles: what is wrong is told by line and in a code that has words in every
// language.
func TestBadProfiles(t *testing.T) {
	const head = "name: p\nas: complaints\n"
	for text, want := range map[string]string{
		"":                            "line 0: err_yaml_missing [key name]",
		"as: complaints\n":            "line 0: err_yaml_missing [key name]",
		"name: p\n":                   "line 0: err_yaml_missing [key as]",
		"name: p\nas:\n":              "line 2: err_yaml_missing [key as]",
		"name: p\nas: complaint\n":    "line 2: err_record_kind_near [value complaint near complaints]",
		"name: p\nas: letters\n":      "line 2: err_record_kind [value letters names complaints, surveys, logs, transactions, accounts, service_levels]",
		"- name: p\n":                 "line 1: err_yaml_kind [is list want mapping]",
		head + "colums: {}\n":         "line 3: err_yaml_key_near [value colums near columns]",
		head + "columns:\n  id: nr\n": "line 4: err_yaml_value [value nr want list]",
		head + "columns:\n  id: [a]\n   body: [b]":              "line 5: err_yaml_fit []",
		head + "columns:\n  id: [a]\n  body: [b]\n  id: [c]\n":  "line 6: err_yaml_twice [key id first 4]",
		head + "columns:\n  body: [b]\n  custmer:\n  - c\n":     "line 5: err_profile_word_near [value custmer near customer kind complaints]",
		head + "values:\n  statuss: {a: b}\n":                   "line 4: err_profile_word_near [value statuss near status kind complaints]",
		head + "constants: {chanel: mail}\n":                    "line 3: err_profile_word_near [value chanel near channel kind complaints]",
		head + "filename:\n  sourc: '(.*)'\n":                   "line 4: err_profile_word_near [value sourc near source kind complaints]",
		"name: p\nas: service_levels\nconstants: {mood: bad}\n": "line 3: err_profile_word [value mood names department, handling, limit, source, type kind service_levels]",
		head + "dates:\n  order: DMY\n":                         "line 4: err_profile_order_near [value DMY near dmy]",
		head + "dates: {order: american}\n":                     "line 3: err_profile_order [value american names ymd, dmy, mdy]",
		head + "dates:\n  when:\n  - {column: a, equals: b, order: dmy}\n  - {column: a, equals: c, order: md}\n": "line 6: err_profile_order [value md names ymd, dmy, mdy]",
		head + "dates:\n  zone: Peking\n":             "line 4: err_profile_zone [value Peking]",
		head + "scale: [5, 1]\n":                      "line 3: err_profile_scale []",
		head + "scale: [1]\n":                         "line 3: err_profile_scale []",
		head + "scale: [.nan, 5]\n":                   "line 3: err_profile_scale []",
		head + "scale: [1, .inf]\n":                   "line 3: err_profile_scale []",
		head + "scale: [one, 5]\n":                    "line 3: err_yaml_value [value one want number]",
		head + "skip_lines:\n- ^a\n- (b\n":            "line 5: err_profile_paren [value (b part (b]",
		head + "skip_lines: ['[a']\n":                 "line 3: err_profile_bracket [value [a part [a]",
		head + "skip_lines: ['a|*']\n":                "line 3: err_profile_repeat [value a|* part *]",
		head + "skip_lines: ['(?=a)b']\n":             "line 3: err_profile_pattern [value (?=a)b part (?=]",
		head + "filename:\n  source: ([a-z]+\n":       "line 4: err_profile_paren [value ([a-z]+ part ([a-z]+]",
		head + "filename:\n  source: '[a-z]+'\n":      "line 4: err_profile_group [value [a-z]+ word source]",
		head + "missing: [" + strings.Repeat("x", 60): "line 3: err_yaml_bracket []",
	} {
		_, err := Parse([]byte(text))
		var bad *written.Error
		if !errors.As(err, &bad) || bad.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
			continue
		}
		for _, lang := range locale.Languages {
			if said := locale.For(lang).T(bad.Code, bad.Pairs...); said == bad.Code || strings.ContainsAny(said, "{}") {
				t.Errorf("%s in %s: %s", bad.Code, lang, said)
			}
		}
	}
}

// TestFindTellsTheFile: by name and line, and what is right is read and shown whole.
func TestFindTellsTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mine.yaml")
	for text, want := range map[string]string{
		"name: p\nas: complaints\nentity: x\n": "err_in_file", "as: logs": "err_bad_profile", "name: p\nas: logs\n": "",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code := ""
		_, err := Find(name)
		var choice *UsageError
		if errors.As(err, &choice) {
			code = string(choice.Code)
		}
		if code != want || code != "" && choice.Pairs[1] != name {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if shown, err := Source(name); code == "" && (err != nil || string(shown) != text) {
			t.Errorf("%q is shown as %q: %v", text, shown, err)
		}
	}
}

func TestParseDate(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Skip("no time zone database")
	}
	for _, c := range []struct {
		in   string
		o    order
		want string
		p    record.Precision
	}{
		{"2024-01-05", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"2024-01-05T10:20:30Z", 0, "2024-01-05T10:20:30Z", record.ToSecond},
		{"2024-01-05 10:20", 0, "2024-01-05T02:20:00Z", record.ToMinute},
		{"2024-01-05T10:20:30.5+08:00", 0, "2024-01-05T02:20:30.5Z", record.ToSecond},
		{"2024/1/5 10:20:30", 0, "2024-01-05T02:20:30Z", record.ToSecond},
		{"2024-01", 0, "2024-01-01T00:00:00Z", record.ToMonth},
		{"2024", 0, "2024-01-01T00:00:00Z", record.ToYear},
		{"20240105", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"45296", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"45296.5", 0, "2024-01-05T12:00:00Z", record.ToSecond},
		{"1704450030", 0, "2024-01-05T10:20:30Z", record.ToSecond},
		{"1704450030000", 0, "2024-01-05T10:20:30Z", record.ToSecond},
		{"2024年1月5日", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"2024年1月5日 10时20分", 0, "2024-01-05T02:20:00Z", record.ToMinute},
		{"2024年1月", 0, "2024-01-01T00:00:00Z", record.ToMonth},
		{"25/12/2023", 0, "2023-12-25T00:00:00Z", record.ToDay},
		{"12/25/2023", orderDMY, "2023-12-25T00:00:00Z", record.ToDay},
		{"05/01/2024", orderDMY, "2024-01-05T00:00:00Z", record.ToDay},
		{"01/05/2024", orderMDY, "2024-01-05T00:00:00Z", record.ToDay},
		{"04/04/2024", 0, "2024-04-04T00:00:00Z", record.ToDay},
		{"1/5/24 9:30 PM", orderMDY, "2024-01-05T13:30:00Z", record.ToMinute},
		{"5 Jan 2024", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"Jan 5, 2024", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"Fri, 05 Jan 2024 10:20:30 +0000", 0, "2024-01-05T10:20:30Z", record.ToSecond},
		{"Fri, 05 Jan 2024 10:20:30 GMT", 0, "2024-01-05T10:20:30Z", record.ToSecond},
		{"Fri Jan  5 10:20:30 2024", 0, "2024-01-05T02:20:30Z", record.ToSecond},
		{"05-Jan-24", 0, "2024-01-05T00:00:00Z", record.ToDay},
		{"05/Jan/2024:10:20:30 +0800", 0, "2024-01-05T02:20:30Z", record.ToSecond},
		{"Mar 1 2026 3:15 PM", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"Mar 1 2026 3:15:20 p.m.", 0, "2026-03-01T07:15:20Z", record.ToSecond},
		{"Mar 1 2026 12:15 AM", 0, "2026-02-28T16:15:00Z", record.ToMinute},
		{"Mar 1, 2026, 15:15 +01:00", 0, "2026-03-01T14:15:00Z", record.ToMinute},
		{"Sunday, March 1st, 2026 at 3 pm", 0, "2026-03-01T07:00:00Z", record.ToMinute},
		{"1 Mar 2026", 0, "2026-03-01T00:00:00Z", record.ToDay},
		{"1-Mar-2026 15:15", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"March 1, 2026", 0, "2026-03-01T00:00:00Z", record.ToDay},
		{"MARCH 2026", 0, "2026-03-01T00:00:00Z", record.ToMonth},
		{"2026年", 0, "2026-01-01T00:00:00Z", record.ToYear},
		{"2026年3月1日 下午3点", 0, "2026-03-01T07:00:00Z", record.ToMinute},
		{"2026年3月1日下午3时15分20秒", 0, "2026-03-01T07:15:20Z", record.ToSecond},
		{"2026年3月1日 星期日 下午3:15", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"2026年3月1号 上午9点半", 0, "2026-03-01T01:30:00Z", record.ToMinute},
		{"2026年3月1日 15点", 0, "2026-03-01T07:00:00Z", record.ToMinute},
		{"2026-03-01 下午3:15", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"2026/3/1 下午 3:15:20", 0, "2026-03-01T07:15:20Z", record.ToSecond},
		{"2026-03-01 下午15:15", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"2026-03-01 上午12:05", 0, "2026-02-28T16:05:00Z", record.ToMinute},
		{"2026-03-01 上午9:05", 0, "2026-03-01T01:05:00Z", record.ToMinute},
		{"2026-03-01 中午12:30", 0, "2026-03-01T04:30:00Z", record.ToMinute},
		{"2026-03-01 晚上8点", 0, "2026-03-01T12:00:00Z", record.ToMinute},
		{"２０２６－０３－０１", 0, "2026-03-01T00:00:00Z", record.ToDay},
		{"２０２６－０３－０１　１５：０４：０５", 0, "2026-03-01T07:04:05Z", record.ToSecond},
		{"２０２６年３月１日　下午３：１５", 0, "2026-03-01T07:15:00Z", record.ToMinute},
		{"０１／０３／２０２６", orderDMY, "2026-03-01T00:00:00Z", record.ToDay},
	} {
		got, code := parseDate(c.in, c.o, shanghai)
		if code != "" || got.Time.Format(time.RFC3339Nano) != c.want || got.Precision != c.p {
			t.Errorf("%q: %s precision %d %s, want %s precision %d", c.in, got.Time.Format(time.RFC3339Nano), got.Precision, code, c.want, c.p)
		}
	}
	for in, want := range map[string]record.Code{
		"03/04/2024": "ambiguous_date", "26-03-01": "ambiguous_date", "01-02-03": "ambiguous_date", "2024-02-30": "bad_date", "yesterday": "bad_date", "31/31/2024": "bad_date",
		"2024-01-05T25:00": "bad_date", "99999999999999": "bad_date", "1e9": "bad_date", "0": "bad_date", "13/13/2024": "bad_date",
		"０３／０４／２０２４": "ambiguous_date", "2026-03-01 上午15:00": "bad_date", "2026-03-01 晚上2点": "bad_date", "2026-03-01 晚上12点": "bad_date", "2026-03-01 凌晨12点": "bad_date",
		"2026-03-01 10": "bad_date", "2026年3月1日 10": "bad_date", "Mar 1 2026 13:15 PM": "bad_date", "Mar 1 26": "bad_date", "Feb 30 2026": "bad_date", "Mar 1 2026 10:00 EST": "bad_date",
		"Fri, 05 Jan 2024 10:20:30 PST": "bad_date", "2026年13月1日": "bad_date", "2026年3月1日 下午3点75分": "bad_date", "2026年3月1日 下午3:15 PM": "bad_date", "2026-03-01下": "bad_date", "下午3:15": "bad_date",
	} {
		if m, code := parseDate(in, 0, time.UTC); code != want {
			t.Errorf("%q: %v %q, want %q", in, m, code, want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]float64{"1,234.50": 1234.5, "¥1,234": 1234, "1.2万": 12000, "(12.00)": -12, "$5": 5, "100元": 100, "US$ 7": 7, "1 234 567": 1234567, "1.5亿": 1.5e8, "2万亿": 2e12} {
		if got, _, ok := parseNumber(in); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"abc", "", "1-2", "NaN", "Inf", "1e400", "1234,56", "12,5", "1.234,56", "99,99", "1 200,50"} {
		if got, _, ok := parseNumber(in); ok {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func TestFormulaLike(t *testing.T) {
	for in, want := range map[string]bool{"=cmd|' /C calc'!A0": true, "=HYPERLINK(\"x\")": true, "@SUM(A1)": true, "+cmd|x": true, "-cmd|x": true, "=1+1": false,
		"- 提现没有到账": false, "+86 138": false, "@客服 你好": false, "-12.5": false, "=== 投诉 ===": false, "": false, "-- sent from my phone": false, "@support please help": false} {
		if got := formulaLike(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-01-05T10:20:30+08:00", "03/04/2024 1:02 PM", "2024年1月5日", "45296.25", "Jan 5, 2024"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []order{orderUnknown, orderDMY, orderMDY} {
			m, code := parseDate(s, o, time.UTC)
			if code == "" && (m.Time.Year() < 1900 || m.Time.Year() > 2201) {
				t.Errorf("%q became %v", s, m.Time)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nas: complaints\ncolumns: {body: [text]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := Parse(data); err == nil {
			p.Match([]string{"text", "text", ""}, "a.csv", "")
		}
	})
}

func TestFullWidthRowsSettleTheOrder(t *testing.T) {
	var e Evidence
	e.Note("２５／１２／２０２５")
	if e.order() != orderDMY {
		t.Fatalf("%+v", e)
	}
}

func TestBuiltinIsReadOnce(t *testing.T) {
	a, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { Builtin() }); n > 0 {
		t.Errorf("%v allocations for a list that is there", n)
	}
	if b, _ := Builtin(); a[0] != b[0] {
		t.Error("read again")
	}
}

func TestTakeDependsOnTheRowAlone(t *testing.T) {
	p, err := Find("complaints")
	if err != nil {
		t.Fatal(err)
	}
	m := p.Match([]string{"id", "body", "status"}, "a.json", "")
	row := func() []record.Field {
		return []record.Field{{Name: "closed_at", Value: "2026-03-02"}, {Name: "mood", Value: "low"}, {Name: "Closed", Value: "2026-03-03"}, {Name: "state", Value: "open"}}
	}
	for _, before := range [][]record.Field{nil, {{Name: "date closed", Value: "x"}}, {{Name: "closed_at", Value: "x"}}} {
		w := m.NewMapper()
		w.Take(before)
		rest := w.Take(row())
		var c record.Complaint
		if p := w.Complaint(&c, []string{"1", "text", "open"}, 1); p != nil {
			t.Fatal(p)
		}
		if len(rest) != 3 || rest[0].Name != "mood" || rest[1].Name != "closed_at" && rest[2].Name != "closed_at" || c.Closed.Time.Day() != 3 {
			t.Errorf("after %v: %v, closed %v", before, rest, c.Closed)
		}
		w.Take(nil)
		var next record.Complaint
		if p := w.Complaint(&next, []string{"2", "text", "open"}, 2); p != nil || next.Closed.Known() {
			t.Errorf("the next row is closed at %v %v", next.Closed, p)
		}
	}
}

func TestRankForgivesColumnsWithoutValues(t *testing.T) {
	header := []string{"id", "body", "received", "x1", "x2", "x3", "closed"}
	with, err := Detect(header, "a", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	without, _ := Detect(header[:3], "a", "", 0)
	Rank(with, []bool{false, false, false, true, true, true, true})
	if with[0].Profile != without[0].Profile || with[0].Score < without[0].Score {
		t.Errorf("%s %.2f, without the empty columns %s %.2f", with[0].Profile.Name, with[0].Score, without[0].Profile.Name, without[0].Score)
	}
}

// TestCurrencyIsACode: three letters are written in capitals, whatever else stands
// there is the source's own word.
func TestCurrencyIsACode(t *testing.T) {
	for cell, want := range map[string]string{"usd": "USD", " Eur ": "EUR", "CNY": "CNY", "人民币": "人民币", "dollars": "dollars", "u$d": "u$d", "": ""} {
		var c record.Complaint
		var x record.Transaction
		if p := complaintWords["currency"](nil, &c, cell); p != nil || c.Currency != want {
			t.Errorf("%q: %q, want %q", cell, c.Currency, want)
		}
		if p := transactionWords["currency"](nil, &x, cell); p != nil || x.Currency != want {
			t.Errorf("%q of a transaction: %q, want %q", cell, x.Currency, want)
		}
	}
}
