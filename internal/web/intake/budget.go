package intake

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// What may be under way at the same time: beyond it clients are asked to come
// again, before memory grows.
const (
	mostMemory   = 96 << 20 // bytes of bodies in memory and of the batches made of them
	mostRequests = 512
	// Bodies of webhooks before their signature is verified: anybody may send them,
	// and must not take the room of those who are known.
	mostUnverified = 32 << 20
	mostKnocking   = 64
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

// lease is what one request has reserved.
type lease struct {
	b     *budget
	bytes int64
}

// enter begins a request with so many bytes; ok is false if there is no room.
func (b *budget) enter(bytes int64) (l *lease, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests >= b.mostRequest || b.bytes+bytes > b.mostBytes {
		return nil, false
	}
	b.requests++
	b.bytes += bytes
	return &lease{b, bytes}, true
}

// grow reserves more, up to so many bytes in all.
func (l *lease) grow(to int64) error {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	more := max(0, to-l.bytes)
	if l.b.bytes+more > l.b.mostBytes {
		return errBusy
	}
	l.b.bytes, l.bytes = l.b.bytes+more, l.bytes+more
	return nil
}

// leave ends the request.
func (l *lease) leave() {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	l.b.requests--
	l.b.bytes -= l.bytes
	l.bytes = 0
}

var errBusy = &fault{status: http.StatusTooManyRequests, code: "busy", retry: 1}

// Counts are what was answered, for the metrics.
type Counts struct {
	Requests, Rows, Refused, Repeated, Busy, Failed atomic.Int64
}
