package telemetry

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// Syslog are the settings of a source that syslog senders connect to.
type Syslog struct {
	stream.Common `yaml:",inline"`
	Listen        string `yaml:"listen"` // host:port, TCP
	// Allow are the networks that may send, as 10.0.0.0/8. Without any, only
	// clients on this machine may.
	Allow []string      `yaml:"allow"`
	Batch int           `yaml:"batch"` // messages of a connection that are kept at a time, 0 = 1000
	Wait  time.Duration `yaml:"wait"`  // how long a message waits for others, 0 = 200ms
	Idle  time.Duration `yaml:"idle"`  // a silent connection is closed after it, 0 = 15m
	Most  int           `yaml:"connections"`
	Zone  string        `yaml:"zone"` // of RFC 3164 times, which name none; "" = UTC
	TLS   *TLS          `yaml:"tls"`  // none = in the clear (RFC 5425 wants it)

	security *tls.Config // nil = none
	networks []netip.Prefix
	zone     *time.Location
	pause    time.Duration // after the first failed attempt to keep a batch
}

// Limits of a connection.
const (
	mostBatch  = 100_000
	batchBytes = 512 << 10 // of messages that are kept at a time
	mostPause  = 10 * time.Second
	lastWait   = 5 * time.Second // for what is unkept when the source ends
)

// Source checks the settings.
func (c *Syslog) Source() (stream.Source, error) {
	if err := cmp.Or(logsOnly(&c.Common), address("listen", c.Listen)); err != nil {
		return nil, err
	}
	if c.Listen == "" {
		return nil, stream.Missing("listen", "127.0.0.1:5140")
	}
	s := *c
	s.networks = nil
	for i, a := range c.Allow {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			return nil, stream.Entry(i, stream.Unlike("allow", a, "10.0.0.0/8"))
		}
		s.networks = append(s.networks, p)
	}
	switch {
	case c.Batch < 0 || c.Batch > mostBatch:
		return nil, stream.Outside("batch", c.Batch, 1, mostBatch)
	case c.Wait < 0 || c.Wait > time.Minute:
		return nil, stream.Outside("wait", c.Wait, 0, time.Minute)
	case c.Idle < 0:
		return nil, stream.Negative("idle", c.Idle)
	case c.Most < 0:
		return nil, stream.Negative("connections", c.Most)
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, stream.Wrong("err_profile_zone", "zone", "value", stream.Shown(c.Zone))
	}
	s.zone = zone
	if s.security, err = c.TLS.config(); err != nil {
		return nil, err
	}
	fill(&s.Batch, 1000)
	fill(&s.Most, 128)
	fill(&s.Wait, 200*time.Millisecond)
	fill(&s.Idle, 15*time.Minute)
	fill(&s.pause, 200*time.Millisecond)
	return s.run, nil
}

// fill sets what was left out.
func fill[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// run listens until ctx ends, and returns when all connections are done.
func (c *Syslog) run(ctx context.Context, to stream.Sink) error {
	plain, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	listener := secured(plain, c.security, "")
	var open sync.WaitGroup
	defer open.Wait()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	end := func() { _ = listener.Close() } // twice at the end
	defer context.AfterFunc(ctx, end)()
	defer end()
	to.Log.Info("listening for syslog", "address", listener.Addr().String())
	to.Meter.Connected()
	room := make(chan struct{}, c.Most)
	w := newWaiting(to.Meter)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("accept a connection: %w", err)
		}
		if !c.maySend(remote(conn.RemoteAddr())) {
			to.Log.Warn("a client of a network that is not allowed was sent away", "from", conn.RemoteAddr().String())
			conn.Close()
			continue
		}
		select {
		case room <- struct{}{}:
		default:
			to.Log.Warn("there are too many connections, one was closed", "most", c.Most, "from", conn.RemoteAddr().String())
			conn.Close()
			continue
		}
		open.Go(func() {
			defer func() { <-room }()
			p := newSender(c, to, w, conn)
			if err := guarded(func() error { return p.serve(ctx) }); err != nil && ctx.Err() == nil {
				to.Log.Warn("a connection ended", "from", conn.RemoteAddr().String(), "error", err)
			}
		})
	}
}

func (c *Syslog) maySend(from netip.Addr) bool {
	for _, n := range c.networks {
		if n.Contains(from) {
			return true
		}
	}
	return len(c.networks) == 0 && from.IsLoopback()
}

// sender is one connection.
type sender struct {
	c       *Syslog
	to      stream.Sink
	waiting *waiting
	conn    net.Conn
	id      string // of the connection
	lines   int64
	batches int64
	skip    int // as in frame

	buf  []byte // what is read and not cut yet
	b    record.Batch
	size int       // bytes of messages in b
	came time.Time // the first message of b
	seen record.Seen
	read lineReader
	take func(*frame) // what is done with a message
	done func()       // tells the meter that b is kept
}

func newSender(c *Syslog, to stream.Sink, w *waiting, conn net.Conn) *sender {
	p := &sender{c: c, to: to, waiting: w, conn: conn, id: rand.Text(), buf: make([]byte, 0, 2*mostLine), read: lineReader{zone: c.zone}}
	p.take = p.message
	return p
}

