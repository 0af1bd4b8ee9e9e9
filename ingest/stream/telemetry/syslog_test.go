package telemetry

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

var update = flag.Bool("update", false, "write what the cases give as what they should give")

func golden(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%v, got\n%s", err, got)
	}
}

func syslogSource(t testing.TB, change func(*Syslog)) stream.Source {
	t.Helper()
	c := &Syslog{Common: stream.Common{Name: "syslog", Type: "syslog"}, Listen: "127.0.0.1:0", Wait: time.Millisecond, pause: time.Millisecond}
	if change != nil {
		change(c)
	}
	return must(t, c.Source)
}

func dial(t testing.TB, l *streamtest.Life) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addressOf(t, l, "listening for syslog"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func write2(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestSyslogLines(t *testing.T) {
	text, err := os.ReadFile("testdata/syslog/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := &lineReader{zone: time.UTC, now: now}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		var l record.LogLine
		fmt.Fprintf(&out, "%s\n", line)
		if p := r.read([]byte(line), &l); p != nil {
			fmt.Fprintf(&out, "\trefused %s %s %s\n", p.code, p.column, p.detail)
			continue
		}
		fmt.Fprintf(&out, "\t%s level=%s host=%s service=%s %q", l.Time.Time.Format(time.RFC3339Nano), l.Level, l.Host, l.Service, l.Message)
		for _, f := range numbered(l.Extra) {
			fmt.Fprintf(&out, " %s=%q", f.Name, f.Value)
		}
		out.WriteByte('\n')
	}
	golden(t, "testdata/syslog/rows.txt", out.String())
}

// TestSyslogFrames cuts the same messages out of every framing, in pieces of every
// size.
func TestSyslogFrames(t *testing.T) {
	long := "<13>" + strings.Repeat("x", mostLine)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"lines":          {"<13>a\n<13>b\r\n\n<13>c", []string{"<13>a", "<13>b", "<13>c"}},
		"counted":        {"5 <13>a6 <13>b\n9 <13>c\nd e", []string{"<13>a", "<13>b", "<13>c\nd e"}},
		"mixed":          {"5 <13>a<13>b\n5 <13>c\n<13>d\n", []string{"<13>a", "<13>b", "<13>c", "<13>d"}},
		"zeroes":         {"<13>a\x00\n<13>b\x00\n", []string{"<13>a", "<13>b"}},
		"counted cut":    {"5 <13>a500 <13>b", []string{"<13>a", "cut_off <13>b"}},
		"numbers":        {"2026 is no count\n12345678901234567890 <13>x\n", []string{"2026 is no count", "12345678901234567890 <13>x"}},
		"long":           {long + "tail\n<13>b\n", []string{"row_too_long " + long[:mostLine], "<13>b"}},
		"long counted":   {fmt.Sprintf("%d %stail", len(long)+4, long) + "<13>b\n", []string{"row_too_long " + long[:mostLine], "<13>b"}},
		"long cut":       {fmt.Sprintf("%d %s", 100_000, long[:1000]), []string{"row_too_long " + long[:1000]}},
		"as long as can": {long[:mostLine] + "\n<13>b\n", []string{long[:mostLine], "<13>b"}},
	} {
		for _, step := range []int{1, 2, 3, 7, 1 << 20} {
			if step < 7 && len(c.text) > 10_000 {
				continue
			}
			if got := frames([]byte(c.text), step); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s in steps of %d: %.300q", name, step, got)
			}
		}
	}
}

// frames cuts a text as a connection does that gives step bytes at a time.
func frames(text []byte, step int) (out []string) {
	p := &sender{c: &Syslog{Batch: 1 << 30}, skip: 0}
	p.take = func(f *frame) {
		s := string(f.message)
		if f.code != "" {
			s = string(f.code) + " " + s
		}
		if s != "" {
			out = append(out, s)
		}
	}
	for at := 0; at < len(text); at += step {
		p.buf = append(p.buf, text[at:min(at+step, len(text))]...)
		_ = p.cut(context.Background(), false)
	}
	_ = p.cut(context.Background(), true)
	return out
}

