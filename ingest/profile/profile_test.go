package profile

import (
	"testing"
	"time"

	"plaint/internal/record"
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
	} {
		got, code := parseDate(c.in, c.o, shanghai)
		if code != "" || got.Time.Format(time.RFC3339Nano) != c.want || got.Precision != c.p {
			t.Errorf("%q: %s precision %d %s, want %s precision %d", c.in, got.Time.Format(time.RFC3339Nano), got.Precision, code, c.want, c.p)
		}
	}
	for in, want := range map[string]record.Code{
		"03/04/2024": "ambiguous_date", "26-03-01": "ambiguous_date", "01-02-03": "ambiguous_date", "2024-02-30": "bad_date", "yesterday": "bad_date", "31/31/2024": "bad_date",
		"2024-01-05T25:00": "bad_date", "99999999999999": "bad_date", "1e9": "bad_date", "0": "bad_date", "13/13/2024": "bad_date",
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