// serve reads messages until the connection or ctx ends. While a batch is being
// kept nothing is read: the sender waits, and its own queue grows.
func (p *sender) serve(ctx context.Context) error {
	defer p.conn.Close()
	defer context.AfterFunc(ctx, func() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) })()
	for {
		err := p.fill(ctx)
		late := errors.Is(err, os.ErrDeadlineExceeded)
		idle := late && p.b.Rows() == 0 && ctx.Err() == nil
		end := idle || err != nil && !late
		if fault := p.cut(ctx, end); fault != nil {
			return fault
		}
		if end || late || time.Since(p.came) >= p.c.Wait {
			if fault := p.keep(ctx); fault != nil {
				return fault
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case idle:
			return fmt.Errorf("nothing came for %v", p.c.Idle)
		case errors.Is(err, io.EOF):
			return nil
		case end:
			return err
		}
	}
}

// fill reads what comes, for as long as the first message may wait.
func (p *sender) fill(ctx context.Context) error {
	until := time.Now().Add(p.c.Idle)
	if p.b.Rows() > 0 {
		until = p.came.Add(p.c.Wait)
	}
	if err := p.conn.SetReadDeadline(until); err != nil {
		return err
	}
	if ctx.Err() != nil { // its deadline may just have been overwritten
		return os.ErrDeadlineExceeded
	}
	n, err := p.conn.Read(p.buf[len(p.buf):cap(p.buf)])
	p.buf = p.buf[:len(p.buf)+n]
	return err
}

// cut takes the messages out of the buffer. A batch that is full is kept at once.
func (p *sender) cut(ctx context.Context, end bool) error {
	rest := p.buf
	p.read.now = time.Now()
	for len(rest) > 0 {
		if p.skip != 0 {
			rest = p.discard(rest)
			continue
		}
		f := cutFrame(rest, end)
		rest = rest[f.size:]
		if f.message == nil {
			break
		}
		p.skip = f.skip
		p.take(&f)
		if f.skip > mostSkip {
			return errors.Join(fmt.Errorf("a message of %d bytes was announced", f.skip), p.keep(ctx))
		}
		if p.b.Rows() >= p.c.Batch || p.size >= batchBytes {
			if err := p.keep(ctx); err != nil {
				return err
			}
		}
	}
	p.buf = p.buf[:copy(p.buf, rest)]
	return nil
}

// discard throws the rest of a message away that was too long.
func (p *sender) discard(rest []byte) []byte {
	if p.skip > 0 {
		n := min(p.skip, len(rest))
		p.skip -= n
		return rest[n:]
	}
	for i, c := range rest {
		if c == '\n' {
			p.skip = 0
			return rest[i+1:]
		}
	}
	return nil
}

// message adds a message to the batch.
func (p *sender) message(f *frame) {
	if len(f.message) == 0 {
		return
	}
	if p.b.Rows() == 0 {
		p.came = p.read.now
		p.done = p.waiting.begin(p.came)
		p.batches++
		// Equal messages of one second are two events, in one batch or in two.
		p.seen = record.Seen{Salt: p.c.Name + "@" + p.id + "#" + strconv.FormatInt(p.batches, 10)}
	}
	p.lines++
	p.size += len(f.message)
	l := record.LogLine{}
	l.Source, l.Line = source(&p.c.Common), p.lines
	problem := &refused{code: f.code}
	if f.code == "" {
		problem = p.read.read(f.message, &l)
	}
	if problem != nil {
		p.b.Refused = append(p.b.Refused, record.Refusal{Kind: record.Logs, Input: p.c.Name, Profile: logsProfile, Line: p.lines, Code: problem.code,
			Column: problem.column, Detail: problem.detail, Raw: append([]byte{}, f.message...), Header: file.KeptLine(l.Source, string(f.message))})
		return
	}
	l.Extra = numbered(l.Extra)
	l.Stamp(&p.seen)
	p.b.Logs = append(p.b.Logs, l)
}

// logsProfile is the profile by which a refused message is read again.
const logsProfile = "logs"

// keep keeps the batch, however long it takes: nothing is dropped while the
// source runs. When it ends there is one more attempt.
func (p *sender) keep(ctx context.Context) error {
	if p.b.Rows() == 0 {
		return nil
	}
	p.b.Input, p.b.Profile = p.c.Name, logsProfile
	if len(p.b.Refused) > 0 {
		// A batch whose keeping takes too long may be kept all the same: tried
		// again, its messages are known, its refusals are not.
		p.b.Once = &record.Once{Scope: p.c.Name, Key: p.id + "-" + strconv.FormatInt(p.batches, 10)}
	}
	defer p.done()
	for pause := p.c.pause; ; pause = min(2*pause, mostPause) {
		last := ctx.Err() != nil
		err := p.admit(ctx, last)
		if err == nil {
			p.b, p.size = record.Batch{}, 0
			return nil
		}
		if last {
			p.to.Meter.Lost(int64(p.b.Rows()))
			p.to.Log.Error("messages are lost: the source ended and the store does not take them", "messages", p.b.Rows(), "error", err)
			return ctx.Err()
		}
		p.to.Log.Warn("messages are not kept yet, nothing is read until they are", "messages", p.b.Rows(), "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (p *sender) admit(ctx context.Context, last bool) error {
	wait := admitWait
	if last {
		ctx, wait = context.WithoutCancel(ctx), lastWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := p.to.Admit(ctx, &p.b)
	return err
}