func TestSyslogOrdinary(t *testing.T) {
	b := newBook()
	l := streamtest.StartOnce(t, syslogSource(t, nil), b)
	conn := dial(t, l)
	write2(t, conn, "<13>Jan  2 03:04:00 h app: same\n<13>Jan  2 03:04:00 h app: same\n")
	b.Wait(t, "two equal lines", func() bool { return len(b.Lines) == 2 })
	write2(t, conn, "<13>Jan  2 03:04:00 h app: same\n")
	b.Wait(t, "a third", func() bool { return len(b.Lines) == 3 })
	other := dial(t, l)
	write2(t, other, "<13>Jan  2 03:04:00 h app: same\nnonsense\n<13>\xff\n")
	b.Wait(t, "one of another connection", func() bool { return len(b.Lines) == 4 && len(b.Refused) == 2 })
	got := b.Lines[0]
	if got.Source != "syslog" || got.Service != "app" || got.Host != "h" || got.Level != "info" || got.Line != 1 {
		t.Errorf("%+v", got)
	}
	equal(t, "refusals", []any{b.Refused[0].Code, b.Refused[0].Raw, b.Refused[1].Code, b.Refused[1].Raw}, []any{"unknown_format", "nonsense", "invalid_utf8", "<13>\xff"})
	p, err := file.Replay(b.Refused[:1], file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = p.Read(t.Context(), func(again *record.Batch) error {
		equal(t, "replayed", []any{len(again.Logs), again.Logs[0].Message, again.Logs[0].Source}, []any{1, "nonsense", "syslog"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSyslogStore: a store that fails loses nothing and gets nothing twice, and
// the sender is made to wait meanwhile.
func TestSyslogStore(t *testing.T) {
	b := newBook()
	open, held := make(chan struct{}), make(chan struct{}, 1)
	b.Hold = func(ctx context.Context, _ *record.Batch) error {
		select {
		case held <- struct{}{}:
		default:
		}
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.Fault = func(n int) streamtest.Fault {
		return []streamtest.Fault{streamtest.Before, streamtest.None, streamtest.After, streamtest.None}[n%4]
	}
	l := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.Batch = 100 }), b)
	conn := dial(t, l)
	const n = 100_000
	pad := strings.Repeat(".", 100)
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := fmt.Fprintf(conn, "<13>1 2026-01-05T08:00:00Z h a - - - %d %s\n", i, pad); err != nil {
				sent <- err
				return
			}
		}
		sent <- conn.Close()
	}()
	<-held
	select {
	case err := <-sent:
		t.Fatalf("%d lines were taken although none can be kept: %v", n, err)
	default:
	}
	if b.rows() != 0 {
		t.Fatal("lines are kept")
	}
	close(open)
	b.Wait(t, "all lines", func() bool { return len(b.Lines) == n })
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	for i, m := range b.messages() {
		if !strings.HasPrefix(m, fmt.Sprint(i, " ")) {
			t.Fatalf("line %d is %q", i, m)
		}
	}
	if !strings.Contains(l.Log.String(), "not kept yet") {
		t.Error("nobody is told")
	}
}

// TestSyslogRefusesOnce: a batch that was kept although nobody heard of it is not
// refused a second time.
func TestSyslogRefusesOnce(t *testing.T) {
	b := newBook()
	b.Fault = func(n int) streamtest.Fault {
		return []streamtest.Fault{streamtest.None, streamtest.After, streamtest.After}[n%3]
	}
	l := streamtest.StartOnce(t, syslogSource(t, nil), b)
	conn := dial(t, l)
	for i := range 4 {
		write2(t, conn, fmt.Sprintf("<13>1 2026-01-05T08:00:00Z h a - - - good %d\n<999>1 bad %d\n", i, i))
		b.Wait(t, "both", func() bool { return len(b.Lines) == i+1 && len(b.Refused) >= i+1 })
	}
	l.Stop(t)
	if n := b.rows(); n != 8 {
		t.Errorf("%d lines and refusals, not 8: %v", n, b.Refused)
	}
}

func (b *book) rows() int {
	b.Lock()
	defer b.Unlock()
	return len(b.Lines) + len(b.Refused)
}

// TestSyslogEnd: what was read is kept when the source ends.
func TestSyslogEnd(t *testing.T) {
	b := newBook()
	l := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.Wait = time.Minute }), b)
	conn := dial(t, l)
	write2(t, conn, "<13>Jan  2 03:04:00 h app: one\n<13>Jan  2 03:04:00 h app: two\n<13>half of")
	streamtest.Eventually(t, "the lines are read", func() bool { return l.Meter.Read().Oldest > 0 || b.rows() > 0 })
	l.Stop(t)
	equal(t, "kept", b.messages(), []string{"one", "two"})
}

