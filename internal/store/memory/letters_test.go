package memory

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"plaint/internal/record"
)

// TestLettersForgetAndRelink compares the index, over several times its window
// and many rebuilt tables, with one that is made anew from the same window.
func TestLettersForgetAndRelink(t *testing.T) {
	if testing.Short() {
		t.Skip("half a million letters")
	}
	r := rand.New(rand.NewPCG(5, 6))
	sketch := func() (s record.Sketch) {
		template := r.Uint64N(20000)
		for i := range s {
			s[i] = (template*8+uint64(i)+1)*0x9E3779B97F4A7C15 + r.Uint64N(2)
		}
		return s
	}
	long := NewLetters()
	const total = LetterWindow*2 + LetterWindow/3
	type letter struct {
		past   record.Past
		sketch record.Sketch
	}
	kept := make([]letter, 0, total)
	for seq := range int64(total) {
		l := letter{past: record.Past{Seq: seq + 1, Customer: uint64(seq % 999)}, sketch: sketch()}
		long.Add(l.past, l.sketch)
		kept = append(kept, l)
	}
	anew := NewLetters()
	for _, l := range kept[total-LetterWindow:] {
		anew.Add(l.past, l.sketch)
	}
	found := 0
	for range 2000 {
		s := sketch()
		a, b := long.Near(s, nil), anew.Near(s, nil)
		found += len(a)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
	}
	if found < 10000 {
		t.Fatalf("only %d found: the test shows nothing", found)
	}
}
