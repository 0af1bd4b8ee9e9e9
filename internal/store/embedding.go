package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/float16"

	"plaint/internal/record"
)

// Embedding is a vector of a complaint's text.
type Embedding struct {
	Seq    int64
	Key    record.Identity // of the model and of the text as it was sent
	Vector []float32       // kept in half precision
}

// keptEmbedding is one on its way into its table.
type keptEmbedding struct {
	Embedding
	model string
}

var embeddingTable = newTable("embedding",
	whole("seq", func(x *keptEmbedding) int64 { return x.Seq }),
	text("model", func(x *keptEmbedding) string { return x.model }),
	identity("key_hi", func(x *keptEmbedding) uint64 { return x.Key.Hi }),
	identity("key_lo", func(x *keptEmbedding) uint64 { return x.Key.Lo }),
	raw("vector", func(x *keptEmbedding) []byte { return halves(x.Vector) }))

// keepingQuery is the last erasure or retention.
const keepingQuery = "select coalesce(max(id), 0) from keeping"

// Keeping is the last erasure or retention, 0 before the first.
func (s *Store) Keeping(ctx context.Context) (id int64, err error) {
	if err = s.QueryRow(ctx, keepingQuery).Scan(&id); err != nil {
		err = fmt.Errorf("read the erasures: %w", err)
	}
	return id, err
}

// KeepEmbeddings keeps some hundred vectors of complaints at most in one
// transaction, in the place of those that the complaints had. keeping is what
// Keeping said before the texts were read: where something was erased since, from
// any text, nothing is kept, and the error is ErrOvertaken.
func (s *Store) KeepEmbeddings(ctx context.Context, model string, keeping int64, list []Embedding) error {
	if len(list) == 0 {
		return nil
	}
	rows, numbers := make([]keptEmbedding, len(list)), make([]string, len(list))
	for i, e := range list {
		rows[i], numbers[i] = keptEmbedding{e, model}, strconv.FormatInt(e.Seq, 10)
	}
	const these = "seq in (select unnest(string_split(?, ',')::bigint[]))"
	given := strings.Join(numbers, ",")
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.write(ctx, func() error {
		if now, err := s.number(ctx, keepingQuery); err != nil || now != keeping {
			return cmp.Or(err, ErrOvertaken)
		}
		if err := s.exec(ctx, "delete from embedding where "+these, given); err != nil {
			return err
		}
		return insert(ctx, s, embeddingTable, rows)
	})
	if err == nil {
		err = s.tidyLog(context.WithoutCancel(ctx))
	}
	if err != nil {
		return fmt.Errorf("keep vectors: %w", err)
	}
	return nil
}

// Embeddings calls f with the vectors by a model of the complaints behind from,
// up to to, in order of arrival.
func (s *Store) Embeddings(ctx context.Context, model string, from, to int64, f func(Embedding)) error {
	err := s.Each(ctx, "select seq, key_hi, key_lo, vector from embedding where model = ? and seq > ? and seq <= ? order by seq", func(rows *sql.Rows) error {
		var e Embedding
		var kept []byte
		if err := rows.Scan(&e.Seq, &e.Key.Hi, &e.Key.Lo, &kept); err != nil {
			return err
		}
		e.Vector = whole16(kept)
		f(e)
		return nil
	}, model, from, to)
	if err != nil {
		return fmt.Errorf("read vectors: %w", err)
	}
	return nil
}

// DropEmbeddings deletes the vectors of all models but one; "" is none.
func (s *Store) DropEmbeddings(ctx context.Context, but string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(ctx, func() error { return s.exec(ctx, "delete from embedding where model is distinct from ?", but) }); err != nil {
		return fmt.Errorf("drop vectors: %w", err)
	}
	return nil
}

// halves writes a vector in half precision: what it loses, a ten-thousandth,
// moves no text, and files are half as large.
func halves(v []float32) []byte {
	out := make([]byte, 0, 2*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint16(out, float16.New(x).Uint16())
	}
	return out
}

func whole16(b []byte) []float32 {
	out := make([]float32, len(b)/2)
	for i := range out {
		out[i] = float16.FromBits(binary.LittleEndian.Uint16(b[2*i:])).Float32()
	}
	return out
}
