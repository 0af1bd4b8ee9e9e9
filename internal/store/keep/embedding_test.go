package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// embedded is a store with a vector for each of four complaints: two of a
// customer, one that calls the customer, and another.
func embedded(t *testing.T, path string) (*store.Store, []store.Embedding) {
	t.Helper()
	st := open(t, path)
	b := &record.Batch{Input: "x"}
	for i, body := range []string{"mine", "mine again", "a friend of " + victim, "nobody's"} {
		c := record.Complaint{Customer: victim, Body: body, Received: record.At(day0.Add(time.Duration(i) * 24 * time.Hour))}
		if i > 1 {
			c.Customer = fmt.Sprint("U", i)
		}
		c.Source, c.ExternalID = "desk", fmt.Sprint("C", i)
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	admit(t, st, b)
	var list []store.Embedding
	for i := range 4 {
		list = append(list, store.Embedding{Seq: int64(i + 1), Key: record.Identity{Hi: 1 << 63, Lo: uint64(i)}, Vector: []float32{.6, -.8, float32(i)}})
	}
	if err := st.KeepEmbeddings(t.Context(), "m", 0, list); err != nil {
		t.Fatal(err)
	}
	return st, list
}

const vectorsOf = "select coalesce(string_agg(seq, ',' order by seq), '') from embedding"

// TestVectorsGoWithTexts: a vector tells of its text, and goes when that goes.
func TestVectorsGoWithTexts(t *testing.T) {
	dir := t.TempDir()
	st, list := embedded(t, filepath.Join(dir, "x.db"))
	if _, err := Make(t.Context(), st, filepath.Join(dir, "backup.db"), false, nil); err != nil {
		t.Fatal(err)
	}
	out, err := Erase(t.Context(), st, Request{Customer: victim}, nil)
	if err != nil || !out.Rewritten {
		t.Fatalf("%+v %v", out, err)
	}
	if got := text(t, st, vectorsOf); got != "4" {
		t.Errorf("after the erasure there are vectors of %s", got)
	}
	if err := st.KeepEmbeddings(t.Context(), "m", 0, list); !errors.Is(err, store.ErrOvertaken) { // of texts that were read before
		t.Fatal(err)
	}
	if got := text(t, st, vectorsOf); got != "4" {
		t.Errorf("kept after the erasure: %s", got)
	}
	now, err := st.Keeping(t.Context())
	if err == nil {
		err = st.KeepEmbeddings(t.Context(), "m", now, list[2:])
	}
	if err != nil {
		t.Fatal(err)
	}
	sound(t, st)
	if _, err := Retain(t.Context(), st, Ages{record.Complaints: st.Now().Sub(day0.Add(60 * time.Hour))}, "li", false, false, nil); err != nil {
		t.Fatal(err)
	}
	if got := text(t, st, vectorsOf); got != "4" {
		t.Errorf("after the retention there are vectors of %s", got)
	}
	if _, err := Restore(t.Context(), filepath.Join(dir, "backup.db"), filepath.Join(dir, "y.db"), false, nil); err != nil {
		t.Fatal(err)
	}
	if got := text(t, open(t, filepath.Join(dir, "y.db")), vectorsOf); got != "1,2,3,4" {
		t.Errorf("the backup has vectors of %s", got)
	}
}

// TestVectorsAreNotShown: copies for others hold no vectors.
func TestVectorsAreNotShown(t *testing.T) {
	dir := t.TempDir()
	st, _ := embedded(t, filepath.Join(dir, "x.db"))
	files, err := st.ExportParquet(t.Context(), filepath.Join(dir, "out"))
	if err != nil || strings.Contains(strings.Join(files, " "), "embedding") {
		t.Errorf("%v %v", files, err)
	}
	copied, err := st.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(copied)
	if err != nil || strings.Contains(string(data), "embedding") || !strings.Contains(string(data), "theme_part") {
		t.Errorf("the copy names vectors: %v", err)
	}
}
