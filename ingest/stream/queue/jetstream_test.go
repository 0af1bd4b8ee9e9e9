package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

// broker is a real server with a store of its own.
type broker struct {
	t    testing.TB
	dir  string
	opts server.Options
	s    *server.Server
	nc   *nats.Conn
	js   jetstream.JetStream
}

func startBroker(t testing.TB, change ...func(*server.Options)) *broker {
	t.Helper()
	b := &broker{t: t, dir: t.TempDir()}
	b.opts = server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, SyncAlways: true, NoLog: true, NoSigs: true}
	for _, c := range change {
		c(&b.opts)
	}
	b.up()
	t.Cleanup(b.down)
	return b
}

func (b *broker) up() {
	b.t.Helper()
	o := b.opts
	o.StoreDir = b.dir
	s, err := server.NewServer(&o)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		b.t.Fatal("the server does not start")
	}
	b.s = s
	b.opts.Port = o.Port // the same after a restart
	if b.nc, err = nats.Connect(s.ClientURL(), nats.UserInfo(o.Username, o.Password), nats.Token(o.Authorization)); err != nil {
		b.t.Fatal(err)
	}
	if b.js, err = jetstream.New(b.nc, jetstream.WithPublishAsyncMaxPending(2000)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *broker) down() {
	b.nc.Close()
	b.s.Shutdown()
	b.s.WaitForShutdown()
}

func (b *broker) stream(change ...func(*jetstream.StreamConfig)) {
	b.t.Helper()
	cfg := jetstream.StreamConfig{Name: "TICKETS", Subjects: []string{"tickets.>"}, Storage: jetstream.FileStorage}
	for _, c := range change {
		c(&cfg)
	}
	if _, err := b.js.CreateStream(b.t.Context(), cfg); err != nil {
		b.t.Fatal(err)
	}
}

// publish stores the messages from..to-1 and waits for all of them.
func (b *broker) publish(from, to int) {
	b.t.Helper()
	for i := from; i < to; i++ {
		b.send("tickets.new", message(i))
	}
	b.sent()
}

func (b *broker) send(subject string, body []byte) {
	b.t.Helper()
	if _, err := b.js.PublishAsync(subject, body, jetstream.WithStallWait(time.Minute)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *broker) sent() {
	b.t.Helper()
	select {
	case <-b.js.PublishAsyncComplete():
	case <-time.After(2 * time.Minute):
		b.t.Fatal("the messages are not stored")
	}
}

func (b *broker) settings() JetStream {
	return JetStream{Common: stream.Common{Name: "tickets", Type: "jetstream", As: "complaints"},
		URL: b.s.ClientURL(), Stream: "TICKETS", Batch: 100, Wait: 20 * time.Millisecond}
}

func (b *broker) source(change ...func(*JetStream)) stream.Source {
	b.t.Helper()
	c := b.settings()
	for _, f := range change {
		f(&c)
	}
	s, err := c.Source()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// consumer is the source's, a blank one if it is not there yet.
func (b *broker) consumer() *jetstream.ConsumerInfo {
	con, err := b.js.Consumer(b.t.Context(), "TICKETS", "plaint-tickets")
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return &jetstream.ConsumerInfo{}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return con.CachedInfo()
}

func (b *broker) acknowledged(n uint64) {
	b.t.Helper()
	streamtest.Eventually(b.t, "all is acknowledged", func() bool {
		i := b.consumer()
		return i.AckFloor.Stream == n && i.NumAckPending == 0 && i.NumPending == 0
	})
}

func TestJetStreamKeepsAndAcknowledges(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 250)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 250)
	b.publish(250, 260) // while it runs
	k.WaitRows(t, 260)
	b.acknowledged(260)
	l.Stop(t)
	k.exactly(t, 260)
	p := k.Positions["tickets"]
	if epoch, stored := cutMark(p.Mark); p.Offset != 260 || !strings.HasPrefix(epoch, "TICKETS 20") || stored == "" {
		t.Errorf("the position is %+v", p)
	}
	for i, c := range k.Rows {
		if c.Line != int64(i+1) || c.Body != text(i) || c.Source != "tickets" {
			t.Fatalf("row %d is %+v", i, c.Origin)
		}
	}
	if r := l.Meter.Read(); r.Lag != 0 || r.Reconnects != 0 {
		t.Errorf("the meter reads %+v", r)
	}
	if l.Down() != context.Canceled {
		t.Errorf("the source ended with %v", l.Down())
	}
}

