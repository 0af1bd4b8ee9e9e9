package memory

import (
	"time"

	"plaint/internal/record"
)

const (
	// LineWindow is how many of the latest log lines that name a customer are
	// remembered: it bounds memory (about 60 MB when full) and the time to open a
	// large file.
	LineWindow = 1<<20 - 1
	// lineDepth is how many of a customer's lines are looked at, the latest in
	// arrival order.
	lineDepth = 64
)

// Lines remembers when the logs told of a customer, and whether the service then
// worked. It is a function of the rows in arrival order alone.
type Lines struct {
	ring  []line
	count int64 // lines ever added; slot = count mod window
	heads postings
}

type line struct {
	customer uint64
	at       int64 // microseconds since 1970
	place    int64
	next     int32
	ill      bool
}

// NewLines is an empty memory.
func NewLines() *Lines { return &Lines{heads: newPostings(1 << 10)} }

// Counts reports whether a line tells of a customer at all, and whether of trouble:
// a warning or an error.
func Counts(customer, level string, at time.Time) (counts, ill bool) {
	switch level {
	case "warn", "error", "fatal":
		ill = true
	case "debug", "trace": // what a service says to itself
		return false, false
	}
	return customer != "" && !at.IsZero(), ill
}

// Add remembers a line of a customer.
func (l *Lines) Add(customer uint64, at time.Time, ill bool) {
	slot := int32(l.count % LineWindow)
	if int(slot) == len(l.ring) {
		l.ring = append(l.ring, line{})
	}
	l.ring[slot] = line{customer: customer, at: at.UnixMicro(), place: l.count, next: -1, ill: ill}
	l.count++
	if l.heads.full() {
		l.heads = l.heads.sized(len(l.ring))
		for n := max(0, l.count-LineWindow); n < l.count-1; n++ { // the latest follows
			l.link(int32(n % LineWindow))
		}
	}
	l.link(slot)
}

func (l *Lines) link(slot int32) {
	at := &l.ring[slot]
	at.next = -1
	if older := l.heads.set(mixKey(0, at.customer), slot); older != slot {
		at.next = older
	}
}

// Around counts a customer's lines of a span up to a moment: those of a service
// that worked, and warnings and errors.
func (l *Lines) Around(customer uint64, span time.Duration, upTo time.Time) (well, ill int) {
	if l == nil || customer == 0 || upTo.IsZero() {
		return 0, 0
	}
	last, to := l.count, upTo.UnixMicro()
	slot := l.heads.get(mixKey(0, customer))
	for depth := 0; slot >= 0 && depth < lineDepth; depth++ {
		at := &l.ring[slot]
		if at.customer != customer || at.place >= last { // overwritten since
			break
		}
		last = at.place
		if at.at <= to && at.at > to-span.Microseconds() {
			if at.ill {
				ill++
			} else {
				well++
			}
		}
		slot = at.next
	}
	return well, ill
}

// linesOf are the lines of the complaint that is being judged.
func (m *Knowledge) linesOf(span time.Duration) (well, ill int) {
	c := m.current
	if c.Received.Precision > record.ToMinute {
		return 0, 0 // no day before an unknown hour
	}
	return m.Lines.Around(c.Keys.Customer, span, c.Received.Last())
}
