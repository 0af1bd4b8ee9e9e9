package memory

import (
	"regexp"
	"time"

	"plaint/internal/record"
)

const (
	// LineWindow is how many of the latest log lines that tell of a customer are
	// remembered: it bounds memory (about 60 MB when full) and the time to open a
	// large file.
	LineWindow = 1<<20 - 1
	// lineSteps is how many of a customer's lines are looked at, the latest in
	// arrival order: more in a day are a program's.
	lineSteps = 4096
)

// Lines remembers when the logs told of a customer, and whether the service then
// worked. It is a function of the rows in arrival order alone.
type Lines struct {
	ring  []line
	count int64 // lines ever added; slot = count mod window
	lost  int64 // the latest moment of a line that had to go, in microseconds
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
func NewLines() *Lines { return &Lines{lost: noTime, heads: newPostings(1 << 10)} }

// What a line of a customer says, as the engine and Go understand it alike (RE2):
// that something went wrong, also where the level does not tell, and that something
// worked for the customer. A line that says neither is not looked at: a newsletter
// was sent, a page was served to nobody known.
const (
	LineFailed = `(?i)fail|denied|reject|refus|\block|blocked|invalid|expired|time-?out|timed out|unavailable|error|exception|unauthori[sz]ed|forbidden|wrong|not found|\b[45]\d\d\b` +
		`|失败|拒绝|锁定|超时|错误|异常|过期|无效|不可用`
	LineWorked = `(?i)\b(ok|success|successful|successfully|succeeded|logged in|signed in|authenticated|verified|accepted|granted|completed|20[0-6])\b` +
		`|成功|已登录|已登入|验证通过|已通过`
)

var failed, worked = regexp.MustCompile(LineFailed), regexp.MustCompile(LineWorked)

// Counts reports whether a line tells of a customer at all, and whether of trouble: a
// warning, an error, or what says so.
func Counts(customer, level, message string, at time.Time) (counts, ill bool) {
	if customer == "" || at.IsZero() {
		return false, false
	}
	switch level {
	case "debug", "trace": // what a service says to itself
		return false, false
	case "warn", "error", "fatal":
		return true, true
	}
	if failed.MatchString(message) {
		return true, true
	}
	return worked.MatchString(message), false
}

// Add remembers a line of a customer.
func (l *Lines) Add(customer uint64, at time.Time, ill bool) {
	slot := int32(l.count % LineWindow)
	if int(slot) == len(l.ring) {
		l.ring = append(l.ring, line{})
	} else {
		l.lost = max(l.lost, l.ring[slot].at)
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
// that worked, and trouble, of which one is enough. Where lines of the span may have
// been forgotten nothing is known: 0 and 0.
func (l *Lines) Around(customer uint64, span time.Duration, upTo time.Time) (well, ill int) {
	if l == nil || customer == 0 || upTo.IsZero() {
		return 0, 0
	}
	last, to := l.count, upTo.UnixMicro()
	from := to - span.Microseconds()
	slot := l.heads.get(mixKey(0, customer))
	for range lineSteps {
		if slot < 0 {
			break
		}
		at := &l.ring[slot]
		if at.customer != customer || at.place >= last { // overwritten since
			slot = -1
			break
		}
		last = at.place
		if at.at <= to && at.at > from {
			if at.ill {
				return 0, 1
			}
			well++
		}
		slot = at.next
	}
	if slot >= 0 || l.lost > from {
		return 0, 0
	}
	return well, 0
}

// linesOf are the lines of the complaint that is being judged.
func (m *Knowledge) linesOf(span time.Duration) (well, ill int) {
	c := m.current
	if c.Received.Precision > record.ToMinute {
		return 0, 0 // no day before an unknown hour
	}
	return m.Lines.Around(c.Keys.Customer, span, c.Received.Last())
}
