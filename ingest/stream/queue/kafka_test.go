package queue

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

// brokersEnv names the brokers of the test against a real cluster.
const brokersEnv = "PLAINT_KAFKA_BROKERS"

// cluster is Kafka as the tests see it: a fake one in this process that speaks
// the real protocol, or a real one.
type cluster struct {
	t       testing.TB
	brokers []string
	topic   string
	fake    *kfake.Cluster
	cl      *kgo.Client
	admin   *kadm.Client
}

func fakeCluster(t testing.TB, partitions int32, opts ...kfake.Opt) *cluster {
	t.Helper()
	opts = append([]kfake.Opt{kfake.NumBrokers(2), kfake.SeedTopics(partitions, "tickets")}, opts...)
	f, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, fake: f, brokers: f.ListenAddrs(), topic: "tickets"}
	t.Cleanup(func() { c.fake.Close() })
	c.connect()
	return c
}

func (c *cluster) connect(opts ...kgo.Opt) {
	c.t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(c.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(cl.Close)
	c.cl, c.admin = cl, kadm.NewClient(cl)
}

// publish spreads the messages from..to-1 over the partitions.
func (c *cluster) publish(from, to, partitions int) {
	c.t.Helper()
	for i := from; i < to; i++ {
		c.send(int32(i%partitions), message(i))
	}
	c.sent()
}

func (c *cluster) send(partition int32, body []byte) {
	c.cl.Produce(context.Background(), &kgo.Record{Topic: c.topic, Partition: partition, Value: body}, func(_ *kgo.Record, err error) {
		if err != nil {
			c.t.Errorf("produce: %v", err)
		}
	})
}

func (c *cluster) sent() {
	c.t.Helper()
	if err := c.cl.Flush(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) settings() Kafka {
	return Kafka{Common: stream.Common{Name: "crm", Type: "kafka", As: "complaints"}, Brokers: c.brokers, Topics: []string{c.topic},
		Group: "plaint-crm-" + c.topic, Batch: 100}
}

func (c *cluster) source(change ...func(*Kafka)) stream.Source {
	c.t.Helper()
	k := c.settings()
	for _, f := range change {
		f(&k)
	}
	s, err := k.Source()
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// committed sums what the group shows of its offsets.
func (c *cluster) committed() (n int64) {
	all, err := c.admin.FetchOffsets(c.t.Context(), "plaint-crm-tickets")
	if err != nil {
		c.t.Fatal(err)
	}
	all.Each(func(o kadm.OffsetResponse) { n += max(0, o.At) })
	return n
}

func TestKafkaKeepsAndCommits(t *testing.T) {
	c, k := fakeCluster(t, 3), newBook()
	c.publish(0, 900, 3)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 900)
	c.publish(900, 960, 3)
	k.WaitRows(t, 960)
	l.Stop(t)
	k.exactly(t, 960)
	if n := c.committed(); n != 960 {
		t.Errorf("the group shows %d", n)
	}
	for i := range 3 {
		p := k.Positions[fmt.Sprintf("crm/tickets/%d", i)]
		if epoch, term := cutTerm(p.Mark); p.Offset != 319 || epoch == "" || term < 0 {
			t.Errorf("the position is %+v", p)
		}
	}
	if r := l.Meter.Read(); r.Lag != 0 {
		t.Errorf("the meter reads %+v", r)
	}
	if len(l.Faults()) > 0 || l.Down() != context.Canceled {
		t.Errorf("faults %v, the source ended with %v", l.Faults(), l.Down())
	}
}

func TestKafkaGoesOnAfterAFailedTransaction(t *testing.T) {
	for name, f := range map[string]streamtest.Fault{"nothing kept": streamtest.Before, "kept unheard": streamtest.After} {
		t.Run(name, func(t *testing.T) {
			c, k := fakeCluster(t, 2), newBook()
			c.publish(0, 500, 2)
			k.Fault = func(n int) streamtest.Fault {
				if n == 2 || n == 3 {
					return f
				}
				return streamtest.None
			}
			l := streamtest.Start(t, c.source(), k)
			k.WaitRows(t, 500)
			l.Stop(t)
			k.exactly(t, 500)
			if len(l.Faults()) != 2 {
				t.Errorf("the faults are %v", l.Faults())
			}
		})
	}
}

// The kept position counts, whatever the group remembers: ahead of it after a
// restored backup, behind it after a kill.
func TestKafkaFollowsThePosition(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 300, 1)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	for _, at := range []int64{0, 300} {
		offsets := kadm.Offsets{}
		offsets.AddOffset("tickets", 0, at, -1)
		if err := c.admin.CommitAllOffsets(t.Context(), "plaint-crm-tickets", offsets); err != nil {
			t.Fatal(err)
		}
		c.publish(300+int(at), 600+int(at), 1)
		l = streamtest.Start(t, c.source(), k)
		k.WaitRows(t, 600+int(at))
		l.Stop(t)
		k.exactly(t, 600+int(at))
	}
}

func TestKafkaEndsInTheMiddle(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 150, 1)
	inside := make(chan struct{})
	var once sync.Once
	k.Hold = func(ctx context.Context, batch *record.Batch) error {
		if batch.Positions[0].Offset < 100 {
			return nil
		}
		held := false
		once.Do(func() { held = true; close(inside) })
		if held {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	l := streamtest.Start(t, c.source(), k)
	<-inside
	l.Stop(t)
	k.exactly(t, 100)
	if n := c.committed(); n != 100 {
		t.Errorf("the group shows %d, but 100 are kept", n)
	}
	l = streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 150)
	l.Stop(t)
	k.exactly(t, 150)
}

func TestKafkaSurvivesABrokersRestart(t *testing.T) {
	dir := t.TempDir()
	c, k := fakeCluster(t, 2, kfake.DataDir(dir), kfake.SyncWrites()), newBook()
	c.publish(0, 500, 2)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	var ports []int
	for _, a := range c.brokers {
		var port int
		if _, err := fmt.Sscanf(a[strings.LastIndexByte(a, ':')+1:], "%d", &port); err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	c.fake.Close()
	f, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.Ports(ports...), kfake.DataDir(dir), kfake.SyncWrites())
	if err != nil {
		t.Fatal(err)
	}
	c.fake = f
	c.publish(500, 700, 2)
	k.WaitRows(t, 700)
	l.Stop(t)
	k.exactly(t, 700)
}

func TestKafkaRefusesAnotherTopic(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 100, 1)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	if _, err := c.admin.DeleteTopic(t.Context(), "tickets"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.admin.CreateTopic(t.Context(), 1, 1, nil, "tickets"); err != nil {
		t.Fatal(err)
	}
	c.connect() // a producer that knows the new one
	c.publish(500, 700, 1)
	l = streamtest.Start(t, c.source(), k)
	streamtest.Contains(t, l.Refused(t), "has the id", "was replaced", "forget the position of crm/tickets/0")
	k.exactly(t, 100)
}

func TestKafkaRefusesALogThatWasRolledBack(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 100, 1)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	p := k.Positions["crm/tickets/0"]
	p.Offset = 100 // one more was kept than there is
	k.Positions[p.Input] = p
	streamtest.Contains(t, streamtest.Start(t, c.source(), k).Refused(t), "ends before offset 100, but messages up to 100 are kept", "rolled back")
}

