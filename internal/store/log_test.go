package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"plaint/internal/record"
)

// logged makes a file whose log holds three batches, as a crash leaves it, and
// says where the last one begins.
func logged(t *testing.T) (path string, last int64) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	rows := complaints(30)
	for i := range 3 {
		if info, err := os.Stat(path + ".wal"); err == nil {
			last = info.Size()
		}
		if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: rows[i*10 : (i+1)*10]}, nosy); err != nil {
			t.Fatal(err)
		}
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", ".wal"} {
		data, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+end, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied, last
}

func damage(t *testing.T, path string, change func(log []byte) []byte) {
	t.Helper()
	log, err := os.ReadFile(path + ".wal")
	if err == nil {
		err = os.WriteFile(path+".wal", change(log), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTornLog opens files whose log ends in what a crash, a full disk or a lost
// sector leaves: every batch before it is there, and what is written next stays
// through a second crash.
func TestTornLog(t *testing.T) {
	for name, c := range map[string]struct {
		change func(log []byte, last int64) []byte
		want   int
	}{
		"whole":            {func(l []byte, _ int64) []byte { return l }, 30},
		"half of the last": {func(l []byte, last int64) []byte { return l[:(int64(len(l))+last)/2] }, 20},
		"zeros at the end": {func(l []byte, last int64) []byte { return append(l[:last:last], make([]byte, 5000)...) }, 20},
		"rubbish at the end": {func(l []byte, last int64) []byte {
			return append(l[:last:last], []byte("rubbish that is no entry at all")...)
		}, 20},
		"a bit of the last":   {func(l []byte, last int64) []byte { l[last+40] ^= 4; return l[:len(l)-21] }, 20},
		"only half a head":    {func(l []byte, _ int64) []byte { return l[:5] }, 0},
		"half of a next head": {func(l []byte, _ int64) []byte { return append(l, 7, 0, 0) }, 30},
	} {
		t.Run(name, func(t *testing.T) {
			path, last := logged(t)
			damage(t, path, func(l []byte) []byte { return c.change(l, last) })
			if c.want == 0 {
				damage(t, path, func([]byte) []byte { return []byte(logHead)[:5] })
			}
			if err := mendLog(path); err != nil {
				t.Fatal(err)
			}
			s := open(t, path)
			var n int
			if err := s.QueryRow(t.Context(), "select count(*) from complaint").Scan(&n); err != nil || n != c.want && c.want > 0 {
				t.Fatalf("%d rows, want %d, %v", n, c.want, err)
			}
		})
	}
}

// TestLogDamagedInTheMiddle finds commits behind the damage and cuts nothing.
func TestLogDamagedInTheMiddle(t *testing.T) {
	path, last := logged(t)
	damage(t, path, func(l []byte) []byte { l[last-500] ^= 1; return l })
	before, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrDamagedLog) {
		t.Fatalf("it opens, or says %v", err)
	}
	if after, err := os.ReadFile(path + ".wal"); err != nil || string(after) != string(before) {
		t.Errorf("the log was changed, %v", err)
	}
}

// TestLogChecksum reads a log that the engine wrote: every entry is whole.
func TestLogChecksum(t *testing.T) {
	path, _ := logged(t)
	f, err := os.Open(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := wholeLog(f); err != nil || n != info.Size() {
		t.Fatalf("%d of %d bytes are whole, %v", n, info.Size(), err)
	}
	if behind, err := commitsBehind(f, info.Size()-int64(len(commitEntry))); err != nil || !behind {
		t.Errorf("the last commit is not found: %v", err)
	}
}
