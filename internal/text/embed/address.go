package embed

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// address is whom to ask.
type address struct{ full *url.URL }

const path = "/v1/embeddings"

// parseAddress reads a base address. The error never repeats it: it may hold a
// password.
func parseAddress(base string) (address, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" {
		return address{}, &Error{Code: BadAddress}
	}
	at := strings.TrimRight(u.Path, "/")
	switch {
	case strings.HasSuffix(at, path):
	case strings.HasSuffix(at, "/v1"):
		at += "/embeddings"
	default:
		at += path
	}
	u.Path, u.RawPath, u.Fragment = at, "", ""
	return address{u}, nil
}

// String leaves out the user, the password and the query.
func (a address) String() string {
	if a.full == nil {
		return ""
	}
	return (&url.URL{Scheme: a.full.Scheme, Host: a.full.Host, Path: a.full.Path}).String()
}

// local reports whether the address is this machine's own. Other names that end in
// localhost are not: a resolver may answer anything for them.
func (a address) local() bool {
	host := a.full.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// transport connects to the address; to this machine's own by no proxy, and to
// nothing else that its name might mean.
func (a address) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 20 * time.Second}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext,
		TLSHandshakeTimeout: 20 * time.Second, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}
	if a.local() {
		t.Proxy = nil
		dialer.Control = func(_, to string, _ syscall.RawConn) error {
			host, _, err := net.SplitHostPort(to)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				return errNotLocal
			}
			return nil
		}
	}
	return t
}

var errNotLocal = errors.New("localhost is another machine")