func TestJetStreamGoesOnAfterAFailedTransaction(t *testing.T) {
	for name, f := range map[string]streamtest.Fault{"nothing kept": streamtest.Before, "kept unheard": streamtest.After} {
		t.Run(name, func(t *testing.T) {
			b, k := startBroker(t), newBook()
			b.stream()
			b.publish(0, 450)
			k.Fault = func(n int) streamtest.Fault {
				if n == 2 || n == 3 {
					return f
				}
				return streamtest.None
			}
			l := streamtest.Start(t, b.source(), k)
			k.WaitRows(t, 450)
			b.acknowledged(450)
			l.Stop(t)
			k.exactly(t, 450)
			if len(l.Faults()) != 2 {
				t.Errorf("the faults are %v", l.Faults())
			}
		})
	}
}

func TestJetStreamKeepsOnlyWhatIsKept(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 150)
	inside := make(chan struct{})
	var once atomic.Bool
	k.Hold = func(ctx context.Context, batch *record.Batch) error {
		if batch.Positions[0].Offset > 100 && once.CompareAndSwap(false, true) {
			close(inside)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	l := streamtest.Start(t, b.source(), k)
	<-inside
	l.Stop(t) // in the middle of the second transaction
	if i := b.consumer(); i.AckFloor.Stream != 100 || i.NumAckPending != 50 {
		t.Fatalf("up to %d is acknowledged, %d are not", i.AckFloor.Stream, i.NumAckPending)
	}
	k.exactly(t, 100)
	l = streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 150)
	b.acknowledged(150)
	l.Stop(t)
	k.exactly(t, 150)
}

func TestJetStreamSurvivesTheServersRestart(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 1000)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 300)
	for range 3 {
		b.down()
		b.up()
	}
	b.publish(1000, 1200)
	k.WaitRows(t, 1200)
	b.acknowledged(1200)
	l.Stop(t)
	k.exactly(t, 1200)
	if r := l.Meter.Read(); r.Reconnects == 0 {
		t.Error("no reconnection was counted")
	}
}

// A consumer that has no more to lose: the queue drops what is acknowledged.
func TestJetStreamOfOtherRetention(t *testing.T) {
	for _, r := range []jetstream.RetentionPolicy{jetstream.WorkQueuePolicy, jetstream.InterestPolicy} {
		t.Run(r.String(), func(t *testing.T) {
			b, k := startBroker(t), newBook()
			b.stream(func(c *jetstream.StreamConfig) { c.Retention = r })
			k.Fault = streamtest.Sometimes(3)
			l := streamtest.Start(t, b.source(), k)
			streamtest.Eventually(t, "there is a consumer", func() bool { return b.consumer().Name != "" })
			b.publish(0, 2000)
			k.WaitRows(t, 2000)
			b.acknowledged(2000)
			l.Stop(t)
			k.exactly(t, 2000)
			if s := l.Log.String(); strings.Contains(s, "removed") {
				t.Errorf("a loss was seen that was none: %s", s)
			}
		})
	}
}

// What the queue believes to be done is read again if it is not kept: the store
// was restored from a backup.
func TestJetStreamFollowsThePositionBack(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 300)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	backup := newBook()
	backup.Rows, backup.Positions = append(backup.Rows, k.Rows...), maps.Clone(k.Positions)
	for _, c := range k.Rows {
		backup.Times[c.Body], backup.IDs[c.ID] = 1, 1
	}
	l = streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 300)
	b.acknowledged(300)
	l.Stop(t)
	l = streamtest.Start(t, b.source(), backup)
	backup.WaitRows(t, 300)
	l.Stop(t)
	backup.exactly(t, 300)
}

