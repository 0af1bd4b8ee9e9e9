package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

func followSource(t testing.TB, path string, change func(*Follow)) stream.Source {
	t.Helper()
	c := &Follow{Common: stream.Common{Name: "app", Type: "follow"}, Path: path, Poll: time.Millisecond, settle: 5 * time.Millisecond, rotate: 5 * time.Millisecond}
	if change != nil {
		change(c)
	}
	return must(t, c.Source)
}

func add(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func do(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// lines are plain log lines with these numbers.
func lines(numbers ...int) string {
	var out strings.Builder
	for _, n := range numbers {
		fmt.Fprintf(&out, "2026-01-05T08:00:00Z ERROR [payments] line %d\n", n)
	}
	return out.String()
}

func numbers(from, to int) (out []int) {
	for n := from; n < to; n++ {
		out = append(out, n)
	}
	return out
}

// has waits until exactly the lines from 0 to n are kept, each handed over once,
// in order.
func (b *book) has(t testing.TB, n int) {
	t.Helper()
	b.Wait(t, fmt.Sprint(n, " lines"), func() bool { return len(b.Lines) >= n })
	for i, m := range b.messages() {
		if want := fmt.Sprint("line ", i); m != want {
			t.Fatalf("line %d is %q", i, m)
		}
	}
	b.Lock()
	defer b.Unlock()
	for m, times := range b.Times {
		if times != 1 {
			t.Fatalf("%q was handed over %d times", m, times)
		}
	}
	if len(b.Lines) != n || len(b.Refused) != 0 {
		t.Fatalf("%d lines of %d, %d refused", len(b.Lines), n, len(b.Refused))
	}
}

func TestFollowOrdinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	add(t, path, lines(0, 1))
	b.has(t, 2)
	add(t, path, "2026-01-05T08:00:00Z ERROR [payments] li")
	add(t, path+".other", lines(99))
	add(t, path, "ne 2\n"+lines(3))
	b.has(t, 4)
	got := b.Lines[0]
	if got.Service != "payments" || got.Level != "error" || got.Source != "app" || got.Line != 1 || !got.Time.Known() {
		t.Errorf("%+v", got)
	}
	streamtest.Eventually(t, "nothing is behind", func() bool { r := l.Meter.Read(); return r.Lag == 0 && r.State == stream.Up })
	l.Stop(t)
	add(t, path, lines(4))
	streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 5)
}

// TestFollowCase reads one file with lines of every form.
func TestFollowCase(t *testing.T) {
	text, err := os.ReadFile("testdata/follow/app.log")
	do(t, err)
	home, err := os.Getwd()
	do(t, err)
	t.Chdir(t.TempDir())
	do(t, os.WriteFile("app.log", text, 0o644))
	b := newBook()
	l := streamtest.StartOnce(t, followSource(t, "app.log", nil), b)
	streamtest.Eventually(t, "all but the last line is kept", func() bool { return l.Meter.Read().Lag == int64(len("last, without a line break")) })
	l.Stop(t)
	var out strings.Builder
	for _, l := range b.Lines {
		fmt.Fprintf(&out, "%d %s level=%s host=%s service=%s trace=%s %q %v\n", l.Line, l.Time.Time.Format(time.RFC3339Nano), l.Level, l.Host, l.Service, l.Trace, l.Message, l.Extra)
	}
	for _, r := range b.Refused {
		fmt.Fprintf(&out, "%d refused %s %s %q\n\t%s\n", r.Line, r.Input, r.Code, r.Raw, r.Header)
	}
	t.Chdir(home)
	golden(t, "testdata/follow/rows.txt", out.String())
}

// TestFollowPartial: what has no line break yet is no line, not even at the end of
// the source.
func TestFollowPartial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0)+"2026-01-05T08:00:00Z ERROR [payments] line")
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 1)
	l.Stop(t)
	l = streamtest.StartOnce(t, followSource(t, path, nil), b)
	streamtest.Eventually(t, "it is read", func() bool { return l.Meter.Read().Lag > 0 })
	add(t, path, " 1\n")
	b.has(t, 2)
}

