package template

import (
	"fmt"
	"strings"
	"testing"

	"plaint/analysis/rootcause/template/layout"
)

// streamed gives the text of the template of each line of a file.
func streamed(t *testing.T, format string, lines ...string) (out []string, s *Stream) {
	t.Helper()
	var f *layout.Format
	if format != "" {
		var err error
		if f, err = layout.Parse(format); err != nil {
			t.Fatal(err)
		}
	}
	s = NewStream(f)
	for _, l := range lines {
		s.Add(l)
	}
	s.Settle()
	for i := range s.Lines() {
		out = append(out, s.Template(i).Text)
	}
	return out, s
}

// TestTraces: what goes over several lines is one record, with its header or
// without; "." is a line that goes on.
func TestTraces(t *testing.T) {
	const head = "2026-01-05 10:00:00 ERROR api: "
	traces := map[string]string{
		"java": `failed to pay
.java.lang.IllegalStateException: no rate
.	at a.b.C.pay(C.java:12)
.	... 12 more
.Caused by: java.io.IOException: reset
.	at a.b.D.read(D.java:7)
paid again`,
		"python": `failed to pay
.Traceback (most recent call last):
.  File "a.py", line 3, in pay
.    rate()
.KeyError: 'usd'
.
.During handling of the above exception, another exception occurred:
.
.Traceback (most recent call last):
.  File "b.py", line 3, in x
.ValueError: none
paid again`,
		"go": `failed to pay
.panic: runtime error: index out of range [5] with length 3
.
.goroutine 1 [running]:
.main.pay(0xc000012345, 0x5)
.	/src/main.go:12 +0x1d
.main.main()
.	/src/main.go:5 +0x20
.exit status 2
paid again`,
		"continued": `failed to pay
.  reason: the rate
.  is old
paid again`,
	}
	for name, text := range traces {
		for _, format := range []string{"", "<Date> <Time> <Level> <Component>: <Content>"} {
			var lines, want []string
			for range 30 {
				for _, l := range strings.Split(text, "\n") {
					if rest, ok := strings.CutPrefix(l, "."); ok {
						lines, want = append(lines, rest), append(want, want[len(want)-1])
					} else {
						lines, want = append(lines, head+l), append(want, l)
					}
				}
			}
			if got, s := streamed(t, format, lines...); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s with %q: %q, want %q", name, s.Layout(), got[:12], want[:12])
			}
		}
	}
}

// TestHeadless: without a header only what can be nothing else goes on.
func TestHeadless(t *testing.T) {
	got, s := streamed(t, "", "worker started", "java.lang.Error: no rate", "\tat a.b.C(C.java:1)", "Caused by: java.io.IOException: x", "\tat a.b.C(C.java:1)", "worker stopped", "", "goroutine 5 [running]:", "main.f(0x1)", "all done")
	want := []string{"worker started", "java.lang.Error: no rate", "java.lang.Error: no rate", "java.lang.Error: no rate", "java.lang.Error: no rate", "worker stopped", "worker stopped", "worker stopped", "worker stopped", "all done"}
	if fmt.Sprint(got) != fmt.Sprint(want) || s.Continued != 6 {
		t.Errorf("%q, %d go on", got, s.Continued)
	}
}

func TestStreamOfNothing(t *testing.T) {
	for _, lines := range [][]string{nil, {""}, {"", "", ""}, {"one"}, {"\x00\x01"}} {
		if got, _ := streamed(t, "", lines...); len(got) != len(lines) {
			t.Errorf("%q: %q", lines, got)
		}
	}
}

// FuzzStream: every line gets a template, whatever it looks like.
func FuzzStream(f *testing.F) {
	f.Add("2026-01-05 10:00:00 INFO a: b\n{\"a\":1}\n[x|\n<34>1 \"")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		if got, _ := streamed(t, "", append(lines, lines...)...); len(got) != 2*len(lines) {
			t.Errorf("%d lines, %d templates", len(lines), len(got))
		}
	})
}