// steal reads messages in another's name and says that they are done.
func steal(t *testing.T, con jetstream.Consumer, most int) (n int) {
	t.Helper()
	got, err := con.Fetch(most, jetstream.FetchMaxWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	for m := range got.Messages() {
		n++
		if err := m.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestJetStreamWithAThief(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	l := streamtest.Start(t, b.source(), k)
	b.publish(0, 100)
	k.WaitRows(t, 100)
	con, err := b.js.Consumer(t.Context(), "TICKETS", "plaint-tickets")
	if err != nil {
		t.Fatal(err)
	}
	stolen := 0
	for at := 100; stolen < 5; at += 100 {
		b.publish(at, at+100)
		stolen += steal(t, con, 10)
		k.WaitRows(t, at+100)
	}
	l.Stop(t)
	k.exactly(t, len(k.Rows))
	streamtest.Contains(t, fmt.Sprint(l.Faults()), "are lost or went to another reader")
}

// What a thief took is found to be missing even if nothing follows it.
func TestJetStreamWithAThiefOfTheLast(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	l := streamtest.Start(t, b.source(), k)
	b.publish(0, 100)
	k.WaitRows(t, 100)
	con, err := b.js.Consumer(t.Context(), "TICKETS", "plaint-tickets")
	if err != nil {
		t.Fatal(err)
	}
	for at, stolen := 100, 0; stolen == 0; at++ {
		b.publish(at, at+1)
		stolen = steal(t, con, 1)
		k.WaitRows(t, at+1)
	}
	l.Stop(t)
	streamtest.Contains(t, fmt.Sprint(l.Faults()), "are lost or went to another reader")
}

func TestJetStreamRefusesAnotherStream(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 100)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	if err := b.js.DeleteStream(t.Context(), "TICKETS"); err != nil {
		t.Fatal(err)
	}
	b.stream()
	b.publish(500, 700)
	l = streamtest.Start(t, b.source(), k)
	streamtest.Contains(t, l.Refused(t), "was replaced", "TICKETS 20", "may be missing", "forget the position of tickets")
	k.exactly(t, 100)
}

func TestJetStreamRefusesAStreamThatWasRolledBack(t *testing.T) {
	for name, c := range map[string]struct {
		grown int
		says  string
	}{
		"shorter":    {0, "ends at sequence 200, but messages up to 400 are kept"},
		"same again": {200, "was stored at"},
		"longer":     {300, "was stored at"},
	} {
		t.Run(name, func(t *testing.T) {
			b, k := startBroker(t), newBook()
			b.stream()
			b.publish(0, 200)
			b.down()
			backup := t.TempDir()
			if err := os.CopyFS(backup, os.DirFS(b.dir)); err != nil {
				t.Fatal(err)
			}
			b.up()
			b.publish(200, 400)
			l := streamtest.Start(t, b.source(), k)
			k.WaitRows(t, 400)
			l.Stop(t)
			b.down()
			b.dir = backup
			b.up()
			b.publish(1000, 1000+c.grown)
			l = streamtest.Start(t, b.source(), k)
			streamtest.Contains(t, l.Refused(t), c.says, "rolled back", "may be missing")
			k.exactly(t, 400)
		})
	}
}

// The look at the stream is taken after every reconnection, not only at the start.
func TestJetStreamRefusesWhileItRuns(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 50)
	b.down()
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	b.up()
	b.publish(50, 100)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 100)
	b.down()
	b.dir = backup
	b.up()
	streamtest.Contains(t, l.Refused(t), "ends at sequence 50")
}

func TestJetStreamWarnsOfAGap(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 100)
	l := streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	b.publish(100, 200)
	s, err := b.js.Stream(t.Context(), "TICKETS")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), jetstream.WithPurgeSequence(131)); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteMsg(t.Context(), 150); err != nil {
		t.Fatal(err)
	}
	l = streamtest.Start(t, b.source(), k)
	k.WaitRows(t, 169)
	l.Stop(t)
	streamtest.Contains(t, l.Log.String(), "level=WARN", "removed from the stream before they were read", "count=30 before=131", "count=1 before=")
	if lost, twice := k.check(200); lost != 31 || twice != 0 {
		t.Errorf("%d lost, %d twice", lost, twice)
	}
}

