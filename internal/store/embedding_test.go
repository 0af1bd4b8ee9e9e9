package store

import (
	"math"
	"path/filepath"
	"testing"

	"plaint/internal/record"
)

func TestEmbeddings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	st, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &record.Batch{Input: "x"}
	for _, body := range []string{"a", "b", "c"} {
		c := record.Complaint{Body: body}
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	if _, err := st.Admit(t.Context(), b, func(*record.Complaint, *record.History) record.Decision { return record.Decision{} }); err != nil {
		t.Fatal(err)
	}
	vector := []float32{1, -.5, .001, 1e-9, .70710678}
	keep := func(model string, seq ...int64) {
		t.Helper()
		var list []Embedding
		for _, n := range seq {
			list = append(list, Embedding{Seq: n, Key: record.Identity{Hi: math.MaxUint64, Lo: uint64(n)}, Vector: vector})
		}
		if err := st.KeepEmbeddings(t.Context(), model, 0, list); err != nil {
			t.Fatal(err)
		}
	}
	read := func(model string, from, to int64) (out []Embedding) {
		t.Helper()
		if err := st.Embeddings(t.Context(), model, from, to, func(e Embedding) { out = append(out, e) }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	keep("m")
	keep("m", 1, 2, 3)
	keep("other", 2) // in the place of m's
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if st, err = Open(t.Context(), path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	got := read("m", 0, 9)
	if len(got) != 2 || got[0].Seq != 1 || got[1].Seq != 3 || got[0].Key != (record.Identity{Hi: math.MaxUint64, Lo: 1}) || len(read("m", 1, 2)) != 0 || len(read("other", 1, 2)) != 1 {
		t.Fatalf("%+v", got)
	}
	for i, x := range got[0].Vector {
		if math.Abs(float64(x-vector[i])) > 1e-3*math.Abs(float64(vector[i]))+1e-4 {
			t.Errorf("number %d is %g, was %g", i, x, vector[i])
		}
	}
	if err := st.DropEmbeddings(t.Context(), "m"); err != nil || len(read("m", 0, 9)) != 2 || len(read("other", 0, 9)) != 0 {
		t.Error("other models' vectors stay: ", err)
	}
}
