package telemetry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"plaint/ingest/stream"
	"plaint/ingest/stream/telemetry/otlp"
	"plaint/internal/record"
)

// OTLP are the settings of a source that OpenTelemetry exporters send logs to.
type OTLP struct {
	stream.Common `yaml:",inline"`
	HTTP          string `yaml:"http"` // host:port of OTLP/HTTP, "" = none
	GRPC          string `yaml:"grpc"` // host:port of OTLP/gRPC, "" = none
	// Tokens of clients that may send, as bearer tokens. Without any, only clients
	// on this machine may.
	Tokens []stream.Secret `yaml:"tokens"`
	TLS    *TLS            `yaml:"tls"` // none = in the clear

	limits limits
}

// limits of clients; they are smaller in tests.
type limits struct {
	memory  int           // of all requests
	body    int           // bytes of a request, unpacked
	grace   time.Duration // a body may be silent for that long, or as slow as it is for the first time
	slowest int           // bytes a second after it
	clients int           // connections at a time, of each listener
}

func (l *limits) complete() {
	if *l == (limits{}) {
		*l = limits{memory: mostMemory, body: 16 << 20, grace: 20 * time.Second, slowest: 4 << 10, clients: 512}
	}
}

// Source checks the settings. Tokens are read now.
func (c *OTLP) Source() (stream.Source, error) {
	if err := cmp.Or(logsOnly(&c.Common), address("http", c.HTTP), address("grpc", c.GRPC)); err != nil {
		return nil, err
	}
	if c.HTTP == "" && c.GRPC == "" {
		return nil, stream.Wrong("err_source_either", "http", "names", "http, grpc", "example", "http: 127.0.0.1:4318")
	}
	var tokens [][sha256.Size]byte
	for i, t := range c.Tokens {
		v, err := t.Value()
		if err != nil {
			return nil, stream.Entry(i, stream.Unreadable("tokens", err))
		}
		tokens = append(tokens, sha256.Sum256([]byte(v)))
	}
	security, err := c.TLS.config()
	if err != nil {
		return nil, err
	}
	settings := *c
	settings.limits.complete()
	return func(ctx context.Context, to stream.Sink) error {
		r := &receiver{c: &settings, to: to, ctx: ctx, tokens: tokens, security: security, room: budget{left: settings.limits.memory}, waiting: newWaiting(to.Meter)}
		return r.run(ctx)
	}, nil
}

// receiver is one life of an OTLP source.
type receiver struct {
	c        *OTLP
	to       stream.Sink
	ctx      context.Context // of the source: what a client began is kept although it goes
	tokens   [][sha256.Size]byte
	security *tls.Config // nil = none
	room     budget
	waiting  *waiting
}

// run listens until ctx ends or a listener fails.
func (r *receiver) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var ends []func()
	defer func() {
		for _, end := range ends {
			end()
		}
	}()
	for _, l := range []struct {
		protocol, address, alpn string
		serve                   func(net.Listener) (serve func() error, end func())
	}{{"http", r.c.HTTP, "http/1.1", r.overHTTP}, {"grpc", r.c.GRPC, "h2", r.overGRPC}} {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		r.to.Log.Info("listening for OTLP", "protocol", l.protocol, "address", listener.Addr().String())
		r.warn(listener.Addr())
		serve, end := l.serve(secured(listener, r.security, l.alpn))
		done := make(chan struct{})
		ends = append(ends, func() { end(); <-done })
		go func() {
			defer close(done)
			stop(guarded(serve))
		}()
	}
	r.to.Meter.Connected()
	<-ctx.Done()
	return context.Cause(ctx)
}

func (r *receiver) warn(at net.Addr) {
	if len(r.tokens) == 0 && !remote(at).IsLoopback() {
		r.to.Log.Warn("there are no tokens: clients of other machines are refused", "address", at.String())
	}
}

// Reasons to send a client away.
var (
	errToken   = errors.New("the bearer token is missing or wrong")
	errOutside = errors.New("without tokens only clients on this machine may send")
)

// maySend checks where a request comes from, and its token.
func (r *receiver) maySend(from netip.Addr, authorization string) error {
	if len(r.tokens) == 0 {
		if !from.IsLoopback() {
			return errOutside
		}
		return nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	ok := 0
	for _, t := range r.tokens {
		ok |= subtle.ConstantTimeCompare(t[:], sum[:])
	}
	if !strings.EqualFold(scheme, "Bearer") || ok != 1 {
		return errToken
	}
	return nil
}

// storeError is a batch that was not kept.
type storeError struct{ err error }

func (e *storeError) Error() string { return "the records could not be kept, try again" }
func (e *storeError) Unwrap() error { return e.err }

// partial is what an exporter is told of records that were refused.
type partial struct {
	rejected int
	message  string
}

type decodeFunc func(*record.Batch, []byte, otlp.Options) error

// keep decodes a request and keeps its records. The body is not used any more
// afterwards.
func (r *receiver) keep(l *lease, body []byte, decode decodeFunc) (partial, error) {
	if err := l.grow(len(body)); err != nil { // the decoder reads a copy
		return partial{}, err
	}
	b := &record.Batch{Input: r.c.Name}
	if err := decode(b, body, otlp.Options{Input: r.c.Name, Source: source(&r.c.Common), Grow: l.grow}); err != nil {
		return partial{}, err
	}
	if b.Rows() == 0 {
		return partial{}, nil
	}
	if len(b.Refused) > 0 {
		// A record is known when the exporter sends it again, a refusal is not.
		sum := sha256.Sum256(body)
		b.Once = &record.Once{Scope: r.c.Name, Key: hex.EncodeToString(sum[:])}
	}
	p := told(b)
	done := r.waiting.begin(time.Now())
	defer done()
	ctx, cancel := context.WithTimeout(r.ctx, admitWait)
	defer cancel()
	if _, err := r.to.Admit(ctx, b); err != nil {
		return partial{}, &storeError{err}
	}
	return p, nil
}

// told says what was refused and why.
func told(b *record.Batch) partial {
	if len(b.Refused) == 0 {
		return partial{}
	}
	reasons := map[record.Code]int{}
	for i := range b.Refused {
		reasons[b.Refused[i].Code]++
	}
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(reasons)) {
		parts = append(parts, fmt.Sprintf("%s: %d", code, reasons[code]))
	}
	return partial{len(b.Refused), "refused and kept for replay: " + strings.Join(parts, ", ")}
}

// logged notes what only the one who runs this can mend.
func (r *receiver) logged(err error) {
	var s *storeError
	if errors.As(err, &s) && r.ctx.Err() == nil {
		r.to.Log.Warn("a request was not kept and will come again", "error", s.err)
	}
}
