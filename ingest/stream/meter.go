package stream

import (
	"sync/atomic"
	"time"

	"plaint/internal/record"
)

// State is what a source is doing.
type State int32

// The states of a source.
const (
	Starting State = iota
	Up
	Waiting // for its next attempt, after a fault
	Down    // until a person decides, see ErrRefused
	Stopped
)

// String is the state's code.
func (s State) String() string {
	return [...]string{"starting", "running", "waiting", "down", "stopped"}[s]
}

// Meter counts what one source does. All methods may be called at any time from
// anywhere.
type Meter struct {
	state                           atomic.Int32
	rows, loaded, known, refused    atomic.Int64
	batches, connects, faults, lost atomic.Int64
	lag                             atomic.Int64 // messages, or bytes, still to come; -1 unknown
	lastBatch, lastConnect, pending atomic.Int64 // microseconds since 1970, 0 = never
	fault                           atomic.Pointer[string]
}

// NewMeter counts from zero; the lag is unknown.
func NewMeter() *Meter {
	m := &Meter{}
	m.lag.Store(-1)
	return m
}

// Connected notes that the stream answers; every time after the first is a
// reconnection.
func (m *Meter) Connected() {
	m.connects.Add(1)
	m.lastConnect.Store(time.Now().UnixMicro())
	m.state.Store(int32(Up))
	m.fault.Store(nil)
}

// Behind sets how many messages (bytes, of a file) are known to be waiting in
// the stream; -1 is unknown.
func (m *Meter) Behind(n int64) { m.lag.Store(n) }

// Received notes the moment at which the oldest row was taken that is not yet
// kept; the zero time says that there is none.
func (m *Meter) Received(oldest time.Time) {
	if oldest.IsZero() {
		m.pending.Store(0)
		return
	}
	m.pending.Store(oldest.UnixMicro())
}

// Lost counts messages that the stream's own limits removed before anybody read
// them.
func (m *Meter) Lost(n int64) { m.lost.Add(n) }

func (m *Meter) kept(r record.Receipt) {
	m.batches.Add(1)
	m.rows.Add(int64(r.RowsIn))
	m.loaded.Add(int64(r.Loaded))
	m.known.Add(int64(r.Known))
	m.refused.Add(int64(r.Refused))
	m.lastBatch.Store(time.Now().UnixMicro())
	m.pending.Store(0)
}

func (m *Meter) failed(s State, err error) {
	m.faults.Add(1)
	m.state.Store(int32(s))
	text := err.Error()
	m.fault.Store(&text)
}

// Reading is a meter at one moment.
type Reading struct {
	State                        State
	Rows, Loaded, Known, Refused int64 // since the start
	Batches, Faults, Lost        int64
	Reconnects                   int64
	Lag                          int64         // still to come, -1 if unknown
	Oldest                       time.Duration // age of the oldest row that is not yet kept
	LastBatch, LastConnect       time.Time
	Fault                        string // of the last failed attempt, "" while it runs
}

// Read gives the meter as it stands.
func (m *Meter) Read() Reading {
	r := Reading{State: State(m.state.Load()), Rows: m.rows.Load(), Loaded: m.loaded.Load(), Known: m.known.Load(),
		Refused: m.refused.Load(), Batches: m.batches.Load(), Faults: m.faults.Load(), Lost: m.lost.Load(),
		Reconnects: max(0, m.connects.Load()-1), Lag: m.lag.Load(), LastBatch: moment(m.lastBatch.Load()), LastConnect: moment(m.lastConnect.Load())}
	if since := moment(m.pending.Load()); !since.IsZero() {
		r.Oldest = time.Since(since)
	}
	if f := m.fault.Load(); f != nil {
		r.Fault = *f
	}
	return r
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Running is a source that Run keeps going.
type Running struct {
	Name, Type string
	Meter      *Meter
}
