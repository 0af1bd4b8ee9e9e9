package template

import (
	"fmt"
	"strings"
	"testing"
)

func TestShape(t *testing.T) {
	for in, want := range map[string]string{
		"sent 2164 bytes (2.11 KB) in 3 sec":                     "sent <*> in <*>",
		"connection from 10.0.0.7 (a.b.com) at Fri Jun 17 20:55": "connection from <*> at <*>",
		"connection from 10.0.0.7 () at 12:00":                   "connection from <*> at <*>",
		"parts 1, 2, 3, 4 done":                                  "parts <*> done",
		"done (ok)":                                              "done (ok)",
	} {
		if got := strings.Join(shape(string(mask(nil, in))), " "); got != want {
			t.Errorf("shape(%q) = %q, want %q", in, got, want)
		}
	}
}

// mined gives the text of the template of each line.
func mined(lines ...string) []string {
	m := New()
	list := make([]*Line, len(lines))
	for i, l := range lines {
		list[i] = m.Add("", l)
	}
	m.Settle()
	out := make([]string, len(lines))
	for i, l := range list {
		out[i] = l.Template.Text
	}
	return out
}

func TestWordsAndVariables(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  int
	}{
		{[]string{"VM started (event)", "VM stopped (event)", "VM paused (event)"}, 3},
		{[]string{"mount sda on a.b.c", "mount sdb on d.e.f", "mount sdc on x.y.z"}, 3}, // three disks might be words
		{[]string{"session opened for user news by 0", "session opened for user root by 0"}, 1},
		{[]string{"link up on eth0 now", "link up on eth1 now"}, 1},
		{[]string{"action android.intent.ON seen", "action android.intent.OFF seen"}, 2},
		{[]string{"host a.example.com is up", "host b.other.org is up"}, 1},
		{[]string{"bank=HSBC order accepted today", "bank=DBS order accepted today"}, 1},
		{[]string{"code=SMS-2107 not sent at all", "code=SMS-2109 not sent at all"}, 2},
		{[]string{"the word a here", "the word b here", "the word c here", "the word d here", "the word e here"}, 1},
		{[]string{"com.a.X: told me to run", "com.a.Y: told me to run", "com.a.Z: told me to run", "com.b.X: told me to run", "com.c: told me to run"}, 1},
		{[]string{"start the worker now", "stop the worker now", "pause the worker now", "drain the worker now"}, 4},
		{[]string{"failed\n\tat a.B(C.java:1)", "failed\n\tat d.E(F.java:2)", "failed"}, 2},
	} {
		kinds := map[string]bool{}
		for _, x := range mined(c.lines...) {
			kinds[x] = true
		}
		if len(kinds) != c.want {
			t.Errorf("%q: %d templates, not %d: %v", c.lines, len(kinds), c.want, kinds)
		}
	}
}

func TestNumbersOfTemplatesStay(t *testing.T) {
	mine := func(n int) map[string]int64 {
		m := New()
		for i := range n {
			m.Add("oms", fmt.Sprintf("order %d accepted for user%c bank=%s", i, 'a'+rune(i%7), []string{"HSBC", "DBS", "CIMB"}[i%3]))
			m.Add("oms", fmt.Sprintf("order %d rejected by rule %c", i, 'a'+rune(i%7)))
			m.Add("oms", "order queue empty")
		}
		ids := map[string]int64{}
		for _, x := range m.Settle() {
			ids[x.Text] = x.ID
		}
		return ids
	}
	few, many := mine(40), mine(4000)
	if len(few) != 3 || fmt.Sprint(few) != fmt.Sprint(many) || few["order <*> accepted for <*> bank=<*>"] == 0 {
		t.Errorf("%v and %v", few, many)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := New()
	for i := range mostShapes + 1000 {
		m.Add("", fmt.Sprintf("open %s%c now", strings.Repeat(string(rune('a'+i%26)), 1+i/26%60), 'a'+rune(i/1560)))
	}
	if len(m.shapes) > mostShapes || len(m.masked) > mostMasked {
		t.Errorf("%d shapes, %d masked", len(m.shapes), len(m.masked))
	}
	if list := m.Settle(); len(list) != 1 || list[0].Text != "open <*> now" {
		t.Errorf("%d templates, the first is %v", len(list), list[0])
	}
}

// TestOther: lines beyond the bound are counted, and what is remembered goes on.
func TestOther(t *testing.T) {
	m := New()
	say := func(i int) string { // kinds without a word in common
		w := ""
		for ; len(w) < 8; i /= 26 {
			w += string(rune('a' + i%26))
		}
		return w + " " + w
	}
	first := m.Add("s", say(0))
	for i := range mostScoped + 500 {
		m.Add("s", say(i))
	}
	rest := m.RestOf("s")
	if m.Add("s", say(1<<26)) != rest || m.Known("s", say(1<<27)) != rest || m.Add("s", say(0)) != first || m.Known("s", say(0)) != first {
		t.Error("what is beyond the bound is not told apart")
	}
	if m.Add("t", say(1<<26)) == rest {
		t.Error("one scope takes the room of another")
	}
	m.Settle()
	if rest.Template.Text != Other || !rest.Rest || len(m.shapes) > mostScoped+1 {
		t.Errorf("%+v, %d shapes", rest.Template, len(m.shapes))
	}
}

// TestKnownMakesNothing: looking does not change what is known.
func TestKnownMakesNothing(t *testing.T) {
	m := New()
	l := m.Add("s", "order 5 accepted")
	if m.Known("s", "order 6 accepted") != l || m.Known("s", "something else entirely here") != nil || m.Known("t", "order 5 accepted") != nil || len(m.Lines()) != 1 {
		t.Error("wrong lines are known")
	}
}

func FuzzMiner(f *testing.F) {
	f.Add("a=1 b-2 \xff\x00", "() <*> x=")
	f.Fuzz(func(t *testing.T, a, b string) {
		m := New()
		x, y := m.Add("s", a), m.Add("s", b)
		m.Settle()
		if x.Template == nil || y.Template == nil {
			t.Fatal("a line without a template")
		}
	})
}

func BenchmarkMiner(b *testing.B) {
	m := New()
	for i := 0; b.Loop(); i++ {
		m.Add("oms", "upstream timeout after 350ms tx=T123456789012 bank=HSBC code=PG-5041")
	}
}