func TestJetStreamOfSomeSubjects(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	n := 0
	more := func() {
		for range 150 {
			b.send("tickets.new", message(n))
			b.send("tickets.other", []byte("{"))
			n++
		}
		b.sent()
	}
	more()
	one := func(c *JetStream) { c.Subjects = []string{"tickets.new"} }
	l := streamtest.Start(t, b.source(one), k)
	k.WaitRows(t, n)
	more()
	k.WaitRows(t, n)
	l.Stop(t)
	more()
	l = streamtest.Start(t, b.source(func(c *JetStream) { c.Subjects = []string{"tickets.new", "tickets.urgent"} }), k)
	k.WaitRows(t, n)
	l.Stop(t)
	k.exactly(t, n)
	if s := l.Log.String(); s != "" {
		t.Errorf("nothing was removed, but the log says %s", s)
	}
}

func TestJetStreamLeavesAnothersConsumerAlone(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	if _, err := b.js.CreateConsumer(t.Context(), "TICKETS", jetstream.ConsumerConfig{Durable: "plaint-tickets", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	streamtest.Contains(t, streamtest.Start(t, b.source(), k).Refused(t), "is not this source's", "plaint_source=tickets")
}

// A server before 2.14 cannot move a consumer.
func TestJetStreamMakesTheConsumerAnew(t *testing.T) {
	b, k := startBroker(t), newBook()
	b.stream()
	b.publish(0, 300)
	c := b.settings()
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	r := &jetReader{c: &c, to: stream.Sink{Admit: k.Admit, Position: k.Position, Meter: stream.NewMeter(), Log: slog.New(slog.DiscardHandler)}}
	if err := r.open(t.Context(), func(error) {}); err != nil {
		t.Fatal(err)
	}
	defer r.conn.Close()
	if _, err := r.consumer.Fetch(200); err != nil {
		t.Fatal(err)
	}
	r.resets, r.last = false, 42
	con, err := r.rewind(t.Context(), b.js)
	if err != nil {
		t.Fatal(err)
	}
	if i := con.CachedInfo(); i.Delivered.Stream != 42 || i.NumPending != 258 || i.NumAckPending != 0 {
		t.Errorf("the new consumer is at %+v", i)
	}
	r.resets, r.last = true, 7 // the server is new again, but the consumer begins at 43
	if con, err = r.rewind(t.Context(), b.js); err != nil || con.CachedInfo().NumPending != 293 {
		t.Errorf("%v", err)
	}
	for v, want := range map[string]bool{"2.13.9": false, "2.14.0": true, "2.15.2-RC.1": true, "3.0.0": true, "1.9": false, "": false} {
		if canReset(v) != want {
			t.Errorf("canReset(%q) is not %v", v, want)
		}
	}
}

func TestJetStreamCredentials(t *testing.T) {
	t.Setenv("PLAINT_TEST_SECRET", "s3cret")
	secret := stream.Secret{Env: "PLAINT_TEST_SECRET"}
	for name, c := range map[string]struct {
		server func(*server.Options)
		client func(*JetStream)
	}{
		"token": {func(o *server.Options) { o.Authorization = "s3cret" }, func(c *JetStream) { c.Token = secret }},
		"user": {func(o *server.Options) { o.Username, o.Password = "ann", "s3cret" },
			func(c *JetStream) { c.User, c.Password = "ann", secret }},
	} {
		t.Run(name, func(t *testing.T) {
			b, k := startBroker(t, c.server), newBook()
			b.stream()
			b.publish(0, 5)
			l := streamtest.Start(t, b.source(), k)
			streamtest.Eventually(t, "who is not known is not let in", func() bool { return len(l.Faults()) > 0 })
			l.Stop(t)
			streamtest.Contains(t, l.Faults()[0].Error(), "connect to", "Authorization Violation")
			streamtest.Start(t, b.source(c.client), k)
			k.WaitRows(t, 5)
		})
	}
}

func TestJetStreamSettings(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*JetStream){
		"":                     func(*JetStream) {},
		"err_settings_no_name": func(c *JetStream) { c.Name = "" },
		"err_source_signs [key consumer value plaint-a.b":        func(c *JetStream) { c.Name = "a.b" },
		"err_source_missing [key stream":                         func(c *JetStream) { c.Stream = "" },
		"url: it is not like":                                    func(c *JetStream) { c.URL = "localhost" },
		"err_source_choice [value http":                          func(c *JetStream) { c.URL = "nats://a:1,http://localhost" },
		"err_source_url_user":                                    func(c *JetStream) { c.URL = "nats://u:p@localhost" },
		"err_source_range [key batch value -1":                   func(c *JetStream) { c.Batch = -1 },
		"err_source_range [key wait value 1h least 1ms most 30s": func(c *JetStream) { c.Wait = time.Hour },
		"err_source_what":                                        func(c *JetStream) { c.As = "" },
		"err_record_kind":                                        func(c *JetStream) { c.As = "moods" },
		"no_such":                                                func(c *JetStream) { c.Profile = "no_such" },
		"err_source_like [key subjects value a b":                func(c *JetStream) { c.Subjects = []string{"a b"} },
		"err_source_together [key user":                          func(c *JetStream) { c.User = "u" },
		"err_source_exclude":                                     func(c *JetStream) { c.User, c.Token = "u", stream.Secret{Env: "HOME"} },
		"token: the environment":                                 func(c *JetStream) { c.Token = stream.Secret{Env: "PLAINT_NOT_SET"} },
		"creds: the file":                                        func(c *JetStream) { c.Creds = stream.Secret{File: empty} },
		"tls.ca: open":                                           func(c *JetStream) { c.TLS = &TLS{CA: "/nowhere"} },
		"holds no certificate":                                   func(c *JetStream) { c.TLS = &TLS{CA: empty} },
		"err_source_together [key tls.cert":                      func(c *JetStream) { c.TLS = &TLS{Cert: empty} },
	} {
		c := JetStream{Common: stream.Common{Name: "tickets", As: "complaints"}, URL: "nats://localhost:4222", Stream: "TICKETS"}
		change(&c)
		_, err := c.Source()
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" {
			t.Errorf("%q: %v", want, err)
			continue
		}
		streamtest.Contains(t, err.Error(), want)
	}
}

