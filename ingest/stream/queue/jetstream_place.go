package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// canReset reports whether a server of that version can move the place of a
// consumer; before 2.14 it must be made anew.
func canReset(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 2 || major == 2 && minor >= 14
}

// place finds where reading goes on, and refuses a stream that is not the one
// that was read: its sequences would be skipped as known ones.
func (r *jetReader) place(ctx context.Context) error {
	info := r.stream.CachedInfo()
	r.epoch = info.Config.Name + " " + info.Created.UTC().Format(time.RFC3339Nano)
	p, ok, err := r.to.Position(ctx, r.c.Name)
	if err != nil {
		return fmt.Errorf("find the position of %s: %w", r.c.Name, err)
	}
	if ok {
		if err := r.same(ctx, p); err != nil {
			return err
		}
		r.began, r.last = true, uint64(p.Offset)
	}
	first := info.State.FirstSeq
	if first <= r.last+1 {
		return nil
	}
	if r.began {
		r.warn(first-r.last-1, first)
	}
	r.last = first - 1
	return nil
}

// same compares the stream with what is kept of it: its name and birth, its
// length, and the time at which its last kept message was stored; the last finds
// a stream that was rolled back and has grown since.
func (r *jetReader) same(ctx context.Context, p record.Position) error {
	epoch, stored := cutMark(p.Mark)
	state := r.stream.CachedInfo().State
	if epoch != r.epoch {
		return refuse(r.c.Name, "the stream is %q, but what is kept was read from %q: it was replaced", r.epoch, epoch)
	}
	if uint64(p.Offset) > state.LastSeq {
		return refuse(r.c.Name, "the stream %s ends at sequence %d, but messages up to %d are kept: it was rolled back", r.c.Stream, state.LastSeq, p.Offset)
	}
	m, err := r.stream.GetMsg(ctx, uint64(p.Offset))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound): // removed, nothing to compare with
		return nil
	case err != nil:
		return fmt.Errorf("get the last message that was kept, %d: %w", p.Offset, err)
	case stored != "" && stored != m.Time.UTC().Format(time.RFC3339Nano):
		return refuse(r.c.Name, "message %d of the stream %s was stored at %s, but the one that is kept at %s: the stream was rolled back and has grown again",
			p.Offset, r.c.Stream, m.Time.UTC().Format(time.RFC3339Nano), stored)
	}
	return nil
}

// mark is what a position's offset belongs to.
func (r *jetReader) mark(stored time.Time) string {
	return r.epoch + " " + stored.UTC().Format(time.RFC3339Nano)
}

// cutMark takes a mark apart: the stream and its birth, and when the message was
// stored.
func cutMark(mark string) (epoch, stored string) {
	parts := strings.SplitN(mark, " ", 3)
	if len(parts) < 3 {
		return mark, ""
	}
	return parts[0] + " " + parts[1], parts[2]
}

// warn tells of messages that nobody will read any more. Reading goes on: to wait
// would lose more of them.
func (r *jetReader) warn(n, before uint64) {
	text := "messages were removed from the stream before they were read"
	if len(r.c.Subjects) > 0 {
		text = "messages were removed from the stream before they were read; those of other subjects are counted as well"
	}
	r.to.Meter.Lost(int64(n))
	r.to.Log.Warn(text, "stream", r.c.Stream, "count", n, "before", before)
}