// The log was cut, and has grown beyond what is kept since: the term of its
// leader tells.
func TestKafkaRefusesALogThatWasCut(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 100, 1)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	c.publish(200, 300, 1)
	c.fake.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.fake.KeepControl()
		resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		for _, t := range req.(*kmsg.OffsetForLeaderEpochRequest).Topics {
			rt := kmsg.NewOffsetForLeaderEpochResponseTopic()
			rt.Topic = t.Topic
			for _, p := range t.Partitions {
				rp := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				rp.Partition, rp.LeaderEpoch, rp.EndOffset = p.Partition, p.LeaderEpoch, 60
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	streamtest.Contains(t, streamtest.Start(t, c.source(), k).Refused(t), "its log was cut at 60")
	k.exactly(t, 100)
}

func TestKafkaWarnsOfAGap(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	c.publish(0, 100, 1)
	l := streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 100)
	l.Stop(t)
	c.publish(100, 200, 1)
	offsets := kadm.Offsets{}
	offsets.AddOffset("tickets", 0, 130, -1)
	if _, err := c.admin.DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
	l = streamtest.Start(t, c.source(), k)
	k.WaitRows(t, 170)
	l.Stop(t)
	streamtest.Contains(t, l.Log.String(), "level=WARN", "removed from the topic before they were read", "count=30 before=130")
	if lost, twice := k.check(200); lost != 30 || twice != 0 {
		t.Errorf("%d lost, %d twice", lost, twice)
	}
}

