package telemetry

import (
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

// TestFollowListIsOld: a list of files that is older than a rotation leads to no
// conclusion. What it lacked was taken for gone, and the copy's lines came twice or
// not at all.
func TestFollowListIsOld(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(path string, data []byte)
	}{
		"before the copy": {
			func(string, []byte) {},
			func(path string, data []byte) { do(t, os.WriteFile(path+".1", data, 0o644), os.Truncate(path, 0)) },
		},
		"while the copy is empty": {
			func(path string, _ []byte) { add(t, path+".1", "") },
			func(path string, data []byte) { do(t, os.WriteFile(path+".1", data, 0o644), os.Truncate(path, 0)) },
		},
		"between renames": {
			func(path string, _ []byte) { do(t, os.Rename(path, path+".1")) },
			func(path string, data []byte) {
				do(t, os.Rename(path+".1", path), os.WriteFile(path+".1", data, 0o644), os.Truncate(path, 0))
				shift(t, path)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			add(t, path, lines(numbers(0, 17)...))
			file, info, err := openFile(path)
			do(t, err)
			defer file.Close()
			data, err := os.ReadFile(path)
			do(t, err)
			half, _ := printsAt(file, int64(len(data)/2))
			whole, _ := printsAt(file, int64(len(data)))
			c.before(path, data)
			l := look(path, idOf(info))
			c.after(path, data)
			if s, ok := l.locate(int64(len(data)/2), mark{id: idOf(info), print: half.sum()}); ok && s == nil {
				t.Error("the position is said to be nowhere")
			}
			if s, ok := l.copyOf(&segment{id: idOf(info), offset: int64(len(data)), prints: whole}); ok && s == nil {
				t.Error("the copy is said to be nowhere")
			}
			tail := &tail{path: path}
			if tail.start(l, l.later(fileID{}, 0)) {
				t.Errorf("%s is begun", tail.cur.path)
			}
		})
	}
}

// TestFollowOrder: what is still to be read, by names and times.
func TestFollowOrder(t *testing.T) {
	for name, c := range map[string]struct {
		files string // name:second of the last writing, the oldest first; app.log is the path's
		own   string
		after int
		want  string
	}{
		"counting down":                       {"app.log.3:1 app.log.2:2 app.log.1:3 app.log:4", "app.log.2", 0, "app.log.1 app.log"},
		"counting down, written late":         {"app.log.3:1 app.log.2:9 app.log.1:3 app.log:4", "app.log.2", 2, "app.log.1 app.log"},
		"counting down, two, written late":    {"app.log.2:9 app.log.1:3 app.log:4", "app.log.2", 2, "app.log.1 app.log"},
		"counting down, the one before, late": {"app.log.2:5 app.log.1:8 app.log:9", "app.log.1", 3, "app.log"},
		"counting down, gone":                 {"app.log.3:1 app.log.2:3 app.log.1:4 app.log:5", "", 2, "app.log.2 app.log.1 app.log"},
		"counting down, one tick":             {"app.log.3:1 app.log.2:1 app.log.1:1 app.log:1", "app.log.2", 1, "app.log.1 app.log"},
		"counting up":                         {"app.log.1:1 app.log.2:2 app.log.3:3 app.log:4", "app.log.1", 1, "app.log.2 app.log.3 app.log"},
		"counting up, two":                    {"app.log.1:1 app.log.2:2 app.log:4", "app.log.1", 1, "app.log.2 app.log"},
		"counting up, the last":               {"app.log.1:1 app.log.2:2 app.log:4", "app.log.2", 1, "app.log"},
		"counting up, ten":                    {"app.8.log:1 app.9.log:2 app.10.log:3 app.11.log:4 app.log:5", "app.9.log", 2, "app.10.log app.11.log app.log"},
		"counting up, gone":                   {"app.log.1:1 app.log.2:2 app.log.3:3 app.log:4", "", 1, "app.log.2 app.log.3 app.log"},
		"counting down, moved to a new disk":  {"app.log.2:1 app.log.3:2 app.log.4:3 app.log.1:4 app.log:5", "app.log.1", 3, "app.log"},
		"dates":                               {"app.log-20260104:1 app.log-20260105:2 app.log-20260106:3 app.log:4", "app.log-20260104", 1, "app.log-20260105 app.log-20260106 app.log"},
		"dates, written late":                 {"app.log-20260104:5 app.log-20260105:8 app.log:9", "app.log-20260105", 3, "app.log"},
		"day and index":                       {"app-2026-01-05-9.log:1 app-2026-01-05-10.log:2 app-2026-01-06-1.log:3 app.log:4", "app-2026-01-05-9.log", 1, "app-2026-01-05-10.log app-2026-01-06-1.log app.log"},
		"day first":                           {"app.log-30-01-2026:1 app.log-31-01-2026:2 app.log-01-02-2026:3 app.log:4", "app.log-31-01-2026", 2, "app.log-01-02-2026 app.log"},
		"no rotated one":                      {"app.log:4", "", 9, "app.log"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for f := range strings.FieldsSeq(c.files) {
				name, second, _ := strings.Cut(f, ":")
				var at int64
				fmt.Sscan(second, &at)
				add(t, filepath.Join(folder, name), name)
				do(t, os.Chtimes(filepath.Join(folder, name), time.Unix(at, 0), time.Unix(at, 0)))
			}
			var id fileID
			if c.own != "" {
				info, err := os.Stat(filepath.Join(folder, c.own))
				do(t, err)
				id = idOf(info)
			}
			var got []string
			for _, f := range look(filepath.Join(folder, "app.log"), id).later(id, int64(c.after)*1e9) {
				got = append(got, filepath.Base(f.path))
			}
			equal(t, "later", strings.Join(got, " "), c.want)
		})
	}
}

