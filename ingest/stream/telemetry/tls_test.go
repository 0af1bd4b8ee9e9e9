package telemetry

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"plaint/ingest/stream/streamtest"
)

// authority signs certificates of this machine.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), key: must(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der := must(t, func() ([]byte, error) {
		return x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	})
	a.cert = must(t, func() (*x509.Certificate, error) { return x509.ParseCertificate(der) })
	a.pool = x509.NewCertPool()
	a.pool.AddCert(a.cert)
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) write(t testing.TB, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// sign writes a certificate and its key.
func (a *authority) sign(t testing.TB, name string, serial int64) tls.Certificate {
	t.Helper()
	key := must(t, func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	a.write(t, name+".pem", "CERTIFICATE", must(t, func() ([]byte, error) { return x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key) }))
	a.write(t, name+".key", "EC PRIVATE KEY", must(t, func() ([]byte, error) { return x509.MarshalECPrivateKey(key) }))
	return must(t, func() (tls.Certificate, error) { return tls.LoadX509KeyPair(a.path(name+".pem"), a.path(name+".key")) })
}

// TestTLS sends over TLS by each way, and in the clear to listeners that want it.
func TestTLS(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "server", 2)
	client := a.sign(t, "client", 3)
	settings := &TLS{Cert: a.path("server.pem"), Key: a.path("server.key"), ClientCA: a.path("ca.pem")}
	b := newBook()
	otel := streamtest.StartOnce(t, otlpSource(t, func(c *OTLP) { c.TLS = settings }), b)
	system := streamtest.StartOnce(t, syslogSource(t, func(c *Syslog) { c.TLS = settings }), b)
	body := wireOf(t, benchRequest(3))
	post := func(c *tls.Config) error {
		h := &http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}}
		defer h.CloseIdleConnections()
		res, err := h.Post("https://"+addressOf(t, otel, "protocol=http")+"/v1/logs", asProto, bytes.NewReader(body))
		if err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s", res.Status)
			}
		}
		return err
	}
	call := func(c *tls.Config) error {
		conn, err := grpc.NewClient("passthrough:///"+addressOf(t, otel, "protocol=grpc"), grpc.WithTransportCredentials(credentials.NewTLS(c)))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		var reply []byte
		return conn.Invoke(ctx, export, body, &reply, grpc.ForceCodecV2(clientCodec{}))
	}
	say := func(c *tls.Config) error {
		conn, err := tls.Dial("tcp", addressOf(t, system, "listening for syslog"), c)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte("<13>1 2026-01-02T03:04:05Z h app - - - over TLS\n"))
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if _, err = conn.Read(make([]byte, 1)); os.IsTimeout(err) {
				err = nil // it says nothing, which is right; a refused certificate it would name
			}
		}
		return err
	}
	for name, send := range map[string]func(*tls.Config) error{"http": post, "grpc": call, "syslog": say} {
		if err := send(&tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{client}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for fault, c := range map[string]*tls.Config{"without a certificate": {RootCAs: a.pool}, "who trusts another": {Certificates: []tls.Certificate{client}}} {
			if send(c) == nil {
				t.Errorf("%s: a client %s was heard", name, fault)
			}
		}
	}
	streamtest.Eventually(t, "the lines", func() bool { return len(b.messages()) == 4 }) // the second request is known
	if res, err := http.Post("http://"+addressOf(t, otel, "protocol=http")+"/v1/logs", asProto, bytes.NewReader(body)); err == nil {
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Error("a request in the clear was taken")
		}
	}
}

// TestTLSIsRenewed writes a new certificate, after half of one.
func TestTLSIsRenewed(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "server", 2)
	p := &pair{t: &TLS{Cert: a.path("server.pem"), Key: a.path("server.key")}}
	serial := func() int64 {
		p.read = time.Time{}
		c := must(t, func() (*tls.Certificate, error) { return p.current(nil) })
		return must(t, func() (*x509.Certificate, error) { return x509.ParseCertificate(c.Certificate[0]) }).SerialNumber.Int64()
	}
	equal(t, "at first", serial(), 2)
	if err := os.WriteFile(a.path("server.pem"), []byte("-----BEGIN CERT"), 0o600); err != nil {
		t.Fatal(err)
	}
	equal(t, "half written", serial(), 2)
	a.sign(t, "server", 5)
	equal(t, "renewed", serial(), 5)
}

func TestTLSSettings(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "server", 2)
	a.sign(t, "other", 3)
	for want, s := range map[string]*TLS{
		"err_source_missing [key tls.key": {Cert: a.path("server.pem")},
		"no such file":                    {Cert: a.path("none.pem"), Key: a.path("server.key")},
		"private key":                     {Cert: a.path("server.pem"), Key: a.path("other.key")},
		"client_ca":                       {Cert: a.path("server.pem"), Key: a.path("server.key"), ClientCA: a.path("server.key")},
	} {
		if _, err := s.config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, not %q", s, err, want)
		}
	}
}
