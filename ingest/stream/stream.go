// Package stream keeps reading where records never end: queues, collectors,
// mailboxes, growing files, tables. A source is one function. It hands over
// batches with the position that they reach, and forgets or acknowledges what it
// handed over only after that returned nil: then rows and position are on disk,
// in one transaction.
package stream

import (
	"context"
	"errors"
	"log/slog"

	"plaint/internal/record"
)

// Source reads one stream until ctx ends, and returns then with ctx's error. Any
// other error is a fault of the stream or of the store; the source is started
// again after a pause, from the position that is kept, and must then give the
// rows behind it, and none of those before it as new ones. What cannot be
// decoded is a refusal in the batch, never an error.
type Source func(ctx context.Context, to Sink) error

// Sink is where a source's rows go, and where it learns how far it has come.
type Sink struct {
	// Admit keeps a batch in one transaction. When it returns nil, rows, refusals
	// and positions are on disk; when it returns an error, none of them is, or,
	// when ctx ended meanwhile, perhaps all of them.
	Admit func(ctx context.Context, b *record.Batch) (record.Receipt, error)
	// Position is what was kept last for an input; ok is false if nothing was.
	Position func(ctx context.Context, input string) (p record.Position, ok bool, err error)
	Meter    *Meter
	Log      *slog.Logger
}

// ErrRefused marks a fault that trying again does not mend, such as a stream
// that is not the one that was read before. The source stays down until a
// person decides. Wrap it with what a person must know.
var ErrRefused = errors.New("the source needs a decision")
