// Package vector gets vectors of complaints' texts: those that the store has, and
// the others from a service, which are kept at once, so that nobody asks twice.
package vector

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/text/embed"
)

// Source says where vectors come from.
type Source struct {
	Client   *embed.Client
	Mask     func(text string, names []string) string // takes persons out of what is sent; nil sends texts as they are
	Progress func(done, total int)                    // texts that have a vector; may be nil
}

// ErrLength means that a model makes vectors of another length now than those
// that were kept. They are dropped: the next run asks for all of them.
var ErrLength = errors.New("the model makes vectors of another length than before")

// keepAtOnce is how many vectors are kept in one transaction.
const keepAtOnce = 256

// Book is the vectors of one run.
type Book struct {
	Source
	st          *store.Store
	model       string // and how many numbers it was asked for
	keeping     int64  // the last erasure before texts are read
	numbers     int    // of a vector
	done, total int
}

// Open begins a run that needs the vectors of about total texts; a nil Source
// gives a nil Book. Texts are to be read after it.
func (s *Source) Open(ctx context.Context, st *store.Store, total int) (b *Book, err error) {
	if s == nil {
		return nil, nil
	}
	b = &Book{Source: *s, st: st, model: s.Client.Model(), total: total}
	if n := s.Client.Dimensions(); n > 0 {
		b.model = fmt.Sprintf("%s %d", b.model, n)
	}
	b.keeping, err = st.Keeping(ctx)
	return b, err
}

// Numbers is how many numbers a vector has; 0 before the first.
func (b *Book) Numbers() int { return b.numbers }

// Text is a complaint's; "" asks for no vector.
type Text struct {
	Seq  int64
	Text string
}

// Of are the vectors of texts, which are in order of arrival; nil where there is
// none. After an error those that came are kept.
func (b *Book) Of(ctx context.Context, texts []Text) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if err := b.sent(ctx, texts); err != nil {
		return nil, err
	}
	out, err := b.kept(ctx, texts)
	if err != nil {
		return nil, err
	}
	var missing []Text
	for i, t := range texts {
		if t.Text != "" && out[i] == nil {
			missing = append(missing, t)
		} else if t.Text != "" {
			b.done++
		}
	}
	b.tell()
	if len(missing) == 0 {
		return out, nil
	}
	if err := b.fetch(ctx, missing); err != nil {
		return nil, err
	}
	return b.kept(ctx, texts) // as they are kept, so that the next run finds the same
}

// Close drops the vectors of other models.
func (b *Book) Close(ctx context.Context) error { return b.st.DropEmbeddings(ctx, b.model) }

func (b *Book) tell() {
	if b.Progress != nil {
		b.Progress(b.done, max(b.done, b.total))
	}
}

// sent puts texts into the form in which they are sent.
func (b *Book) sent(ctx context.Context, texts []Text) error {
	names := map[int64][]string{}
	if b.Mask != nil {
		err := b.st.Each(ctx, "select seq, coalesce(customer_name, ''), coalesce(contact, '') from complaint where seq between ? and ? and coalesce(customer_name, contact) is not null", func(rows *sql.Rows) error {
			var seq int64
			var name, contact string
			err := rows.Scan(&seq, &name, &contact)
			names[seq] = []string{name, contact}
			return err
		}, texts[0].Seq, texts[len(texts)-1].Seq)
		if err != nil {
			return fmt.Errorf("read the names: %w", err)
		}
	}
	for i := range texts {
		t := &texts[i]
		if b.Mask != nil && t.Text != "" {
			t.Text = b.Mask(t.Text, names[t.Seq])
		}
		t.Text = embed.Sent(t.Text)
	}
	return nil
}

// key is of the model and the text as it is sent.
func (b *Book) key(text string) record.Identity {
	sum := sha256.Sum256([]byte(b.model + "\x00" + text))
	return record.Identity{Hi: binary.BigEndian.Uint64(sum[:]), Lo: binary.BigEndian.Uint64(sum[8:])}
}

// kept are the vectors of texts that the store has.
func (b *Book) kept(ctx context.Context, texts []Text) ([][]float32, error) {
	out, place := make([][]float32, len(texts)), make(map[int64]int, len(texts))
	for i, t := range texts {
		place[t.Seq] = i
	}
	err := b.st.Embeddings(ctx, b.model, texts[0].Seq-1, texts[len(texts)-1].Seq, func(e store.Embedding) {
		if i, ok := place[e.Seq]; ok && texts[i].Text != "" && e.Key == b.key(texts[i].Text) {
			out[i] = e.Vector
		}
	})
	if err != nil {
		return nil, err
	}
	for _, v := range out {
		if v != nil && b.numbers == 0 {
			b.numbers = len(v)
		}
		if v != nil && len(v) != b.numbers {
			return nil, errors.Join(ErrLength, b.st.DropEmbeddings(ctx, ""))
		}
	}
	return out, nil
}

// fetch asks for vectors and keeps them, also those that came before an error.
func (b *Book) fetch(ctx context.Context, missing []Text) error {
	texts := make([]string, len(missing))
	for i, t := range missing {
		texts[i] = t.Text
	}
	var came []store.Embedding
	keep := func(ctx context.Context) error {
		err := b.st.KeepEmbeddings(ctx, b.model, b.keeping, came)
		came = came[:0]
		b.tell()
		return err
	}
	err := b.Client.Vectors(ctx, texts, func(i int, vector []float32) error {
		came = append(came, store.Embedding{Seq: missing[i].Seq, Key: b.key(texts[i]), Vector: vector})
		if b.done++; len(came) < keepAtOnce {
			return nil
		}
		return keep(ctx)
	})
	return errors.Join(err, keep(context.WithoutCancel(ctx)))
}
