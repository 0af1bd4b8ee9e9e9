// Package intake takes records in over HTTP: POST /v1/complaints and its kin,
// and the webhooks of help desks and survey tools. What is answered with a
// success is on disk.
package intake

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
	"plaint/internal/web/locale"
)

// Admit keeps a batch in one transaction, see store.Store.
type Admit func(ctx context.Context, b *record.Batch) (record.Receipt, error)

// Options are what an intake needs. Admit and Words must be given.
type Options struct {
	Admit   Admit
	Explain func(d *record.Decision) []record.Reason // of a decision that opened no case; nil for none
	Words   func(*http.Request) *locale.Words
	Failed  func(*http.Request, error) // notes a failure that the client is only told of in general
	// Tokens of clients that may post. Without any, only clients on this machine may.
	Tokens []string
	Hooks  []Hook
	Log    *slog.Logger
}

// Intake answers posts.
type Intake struct {
	o      Options
	tokens [][sha256.Size]byte
	room   *budget
	door   *budget // of webhooks that are not verified yet
	pool   decoders
	Counts Counts
}

// New makes an intake.
func New(o Options) *Intake {
	in := &Intake{o: o, room: newBudget(mostMemory, mostRequests), door: newBudget(mostUnverified, mostKnocking)}
	for _, t := range o.Tokens {
		in.tokens = append(in.tokens, sha256.Sum256([]byte(t)))
	}
	if in.o.Log == nil {
		in.o.Log = slog.New(slog.DiscardHandler)
	}
	return in
}

// Kinds are the kinds that can be posted, each under /v1/ and its name.
var Kinds = []record.Kind{record.Complaints, record.Surveys, record.Logs, record.Transactions, record.Accounts}

// fault is a request that is not answered with a receipt.
type fault struct {
	status int
	code   string
	retry  int // seconds, 0 = trying again does not help
	cause  error
	text   string // the code of its words, "" = code
	pairs  []any  // fill the words
}

func (f *fault) Error() string { return f.code }

func refuse(status int, code string, pairs ...any) *fault {
	return &fault{status: status, code: code, pairs: pairs}
}

// Mount adds the paths that can be posted to. What is below them and is none is
// answered as they are, in JSON.
func (in *Intake) Mount(mux *http.ServeMux) {
	for _, k := range Kinds {
		mux.Handle("/v1/"+k.String(), in.Posted(k))
	}
	for _, h := range in.o.Hooks {
		mux.Handle("/hooks/"+h.Name, in.Hooked(h))
	}
	for path, code := range map[string]string{"/v1": "no_such_kind", "/v1/": "no_such_kind", "/hooks": "no_such_hook", "/hooks/": "no_such_hook"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			in.fail(w, r, refuse(http.StatusNotFound, code))
		})
	}
}

// Posted is the handler of one kind.
func (in *Intake) Posted(kind record.Kind) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := in.post(w, r, kind)
		if err != nil {
			in.fail(w, r, err)
			return
		}
		in.answer(w, r, a)
	})
}

func (in *Intake) post(w http.ResponseWriter, r *http.Request, kind record.Kind) (*answer, error) {
	if err := in.mayPost(r); err != nil {
		return nil, err
	}
	d, err := deliveryOf(r, kind)
	if err != nil {
		return nil, err
	}
	l, ok := in.room.enter(reserve(r))
	if !ok {
		return nil, errBusy
	}
	defer l.leave()
	b, err := readBody(w, r, l)
	if err != nil {
		return nil, err
	}
	defer b.remove()
	if err := l.grow(needed(b)); err != nil {
		return nil, err
	}
	return in.load(r.Context(), d, b)
}

// mayPost checks the method, where the request comes from, and its token.
func (in *Intake) mayPost(r *http.Request) error {
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "only_post")
	}
	if err := fromOutside(r); err != nil {
		return err
	}
	if len(in.tokens) == 0 {
		if !local(r) {
			return refuse(http.StatusForbidden, "token_not_set")
		}
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	ok := 0
	for _, t := range in.tokens {
		ok |= subtle.ConstantTimeCompare(t[:], sum[:])
	}
	if !strings.EqualFold(scheme, "Bearer") || ok != 1 {
		return refuse(http.StatusUnauthorized, "wrong_token")
	}
	return nil
}

var crossOrigin = http.NewCrossOriginProtection()

// fromOutside refuses what a page of somebody else made a browser send.
func fromOutside(r *http.Request) error {
	if crossOrigin.Check(r) != nil {
		return refuse(http.StatusForbidden, "cross_origin")
	}
	return nil
}

// local reports a client on this machine.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// storeFault says what a client may do about a batch that was not kept.
func storeFault(err error) error {
	switch {
	case errors.Is(err, store.ErrKeyReused):
		return refuse(http.StatusUnprocessableEntity, "key_reused")
	case errors.Is(err, store.ErrNoSpace):
		return &fault{status: http.StatusServiceUnavailable, code: "no_space", retry: 30, cause: err}
	}
	return &fault{status: http.StatusServiceUnavailable, code: "not_kept", retry: 2, cause: err}
}

// Timeouts of a body: a client must send at least slowest bytes a second, after
// a while of grace.
const (
	graceOfBody = 20 * time.Second
	slowest     = 4 << 10
)
