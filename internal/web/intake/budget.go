package intake

import (
	"sync"
	"sync/atomic"
)

// What may be under way at the same time: beyond it clients are asked to come
// again, before memory grows.
const (
	mostMemory   = 96 << 20 // bytes of bodies in memory and of the batches made of them
	mostRequests = 512
)

// budget bounds what is under way.
type budget struct {
	mu                     sync.Mutex
	bytes, requests        int64
	mostBytes, mostRequest int64
}

func newBudget(bytes, requests int64) *budget {
	return &budget{mostBytes: bytes, mostRequest: requests}
}

// take reserves bytes for a request; give returns them.
func (b *budget) take(bytes int64) (give func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests >= b.mostRequest || b.bytes+bytes > b.mostBytes {
		return nil, false
	}
	b.requests++
	b.bytes += bytes
	return func() {
		b.mu.Lock()
		b.requests--
		b.bytes -= bytes
		b.mu.Unlock()
	}, true
}

// Counts are what was answered, for the metrics.
type Counts struct {
	Requests, Rows, Refused, Repeated, Busy, Failed atomic.Int64
}