// many is how many messages the long tests send.
func many(t testing.TB) int {
	if testing.Short() {
		return 5_000
	}
	return 50_000
}

func TestJetStreamManyMessagesWithFaults(t *testing.T) {
	n := many(t)
	b, k := startBroker(t), newBook()
	b.stream()
	k.Fault = streamtest.Sometimes(1)
	l := streamtest.Start(t, b.source(func(c *JetStream) { c.Batch = 1000 }), k)
	b.publish(0, n)
	k.WaitRows(t, n)
	b.acknowledged(uint64(n))
	l.Stop(t)
	k.exactly(t, n)
	if len(l.Faults()) == 0 {
		t.Error("there were no faults")
	}
}

// The checker can fail: with the position outside the transaction messages are
// lost, or kept twice.
func TestTheCheckerFindsAPositionOutside(t *testing.T) {
	for _, outside := range []string{"first", "last"} {
		t.Run(outside, func(t *testing.T) {
			b, k := startBroker(t), newBook()
			b.stream()
			b.publish(0, 3000)
			k.Outside, k.Fault = outside, streamtest.Sometimes(1)
			l := streamtest.Start(t, b.source(), k)
			b.acknowledged(3000)
			l.Stop(t)
			lost, twice := k.check(3000)
			if (lost > 0) != (outside == "first") || (twice > 0) != (outside == "last") {
				t.Errorf("%d lost, %d twice", lost, twice)
			}
		})
	}
}
