package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"plaint/internal/record"
)

// assigned answers where the reading of new partitions begins: behind what is
// kept, whatever the group remembers. Whoever had them before has ended his
// transactions by now.
func (r *kafkaReader) assigned(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	err := guarded(func() error { return r.place(ctx, offsets) })
	if err != nil && ctx.Err() == nil {
		r.stop(err)
	}
	return offsets, err
}

// place replaces the offsets by our own.
func (r *kafkaReader) place(ctx context.Context, offsets map[string]map[int32]kgo.Offset) error {
	ctx, cancel := context.WithTimeout(ctx, admitWait)
	defer cancel()
	if len(offsets) == 0 {
		return nil
	}
	log, err := r.ask(ctx, offsets)
	if err != nil {
		return err
	}
	for topic, numbers := range offsets {
		if err := r.pin(ctx, topic, log); err != nil {
			return err
		}
		for number := range numbers {
			p := partition{topic, number}
			next, err := r.begin(ctx, p, log)
			if err != nil {
				return err
			}
			numbers[number] = next
		}
	}
	return nil
}

// logs is what the brokers say of the topics.
type logs struct {
	meta       kadm.Metadata
	start, end kadm.ListedOffsets
}

func (r *kafkaReader) ask(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (l logs, err error) {
	var topics []string
	for t := range offsets {
		topics = append(topics, t)
	}
	if l.meta, err = r.admin.Metadata(ctx, topics...); err != nil {
		return l, fmt.Errorf("ask for the topics: %w", err)
	}
	if l.start, err = r.admin.ListStartOffsets(ctx, topics...); err != nil {
		return l, fmt.Errorf("ask for the first offsets: %w", err)
	}
	if l.end, err = r.admin.ListEndOffsets(ctx, topics...); err != nil {
		return l, fmt.Errorf("ask for the last offsets: %w", err)
	}
	return l, errors.Join(l.start.Error(), l.end.Error())
}

// epoch tells a topic from one of the same name that came after it.
func (l logs) epoch(topic string) string {
	if id := l.meta.Topics[topic].ID; id != (kadm.TopicID{}) {
		return id.String()
	}
	return "cluster:" + l.meta.Cluster
}

// begin finds where a partition goes on. A log that is not the one that was read
// is refused: its offsets would be skipped as known ones.
func (r *kafkaReader) begin(ctx context.Context, p partition, l logs) (next kgo.Offset, err error) {
	first, _ := l.start.Lookup(p.topic, p.number)
	end, ok := l.end.Lookup(p.topic, p.number)
	if !ok {
		return next, fmt.Errorf("the brokers do not know partition %d of %s", p.number, p.topic)
	}
	input, at := r.c.input(p), &progress{epoch: l.epoch(p.topic), last: first.Offset - 1}
	kept, began, err := r.to.Position(ctx, input)
	if err != nil {
		return next, fmt.Errorf("find the position of %s: %w", input, err)
	}
	epoch, term := cutTerm(kept.Mark)
	switch {
	case !began:
	case epoch != at.epoch:
		err = refuse(input, "the topic %s has the id %s, but what is kept was read from %s: it was replaced", p.topic, at.epoch, epoch)
	case kept.Offset >= end.Offset:
		err = refuse(input, "partition %d of %s ends before offset %d, but messages up to %d are kept: it was rolled back", p.number, p.topic, end.Offset, kept.Offset)
	case kept.Offset < at.last:
		r.to.Meter.Lost(at.last - kept.Offset)
		r.to.Log.Warn("messages were removed from the topic before they were read", "topic", p.topic, "partition", p.number,
			"count", at.last-kept.Offset, "before", first.Offset)
	default:
		at.last = kept.Offset
	}
	at.end = end.Offset
	r.mu.Lock()
	r.at[p] = at
	r.mu.Unlock()
	next = kgo.NewOffset().At(at.last + 1)
	if began && at.last == kept.Offset {
		next = next.WithEpoch(term) // the brokers say if that leader's log was cut since
	}
	return next, err
}

// pin keeps the present end of all partitions of a topic that was never read,
// if that is where reading starts. Without it a fault before the first message
// would begin at a later end, and a partition that is added later, at its own.
func (r *kafkaReader) pin(ctx context.Context, topic string, l logs) error {
	if r.c.Start != latest {
		return nil
	}
	b := &record.Batch{Input: r.c.Name}
	for number, end := range l.end[topic] {
		input := r.c.input(partition{topic, number})
		_, began, err := r.to.Position(ctx, input)
		if err != nil {
			return fmt.Errorf("find the position of %s: %w", input, err)
		}
		if began {
			return nil
		}
		b.Positions = append(b.Positions, record.Position{Input: input, Offset: end.Offset - 1, Mark: mark(l.epoch(topic), -1)})
	}
	if _, err := r.to.Admit(ctx, b); err != nil {
		return fmt.Errorf("keep where %s begins: %w", topic, err)
	}
	return nil
}

// mark is what an offset belongs to: the log, and the term of the leader that
// wrote the message.
func mark(epoch string, term int32) string { return epoch + " " + strconv.Itoa(int(term)) }

func cutTerm(mark string) (epoch string, term int32) {
	epoch, text, _ := strings.Cut(mark, " ")
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return epoch, -1
	}
	return epoch, int32(n)
}