// From its end on means from the end at the first start, also if that start
// keeps no message; partitions that are added later are read from their beginning.
func TestKafkaFromTheEnd(t *testing.T) {
	c, k := fakeCluster(t, 2), newBook()
	c.publish(1000, 1100, 2)
	k.Fault = func(n int) streamtest.Fault {
		if n == 2 { // the first with messages, behind that of the beginnings
			return streamtest.Before
		}
		return streamtest.None
	}
	end := c.source(func(c *Kafka) { c.Start = "latest" })
	l := streamtest.Start(t, end, k)
	k.Wait(t, "the beginnings are kept", func() bool { return len(k.Positions) == 2 })
	c.publish(0, 50, 2)
	k.WaitRows(t, 50)
	l.Stop(t)
	k.exactly(t, 50)
	if len(l.Faults()) != 1 {
		t.Errorf("the faults are %v", l.Faults())
	}
	if _, err := c.admin.CreatePartitions(t.Context(), 1, "tickets"); err != nil {
		t.Fatal(err)
	}
	c.connect() // a producer that knows the new one
	c.publish(50, 110, 3)
	l = streamtest.Start(t, end, k)
	k.WaitRows(t, 110)
	l.Stop(t)
	k.exactly(t, 110)
}

// Members come and go while messages arrive; no two ever write the same
// partition at once.
func TestKafkaSharesPartitions(t *testing.T) {
	c, k := fakeCluster(t, 6), newBook()
	shareOut(t, c, k, 6)
}

func shareOut(t *testing.T, c *cluster, k *book, partitions int) {
	const n = 6000
	k.Fault = streamtest.Sometimes(7)
	first := streamtest.Start(t, c.source(), k)
	c.publish(0, n/3, partitions)
	k.WaitRows(t, 200)
	second := streamtest.Start(t, c.source(), k)
	c.publish(n/3, 2*n/3, partitions)
	k.WaitRows(t, n/2)
	first.Stop(t)
	third := streamtest.Start(t, c.source(), k)
	c.publish(2*n/3, n, partitions)
	k.WaitRows(t, n)
	second.Stop(t)
	third.Stop(t)
	k.exactly(t, n)
}

// A member in the middle of a transaction holds its partitions until it ends.
func TestKafkaHoldsAPartitionUntilItsRowsAreKept(t *testing.T) {
	c, k := fakeCluster(t, 2), newBook()
	c.publish(0, 400, 2)
	inside, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	k.Hold = func(context.Context, *record.Batch) error {
		first := false
		once.Do(func() { first = true })
		if first {
			close(inside)
			<-goOn
		}
		return nil
	}
	first := streamtest.Start(t, c.source(), k)
	<-inside
	second := streamtest.Start(t, c.source(), k)
	streamtest.Eventually(t, "the group waits for the first member", func() bool {
		return strings.Contains(first.Log.String(), "the group waits for a transaction to end")
	})
	close(goOn)
	k.WaitRows(t, 400)
	c.publish(400, 500, 2)
	k.WaitRows(t, 500)
	first.Stop(t)
	second.Stop(t)
	k.exactly(t, 500)
}

