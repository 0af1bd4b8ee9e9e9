package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// kafkaReader is one connected life of a Kafka source.
type kafkaReader struct {
	c      *Kafka
	to     stream.Sink
	decode *file.Decoder
	admin  *kadm.Client // with a connection of its own
	stop   context.CancelCauseFunc

	mu sync.Mutex // held for short: the group's calls come from another goroutine
	at map[partition]*progress
}

type partition struct {
	topic  string
	number int32
}

// progress is how far a partition of ours has been read.
type progress struct {
	epoch string // of its log: the topic's id, or the cluster's where topics have none
	last  int64  // offset of the last message that is kept
	end   int64  // the offset that the next message written will have, as far as known
}

// input is the name of a partition's position.
func (c *Kafka) input(p partition) string {
	return c.Name + "/" + p.topic + "/" + strconv.Itoa(int(p.number))
}

// read joins the group and moves messages until ctx or the membership ends.
func (c *Kafka) read(ctx context.Context, to stream.Sink) (err error) {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &kafkaReader{c: c, to: to, stop: stop, at: map[partition]*progress{}}
	defer func() {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	if r.decode, err = c.Decoder(); err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	asking, err := kgo.NewClient(o...)
	if err != nil {
		return fmt.Errorf("use kafka: %w", err)
	}
	defer asking.Close()
	r.admin = kadm.NewClient(asking)
	if err := r.find(reading); err != nil {
		return err
	}
	to.Meter.Connected()
	member, err := kgo.NewClient(append(o, r.membership()...)...)
	if err != nil {
		return fmt.Errorf("join the group %s: %w", c.Group, err)
	}
	defer member.CloseAllowingRebalance()
	for {
		if err := r.step(ctx, reading, member); err != nil {
			return err
		}
	}
}

// find makes sure that the brokers answer and the topics are there.
func (r *kafkaReader) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	topics, err := r.admin.ListTopics(ctx, r.c.Topics...)
	if err != nil {
		return fmt.Errorf("find the topics: %w", err)
	}
	if err := topics.Error(); err != nil {
		return fmt.Errorf("find the topics: %w", err)
	}
	return nil
}

// membership are the options of the member. While polled messages are on their
// way, the group waits with handing their partition to another.
func (r *kafkaReader) membership() []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumerGroup(r.c.Group), kgo.ConsumeTopics(r.c.Topics...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxBytes(batchBytes), kgo.BrokerMaxReadBytes(4 * batchBytes),
		kgo.RebalanceTimeout(rebalanceWait), kgo.BlockRebalanceOnPoll(),
		// Where the log does not have what is asked for is a question for place, not
		// for a rule of the client.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.AdjustFetchOffsetsFn(r.assigned),
		kgo.OnPartitionsRevoked(r.revoked), kgo.OnPartitionsLost(r.lost),
		kgo.OnPartitionsCallbackBlocked(func(context.Context, *kgo.Client) {
			r.to.Log.Debug("the group waits for a transaction to end", "group", r.c.Group)
		}),
		// The group's own offsets are for those who watch it: nothing is read from them.
		kgo.AutoCommitMarks(), kgo.AutoCommitInterval(time.Second),
	}
}

// revoked comes when nothing is on its way, see BlockRebalanceOnPoll. What it
// commits is only shown; that it failed is no reason to hold the group up.
func (r *kafkaReader) revoked(ctx context.Context, member *kgo.Client, gone map[string][]int32) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := member.CommitMarkedOffsets(ctx); err != nil {
		r.to.Log.Info("the group was not told how far its partitions were read", "group", r.c.Group, "error", err)
	}
	r.lost(ctx, member, gone)
}

func (r *kafkaReader) lost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for topic, numbers := range gone {
		for _, n := range numbers {
			delete(r.at, partition{topic, n})
		}
	}
}

// load is what is kept in one transaction.
type load struct {
	batch record.Batch
	last  []*kgo.Record // of each partition, as batch.Positions
	taken time.Time
}

// step keeps the messages of one poll. reading ends when the partitions'
// beginnings could not be found.
func (r *kafkaReader) step(ctx, reading context.Context, member *kgo.Client) error {
	got := member.PollRecords(reading, r.c.Batch)
	defer member.AllowRebalance()
	if reading.Err() != nil {
		return context.Cause(reading)
	}
	if err := r.fault(got); err != nil {
		return err
	}
	l := &load{taken: time.Now()}
	for _, t := range got {
		for _, topic := range t.Topics {
			for _, f := range topic.Partitions {
				if err := r.take(ctx, l, member, partition{topic.Topic, f.Partition}, f); err != nil {
					return err
				}
			}
		}
	}
	return r.keep(ctx, l, member)
}

// fault is what ends this life of the source. Faults that the client mends by
// itself do not come here.
func (r *kafkaReader) fault(got kgo.Fetches) (first error) {
	for _, f := range got.Errors() {
		var cut *kgo.ErrDataLoss
		switch {
		case errors.As(f.Err, &cut):
			return refuse(r.c.input(partition{f.Topic, f.Partition}), "partition %d of %s was read up to offset %d, but its log was cut at %d and may have grown again",
				f.Partition, f.Topic, cut.ConsumedTo, cut.ResetTo)
		case first != nil:
		case f.Topic == "":
			first = fmt.Errorf("read as a member of %s: %w", r.c.Group, f.Err)
		default:
			first = fmt.Errorf("read partition %d of %s: %w", f.Partition, f.Topic, f.Err)
		}
	}
	return first
}

// take adds a partition's messages to the load, and keeps it when it is full.
func (r *kafkaReader) take(ctx context.Context, l *load, member *kgo.Client, p partition, f kgo.FetchPartition) error {
	if len(f.Records) == 0 {
		return nil
	}
	r.mu.Lock()
	at := r.at[p]
	r.mu.Unlock()
	if at == nil {
		return fmt.Errorf("messages came from partition %d of %s, which is not ours", p.number, p.topic)
	}
	input := r.c.input(p)
	fresh := true
	for _, m := range f.Records {
		decode(r.decode, &l.batch, m.Value, place{input, at.epoch, m.Offset})
		if fresh {
			l.batch.Positions, l.last = append(l.batch.Positions, record.Position{}), append(l.last, nil)
		}
		i := len(l.last) - 1
		l.batch.Positions[i], l.last[i] = record.Position{Input: input, Offset: m.Offset, Mark: mark(at.epoch, m.LeaderEpoch)}, m
		if fresh = l.batch.Rows() >= batchRows; fresh {
			if err := r.keep(ctx, l, member); err != nil {
				return err
			}
		}
	}
	r.mu.Lock()
	at.end = max(f.HighWatermark, at.end)
	r.mu.Unlock()
	return nil
}

// keep admits a load, and then tells the group and the meter.
func (r *kafkaReader) keep(ctx context.Context, l *load, member *kgo.Client) error {
	if len(l.last) == 0 {
		return nil
	}
	l.batch.Input = r.c.Name
	r.to.Meter.Received(l.taken)
	ctx, cancel := context.WithTimeout(ctx, admitWait)
	defer cancel()
	if _, err := r.to.Admit(ctx, &l.batch); err != nil {
		return fmt.Errorf("keep messages of %d partitions: %w", len(l.last), err)
	}
	member.MarkCommitRecords(l.last...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range l.last {
		if at := r.at[partition{m.Topic, m.Partition}]; at != nil {
			at.last = m.Offset
		}
	}
	var behind int64
	for _, at := range r.at {
		behind += max(0, at.end-at.last-1)
	}
	r.to.Meter.Behind(behind)
	*l = load{taken: l.taken}
	return nil
}
