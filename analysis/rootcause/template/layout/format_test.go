package layout

import (
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ format, line, content string }{
		{"<Content>", "all of it", "all of it"},
		{"<Date> <Time> <Level> <Component>: <Content>", "2026-01-05 10:00:00 INFO  a.b.C: done: 3", "done: 3"},
		{`<Date> <Time> <Level> \[<Process>\] <Component>: <Content>`, "2015-10-18 18:01:47,978 INFO [main] org.A: Created x", "Created x"},
		{`\[<Time>\] <Program> - <Content>`, "[10.30 16:49:06] chrome.exe - a - b", "a - b"},
		{`<Time>\|<Component>\|<Pid>\|<Content>`, "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579", "onStandStepChanged 3579"},
		{`<Month> <Date> <Time> <Level> <Component>(\[<PID>\])?: <Content>`, "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass; user unknown", "check pass; user unknown"},
		{`<Month> <Date> <Time> <Level> <Component>(\[<PID>\])?: <Content>`, "Jul  1 09:00:55 combo kernel: audit [x]: y", "audit [x]: y"},
		{`<Month> <User> <Component>\[<PID>\]( \(<Address>\))?: <Content>`, "Jul me QQ[1] (0x5): a (b)[2]: c", "a (b)[2]: c"},
		{`<Month> <User> <Component>\[<PID>\]( \(<Address>\))?: <Content>`, "Jul me QQ[1]: a (b): c", "a (b): c"},
		{`<Date> <Time> <Level>(.+)<Component>; <Content>`, "a b c d e; f", "f"}, // an expression
		{"<Date> <Content>", "2026-01-05 ", ""},
		{"<Date>: <Content>", "no colon here", "-"},
		{"at <Date>: <Content>", "on 5: x", "-"},
		{"at <Date>: <Content>", "at 5: x", "x"},
	} {
		f, err := Parse(c.format)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		got, ok := f.Content(c.line)
		if ok != (c.content != "-") || ok && got != c.content {
			t.Errorf("%s of %q: %q, %v", c.format, c.line, got, ok)
		}
	}
	for _, bad := range []string{"", "<Date> <Level>", "<Content>(", "<Content>\\"} {
		if _, err := Parse(bad); err == nil && bad != "<Content>\\" {
			t.Errorf("%q was taken", bad)
		}
	}
}

// FuzzFormat compares the short way with the expression that a format stands for.
func FuzzFormat(f *testing.F) {
	f.Add("a b: c", uint8(0))
	f.Add("Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check", uint8(1))
	formats := []string{"<Date> <Component>: <Content>", `<Level> <Component>(\[<PID>\])?: <Content>`, `\[<Time>\] <Program> - <Content>`, `<User> <Component>\[<PID>\]( \(<Address>\))?: <Content>`}
	f.Fuzz(func(t *testing.T, line string, n uint8) {
		s := formats[int(n)%len(formats)]
		short, err := Parse(s)
		if err != nil || short.pattern != nil {
			t.Fatal(s, err)
		}
		long, err := asPattern(s)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(line, "\n\r\f\v") {
			return
		}
		a, x := short.Content(line)
		b, y := long.Content(line)
		if a != b || x != y {
			t.Errorf("%s of %q: %q, %v, the expression says %q, %v", s, line, a, x, b, y)
		}
	})
}
