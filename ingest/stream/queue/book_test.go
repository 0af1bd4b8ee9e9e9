package queue

import (
	"fmt"
	"testing"

	"plaint/ingest/stream/streamtest"
)

// book is a store that can be asked for the messages of these tests.
type book struct{ *streamtest.Book }

func newBook() *book { return &book{streamtest.NewBook()} }

// check counts the messages 0..n-1 that are lost, and those that are kept more
// than once.
func (b *book) check(n int) (lost, twice int) {
	b.Lock()
	defer b.Unlock()
	for i := range n {
		switch k := b.Times[text(i)]; {
		case k == 0:
			lost++
		case k > 1:
			twice++
		}
	}
	return lost, twice
}

func (b *book) exactly(t testing.TB, n int) {
	t.Helper()
	if lost, twice := b.check(n); lost != 0 || twice != 0 {
		t.Fatalf("of %d messages %d are lost and %d are kept twice", n, lost, twice)
	}
	b.Lock()
	defer b.Unlock()
	if len(b.Rows) != n || len(b.IDs) != n || b.Overlaps != 0 {
		t.Fatalf("%d rows with %d identities, %d overlapping transactions, want %d rows", len(b.Rows), len(b.IDs), b.Overlaps, n)
	}
}

// messages are told apart by their text alone: they have no id.
func text(i int) string { return fmt.Sprintf("the withdrawal number %d is late", i) }

func message(i int) []byte {
	return fmt.Appendf(nil, `{"received":"2026-03-04T05:06:07Z","customer":"C%d","body":%q}`, i%97, text(i))
}
