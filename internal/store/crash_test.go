package store

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"plaint/internal/record"
)

// image is what a killed process leaves on disk: the file and its log.
type image struct{ db, wal []byte }

func imageOf(t *testing.T, path string) image {
	t.Helper()
	db, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(path + ".wal")
	if err != nil {
		t.Fatal(err)
	}
	return image{db, wal}
}

func (m image) write(t *testing.T, path string) {
	t.Helper()
	os.Remove(path + ".wal")
	if err := os.WriteFile(path, m.db, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".wal", m.wal, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cutAndCrash cuts the log's last commit at `points` places; after each cut it
// opens the file, commits, is killed, and opens it again. It returns how many
// times everything acknowledged before the cut commit and after it was there.
func cutAndCrash(t *testing.T, points int, o Options) (right, lost, unopenable int) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.db")
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := complaints(400)
	admit := func(s *Store, part []record.Complaint) {
		t.Helper()
		if _, err := s.Admit(t.Context(), &record.Batch{Input: "x", Complaints: part}, nosy); err != nil {
			t.Fatal(err)
		}
	}
	admit(s, rows[:100])
	before := len(imageOf(t, path).wal)
	admit(s, rows[100:200])
	whole := imageOf(t, path)

	again := filepath.Join(dir, "again.db")
	for i := range points {
		cut := whole
		cut.wal = whole.wal[:before+(len(whole.wal)-before)*i/points]
		cut.write(t, again)
		s, err := Open(t.Context(), again, o)
		if err != nil {
			unopenable++
			continue
		}
		admit(s, rows[200:300])
		crashed := imageOf(t, again)
		s.Close()
		crashed.write(t, again)
		s, err = Open(t.Context(), again, o)
		if err != nil {
			unopenable++
			continue
		}
		var old, torn, late int
		err = s.db().QueryRow(`select count(*) filter (external_id in (select 'C' || i from range(0, 100) t(i))),
			count(*) filter (external_id in (select 'C' || i from range(100, 200) t(i))),
			count(*) filter (external_id in (select 'C' || i from range(200, 300) t(i))) from complaint`).Scan(&old, &torn, &late)
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		// The commit that was cut never returned, so all or nothing of it is right.
		if old == 100 && late == 100 && (torn == 0 || torn == 100) {
			right++
		} else {
			lost++
		}
	}
	return right, lost, unopenable
}

// PLAINT_CRASH_POINTS says at how many places the log is cut; 200 take seven
// minutes.
func TestCutLogThenSecondCrash(t *testing.T) {
	points, control := 15, 4
	if testing.Short() {
		points, control = 6, 3
	}
	if all := os.Getenv("PLAINT_CRASH_POINTS"); all != "" {
		n, err := strconv.Atoi(all)
		if err != nil {
			t.Fatal(err)
		}
		points, control = n, max(n/10, 4)
	}
	for name, c := range map[string]struct {
		points int
		o      Options
	}{
		"as it is":           {points, Options{}},
		"checkpoint alone":   {control, Options{skipMend: true}},
		"mended log alone":   {control, Options{skipCheckpoint: true}},
		"nothing of the two": {control, Options{skipMend: true, skipCheckpoint: true}},
	} {
		right, lost, unopenable := cutAndCrash(t, c.points, c.o)
		t.Logf("%s: %d of %d right, %d lost, %d would not open", name, right, c.points, lost, unopenable)
		if nothing := c.o.skipMend && c.o.skipCheckpoint; !nothing && right != c.points {
			t.Errorf("%s: %d of %d right", name, right, c.points)
		} else if nothing && lost+unopenable == 0 {
			t.Error("with nothing done nothing was lost: this test shows nothing, or the engine was mended")
		}
	}
}
