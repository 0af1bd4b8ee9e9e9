package intake

import (
	"encoding/hex"
	"errors"
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

// mostHook is the size of a webhook's body.
const mostHook = 8 << 20

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
	give, ok := in.room.take(max(64<<10, min(r.ContentLength, mostHook)*4))
	if !ok {
		return nil, &fault{status: http.StatusTooManyRequests, code: "busy", retry: 1}
	}
	defer give()
	sum := newHashing(&patient{r: http.MaxBytesReader(w, r.Body, mostHook), deadline: http.NewResponseController(w).SetReadDeadline, began: time.Now()})
	body, err := io.ReadAll(sum)
	if err != nil {
		return nil, readFault(err)
	}
	id, err := hook.Verify(h.Tool, r.Header, body, h.Secrets, time.Now())
	switch {
	case errors.Is(err, hook.ErrTime):
		return nil, refuse(http.StatusUnauthorized, "hook_time")
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "hook_signature")
	}
	input := "hook/" + h.Name
	once := &record.Once{Scope: input, Key: id, Body: sum.sum()}
	a := &answer{}
	keep := func(b *record.Batch) error {
		if once.Key == "" {
			once.Key = hex.EncodeToString(sum.h.Sum(nil))
		}
		for i := range b.Refused {
			unnamed(&b.Refused[i], "")
		}
		b.Once = once
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
		return a, in.plain(r, h, input, body, keep)
	}
	b, event := decodeHook(h, input, body)
	if once.Key == "" {
		once.Key = event
	}
	if b.Rows() == 0 {
		return a, nil // about something else
	}
	return a, keep(b)
}

// decodeHook makes a batch of a tool's delivery. A body that is not what the
// tool sends is kept as a refusal, with its bytes.
func decodeHook(h Hook, input string, body []byte) (b *record.Batch, event string) {
	b = &record.Batch{Input: input}
	d, err := hook.Read(h.Tool, body)
	if err == nil && len(d.Rows) > 0 {
		var dec *file.Decoder
		dec, err = file.NewDecoder(input, file.Options{As: d.Kind, Profile: d.Profile, Source: h.Options.Source})
		for i, row := range d.Rows {
			if err == nil {
				dec.Append(b, file.Message{Body: row, Line: int64(i + 1)})
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
func (in *Intake) plain(r *http.Request, h Hook, input string, body []byte, keep func(*record.Batch) error) error {
	o := h.Options
	o.Name, o.BatchRows = input, 1<<20 // one batch: a delivery is kept once, whole
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
