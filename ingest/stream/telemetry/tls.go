package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"sync"
	"time"

	"plaint/ingest/stream"
)

// TLS says how a listener proves who it is, and who may connect.
type TLS struct {
	Cert string `yaml:"cert"` // file of our certificate and those above it, PEM
	Key  string `yaml:"key"`  // file of its key, PEM
	// ClientCA is a file of authorities, PEM: only clients with a certificate of
	// theirs may connect. "" = all may.
	ClientCA string `yaml:"client_ca"`
}

// renewEvery is how often the files are looked at: certificates are renewed while
// a server runs.
const renewEvery = time.Minute

// config reads the files. Nil settings give a nil configuration: no TLS.
func (t *TLS) config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	switch {
	case t.Cert == "":
		return nil, stream.Missing("tls.cert", "server.pem")
	case t.Key == "":
		return nil, stream.Missing("tls.key", "server.key")
	}
	p := &pair{t: t}
	if _, err := p.current(nil); err != nil {
		return nil, stream.NoPair("tls.cert", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.current}
	if t.ClientCA != "" {
		pem, err := os.ReadFile(t.ClientCA)
		if err != nil {
			return nil, stream.Unreadable("tls.client_ca", err)
		}
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, stream.NoCertificate("tls.client_ca", t.ClientCA)
		}
	}
	return c, nil
}

// secured is a listener behind TLS that agrees on one protocol ("" = any), or as
// it is without a configuration. A connection shakes hands when it is first read.
func secured(l net.Listener, c *tls.Config, protocol string) net.Listener {
	if c == nil {
		return l
	}
	if protocol != "" {
		c = c.Clone()
		c.NextProtos = []string{protocol}
	}
	return tls.NewListener(l, c)
}

// pair is the certificate that the files held when they were last read.
type pair struct {
	t    *TLS
	mu   sync.Mutex
	cert *tls.Certificate
	read time.Time
}

// current reads the files again now and then; while a renewal is half written, the
// certificate before it goes on.
func (p *pair) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cert != nil && time.Since(p.read) < renewEvery {
		return p.cert, nil
	}
	fresh, err := tls.LoadX509KeyPair(p.t.Cert, p.t.Key)
	if err != nil && p.cert == nil {
		return nil, err
	}
	if err == nil {
		p.cert = &fresh
	}
	p.read = time.Now()
	return p.cert, nil
}