// TestFollowTrace: the lines of a stack trace are one row, also if they come late.
func TestFollowTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.settle = time.Hour }), b)
	add(t, path, "2026-01-05T08:00:00Z ERROR boom\n\tat a\n")
	add(t, path, "\n\tat b\n")
	add(t, path, "2026-01-05T08:00:01Z INFO fine\n{\"message\":\"an object\",\"level\":\"warn\"}\n  \n{broken\nlast\n")
	b.Wait(t, "four rows", func() bool { return len(b.Lines) == 4 })
	equal(t, "messages", b.messages(), []string{"boom\n\tat a\n\n\tat b", "fine", "an object", "{broken"})
	if b.Lines[2].Level != "warn" {
		t.Errorf("%+v", b.Lines[2])
	}
}

func TestFollowObjects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.ndjson")
	b := newBook()
	l := streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.As = "complaints" }), b)
	add(t, path, "\ufeff{\"id\":\"1\",\"text\":\"my withdrawal is late\"}\n{\"id\":\"2\",\n\"x\":\"\xff\"}\n{\"id\":\"3\",\"text\":\"again\"}\n")
	b.Wait(t, "all rows", func() bool { return len(b.Rows) == 2 && len(b.Refused) == 2 })
	equal(t, "complaints", []string{b.Rows[0].ExternalID, b.Rows[0].Body, b.Rows[1].ExternalID}, []string{"1", "my withdrawal is late", "3"})
	equal(t, "codes", []record.Code{b.Refused[0].Code, b.Refused[1].Code}, []string{"bad_json", "invalid_utf8"})
	equal(t, "inputs", b.Refused[0].Input, "app/"+path)
	add(t, path, strings.Repeat("x", 3<<20))
	add(t, path, "\n{\"id\":\"4\",\"text\":\"behind a long line\"}\n")
	b.Wait(t, "the line behind", func() bool { return len(b.Rows) == 3 && len(b.Refused) == 3 })
	if r := b.Refused[2]; r.Code != "row_too_long" || len(r.Raw) != keptOfLong {
		t.Errorf("%s, %d bytes", r.Code, len(r.Raw))
	}
	l.Stop(t)
	add(t, path, "{\"id\":\"5\",\"text\":\"after a restart\"}\n")
	streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.As = "complaints" }), b)
	b.Wait(t, "the last", func() bool { return len(b.Rows) == 4 })
}

// TestFollowLongLineRestart: a restart in the middle of a line that is too long
// refuses it once.
func TestFollowLongLineRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0)+strings.Repeat("x", 2<<20))
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.Wait(t, "the line before", func() bool { return len(b.Lines) == 1 })
	l.Stop(t)
	add(t, path, strings.Repeat("x", 1<<20)+"\n"+lines(1))
	streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.Wait(t, "the line behind", func() bool { return len(b.Lines) == 2 })
	if len(b.Refused) != 1 || b.Refused[0].Code != "row_too_long" {
		t.Errorf("%d refused", len(b.Refused))
	}
}

// shift renames app.log.1 to app.log.2 and so on, then app.log to app.log.1.
func shift(t testing.TB, path string) {
	t.Helper()
	n := 1
	for ; ; n++ {
		if _, err := os.Stat(fmt.Sprint(path, ".", n)); err != nil {
			break
		}
	}
	for ; n > 1; n-- {
		do(t, os.Rename(fmt.Sprint(path, ".", n-1), fmt.Sprint(path, ".", n)))
	}
	do(t, os.Rename(path, path+".1"))
}

// copyTruncate is logrotate's copytruncate.
func copyTruncate(t testing.TB, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	do(t, err)
	shift(t, path)
	do(t, os.Rename(path+".1", path), os.WriteFile(path+".1", data, 0o644), os.Truncate(path, 0))
}

