package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"plaint/internal/record"
)

// How long a source that failed waits for its next attempt: longer each time,
// and briefly again once it has run for a while.
const (
	firstPause = 200 * time.Millisecond
	mostPause  = 30 * time.Second
	longRun    = time.Minute
)

// Run keeps a source going until ctx ends: it starts it again after every fault,
// with a growing pause, and leaves it down after ErrRefused. A panic is a fault
// of that source alone.
func Run(ctx context.Context, s Source, to Sink) {
	admit := to.Admit
	to.Admit = func(ctx context.Context, b *record.Batch) (record.Receipt, error) {
		r, err := admit(ctx, b)
		if err == nil {
			to.Meter.kept(r)
		}
		return r, err
	}
	pause := firstPause
	for ctx.Err() == nil {
		to.Meter.state.Store(int32(Starting))
		started := time.Now()
		err := attempt(ctx, s, to)
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = errors.New("the source ended")
		}
		to.Meter.Received(time.Time{})
		if errors.Is(err, ErrRefused) {
			to.Meter.failed(Down, err)
			to.Log.Error("the source stays down", "error", err)
			<-ctx.Done()
			break
		}
		to.Meter.failed(Waiting, err)
		if time.Since(started) > longRun {
			pause = firstPause
		}
		to.Log.Warn("the source failed and will be tried again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(pause*2, mostPause)
	}
	to.Meter.state.Store(int32(Stopped))
}

func attempt(ctx context.Context, s Source, to Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in the source: %v\n%s", r, debug.Stack())
		}
	}()
	return s(ctx, to)
}