func TestKafkaCredentials(t *testing.T) {
	t.Setenv("PLAINT_TEST_SECRET", "s3cret")
	for _, m := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(m, func(t *testing.T) {
			c, k := fakeCluster(t, 1, kfake.EnableSASL(), kfake.Superuser(strings.ToUpper(m), "ann", "s3cret")), newBook()
			known := SASL{Mechanism: m, User: "ann", Password: stream.Secret{Env: "PLAINT_TEST_SECRET"}}
			mechanism, err := known.mechanism()
			if err != nil {
				t.Fatal(err)
			}
			c.connect(kgo.SASL(mechanism))
			c.publish(0, 5, 1)
			stranger := known
			stranger.User = "bob"
			l := streamtest.Start(t, c.source(func(k *Kafka) { k.SASL = &stranger }), k)
			streamtest.Eventually(t, "who is not known is not let in", func() bool { return len(l.Faults()) > 0 })
			l.Stop(t)
			streamtest.Contains(t, l.Faults()[0].Error(), "find the topics")
			streamtest.Start(t, c.source(func(k *Kafka) { k.SASL = &known }), k)
			k.WaitRows(t, 5)
		})
	}
}

func TestKafkaSettings(t *testing.T) {
	for want, change := range map[string]func(*Kafka){
		"":                                func(*Kafka) {},
		"err_settings_no_name":            func(c *Kafka) { c.Name = "" },
		"err_source_missing [key brokers": func(c *Kafka) { c.Brokers = nil },
		"err_source_like [key brokers value localhost": func(c *Kafka) { c.Brokers = []string{"localhost"} },
		"err_source_missing [key topics":               func(c *Kafka) { c.Topics = nil },
		"err_source_signs [key topics value a/b":       func(c *Kafka) { c.Topics = []string{"a/b"} },
		"err_source_choice [value middle":              func(c *Kafka) { c.Start = "middle" },
		"err_source_range [key batch value 200000":     func(c *Kafka) { c.Batch = 200000 },
		"err_source_what":                              func(c *Kafka) { c.As = "" },
		"no_such":                                      func(c *Kafka) { c.Profile = "no_such" },
		"err_source_missing [key sasl.user":            func(c *Kafka) { c.SASL = &SASL{} },
		"sasl.password: the enviro":                    func(c *Kafka) { c.SASL = &SASL{User: "u", Password: stream.Secret{Env: "PLAINT_NOT_SET"}} },
		"err_source_choice [value md5": func(c *Kafka) {
			c.SASL = &SASL{Mechanism: "md5", User: "u", Password: stream.Secret{Env: "HOME"}}
		},
		"tls.ca": func(c *Kafka) { c.TLS = &TLS{CA: "/nowhere"} },
	} {
		c := Kafka{Common: stream.Common{Name: "crm", As: "complaints"}, Brokers: []string{"localhost:9092"}, Topics: []string{"tickets"}}
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

func TestKafkaWithoutItsTopic(t *testing.T) {
	c, k := fakeCluster(t, 1), newBook()
	l := streamtest.Start(t, c.source(func(c *Kafka) { c.Topics = []string{"nothing"} }), k)
	streamtest.Eventually(t, "the topic is missed", func() bool { return len(l.Faults()) > 0 })
	l.Stop(t)
	streamtest.Contains(t, l.Faults()[0].Error(), "find the topics")
}

func TestKafkaManyMessagesWithFaults(t *testing.T) {
	n := many(t)
	c, k := fakeCluster(t, 4), newBook()
	k.Fault = streamtest.Sometimes(2)
	l := streamtest.Start(t, c.source(func(c *Kafka) { c.Batch = 1000 }), k)
	c.publish(0, n, 4)
	k.WaitRows(t, n)
	l.Stop(t)
	k.exactly(t, n)
	if len(l.Faults()) == 0 {
		t.Error("there were no faults")
	}
}

// TestKafkaReal does the same with a cluster of one's own.
func TestKafkaReal(t *testing.T) {
	list := os.Getenv(brokersEnv)
	if list == "" {
		t.Skipf("%s names no brokers", brokersEnv)
	}
	c, k := &cluster{t: t, brokers: strings.Split(list, ","), topic: fmt.Sprintf("plaint-test-%d", os.Getpid())}, newBook()
	c.connect()
	if _, err := c.admin.CreateTopic(t.Context(), 6, -1, nil, c.topic); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := c.admin.DeleteTopics(context.Background(), c.topic); err != nil {
			t.Error(err)
		}
	}()
	shareOut(t, c, k, 6)
}
