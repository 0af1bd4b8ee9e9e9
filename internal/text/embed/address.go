package embed

import (
	"net"
	"net/url"
	"strings"
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

// local reports whether the address is this machine's own.
func (a address) local() bool {
	host := strings.TrimSuffix(strings.ToLower(a.full.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
