package vector

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/text/embed"
)

// maker is a service whose vectors are of its numbers' length; it fails after so
// many texts.
type maker struct {
	numbers, after int
	texts          []string
}

func (m *maker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct{ Input []string }
	json.NewDecoder(r.Body).Decode(&q)
	if m.after > 0 && len(m.texts)+len(q.Input) > m.after {
		http.Error(w, `{"error":"full"}`, http.StatusForbidden)
		return
	}
	m.texts = append(m.texts, q.Input...)
	type row struct {
		Embedding []float32 `json:"embedding"`
	}
	var rows []row
	for _, s := range q.Input {
		v := make([]float32, m.numbers)
		for i := range v {
			v[i] = float32(len(s)+i%7) + .123
		}
		rows = append(rows, row{v})
	}
	json.NewEncoder(w).Encode(map[string]any{"data": rows})
}

// complaints is a store with n of them, and their texts.
func complaints(t *testing.T, n int) (*store.Store, func() []Text) {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	b := &record.Batch{Input: "x"}
	for i := range n {
		c := record.Complaint{Body: fmt.Sprint("it fails ", i), CustomerName: fmt.Sprint("Name", i), Contact: "a@b.example"}
		c.Stamp(nil)
		b.Complaints = append(b.Complaints, c)
	}
	if _, err := st.Admit(t.Context(), b, func(*record.Complaint, *record.History) record.Decision { return record.Decision{} }); err != nil {
		t.Fatal(err)
	}
	return st, func() (out []Text) {
		for i := range n {
			out = append(out, Text{int64(i + 1), fmt.Sprint("it fails ", i)})
		}
		out[1].Text = ""
		return out
	}
}

func source(t *testing.T, m *maker, model string) *Source {
	t.Helper()
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	c, err := embed.New(embed.Options{Base: s.URL, Model: model})
	if err != nil {
		t.Fatal(err)
	}
	return &Source{Client: c}
}

func opened(t *testing.T, s *Source, st *store.Store, total int) *Book {
	t.Helper()
	b, err := s.Open(t.Context(), st, total)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOnce: what was asked once is not asked again, by another run, also after an
// error in the middle; another model's vectors do not count.
func TestOnce(t *testing.T) {
	const n = 500
	st, texts := complaints(t, n)
	m := &maker{numbers: 5, after: 300}
	s := source(t, m, "m")
	told := 0
	s.Progress = func(done, total int) { told = done }
	_, err := opened(t, s, st, n).Of(t.Context(), texts())
	var e *embed.Error
	if !errors.As(err, &e) || e.Status != 403 || e.Detail != "full" {
		t.Fatal(err)
	}
	got := len(m.texts)
	m.after = 0
	first, err := opened(t, s, st, n).Of(t.Context(), texts())
	if err != nil || got == 0 || len(m.texts) != n-1 || told != n-1 {
		t.Fatalf("%d texts were sent, %d before the error, %d done: %v", len(m.texts), got, told, err)
	}
	b := opened(t, s, st, n)
	again, err := b.Of(t.Context(), texts())
	if err != nil || len(m.texts) != n-1 || !reflect.DeepEqual(again, first) || b.Numbers() != 5 {
		t.Errorf("the second run sent %d texts: %v", len(m.texts)-n+1, err)
	}
	for i, v := range first {
		if (len(v) == 5) != (i != 1) {
			t.Errorf("text %d has %v", i, v)
		}
	}
	other := opened(t, source(t, m, "other"), st, n)
	if _, err := other.Of(t.Context(), texts()); err != nil || len(m.texts) != 2*(n-1) {
		t.Errorf("another model was asked for %d texts: %v", len(m.texts)-n+1, err)
	}
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := st.QueryRow(t.Context(), "select count(*) from embedding where model = 'm'").Scan(&left); err != nil || left > 0 {
		t.Errorf("%d vectors of the first model are left: %v", left, err)
	}
}

// TestMask: what leaves is masked with the names of the complaint, and another
// text is another vector.
func TestMask(t *testing.T) {
	st, texts := complaints(t, 3)
	m := &maker{numbers: 5}
	s := source(t, m, "m")
	if _, err := opened(t, s, st, 3).Of(t.Context(), texts()); err != nil {
		t.Fatal(err)
	}
	s.Mask = func(text string, names []string) string { return text + " of " + strings.Join(names, ",") }
	if _, err := opened(t, s, st, 3).Of(t.Context(), texts()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.texts[2:], "; "); got != "it fails 0 of Name0,a@b.example; it fails 2 of Name2,a@b.example" {
		t.Error(got)
	}
}

// TestAnotherLength: a model that was replaced under its name is told, and the
// next run asks for all.
func TestAnotherLength(t *testing.T) {
	st, texts := complaints(t, 10)
	m := &maker{numbers: 5, after: 9}
	s := source(t, m, "m")
	if _, err := opened(t, s, st, 4).Of(t.Context(), texts()[:4]); err != nil {
		t.Fatal(err)
	}
	m = &maker{numbers: 6}
	s = source(t, m, "m")
	if _, err := opened(t, s, st, 10).Of(t.Context(), texts()); !errors.Is(err, ErrLength) {
		t.Fatal(err)
	}
	if got, err := opened(t, s, st, 10).Of(t.Context(), texts()); err != nil || len(got[0]) != 6 || len(got[9]) != 6 {
		t.Errorf("%v %v", got, err)
	}
}
