package telemetry

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"plaint/ingest/stream/streamtest"
	"plaint/internal/record"
)

// book is a store that can be asked for the lines of these tests.
type book struct{ *streamtest.Book }

func newBook() *book { return &book{streamtest.NewBook()} }

// messages are those of the new lines.
func (b *book) messages() []string {
	b.Lock()
	defer b.Unlock()
	out := []string{}
	for _, l := range b.Lines {
		out = append(out, l.Message)
	}
	return out
}

// nothing is a store that keeps nothing.
type nothing struct{}

func (nothing) Admit(_ context.Context, b *record.Batch) (record.Receipt, error) {
	return record.Receipt{RowsIn: b.Rows()}, nil
}

func (nothing) Position(context.Context, string) (record.Position, bool, error) {
	return record.Position{}, false, nil
}

// addressOf is where a source listens.
func addressOf(t testing.TB, l *streamtest.Life, parts ...string) string {
	t.Helper()
	_, after, _ := strings.Cut(l.Log.Wait(t, append(parts, "address=")...), "address=")
	return strings.Fields(after)[0]
}

func must[T any](t testing.TB, f func() (T, error)) T {
	t.Helper()
	v, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
		t.Fatalf("%s: got\n%s\nwant\n%s", what, g, w)
	}
}
