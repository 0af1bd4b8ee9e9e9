package telemetry

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/ingest/stream/streamtest"
)

// TestFollowNeverLosesNorDoubles lets a writer write and rotate at random while the
// source is stopped and its store fails at random.
func TestFollowNeverLosesNorDoubles(t *testing.T) {
	seed := *firstSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	for i := range 12 {
		t.Run(fmt.Sprint("seed ", seed+uint64(i)), func(t *testing.T) { atRandom(t, seed+uint64(i), mixed) })
	}
	for _, m := range modes {
		for i := range uint64(2) {
			t.Run(fmt.Sprint(m.name, " seed ", seed+i), func(t *testing.T) { atRandom(t, seed+i, m) })
		}
	}
}

var firstSeed = flag.Uint64("seed", 0, "of the first run at random")

// driver is the writer and the operator.
type driver struct {
	t       testing.TB
	r       *rand.Rand
	mode    mode
	path    string
	b       *book
	stop    func()
	down    bool
	times   int // it was rotated
	written int
	partial string
	log     streamtest.Journal
	did     []string
}

func atRandom(t testing.TB, seed uint64, m mode) {
	r := rand.New(rand.NewPCG(seed, 7))
	b := newBook()
	faults := rand.New(rand.NewPCG(seed, 8))
	b.Fault = func(int) streamtest.Fault {
		switch faults.IntN(12) {
		case 0:
			return streamtest.Before
		case 1:
			return streamtest.After
		}
		return streamtest.None
	}
	d := &driver{t: t, r: r, mode: m, path: filepath.Join(t.TempDir(), cmp.Or(m.base, "app.log")), b: b}
	t.Cleanup(func() {
		if t.Failed() {
			d.report()
		}
	})
	d.start()
	d.write(1)
	d.caughtUp() // a file that was rotated before it was ever seen is nobody's
	for range cmp.Or(m.steps, 150) {
		switch n := r.IntN(20); {
		case n < 11:
			d.write(1 + r.IntN(30))
		case n < 13:
			d.restart()
		case n < 15:
			d.rename()
		case n < 16:
			d.copied()
		case n < 18:
			d.caughtUp()
		default:
			add(t, d.path, "") // created, if it is not there
		}
	}
	d.line()
	d.caughtUp()
	d.stop()
	b.has(t, d.written)
}

// start keeps the source running through its faults, as a supervisor does.
func (d *driver) start() {
	ended := make(chan struct{})
	done := make(chan struct{})
	source := followSource(d.t, d.path, func(c *Follow) { c.Batch, c.rotate = 7, cmp.Or(d.mode.wait, c.rotate) })
	go func() {
		defer close(done)
		for {
			l := streamtest.StartOnce(d.t, source, d.b)
			select {
			case <-ended:
				if !l.End() {
					d.t.Error("the source does not end")
				}
				fmt.Fprintln(&d.log, l.Log, "stopped", time.Now())
				return
			case <-l.Ended():
				fmt.Fprintln(&d.log, l.Log, l.Down(), time.Now())
			}
		}
	}()
	d.down = false
	d.stop = func() { close(ended); <-done; d.down = true }
}

// report tells how it came to a failure.
func (d *driver) report() {
	for _, x := range d.did[max(0, len(d.did)-40):] {
		d.t.Log(x)
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(d.path), "*"))
	for _, f := range files {
		info, err := os.Stat(f)
		do(d.t, err)
		data, err := os.ReadFile(f)
		do(d.t, err)
		first, _, _ := bytes.Cut(data, []byte("\n"))
		d.t.Logf("%s: %x, %d bytes from %q, written %v", filepath.Base(f), idOf(info).ino, info.Size(), first, info.ModTime())
	}
	d.t.Log(d.log.String())
}

func (d *driver) note(format string, args ...any) {
	d.did = append(d.did, fmt.Sprintf("%v line %d: ", time.Now(), d.written)+fmt.Sprintf(format, args...))
}

func (d *driver) restart() {
	d.note("restart")
	d.stop()
	if d.r.IntN(2) == 0 {
		d.write(1 + d.r.IntN(5))
		if d.r.IntN(2) == 0 {
			d.rename()
			d.write(d.r.IntN(5))
		}
	}
	d.start()
}

func (d *driver) write(n int) {
	d.line()
	var text strings.Builder
	for range n {
		text.WriteString(lines(d.written))
		d.written++
	}
	add(d.t, d.path, text.String())
	if d.r.IntN(3) == 0 {
		next := lines(d.written)
		d.written++
		cut := 1 + d.r.IntN(len(next)-1)
		add(d.t, d.path, next[:cut])
		d.partial = next[cut:]
	}
}

// line ends a line that was begun.
func (d *driver) line() {
	if d.partial != "" {
		add(d.t, d.path, d.partial)
		d.partial = ""
	}
}

func (d *driver) rename() {
	if _, err := os.Stat(d.path); err != nil || d.mode.rename == nil {
		return
	}
	d.room()
	if d.mode.tick {
		d.tick()
	}
	if d.partial != "" && d.partial != "\n" && d.r.IntN(2) == 0 {
		d.partial = strings.TrimSuffix(d.partial, "\n") // its file ends without a line break
	}
	if d.partial == "\n" {
		d.partial = ""
	} else {
		d.line()
	}
	d.note("rename")
	old := d.mode.rename(d)
	d.times++
	if d.mode.wait > 0 {
		add(d.t, d.path, "") // another process has begun it
	}
	if d.r.IntN(4) == 0 {
		add(d.t, old, lateBreak(d.t, old)+lines(d.written))
		d.written++
	}
	if d.r.IntN(2) == 0 {
		add(d.t, d.path, "")
	}
}

// lateBreak is the line break that a file's last line has not.
func lateBreak(t testing.TB, path string) string {
	data, err := os.ReadFile(path)
	do(t, err)
	if len(data) == 0 || bytes.HasSuffix(data, []byte("\n")) {
		return ""
	}
	return "\n"
}

// copied rotates as logrotate does it where a writer cannot be told. What was never
// read of such a file cannot be known again, so a few lines are kept first.
func (d *driver) copied() {
	if d.mode.copy == nil {
		d.rename()
		return
	}
	d.write(3)
	d.line()
	d.caughtUp()
	d.room()
	d.write(d.r.IntN(10))
	d.line()
	d.note("copytruncate")
	d.mode.copy(d)
	d.times++
}

// room deletes or packs the oldest file, once it is read, where only so many are kept.
func (d *driver) room() {
	if d.mode.drop == nil || d.down {
		return
	}
	d.caughtUp()
	d.mode.drop(d)
}

func (d *driver) caughtUp() {
	d.line()
	d.note("wait")
	add(d.t, d.path, "") // only then is what has no line break behind it a line
	d.b.Wait(d.t, fmt.Sprint(d.written, " lines"), func() bool { return len(d.b.Lines) >= d.written })
}
