package queue

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"plaint/ingest/stream"
)

// JetStream are the settings of a NATS JetStream source: one stream, read with a
// durable pull consumer that is this source's own.
type JetStream struct {
	stream.Common `yaml:",inline"`
	URL           string        `yaml:"url"` // nats://host:4222, several with commas
	Stream        string        `yaml:"stream"`
	Consumer      string        `yaml:"consumer"` // its durable name, "" = plaint-NAME
	Subjects      []string      `yaml:"subjects"` // none = all of the stream
	Token         stream.Secret `yaml:"token"`
	User          string        `yaml:"user"`
	Password      stream.Secret `yaml:"password"`
	Creds         stream.Secret `yaml:"creds"` // the text of a .creds file
	TLS           *TLS          `yaml:"tls"`
	Batch         int           `yaml:"batch"` // messages in one transaction at most, 0 = 5000
	Wait          time.Duration `yaml:"wait"`  // for a batch to fill, 0 = 100ms
}

const (
	defaultWait = 100 * time.Millisecond
	mostWait    = 30 * time.Second
	// ackWait is after how long the server gives a message again that is not
	// acknowledged. Nothing depends on it: what was given and not kept is asked
	// for again at every start.
	ackWait = 2 * time.Minute
	// owner is the metadata that a consumer of ours carries. Another's is never
	// touched, for its place is moved at need.
	owner = "plaint_source"
)

// Source checks the settings, and that the secrets can be read, and gives the
// source. It does not connect.
func (c JetStream) Source() (stream.Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.read, nil
}

func (c *JetStream) check() (err error) {
	c.Consumer = cmp.Or(c.Consumer, "plaint-"+c.Name)
	c.Wait = cmp.Or(c.Wait, defaultWait)
	switch {
	case c.Name == "":
		return stream.NoName()
	case c.Stream == "":
		return stream.Missing("stream", "TICKETS")
	case strings.ContainsAny(c.Stream, badInName):
		return stream.BadSigns("stream", c.Stream, `. * > / \`)
	case strings.ContainsAny(c.Consumer, badInName):
		return stream.BadSigns("consumer", c.Consumer, `. * > / \`)
	case c.Wait < time.Millisecond || c.Wait > mostWait:
		return stream.Outside("wait", c.Wait, time.Millisecond, mostWait)
	}
	for i, s := range c.Subjects {
		if s == "" || strings.ContainsAny(s, " \t\r\n") {
			return stream.Entry(i, stream.Unlike("subjects", s, "tickets.*"))
		}
	}
	if c.Batch, err = batchSize(c.Batch); err != nil {
		return err
	}
	if _, err := c.Decoder(); err != nil {
		return err
	}
	if err := c.checkURL(); err != nil {
		return err
	}
	_, err = c.options()
	return err
}

const badInName = ".*>/\\ \t\r\n"

// schemes that an address can have.
var schemes = []string{"nats", "tls", "ws", "wss"}

func (c *JetStream) checkURL() error {
	for one := range strings.SplitSeq(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one)) // what is no address may hold a password, and is not repeated
		switch {
		case err != nil || u.Host == "":
			return stream.NoAddress("url", "nats://host:4222")
		case !slices.Contains(schemes, u.Scheme):
			return stream.NoChoice("url", u.Scheme, schemes...)
		case u.User != nil:
			return stream.Wrong("err_source_url_user", "url")
		}
	}
	return nil
}

// options are those of a connection. It is not mended when it breaks: the source
// starts again, and with it the look at whether the stream is the same.
func (c *JetStream) options() ([]nats.Option, error) {
	o := []nats.Option{nats.Name("plaint " + c.Name), nats.NoReconnect(), nats.Timeout(patience),
		nats.PingInterval(patience), nats.MaxPingsOutstanding(2)}
	who, err := c.credentials()
	if err != nil {
		return nil, err
	}
	if who != nil {
		o = append(o, who)
	}
	if c.TLS != nil {
		t, err := c.TLS.config()
		if err != nil {
			return nil, err
		}
		o = append(o, nats.Secure(t))
	}
	return o, nil
}

// credentials are read at every connection, so that they can be renewed.
func (c *JetStream) credentials() (nats.Option, error) {
	switch {
	case c.Creds.Given() && (c.Token.Given() || c.User != ""):
		return nil, stream.Wrong("err_source_exclude", "creds", "names", "token, user, creds")
	case c.Token.Given() && c.User != "":
		return nil, stream.Wrong("err_source_exclude", "token", "names", "token, user, creds")
	case c.User != "" && !c.Password.Given():
		return nil, stream.Wrong("err_source_together", "user", "names", "user, password")
	case c.User == "" && c.Password.Given():
		return nil, stream.Wrong("err_source_together", "password", "names", "user, password")
	case c.Token.Given():
		v, err := c.Token.Value()
		return nats.Token(v), wrap("token", err)
	case c.User != "":
		v, err := c.Password.Value()
		return nats.UserInfo(c.User, v), wrap("password", err)
	case c.Creds.Given():
		v, err := c.Creds.Value()
		return nats.UserCredentialBytes([]byte(v)), wrap("creds", err)
	}
	return nil, nil
}

func wrap(key string, err error) error {
	if err == nil {
		return nil
	}
	return stream.Unreadable(key, err)
}

// dialer makes a connection that is still being made end with ctx.
type dialer struct{ ctx context.Context }

func (d dialer) Dial(network, address string) (net.Conn, error) {
	n := net.Dialer{Timeout: patience}
	return n.DialContext(d.ctx, network, address)
}

// connect opens the connection; broken is called when it ends.
func (c *JetStream) connect(ctx context.Context, broken func(error)) (*nats.Conn, error) {
	o, err := c.options()
	if err != nil {
		return nil, err
	}
	o = append(o, nats.SetCustomDialer(dialer{ctx}), nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
		broken(fmt.Errorf("the connection to %s ended: %w", c.URL, cmp.Or(err, nats.ErrConnectionClosed)))
	}))
	nc, err := nats.Connect(c.URL, o...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.URL, err)
	}
	return nc, nil
}
