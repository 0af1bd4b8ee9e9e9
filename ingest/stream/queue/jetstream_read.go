package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// idleLook is how long nothing may come before the consumer is looked at.
const idleLook = 2 * time.Second

// jetReader is one connected life of a JetStream source.
type jetReader struct {
	c        *JetStream
	to       stream.Sink
	decode   *file.Decoder
	conn     *nats.Conn
	stream   jetstream.Stream
	consumer jetstream.Consumer
	bytes    int    // of a request
	epoch    string // of the stream: its name and when it was created
	began    bool   // some of this stream is kept
	// last is the sequence of the last message that was taken, or is not to be:
	// all up to it are kept, or will be before a later one is.
	last uint64
	// delivery is the number of the last delivery. The server counts every one,
	// so that one that went elsewhere or got lost leaves a hole.
	delivery uint64
	resets   bool // the server can move a consumer's place
	each     bool // every message is acknowledged by itself: work queues ask for that
}

// chunk is a run of messages that is kept in one transaction.
type chunk struct {
	batch   record.Batch
	acks    []jetstream.Msg // what is to be acknowledged, the last at the end
	highest uint64          // sequence among them
	taken   time.Time       // the first
	waiting uint64          // messages behind the last
	removed uint64          // messages before the last that the stream had removed
}

// read connects, finds its place and moves messages until ctx or the connection
// ends. One goroutine reads and decodes while the other keeps.
func (c *JetStream) read(ctx context.Context, to stream.Sink) error {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &jetReader{c: c, to: to}
	err := r.open(reading, stop)
	if r.conn != nil {
		defer r.conn.Close()
	}
	if err == nil {
		to.Meter.Connected()
		chunks := make(chan *chunk)
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(chunks)
			stop(guarded(func() error { return r.fetch(reading, chunks) }))
		}()
		for k := range chunks {
			if err = r.keep(ctx, k); err != nil {
				stop(err)
				break
			}
		}
		<-done
		err = context.Cause(reading)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// open connects and finds stream, place and consumer.
func (r *jetReader) open(ctx context.Context, broken func(error)) (err error) {
	if r.decode, err = r.c.Decoder(); err != nil {
		return err
	}
	if r.conn, err = r.c.connect(ctx, broken); err != nil {
		return err
	}
	js, err := jetstream.New(r.conn, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		return fmt.Errorf("use jetstream: %w", err)
	}
	r.resets = canReset(r.conn.ConnectedServerVersion())
	// A message that is larger than the request asks for would never come.
	r.bytes = max(batchBytes, 2*int(r.conn.MaxPayload()))
	if r.stream, err = js.Stream(ctx, r.c.Stream); err != nil {
		return fmt.Errorf("find the stream %s: %w", r.c.Stream, err)
	}
	r.each = r.stream.CachedInfo().Config.Retention == jetstream.WorkQueuePolicy
	if err := r.place(ctx); err != nil {
		return err
	}
	return r.attach(ctx, js)
}

// fetch reads chunks until ctx ends or something is wrong.
func (r *jetReader) fetch(ctx context.Context, out chan<- *chunk) error {
	before, looked := r.delivery, time.Now()
	for {
		if r.delivery != before {
			before, looked = r.delivery, time.Now()
		} else if time.Since(looked) > idleLook {
			if err := r.look(ctx); err != nil {
				return err
			}
			looked = time.Now()
		}
		got, err := r.consumer.Fetch(r.c.Batch, jetstream.FetchMaxWait(r.c.Wait), jetstream.FetchMaxBytes(r.bytes))
		if err != nil {
			return fmt.Errorf("fetch messages: %w", err)
		}
		k := &chunk{}
		for open := true; open; {
			var m jetstream.Msg
			select {
			case m, open = <-got.Messages():
			case <-ctx.Done():
				return ctx.Err()
			}
			if open {
				if err := r.take(k, m); err != nil {
					return err
				}
			}
			if len(k.acks) > 0 && (!open || k.batch.Rows() >= batchRows) {
				select {
				case out <- k:
				case <-ctx.Done():
					return ctx.Err()
				}
				k = &chunk{}
			}
		}
		if err := got.Error(); err != nil {
			return fmt.Errorf("fetch messages: %w", err)
		}
	}
}

// look asks whether the last deliveries went elsewhere: where nothing follows
// them, no delivery shows the hole.
func (r *jetReader) look(ctx context.Context) error {
	info, err := r.consumer.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at the consumer %s: %w", r.c.Consumer, err)
	}
	if info.Delivered.Consumer != r.delivery {
		return r.hole(info.Delivered.Consumer)
	}
	return nil
}

func (r *jetReader) hole(delivery uint64) error {
	return fmt.Errorf("after delivery %d of the consumer %s came %d: the others are lost or went to another reader, and are asked for again",
		r.delivery, r.c.Consumer, delivery)
}

// add notes a message to be acknowledged. Where one stands for all before it,
// that is the one with the highest sequence.
func (k *chunk) add(m jetstream.Msg, sequence uint64, each bool) {
	switch {
	case len(k.acks) == 0:
		k.taken = time.Now()
		k.acks = append(k.acks, m)
	case each:
		k.acks = append(k.acks, m)
	case sequence > k.highest:
		k.acks[0] = m
	}
	k.highest = max(k.highest, sequence)
}

// take adds a message to the chunk. One that was taken before is only to be
// acknowledged, which is right once the chunk is kept: then it is as well.
func (r *jetReader) take(k *chunk, m jetstream.Msg) error {
	md, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("read the place of a message: %w", err)
	}
	if md.Sequence.Consumer != r.delivery+1 {
		return r.hole(md.Sequence.Consumer)
	}
	r.delivery++
	sequence := md.Sequence.Stream
	k.add(m, sequence, r.each)
	k.waiting, k.batch.Input = md.NumPending, r.c.Name
	if sequence <= r.last {
		return nil
	}
	if r.began && len(r.c.Subjects) == 0 {
		k.removed += sequence - r.last - 1
	}
	r.began, r.last = true, sequence
	decode(r.decode, &k.batch, m.Data(), place{r.c.Name, r.epoch, int64(sequence)})
	k.batch.Positions = append(k.batch.Positions[:0], record.Position{Input: r.c.Name, Offset: int64(sequence), Mark: r.mark(md.Timestamp)})
	return nil
}

// keep admits a chunk and only then acknowledges it. ctx is not the
// connection's: rows that were read are kept even if it breaks meanwhile.
func (r *jetReader) keep(ctx context.Context, k *chunk) error {
	if len(k.batch.Positions) > 0 {
		r.to.Meter.Received(k.taken)
		if _, err := r.to.Admit(ctx, &k.batch); err != nil {
			return fmt.Errorf("keep the messages up to %d: %w", k.batch.Positions[0].Offset, err)
		}
		if k.removed > 0 {
			r.warn(k.removed, uint64(k.batch.Positions[0].Offset))
		}
		r.to.Meter.Behind(int64(k.waiting))
	}
	return acknowledge(ctx, k.acks)
}

// acknowledge says that messages are done and waits for the answer to the last:
// a server reads what one connection says in order. It is said even if ctx ended
// meanwhile, for the rows are kept.
func acknowledge(ctx context.Context, msgs []jetstream.Msg) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	last := len(msgs) - 1
	for _, m := range msgs[:last] {
		if err := m.Ack(); err != nil {
			return fmt.Errorf("acknowledge messages that are kept: %w", err)
		}
	}
	if err := msgs[last].DoubleAck(ctx); err != nil {
		return fmt.Errorf("acknowledge messages that are kept: %w", err)
	}
	return nil
}
