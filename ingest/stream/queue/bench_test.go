package queue

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// drain reads a whole queue of b.N messages again and again into a sink that
// only counts, and reports messages per second.
func drain(b *testing.B, n int, source func(i int) stream.Source) {
	b.ResetTimer()
	took := time.Duration(0)
	for i := range b.N {
		begun := time.Now()
		ctx, cancel := context.WithCancel(b.Context())
		rows := 0
		to := stream.Sink{Meter: stream.NewMeter(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Position: func(context.Context, string) (record.Position, bool, error) { return record.Position{}, false, nil },
			Admit: func(_ context.Context, batch *record.Batch) (record.Receipt, error) {
				if rows += batch.Rows(); rows >= n {
					cancel()
				}
				return record.Receipt{RowsIn: batch.Rows()}, nil
			}}
		if err := source(i)(ctx, to); err != context.Canceled {
			b.Fatal(err)
		}
		took += time.Since(begun)
	}
	b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "msg/s")
}

const inBench = 100_000

func BenchmarkJetStream(b *testing.B) {
	k := startBroker(b, func(o *server.Options) { o.SyncAlways = false }) // of the writing
	k.stream()
	k.publish(0, inBench)
	drain(b, inBench, func(int) stream.Source {
		return k.source(func(c *JetStream) { c.Batch = 1000 })
	})
}

func BenchmarkKafka(b *testing.B) {
	k := fakeCluster(b, 4)
	k.publish(0, inBench, 4)
	drain(b, inBench, func(int) stream.Source {
		return k.source(func(c *Kafka) { c.Batch = 1000 })
	})
}

func BenchmarkRows(b *testing.B) {
	array, line := []byte("["), message(1)
	for range 99 {
		array = append(append(array, line...), ',')
	}
	array = append(append(array, line...), ']')
	for name, m := range map[string][]byte{"one": line, "array of 100": array} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(m)))
			for b.Loop() {
				for range rows(m) {
				}
			}
		})
	}
}