func TestFollowRotation(t *testing.T) {
	for name, c := range map[string]struct {
		// kept has lines 0 to 2, up or down says whether the source runs, next are the
		// lines to come
		rotate func(t testing.TB, path string)
		want   int
		says   string // in the log
	}{
		"rename and create": {func(t testing.TB, path string) {
			add(t, path, lines(3))
			shift(t, path)
			add(t, path, lines(4))
		}, 5, ""},
		"rename, late lines, create": {func(t testing.TB, path string) {
			shift(t, path)
			add(t, path+".1", lines(3))
			add(t, path, lines(4))
		}, 5, ""},
		"twice": {func(t testing.TB, path string) {
			add(t, path, lines(3))
			shift(t, path)
			add(t, path, lines(4, 5))
			shift(t, path)
			add(t, path, lines(6))
		}, 7, ""},
		"by date": {func(t testing.TB, path string) {
			add(t, path, lines(3))
			do(t, os.Rename(path, path+"-20260104"))
			add(t, path, lines(4))
			waitTick(t)
			do(t, os.Rename(path, path+"-20260105"))
			add(t, path, lines(5))
		}, 6, ""},
		"no line break at the end": {func(t testing.TB, path string) {
			add(t, path, strings.TrimSuffix(lines(3), "\n"))
			shift(t, path)
			add(t, path, lines(4))
		}, 5, ""},
		"copytruncate": {func(t testing.TB, path string) {
			add(t, path, lines(3))
			copyTruncate(t, path)
			add(t, path, lines(4))
		}, 5, ""},
		"copytruncate, and longer than before": {func(t testing.TB, path string) {
			add(t, path, lines(3))
			copyTruncate(t, path)
			add(t, path, lines(numbers(4, 20)...))
		}, 20, ""},
		"packed siblings": {func(t testing.TB, path string) {
			do(t, os.WriteFile(path+".2.gz", zipped([]byte(lines(0, 1, 2))), 0o644))
			add(t, path, lines(3))
			shift(t, path)
			add(t, path, lines(4))
		}, 5, ""},
		"truncated": {func(t testing.TB, path string) {
			do(t, os.Truncate(path, 0))
			add(t, path, lines(3))
		}, 4, "truncated"},
		"deleted and created": {func(t testing.TB, path string) {
			do(t, os.Remove(path))
			add(t, path, lines(3))
		}, 4, ""},
		"packed at once": {func(t testing.TB, path string) {
			do(t, os.WriteFile(path+".1.gz", zipped([]byte(lines(0, 1, 2))), 0o644), os.Remove(path))
			add(t, path, lines(3))
		}, 4, ""},
	} {
		for _, up := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/up=%v", name, up), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "app.log")
				b := newBook()
				add(t, path, lines(0, 1, 2))
				l := streamtest.StartOnce(t, followSource(t, path, nil), b)
				b.has(t, 3)
				if !up {
					l.Stop(t)
				}
				c.rotate(t, path)
				if !up {
					l = streamtest.StartOnce(t, followSource(t, path, nil), b)
				}
				b.has(t, c.want)
				add(t, path, lines(c.want))
				b.has(t, c.want+1)
				if c.says != "" && !strings.Contains(l.Log.String(), c.says) {
					t.Errorf("nobody is told: %s", l.Log)
				}
				l.Stop(t)
				add(t, path, lines(c.want+1))
				streamtest.StartOnce(t, followSource(t, path, nil), b)
				b.has(t, c.want+2)
			})
		}
	}
}

// waitTick waits until the file system's clock, which is coarser than ours, has
// come to this moment.
func waitTick(t testing.TB) {
	t.Helper()
	began := time.Now()
	probe := filepath.Join(t.TempDir(), "probe")
	streamtest.Eventually(t, "the clock moves", func() bool {
		do(t, os.WriteFile(probe, []byte("x"), 0o644))
		info, err := os.Stat(probe)
		do(t, err)
		return info.ModTime().After(began)
	})
}

// TestFollowNowhere: a file that is gone is said to be gone, and what came after
// it is read.
func TestFollowNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0, 1, 2))
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 3)
	l.Stop(t)
	waitTick(t)
	do(t, os.Remove(path)) // packed as app.log.2.gz, and rotated once more
	add(t, path+".1", lines(3))
	add(t, path, lines(4))
	l = streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 5)
	l.Log.Wait(t, "level=WARN", "nowhere")
}

// TestFollowInode: a file with the number of another one is not taken for it.
func TestFollowInode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0, 1, 2))
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 3)
	l.Stop(t)
	do(t, os.WriteFile(path, []byte(lines(3, 4, 5, 6)), 0o644)) // the same number, longer than the offset
	streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 7)
}

// TestFollowMoved: a log that was copied elsewhere with its folder goes on where
// it was.
func TestFollowMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0, 1, 2))
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 3)
	l.Stop(t)
	data, err := os.ReadFile(path)
	do(t, err, os.WriteFile(path+".new", data, 0o644), os.Rename(path+".new", path))
	add(t, path, lines(3))
	streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 4)
}

