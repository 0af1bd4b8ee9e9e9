// Package mailbox reads complaints from a folder of a mail server, over IMAP.
// Where reading goes on is decided by the position that is kept with the rows,
// never by what the server remembers of us; the messages stay as they are.
package mailbox

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// Limits of a batch. It ends with the message that reaches one of them.
const (
	defaultBatch = 100
	mostBatch    = 1000
	batchBytes   = 32 << 20 // of messages, as far as they are kept in memory
	mostWaiting  = 50_000   // messages that are listed at once
)

const (
	defaultEvery = time.Minute
	leastEvery   = 50 * time.Millisecond
	mostEvery    = time.Hour
	// patience is how long the server may take to answer, or to give a message.
	patience = 2 * time.Minute
)

// IMAP are the settings of a mailbox.
type IMAP struct {
	stream.Common `yaml:",inline"`
	Host          string        `yaml:"host"` // host or host:port
	TLS           string        `yaml:"tls"`  // implicit, the default; starttls; none, on this machine alone
	CA            string        `yaml:"ca"`   // file of authorities to trust instead of the system's, PEM
	User          string        `yaml:"user"`
	Password      stream.Secret `yaml:"password"`
	Folder        string        `yaml:"folder"` // "" = INBOX
	// Sent is a folder with what was answered, "" = none. Answers to complaints
	// of Folder become states of them; the rest of it is nothing to us.
	Sent     string        `yaml:"sent"`
	Own      []string      `yaml:"own"`       // our addresses: support@firm.com, or all of a domain: "@firm.com"
	MarkSeen bool          `yaml:"mark_seen"` // mark messages as read once they are kept
	Batch    int           `yaml:"batch"`     // messages in one transaction at most, 0 = 100
	Every    time.Duration `yaml:"every"`     // how often it looks if the server does not call; 0 = 1m
}

// Source checks the settings, and that the secrets can be read, and gives the
// source. It does not connect.
func (c IMAP) Source() (stream.Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.read, nil
}

func (c *IMAP) check() error {
	c.TLS, c.Folder = cmp.Or(c.TLS, "implicit"), cmp.Or(c.Folder, "INBOX")
	c.Batch, c.Every = cmp.Or(c.Batch, defaultBatch), cmp.Or(c.Every, defaultEvery)
	switch {
	case c.Name == "":
		return stream.NoName()
	case c.As != "" && c.As != record.Complaints.String():
		return stream.Wrong("err_source_gives", "as", "kind", record.Complaints.String(), "value", stream.Shown(c.As))
	case c.User == "":
		return stream.Missing("user", "support@firm.com")
	case !c.Password.Given():
		return stream.NoSecretNamed("password")
	case c.Batch < 1 || c.Batch > mostBatch:
		return stream.Outside("batch", c.Batch, 1, mostBatch)
	case c.Every < leastEvery || c.Every > mostEvery:
		return stream.Outside("every", c.Every, leastEvery, mostEvery)
	case c.Sent == c.Folder:
		return stream.Wrong("err_source_sent", "sent")
	}
	for _, line := range []struct{ key, value string }{{"folder", c.Folder}, {"sent", c.Sent}, {"user", c.User}} {
		if strings.ContainsAny(line.value, "\r\n\x00") {
			return stream.Wrong("err_source_line", line.key)
		}
	}
	for i, a := range c.Own {
		if at := strings.LastIndexByte(a, '@'); at < 0 || at == len(a)-1 || strings.ContainsAny(a, " <>,") {
			return stream.Entry(i, stream.Unlike("own", a, "support@firm.com, @firm.com"))
		}
	}
	if err := c.checkHost(); err != nil {
		return err
	}
	if _, err := c.Password.Value(); err != nil {
		return stream.Unreadable("password", err)
	}
	if _, err := c.tls(); err != nil {
		return err
	}
	_, err := c.decoder()
	return err
}

// checkHost completes the host with its port.
func (c *IMAP) checkHost() error {
	port, ok := map[string]string{"implicit": "993", "starttls": "143", "none": "143"}[c.TLS]
	if !ok {
		return stream.NoChoice("tls", c.TLS, "implicit", "starttls", "none")
	}
	if c.Host == "" {
		return stream.Missing("host", "imap.firm.com")
	}
	host, given, err := net.SplitHostPort(c.Host)
	if err != nil {
		host, given = c.Host, port
		c.Host = net.JoinHostPort(host, port)
	}
	ip := net.ParseIP(host)
	n, err := strconv.ParseUint(given, 10, 16)
	switch {
	case err != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ @"):
		return stream.Unlike("host", c.Host, "imap.firm.com:993")
	case c.TLS == "none" && host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return stream.Wrong("err_source_clear", "tls")
	}
	return nil
}

func (c *IMAP) tls() (*tls.Config, error) {
	host, _, _ := net.SplitHostPort(c.Host) // checked
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if c.CA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, stream.Unreadable("ca", err)
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, stream.NoCertificate("ca", c.CA)
	}
	return t, nil
}

func (c *IMAP) decoder() (*file.MailDecoder, error) {
	d, err := file.NewMailDecoder(c.Name, file.Options{Profile: c.Profile, Source: c.Common.Source})
	var unfit *file.Error
	switch {
	case errors.As(err, &unfit):
		return nil, stream.Wrong("err_source_unfit", "profile", "value", stream.Shown(c.Profile))
	case err != nil:
		return nil, stream.Unreadable("profile", err)
	}
	return d, nil
}

// own reports one of our addresses.
func (c *IMAP) own(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	for _, a := range c.Own {
		if strings.EqualFold(a, address) || a[0] == '@' && strings.EqualFold(a[1:], domain) {
			return true
		}
	}
	return false
}

// ownList reports a list that hands our own mail around, such as a group address
// that all of support reads.
func (c *IMAP) ownList(id string) bool {
	if id == "" {
		return false
	}
	for _, a := range c.Own {
		a = strings.ToLower(a)
		if id == strings.Replace(a, "@", ".", 1) || a[0] == '@' && strings.HasSuffix(id, "."+a[1:]) {
			return true
		}
	}
	return false
}
