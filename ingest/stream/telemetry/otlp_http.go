package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/net/netutil"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"plaint/ingest/stream/telemetry/otlp"
)

// timeToAnswer is how long a client may take to read the answer, and how long
// requests may take to end when the source does.
const timeToAnswer = 30 * time.Second

// overHTTP serves POST /v1/logs.
func (r *receiver) overHTTP(l net.Listener) (serve func() error, end func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/logs", r.postLogs)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: r.c.limits.grace, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(r.to.Log.Handler(), slog.LevelWarn)}
	serve = func() error { return server.Serve(netutil.LimitListener(l, r.c.limits.clients)) }
	return serve, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // the clients had their time
		}
	}
}

// fault is how a request is answered that cannot be taken.
type fault struct {
	status int
	code   codes.Code
	retry  int // seconds, 0 = trying again does not help
	text   string
}

func (f *fault) Error() string { return f.text }

// faultOf says what a client is told about an error.
func faultOf(err error) *fault {
	var f *fault
	var s *storeError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &s):
		return &fault{http.StatusServiceUnavailable, codes.Unavailable, 2, s.Error()}
	case errors.Is(err, errBusy):
		return &fault{http.StatusTooManyRequests, codes.ResourceExhausted, 1, err.Error()}
	case errors.Is(err, errTooLarge):
		return &fault{http.StatusRequestEntityTooLarge, codes.InvalidArgument, 0, err.Error()}
	case errors.Is(err, errToken):
		return &fault{http.StatusUnauthorized, codes.Unauthenticated, 0, err.Error()}
	case errors.Is(err, errOutside):
		return &fault{http.StatusForbidden, codes.PermissionDenied, 0, err.Error()}
	case errors.Is(err, otlp.ErrMalformed):
		return &fault{http.StatusBadRequest, codes.InvalidArgument, 0, err.Error()}
	}
	return &fault{http.StatusInternalServerError, codes.Internal, 0, "a fault of the server"}
}

func bad(status int, text string) *fault {
	return &fault{status: status, code: codes.InvalidArgument, text: text}
}

func (r *receiver) postLogs(w http.ResponseWriter, q *http.Request) {
	asJSON := false
	media, _, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	decode := otlp.Protobuf
	if err == nil && media == "application/json" {
		asJSON, decode = true, otlp.JSON
	}
	p, err := r.post(w, q, media, decode)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeToAnswer))
	if err != nil {
		r.logged(err)
		answerFault(w, faultOf(err), asJSON)
		return
	}
	body := p.protobuf()
	if asJSON {
		body = p.json()
	}
	write(w, http.StatusOK, body, asJSON)
}

func (r *receiver) post(w http.ResponseWriter, q *http.Request, media string, decode decodeFunc) (partial, error) {
	switch {
	case q.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return partial{}, bad(http.StatusMethodNotAllowed, "logs are sent with POST")
	case http.NewCrossOriginProtection().Check(q) != nil:
		return partial{}, &fault{http.StatusForbidden, codes.PermissionDenied, 0, "a page of another site may not send"}
	case media != "application/json" && media != "application/x-protobuf":
		return partial{}, bad(http.StatusUnsupportedMediaType, "the content type is neither application/x-protobuf nor application/json")
	}
	from, err := net.ResolveTCPAddr("tcp", q.RemoteAddr)
	if err != nil {
		return partial{}, errOutside
	}
	if err := r.maySend(remote(from), q.Header.Get("Authorization")); err != nil {
		return partial{}, err
	}
	l := &lease{b: &r.room}
	defer l.close()
	body, err := r.body(w, q, l)
	if err != nil {
		return partial{}, err
	}
	return r.keep(l, body, decode)
}

// body reads a request's body, unpacked. Memory is taken as it comes.
func (r *receiver) body(w http.ResponseWriter, q *http.Request, l *lease) ([]byte, error) {
	lim := &r.c.limits
	if q.ContentLength > int64(lim.body) {
		return nil, errTooLarge
	}
	c := http.NewResponseController(w)
	var in io.Reader = &patient{r: q.Body, deadline: c.SetReadDeadline, began: time.Now(), limits: lim}
	switch strings.ToLower(q.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, readFault(err)
		}
		in = z
	default:
		return nil, bad(http.StatusUnsupportedMediaType, "the content encoding is neither gzip nor identity")
	}
	var body []byte
	for {
		if len(body) == cap(body) {
			more := max(cap(body), 32<<10)
			if err := l.grow(more); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, cap(body)+more), body...)
		}
		n, err := in.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if len(body) > lim.body {
			return nil, errTooLarge
		}
		if err == io.EOF {
			_ = c.SetReadDeadline(time.Time{}) // keeping may take longer
			return body, nil
		}
		if err != nil {
			return nil, readFault(err)
		}
	}
}

func readFault(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errSlow):
		return bad(http.StatusRequestTimeout, errSlow.Error())
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return bad(http.StatusBadRequest, "the body is no gzip, or damaged")
	}
	return bad(http.StatusBadRequest, "the body broke off or is damaged")
}

var errSlow = errors.New("the body comes too slowly")

// patient gives a large body the time it needs and a slow one no more than it
// deserves.
type patient struct {
	r        io.Reader
	deadline func(time.Time) error
	began    time.Time
	read     int64
	limits   *limits
}

func (p *patient) Read(b []byte) (int, error) {
	taken := time.Since(p.began)
	if taken > p.limits.grace && float64(p.read) < float64(p.limits.slowest)*taken.Seconds() {
		return 0, errSlow
	}
	_ = p.deadline(time.Now().Add(p.limits.grace)) // not every connection has one
	n, err := p.r.Read(b)
	p.read += int64(n)
	return n, err
}

// protobuf is an ExportLogsServiceResponse: partial_success = 1 {
// rejected_log_records = 1, error_message = 2 }. It is written here because the
// generated type brings a gateway with it that nobody needs.
func (p partial) protobuf() []byte {
	if p.rejected == 0 {
		return []byte{}
	}
	var inner []byte
	inner = protowire.AppendVarint(protowire.AppendTag(inner, 1, protowire.VarintType), uint64(p.rejected))
	inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), p.message)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), inner)
}

func (p partial) json() []byte {
	if p.rejected == 0 {
		return []byte("{}")
	}
	return []byte(`{"partialSuccess":{"rejectedLogRecords":"` + strconv.Itoa(p.rejected) + `","errorMessage":` + strconv.Quote(p.message) + `}}`)
}

// answerFault writes a google.rpc.Status, as OTLP says.
func answerFault(w http.ResponseWriter, f *fault, asJSON bool) {
	m := &spb.Status{Code: int32(f.code), Message: f.text}
	body, err := proto.Marshal(m)
	if asJSON {
		body, err = protojson.Marshal(m)
	}
	if err != nil {
		body = nil // a number and a text: it does not fail
	}
	h := w.Header()
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="plaint"`)
	}
	h.Set("Connection", "close") // what is left of the body is not read
	write(w, f.status, body, asJSON)
}

func write(w http.ResponseWriter, status int, body []byte, asJSON bool) {
	media := "application/x-protobuf"
	if asJSON {
		media = "application/json"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}
