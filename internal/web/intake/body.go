package intake

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"plaint/internal/record"
)

// Sizes of a body. One of up to inMemory bytes, unpacked, is never written to
// disk on its own; a larger one is, until it is loaded.
const (
	inMemory = 1 << 20
	mostBody = 2 << 30
	keptHead = 64 << 10 // of a large body that is refused as a whole
	perBatch = 48 << 20 // memory of a large body on its way: one batch
)

// delivery is what a request says about its body.
type delivery struct {
	kind            record.Kind
	profile, source string
	key             string
}

// types are the media types of bodies: what is in them is found out.
var types = map[string]bool{"application/json": true, "application/x-ndjson": true, "application/ndjson": true,
	"application/jsonl": true, "application/x-jsonlines": true, "text/csv": true, "text/tab-separated-values": true}

func deliveryOf(r *http.Request, kind record.Kind) (delivery, error) {
	d := delivery{kind: kind, key: r.Header.Get("Idempotency-Key")}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !types[media] {
		return d, refuse(http.StatusUnsupportedMediaType, "media_type")
	}
	if len(d.key) > 255 || strings.ContainsFunc(d.key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return d, refuse(http.StatusBadRequest, "bad_key")
	}
	return d, d.query(r.URL.Query())
}

func (d *delivery) query(q url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(q)) { // of several wrong ones always the same is told
		values := q[name]
		switch {
		case name == "lang":
		case name != "profile" && name != "source":
			return refuse(http.StatusBadRequest, "unknown_parameter", "name", short(name))
		case len(values) != 1 || name == "source" && len(values[0]) > 100:
			return refuse(http.StatusBadRequest, "parameter", "name", name)
		case name == "profile":
			d.profile = values[0]
		default:
			d.source = values[0]
		}
	}
	if strings.ContainsAny(d.profile, "./\\") { // the built-in ones only: no files of ours
		return noProfile(d.profile)
	}
	return nil
}

func noProfile(name string) error {
	return refuse(http.StatusBadRequest, "no_such_profile", "name", short(name))
}

// short is what is repeated of what a client sent.
func short(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// reserve is how much memory a request needs to be read.
func reserve(r *http.Request) int64 {
	if n := r.ContentLength; n >= 0 && n <= inMemory && r.Header.Get("Content-Encoding") == "" {
		return n + 16<<10
	}
	return 2*inMemory + 16<<10
}

// rowBytes is what a row takes in memory beside its text, decision and all.
const rowBytes = 1 << 10

// needed is how much memory a body needs to be loaded: of a large one, a batch at
// a time.
func needed(b *body) int64 {
	if b.path != "" {
		return perBatch
	}
	rows := 1 + bytes.Count(b.data, []byte("\n")) + bytes.Count(b.data, []byte("},"))
	return 16<<10 + 4*int64(len(b.data)) + rowBytes*int64(min(rows, batchRows))
}

// body is a request's body: in memory, or in a file.
type body struct {
	data []byte
	path string
	hash record.Identity
}

// head is the body, or the beginning of a large one.
func (b *body) head() []byte {
	if b.path == "" {
		return b.data
	}
	f, err := os.Open(b.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, keptHead))
	if err != nil {
		return nil
	}
	return head
}

func (b *body) remove() {
	if b.path != "" {
		os.Remove(b.path)
	}
}

// readBody reads a body, up to inMemory into memory, what is larger into a file;
// a compressed one that unpacks to more is kept as it came.
func readBody(w http.ResponseWriter, r *http.Request, l *lease) (*body, error) {
	if r.ContentLength > mostBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, "too_large")
	}
	packed := false
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		packed = true
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "encoding")
	}
	h := newHashing(&patient{r: http.MaxBytesReader(w, r.Body, mostBody), deadline: http.NewResponseController(w).SetReadDeadline, began: time.Now()})
	first, err := io.ReadAll(io.LimitReader(h, inMemory+1))
	if err != nil {
		return nil, readFault(err)
	}
	b := &body{data: first}
	switch {
	case len(first) > inMemory:
		if err = l.grow(perBatch); err == nil { // before more is taken than can be loaded
			err = b.spool(h)
		}
	case packed:
		err = b.unpack()
	}
	if err != nil {
		return nil, err
	}
	b.hash = h.sum()
	if packed && b.path == "" { // packed again, the same has other bytes
		unpacked := sha256.Sum256(b.data)
		b.hash = record.Identity{Hi: binary.BigEndian.Uint64(unpacked[:]), Lo: binary.BigEndian.Uint64(unpacked[8:])}
	}
	if b.path == "" && len(stripped(b.data)) == 0 {
		return nil, refuse(http.StatusBadRequest, "empty_body")
	}
	return b, nil
}

// stripped is a body without what says nothing at its ends.
func stripped(data []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))) }

// unpack replaces a small compressed body by what is in it; one that becomes
// large goes to a file as it came, where a bomb is recognised.
func (b *body) unpack() error {
	z, err := gzip.NewReader(bytes.NewReader(b.data))
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_gzip")
	}
	out, err := io.ReadAll(io.LimitReader(z, inMemory+1))
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_gzip")
	}
	if len(out) > inMemory {
		return b.spool(bytes.NewReader(nil))
	}
	b.data = out
	return nil
}

// spool writes what was read and the rest to a file.
func (b *body) spool(rest io.Reader) error {
	f, err := os.CreateTemp("", "plaint-body-*")
	if err != nil {
		return &fault{status: http.StatusServiceUnavailable, code: "not_kept", retry: 5, cause: err}
	}
	b.path = f.Name()
	_, err = f.Write(b.data)
	b.data = nil
	if err == nil {
		_, err = io.Copy(f, rest)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		b.remove()
		return readFault(err)
	}
	return nil
}

func readFault(err error) error {
	var large *http.MaxBytesError
	var path *os.PathError
	switch {
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "too_large")
	case errors.As(err, &path):
		return &fault{status: http.StatusServiceUnavailable, code: "no_space", retry: 30, cause: err}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errSlow):
		return refuse(http.StatusRequestTimeout, "too_slow")
	}
	return refuse(http.StatusBadRequest, "cut_short")
}

var errSlow = errors.New("the body comes too slowly")

// patient gives a large body the time it needs and a slow one no more than it
// deserves.
type patient struct {
	r        io.Reader
	deadline func(time.Time) error
	began    time.Time
	most     time.Duration // for all of it, 0 = as long as it takes
	read     int64
}

func (p *patient) Read(b []byte) (int, error) {
	taken := time.Since(p.began)
	if taken > graceOfBody && float64(p.read) < slowest*taken.Seconds() || p.most > 0 && taken > p.most {
		return 0, errSlow
	}
	_ = p.deadline(time.Now().Add(graceOfBody)) // not every connection has one
	n, err := p.r.Read(b)
	p.read += int64(n)
	return n, err
}
