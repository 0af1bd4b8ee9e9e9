package intake

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream/hook"
	"plaint/internal/record"
)

// Hook is a webhook that is received under /hooks/ and its name.
type Hook struct {
	Name    string
	Tool    string // one of hook.Tools
	Secrets []string
	Options file.Options // of what a tool without a form of its own sends
}

// mostHook is the size of a webhook's body, mostOfHook how long it may take.
const (
	mostHook   = 8 << 20
	mostOfHook = time.Minute
)

// Hooked is the handler of one webhook. The sender is believed by its signature
// alone, wherever it comes from, and learns nothing but the numbers.
func (in *Intake) Hooked(h Hook) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := in.hooked(w, r, h)
		if err != nil {
			in.fail(w, r, toldHook(err, h.Tool))
			return
		}
		in.count(a)
		in.write(w, r, http.StatusOK, a.Receipt)
	})
}

// toldHook puts a fault into words for the sender of a webhook, whose limit is
// another and who knows of no Idempotency-Key.
func toldHook(err error, tool string) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.code == "too_large", f.code == "key_reused":
		f.text = "hook_" + f.code
	case f.code == "hook_signature" && tool == "hmac":
		f.text = "hook_signature_hmac"
	}
	return f
}

func (in *Intake) hooked(w http.ResponseWriter, r *http.Request, h Hook) (*answer, error) {
	if r.Method != http.MethodPost {
		return nil, refuse(http.StatusMethodNotAllowed, "only_post")
	}
	body, sum, id, err := in.verified(w, r, h)
	if err != nil {
		return nil, err
	}
	l, ok := in.room.enter(needed(&body))
	if !ok {
		return nil, errBusy
	}
	defer l.leave()
	input := "hook/" + h.Name
	once := record.Once{Scope: input, Key: id, Body: sum.sum()}
	a := &answer{}
	n := 0
	keep := func(b *record.Batch) error {
		o := once
		if o.Key == "" {
			o.Key = hex.EncodeToString(sum.h.Sum(nil))
		}
		if n > 0 { // of a large body
			o.Scope = fmt.Sprintf("%s/%d", input, n)
		}
		n++
		for i := range b.Refused {
			unnamed(&b.Refused[i], "")
		}
		b.Once = &o
		receipt, err := in.o.Admit(r.Context(), b)
		if err != nil {
			return storeFault(err)
		}
		again := receipt.Again
		a.Add(receipt)
		a.Again = again
		return nil
	}
	if h.Tool == "hmac" || h.Tool == "standard" {
		return a, in.plain(r, h, input, id, body.data, keep)
	}
	b, event := decodeHook(h, input, id, body.data)
	if once.Key == "" {
		once.Key = event
	}
	if b.Rows() == 0 {
		return a, nil // about something else
	}
	return a, keep(b)
}

// verified reads a webhook's body and checks its signature. Until that is done it
// takes no room of those who are known.
func (in *Intake) verified(w http.ResponseWriter, r *http.Request, h Hook) (b body, sum *hashing, id string, err error) {
	l, ok := in.door.enter(16 << 10)
	if !ok {
		return b, nil, "", errBusy
	}
	defer l.leave()
	sum = newHashing(&patient{r: http.MaxBytesReader(w, r.Body, mostHook), deadline: http.NewResponseController(w).SetReadDeadline, began: time.Now(), most: mostOfHook})
	for end := false; !end; {
		next := len(b.data) + 4096 // as much again
		if err := l.grow(2 * int64(len(b.data)+next)); err != nil {
			return b, nil, "", err
		}
		part, err := io.ReadAll(io.LimitReader(sum, int64(next)))
		if err != nil {
			return b, nil, "", readFault(err)
		}
		b.data, end = append(b.data, part...), len(part) < next
	}
	id, err = hook.Verify(h.Tool, r.Header, b.data, h.Secrets, time.Now())
	switch {
	case errors.Is(err, hook.ErrTime):
		return b, nil, "", refuse(http.StatusUnauthorized, "hook_time")
	case err != nil:
		return b, nil, "", refuse(http.StatusUnauthorized, "hook_signature")
	}
	return b, sum, id, nil
}

// salted tells equal rows without an id of different deliveries apart, where the
// tool names its deliveries.
func salted(input, id string) string {
	if id == "" {
		return ""
	}
	return input + " " + id
}

// decodeHook makes a batch of a tool's delivery. A body that is not what the
// tool sends is kept as a refusal, with its bytes.
func decodeHook(h Hook, input, id string, body []byte) (b *record.Batch, event string) {
	b = &record.Batch{Input: input}
	d, err := hook.Read(h.Tool, body)
	if err == nil && len(d.Rows) > 0 {
		var dec *file.Decoder
		dec, err = file.NewDecoder(input, file.Options{As: d.Kind, Profile: d.Profile, Source: h.Options.Source})
		seen := &record.Seen{Salt: salted(input, cmp.Or(id, d.ID))}
		for i, row := range d.Rows {
			if err == nil {
				dec.Append(b, file.Message{Body: row, Line: int64(i + 1), Seen: seen})
			}
		}
	}
	if err != nil {
		b.Refused = []record.Refusal{{Kind: h.Options.As, Input: input, Line: 1, Code: "bad_hook", Detail: h.Tool, Raw: body}}
	}
	return b, d.ID
}

// plain loads what a tool without a form of its own sends: any JSON, NDJSON or
// CSV that the profile knows.
func (in *Intake) plain(r *http.Request, h Hook, input, id string, body []byte, keep func(*record.Batch) error) error {
	o := h.Options
	o.Name, o.BatchRows, o.Salt = input, batchRows, salted(input, id)
	if len(stripped(body)) == 0 {
		return refuse(http.StatusBadRequest, "empty_body")
	}
	if empty(body) {
		return nil
	}
	p, err := file.InspectBody(body, o)
	if err != nil {
		return err // the profile is ours: it was checked when the server began
	}
	return p.Read(r.Context(), keep)
}
