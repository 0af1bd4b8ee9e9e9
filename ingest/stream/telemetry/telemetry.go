// Package telemetry reads what services say of themselves: OpenTelemetry logs,
// syslog, and log files that grow. Each source answers, reads on or forgets only
// when what it took is kept.
package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// admitWait is how long the store may take for a batch.
const admitWait = time.Minute

// logsOnly checks settings of a source that says by itself what its records are.
func logsOnly(c *stream.Common) error {
	switch {
	case c.Name == "":
		return stream.NoName()
	case c.As != "" && c.As != record.Logs.String():
		return stream.Wrong("err_source_gives", "as", "kind", record.Logs.String(), "value", stream.Shown(c.As))
	case c.Profile != "":
		return stream.Wrong("err_source_no_profile", "profile")
	}
	return nil
}

// source is the system that the records come from.
func source(c *stream.Common) string { return cmp.Or(c.Source, c.Name) }

// guarded turns a panic of a goroutine of ours into its error: the supervisor
// catches only those of the goroutine that it started.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in the source: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// address checks where a source is to listen; "" is nowhere.
func address(key, s string) error {
	if s == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(s); err != nil || strings.ContainsAny(s, "/@ ") {
		return stream.Unlike(key, s, "host:port")
	}
	return nil
}

// remote is the address of a client, the zero Addr if it is none of IP.
func remote(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}

// waiting tells the meter how old the oldest of the rows is that several clients
// have under way.
type waiting struct {
	mu    sync.Mutex
	meter *stream.Meter
	next  uint64
	since map[uint64]time.Time
}

func newWaiting(m *stream.Meter) *waiting { return &waiting{meter: m, since: map[uint64]time.Time{}} }

// begin notes rows that came at a moment, until done.
func (w *waiting) begin(at time.Time) (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	id := w.next
	w.since[id] = at
	w.tell()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.since, id)
		w.tell()
	}
}

func (w *waiting) tell() {
	var oldest time.Time
	for _, t := range w.since {
		if oldest.IsZero() || t.Before(oldest) {
			oldest = t
		}
	}
	w.meter.Received(oldest)
}

// Memory of requests under way: bodies, and what is made of them.
const (
	mostMemory  = 256 << 20 // of all together
	mostRequest = 128 << 20 // of one
	leaseStep   = 256 << 10 // is taken at a time
)

// What a lease cannot give. A busy budget has room later, a request that is too
// large never fits.
var (
	errBusy     = errors.New("too much is under way, try again")
	errTooLarge = errors.New("the request is too large, send smaller batches")
)

// budget bounds what requests take, so that many of them are refused before
// memory is short.
type budget struct {
	mu   sync.Mutex
	left int
}

// lease is what one request has taken. It is used by one goroutine at a time.
type lease struct {
	b            *budget
	taken, spare int
}

func (b *budget) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// grow takes n bytes more.
func (l *lease) grow(n int) error {
	if n <= l.spare {
		l.spare -= n
		return nil
	}
	step := max(n-l.spare, leaseStep)
	if l.taken+step > mostRequest {
		return errTooLarge
	}
	if !l.b.take(step) {
		return errBusy
	}
	l.taken += step
	l.spare += step - n
	return nil
}

// shrink gives n bytes back that grow took.
func (l *lease) shrink(n int) { l.spare += n }

// close gives everything back.
func (l *lease) close() {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	l.b.left += l.taken
	l.taken, l.spare = 0, 0
}
