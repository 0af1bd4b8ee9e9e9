package keep

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFigures measures a backup of a large file, with and without holding the
// writer:
//
//	PLAINT_KEEP_DB=/path/of/a/copy.db go test ./internal/store/keep -run Figures -v
func TestFigures(t *testing.T) {
	from := os.Getenv("PLAINT_KEEP_DB")
	if from == "" {
		t.Skip("measures a large database")
	}
	path := filepath.Join(t.TempDir(), "x.db")
	if err := copyFile(t.Context(), from, path, nil); err != nil {
		t.Fatal(err)
	}
	st := open(t, path)
	admit(t, st, batchOf(0, 100))
	began := time.Now()
	still, err := st.HoldStill(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	still.Release()
	t.Logf("%d MB; folding the log alone %v", sizeOf(path)>>20, time.Since(began))
	began = time.Now()
	if err := copyFile(t.Context(), from, path+".copy", nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("copying alone, from memory: %v", time.Since(began))
	admit(t, st, batchOf(100, 100))
	b, err := Make(t.Context(), st, path+".backup", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("backup: %d rows, intake held %v, took %v", b.Rows, b.Held, b.Took)
	began = time.Now()
	e, err := Examine(t.Context(), st, nil)
	t.Logf("doctor: %v, %+v, %v", time.Since(began), e, err)
	began = time.Now()
	if err := st.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("written anew: %v, %d MB", time.Since(began), sizeOf(path)>>20)
}
