package store

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"plaint/internal/record"
)

// TestLongLettersFitTheEngine loads letters whose open row group is more than
// the engine's ordinary memory: without more room it fails in the checkpoint,
// and with it the database.
func TestLongLettersFitTheEngine(t *testing.T) {
	path := t.TempDir() + "/long.db"
	s := open(t, path)
	letter := strings.Repeat("提现一直没有到账 and nobody answers me. ", 600) // 30 KB
	load := func(s *Store, from, n int) {
		t.Helper()
		for i := from; i < from+n; i += 2500 {
			list := make([]record.Complaint, min(2500, from+n-i))
			for j := range list {
				list[j].ExternalID, list[j].Body = fmt.Sprint("C", i+j), fmt.Sprint(i+j, letter)
				list[j].Stamp(nil)
			}
			if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: list}, nosy); err != nil {
				t.Fatalf("after %d letters: %v", i, err)
			}
		}
	}
	load(s, 0, 12500)
	if s.room.limit <= leastRoom {
		t.Error("the limit was not raised: the test shows nothing")
	}
	// As after a kill: the log of the latest batch lies beside the file, and the
	// open group has to be written again because of it.
	admit(t, s, state("last", "open", day0))
	killed := t.TempDir() + "/long.db"
	copyFile(t, path, killed)
	copyFile(t, path+".wal", killed+".wal")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, killed) // what is there counts
	if s.room.needed() <= leastRoom {
		t.Errorf("after opening, room for %d", s.room.needed())
	}
	load(s, 12500, 10)
	var n int
	if err := s.QueryRow(t.Context(), "select count(*) from complaint where strlen(body) > 20000").Scan(&n); err != nil || n != 12510 {
		t.Errorf("%d letters, %v", n, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if os.IsNotExist(err) {
		return
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
