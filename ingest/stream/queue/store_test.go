package queue

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
	"plaint/internal/store"
)

// faulty is the real store, whose admissions fail now and then, before or after
// they are on disk.
type faulty struct {
	mu    sync.Mutex
	s     *store.Store
	r     *rand.Rand
	known int
}

func (f *faulty) admit(ctx context.Context, b *record.Batch) (record.Receipt, error) {
	f.mu.Lock()
	n := f.r.IntN(10)
	f.mu.Unlock()
	if n == 0 {
		return record.Receipt{}, streamtest.ErrFault
	}
	r, err := f.s.Admit(ctx, b, func(*record.Complaint, *record.History) record.Decision { return record.Decision{} })
	f.mu.Lock()
	f.known += r.Known
	f.mu.Unlock()
	if n == 1 && err == nil {
		err = streamtest.ErrFault
	}
	return r, err
}

// TestWithTheStore keeps messages of both queues in one file at once, and closes
// it in between.
func TestWithTheStore(t *testing.T) {
	const n = 4000
	b, c := startBroker(t), fakeCluster(t, 3)
	b.stream()
	path := filepath.Join(t.TempDir(), "t.db")
	for part := range 2 {
		b.publish(part*n/2, (part+1)*n/2)
		c.publish(part*n/2, (part+1)*n/2, 3)
		withStore(t, path, uint64(part), 2*(part+1)*n/2, b.source(), c.source())
	}
}

// withStore runs the sources until the file holds so many complaints, each once.
func withStore(t *testing.T, path string, seed uint64, complaints int, sources ...stream.Source) {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f := &faulty{s: s, r: rand.New(rand.NewPCG(seed, 5))}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, source := range sources {
		to := stream.Sink{Admit: f.admit, Position: s.Position, Meter: stream.NewMeter(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		all.Go(func() {
			for ctx.Err() == nil {
				_ = source(ctx, to)
				select {
				case <-time.After(5 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	count := func() (rows, texts int) {
		if err := s.QueryRow(ctx, "select count(*), count(distinct (source, body)) from complaint").Scan(&rows, &texts); err != nil {
			t.Fatal(err)
		}
		return rows, texts
	}
	streamtest.Eventually(t, "all rows are in the file", func() bool { rows, _ := count(); return rows >= complaints })
	rows, texts := count()
	cancel()
	all.Wait()
	if rows != complaints || texts != complaints || f.known != 0 {
		t.Fatalf("%d rows with %d texts, want %d; %d came twice", rows, texts, complaints, f.known)
	}
}