// TestFollowOwnIsGone: what was rotated after the file that is read is read, also
// if that one was deleted or moved elsewhere meanwhile.
func TestFollowOwnIsGone(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, path string) error{
		"deleted": func(_ *testing.T, path string) error { return os.Remove(path) },
		"olddir":  func(t *testing.T, path string) error { return os.Rename(path, filepath.Join(t.TempDir(), "app.log.1")) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			b := newBook()
			add(t, path, lines(0, 1))
			streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.rotate = 300 * time.Millisecond }), b)
			b.has(t, 2)
			waitTick(t)
			do(t, os.Rename(path, path+".2"))
			add(t, path+".1", lines(2))
			add(t, path, lines(3))
			do(t, leave(t, path+".2"))
			b.has(t, 4)
		})
	}
}

// TestFollowBehind: rotated files that are still to be read are behind, too.
func TestFollowBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	b := newBook()
	add(t, path, lines(0))
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 1)
	l.Stop(t)
	rest := 0
	for n := 1; n < 4; n++ {
		shift(t, path)
		add(t, path, lines(n))
		rest += len(lines(n))
	}
	l = streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.rotate = time.Hour }), b)
	streamtest.Eventually(t, "all but the first are behind", func() bool { return l.Meter.Read().Lag == int64(rest) })
	l.Stop(t)
	l = streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 4)
	streamtest.Eventually(t, "nothing is behind", func() bool { return l.Meter.Read().Lag == 0 })
}

// TestFollowFrom: where nothing was read yet, a source begins with the path's file,
// or with the oldest one.
func TestFollowFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	for n := range 3 {
		if n > 0 {
			shift(t, path)
		}
		add(t, path, lines(n))
	}
	b := newBook()
	streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.Wait(t, "the path's file", func() bool { return b.Times["line 2"] == 1 })
	equal(t, "messages", b.messages(), []string{"line 2"})
	b = newBook()
	streamtest.StartOnce(t, followSource(t, path, func(c *Follow) { c.From = "beginning" }), b)
	b.has(t, 3)
	if _, err := (&Follow{Common: stream.Common{Name: "app"}, Path: path, From: "now"}).Source(); err == nil {
		t.Error("from: now is taken")
	}
}

// TestFollowOldMark: positions that were kept before marks had two moments go on.
func TestFollowOldMark(t *testing.T) {
	for _, s := range []string{"1-2-3-ab", "1-2-3-3-ab"} {
		m, err := parseMark(s)
		do(t, err)
		equal(t, "mark", m.String(), "1-2-3-3-ab")
	}
}

// TestFollowNumberOfAnother: a file that is gone and whose number some other file in
// the folder has now.
func TestFollowNumberOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	add(t, path+".other", "this is no log of ours\n")
	info, err := os.Stat(path + ".other")
	do(t, err)
	waitTick(t)
	add(t, path+".1", lines(0))
	add(t, path, lines(1))
	b := newBook()
	at := info.ModTime().UnixNano()
	b.Positions["app/"+path] = record.Position{Input: "app/" + path, Offset: 10, Mark: mark{idOf(info), at, at, "ab"}.String()}
	l := streamtest.StartOnce(t, followSource(t, path, nil), b)
	b.has(t, 2)
	l.Log.Wait(t, "level=WARN", "nowhere")
}