func TestSyslogLimits(t *testing.T) {
	b := newBook()
	l := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.Most = 1 }), b)
	first := dial(t, l)
	write2(t, first, "<13>Jan  2 03:04:00 h app: one\n")
	b.Wait(t, "a line", func() bool { return len(b.Lines) == 1 })
	second := dial(t, l)
	if n, err := second.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("there is room for a second connection")
	}
	l.Log.Wait(t, "too many connections")
	write2(t, first, "99999999999 <13>x\n<13>Jan  2 03:04:00 h app: two\n800000000 <13>"+strings.Repeat("x", mostLine))
	b.Wait(t, "the refusals", func() bool { return len(b.Lines) == 2 && len(b.Refused) == 2 })
	l.Log.Wait(t, "a connection ended", "was announced")
	first.Close()

	idle := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.Idle = 20 * time.Millisecond }), b)
	silent := dial(t, idle)
	write2(t, silent, "<13>Jan  2 03:04:00 h app: left open")
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("a silent connection stays")
	}
	b.Wait(t, "its last message", func() bool { return len(b.Lines) == 3 })

	outside := &Syslog{}
	if outside.maySend(netip.MustParseAddr("10.0.0.1")) || !outside.maySend(netip.MustParseAddr("127.0.0.1")) || !outside.maySend(netip.MustParseAddr("::1")) {
		t.Error("without networks, clients of this machine may send and no other")
	}
	outside.networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if !outside.maySend(netip.MustParseAddr("10.9.0.1")) || outside.maySend(netip.MustParseAddr("11.0.0.1")) || outside.maySend(netip.Addr{}) {
		t.Error("clients of the networks may send, and no other")
	}
	away := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.Allow = []string{"10.0.0.0/8"} }), b)
	dial(t, away)
	away.Log.Wait(t, "not allowed")
	away.Stop(t)
	if err := away.Down(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzSyslog(f *testing.F) {
	text, err := os.ReadFile("testdata/syslog/lines.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, 7)
	f.Add([]byte("5 <13>a6 <13>b\n99999999 <13>c\x00\n"), 3)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		step = 1 + (step&0x7FFFFFFF)%(len(text)+1)
		if len(text) > 4096 {
			return
		}
		whole, pieces := frames(text, len(text)+1), frames(text, step)
		if fmt.Sprint(whole) != fmt.Sprint(pieces) {
			t.Fatalf("%q at once, %q in steps of %d", whole, pieces, step)
		}
		r := &lineReader{zone: time.UTC, now: now}
		for line := range bytes.Lines(text) {
			var l record.LogLine
			if p := r.read(line, &l); p == nil {
				if l.Message == "" || l.Level == "" || l.Time.Known() && (l.Time.Time.Year() < 1900 || l.Time.Time.Year() > 2200) {
					t.Fatalf("%+v of %q", l, line)
				}
				for i, f := range numbered(l.Extra) {
					for _, g := range l.Extra[:i] {
						if f.Name == g.Name && f.Name != "" && !strings.Contains(f.Name, ".") {
							t.Fatalf("%q stands twice", f.Name)
						}
					}
				}
			}
		}
	})
}

func BenchmarkSyslogLine(b *testing.B) {
	line := []byte(`<165>1 2026-01-05T08:00:00.003Z pay-7f9c payments 8710 ID47 [ex@32473 iut="3" route="/v2/withdrawals"] withdrawal 4411 accepted by the gateway in 120 ms`)
	r := &lineReader{zone: time.UTC, now: now}
	var seen record.Seen
	b.ReportAllocs()
	for b.Loop() {
		var l record.LogLine
		if p := r.read(line, &l); p != nil {
			b.Fatal(p)
		}
		l.Stamp(&seen)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkSyslog sends over the loopback to a store that keeps nothing.
func BenchmarkSyslog(b *testing.B) {
	line := []byte("<165>1 2026-01-05T08:00:00.003Z pay-7f9c payments 8710 ID47 - withdrawal 4411 accepted by the gateway in 120 ms\n")
	block := bytes.Repeat(line, 1000)
	l := streamtest.StartOnce(b, syslogSource(b, nil), nothing{})
	conn := dial(b, l)
	b.ResetTimer()
	for range b.N {
		if _, err := conn.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	conn.(*net.TCPConn).CloseWrite()
	_, _ = conn.Read(make([]byte, 1)) // it is closed when all is kept
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}