// attach finds or makes the consumer and moves it to the place behind the last
// message that is kept. What an earlier life was given and did not keep would
// else come back only after ackWait, behind later messages.
func (r *jetReader) attach(ctx context.Context, js jetstream.JetStream) error {
	if !r.resets && r.stream.CachedInfo().Config.Retention == jetstream.InterestPolicy {
		return fmt.Errorf("%w: the stream %s has the retention %q, which this source can read from a server of version 2.14 on", stream.ErrRefused, r.c.Stream, "interest")
	}
	con, err := r.find(ctx)
	if err != nil {
		return err
	}
	info := con.CachedInfo()
	if info.Delivered.Stream != r.last || info.NumAckPending > 0 {
		if con, err = r.rewind(ctx, js); err != nil {
			return fmt.Errorf("move the consumer %s behind message %d: %w", r.c.Consumer, r.last, err)
		}
		// What another reader was given before this look would else be taken for
		// removed from the stream.
		if info = con.CachedInfo(); info.Delivered.Stream > r.last {
			return fmt.Errorf("the consumer %s was moved behind message %d, and gave %d to another reader at once", r.c.Consumer, r.last, info.Delivered.Stream)
		}
	}
	r.consumer, r.delivery = con, info.Delivered.Consumer
	r.to.Meter.Behind(int64(info.NumPending))
	return nil
}

// config is how the consumer is to be. One acknowledgement stands for all
// messages before it, because nothing is kept before what came earlier.
func (r *jetReader) config() jetstream.ConsumerConfig {
	cfg := jetstream.ConsumerConfig{Durable: r.c.Consumer, AckPolicy: jetstream.AckAllPolicy, AckWait: ackWait,
		MaxAckPending: 3 * r.c.Batch, // one on its way into the store, one waiting, one being read
		Metadata:      map[string]string{owner: r.c.Name}}
	if r.each {
		cfg.AckPolicy = jetstream.AckExplicitPolicy
	}
	if len(r.c.Subjects) == 1 {
		cfg.FilterSubject = r.c.Subjects[0]
	} else {
		cfg.FilterSubjects = r.c.Subjects
	}
	return cfg
}

// find gets the consumer with the settings of now, or makes it.
func (r *jetReader) find(ctx context.Context) (jetstream.Consumer, error) {
	want := r.config()
	con, err := r.stream.Consumer(ctx, r.c.Consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		if con, err = r.stream.CreateConsumer(ctx, want); err != nil {
			return nil, fmt.Errorf("create the consumer %s: %w", r.c.Consumer, err)
		}
		return con, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the consumer %s: %w", r.c.Consumer, err)
	}
	has := con.CachedInfo().Config
	if has.Metadata[owner] != r.c.Name {
		return nil, fmt.Errorf("%w: the consumer %s exists and is not this source's, for its metadata has no %s=%s; give the source another consumer", stream.ErrRefused, r.c.Consumer, owner, r.c.Name)
	}
	if has.AckPolicy == want.AckPolicy && has.MaxAckPending == want.MaxAckPending && has.AckWait == want.AckWait && has.FilterSubject == want.FilterSubject && slices.Equal(has.FilterSubjects, want.FilterSubjects) {
		return con, nil
	}
	want.DeliverPolicy, want.OptStartSeq = has.DeliverPolicy, has.OptStartSeq // they cannot be changed
	if con, err = r.stream.UpdateConsumer(ctx, want); err != nil {
		return nil, fmt.Errorf("update the consumer %s: %w", r.c.Consumer, err)
	}
	return con, nil
}

// rewind moves the consumer. A server before 2.14 cannot; there it is made anew,
// which loses nothing but in streams that keep messages only as long as a
// consumer wants them.
func (r *jetReader) rewind(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, error) {
	if r.resets {
		_, err := js.ResetConsumerToSequence(ctx, r.c.Stream, r.c.Consumer, r.last+1)
		if err == nil {
			return r.stream.Consumer(ctx, r.c.Consumer)
		}
		if !errors.Is(err, jetstream.ErrConsumerInvalidReset) || r.stream.CachedInfo().Config.Retention == jetstream.InterestPolicy {
			return nil, err
		}
	}
	if err := r.stream.DeleteConsumer(ctx, r.c.Consumer); err != nil {
		return nil, err
	}
	cfg := r.config()
	cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, r.last+1
	return r.stream.CreateConsumer(ctx, cfg)
}