func TestFollowGlob(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	b := newBook()
	add(t, in("a.log.1"), lines(100)) // before its successor: times tell the order where they contradict the names
	time.Sleep(30 * time.Millisecond)
	add(t, in("a.log"), lines(0))
	add(t, in("b-2026-01-04.log"), lines(1))
	do(t, os.WriteFile(in("a.log.2.gz"), zipped([]byte(lines(101))), 0o644), os.Mkdir(in("d.log"), 0o755))
	l := streamtest.StartOnce(t, followSource(t, in("*.log*"), nil), b)
	b.Wait(t, "both files", func() bool { return len(b.Lines) == 2 })
	add(t, in("b-2026-01-05.log"), lines(2))
	b.Wait(t, "a new file", func() bool { return len(b.Lines) == 3 })
	shift(t, in("a.log"))
	add(t, in("a.log"), lines(3))
	b.Wait(t, "a rotated file", func() bool { return len(b.Lines) == 4 })
	equal(t, "times", b.Times, map[string]int{"line 0": 1, "line 1": 1, "line 2": 1, "line 3": 1})
	l.Log.Wait(t, "no file to follow", "d.log")
	l.Stop(t)
	streamtest.StartOnce(t, followSource(t, in("*.log*"), nil), b)
	add(t, in("b-2026-01-05.log"), lines(4))
	b.Wait(t, "a line after a restart", func() bool { return len(b.Lines) == 5 })
	if len(b.Positions) != 3 || b.Times["line 4"] != 1 {
		t.Errorf("%v", b.Positions)
	}
}

// TestFollowStrangePosition: a position that is none of ours needs a person.
func TestFollowStrangePosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	add(t, path, lines(0))
	b := newBook()
	b.Positions["app/"+path] = record.Position{Input: "app/" + path, Offset: 3, Mark: "an epoch"}
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	l.Refused(t)
}

func FuzzCutRow(f *testing.F) {
	f.Add([]byte("a\n\tb\n\n c\nd\r\ne"), 3, true)
	f.Add([]byte("\n\n\n"), 1, false)
	f.Fuzz(func(t *testing.T, text []byte, step int, join bool) {
		step = 1 + (step&0x7FFFFFFF)%(len(text)+1)
		cut := func(step int) (rows []string) {
			var buf []byte
			for at := 0; at < len(text); at += step {
				buf = append(buf, text[at:min(at+step, len(text))]...)
				for n := cutRow(buf, join, growing); n > 0; n = cutRow(buf, join, growing) {
					rows, buf = append(rows, string(buf[:n])), buf[n:]
				}
			}
			for n := cutRow(buf, join, over); n > 0; n = cutRow(buf, join, over) {
				rows, buf = append(rows, string(buf[:n])), buf[n:]
			}
			return rows
		}
		whole, pieces := cut(len(text)+1), cut(step)
		if fmt.Sprintf("%q", whole) != fmt.Sprintf("%q", pieces) {
			t.Fatalf("%q at once, %q in steps of %d", whole, pieces, step)
		}
		if strings.Join(whole, "") != string(text) {
			t.Fatalf("%q of %q", whole, text)
		}
	})
}

// BenchmarkFollow reads a file that is there to a store that keeps nothing.
func BenchmarkFollow(b *testing.B) {
	for name, line := range map[string]string{
		"lines":  "2026-01-05T08:00:00.123Z ERROR [payments] withdrawal 4411 accepted by the gateway in 120 ms\n",
		"ndjson": `{"time":"2026-01-05T08:00:00.123Z","level":"error","service":"payments","message":"withdrawal 4411 accepted by the gateway in 120 ms"}` + "\n",
	} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "app.log")
			if err := os.WriteFile(path, bytes.Repeat([]byte(line), 1000*b.N), 0o644); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(1000 * len(line)))
			b.ResetTimer()
			l := streamtest.StartOnce(b, followSource(b, path, func(c *Follow) {
				c.Format = name
				c.As = "logs"
			}), nothing{})
			streamtest.Eventually(b, "all is read", func() bool { return l.Meter.Read().Lag == 0 })
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
