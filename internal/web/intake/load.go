package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"sync"

	"plaint/ingest/file"
	"plaint/internal/record"
)

// hashing hashes what is read.
type hashing struct {
	r io.Reader
	h hash.Hash
}

func newHashing(r io.Reader) *hashing { return &hashing{r, sha256.New()} }

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	return n, err
}

func (h *hashing) sum() record.Identity {
	s := h.h.Sum(nil)
	return record.Identity{Hi: binary.BigEndian.Uint64(s), Lo: binary.BigEndian.Uint64(s[8:])}
}

// input is the name of what is posted, in the books and as a source of last
// resort.
const input = "http"

func (d *delivery) options() file.Options {
	o := file.Options{As: d.kind, Profile: d.profile, Source: d.source, Name: input, BatchRows: batchRows}
	if d.key != "" {
		o.Salt = "key " + d.key
	}
	return o
}

// batchRows is how many rows of a large body are kept at a time.
const batchRows = 20000

// once names batch n of the delivery, nil if it has no key.
func (d *delivery) once(b *body, n int) *record.Once {
	if d.key == "" {
		return nil
	}
	return &record.Once{Scope: fmt.Sprintf("%s/%s/%s/%s/%d", input, d.kind, d.profile, d.source, n), Key: d.key, Body: b.hash}
}

// load decodes a body and keeps it: what is small in one transaction.
func (in *Intake) load(ctx context.Context, d delivery, b *body) (*answer, error) {
	a := &answer{explain: in.o.Explain, Complete: true}
	if empty(b.data) {
		return a, nil
	}
	n := 0
	keep := func(batch *record.Batch) error {
		batch.Detail, batch.Once = true, d.once(b, n)
		for i := range batch.Refused { // of the whole body: it is nowhere else
			if x := &batch.Refused[i]; x.Line == 0 && len(x.Raw) == 0 {
				x.Raw = b.head()
			}
			unnamed(&batch.Refused[i], b.path)
		}
		n++
		r, err := in.o.Admit(ctx, batch)
		if err != nil {
			return storeFault(err)
		}
		a.add(batch, r)
		return nil
	}
	if single(b.data) {
		dec, err := in.pool.get(&d)
		if err != nil {
			return nil, d.choiceFault(err)
		}
		batch := &record.Batch{Input: input}
		dec.Append(batch, file.Message{Body: b.data, Line: 1, Seen: &record.Seen{Salt: d.options().Salt}})
		in.pool.put(&d, dec)
		return a, keep(batch)
	}
	plans, done, err := d.plans(ctx, b)
	defer done()
	if err != nil {
		return nil, d.choiceFault(err)
	}
	for _, p := range plans {
		if err := p.Read(ctx, keep); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// empty reports a body that holds no rows and says so.
func empty(data []byte) bool {
	inner, ok := bytes.CutPrefix(stripped(data), []byte("["))
	return ok && bytes.Equal(bytes.TrimSpace(inner), []byte("]"))
}

// single reports a body of one JSON object. What looks like one and is not is
// found out by the decoder.
func single(data []byte) bool {
	t := bytes.TrimSpace(data)
	return len(t) > 1 && t[0] == '{' && t[len(t)-1] == '}' && bytes.IndexByte(t, '\n') < 0 && !bytes.Contains(t, []byte(":[{")) && !bytes.Contains(t, []byte(": [{"))
}

func (d *delivery) plans(ctx context.Context, b *body) ([]*file.Plan, func(), error) {
	if b.path != "" {
		return file.Inspect(ctx, b.path, d.options())
	}
	p, err := file.InspectBody(b.data, d.options())
	return []*file.Plan{p}, func() {}, err
}

// choiceFault is of a profile that is not there: nothing else is left to choose.
func (d *delivery) choiceFault(err error) error {
	var choice *file.UsageError
	if errors.As(err, &choice) {
		return noProfile(d.profile)
	}
	return &fault{status: http.StatusInternalServerError, code: "internal", cause: err}
}

// decoders are used again: they know the shapes of what was posted before.
type decoders struct {
	mu   sync.Mutex
	free map[string][]*file.Decoder
}

// How many decoders are kept, and for how many kinds of deliveries.
const (
	mostFree  = 64
	mostKinds = 64
)

func (d *delivery) name() string { return fmt.Sprintf("%d\x00%s\x00%s", d.kind, d.profile, d.source) }

func (p *decoders) get(d *delivery) (*file.Decoder, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.free[d.name()]; len(list) > 0 {
		last := list[len(list)-1]
		p.free[d.name()] = list[:len(list)-1]
		return last, nil
	}
	return file.NewDecoder(input, d.options())
}

func (p *decoders) put(d *delivery, dec *file.Decoder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == nil || len(p.free) > mostKinds {
		p.free = map[string][]*file.Decoder{}
	}
	if list := p.free[d.name()]; len(list) < mostFree {
		p.free[d.name()] = append(list, dec)
	}
}
