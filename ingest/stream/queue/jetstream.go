package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"plaint/ingest/file"
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
		return errors.New("name: a source needs one, its position is kept under it")
	case c.Stream == "" || strings.ContainsAny(c.Stream, badInName):
		return fmt.Errorf("stream: %q is not the name of a stream", c.Stream)
	case strings.ContainsAny(c.Consumer, badInName):
		return fmt.Errorf("consumer: %q holds a space or one of . * > / \\", c.Consumer)
	case c.Wait < time.Millisecond || c.Wait > mostWait:
		return fmt.Errorf("wait: %s is not between 1ms and %s", c.Wait, mostWait)
	}
	for _, s := range c.Subjects {
		if s == "" || strings.ContainsAny(s, " \t\r\n") {
			return fmt.Errorf("subjects: %q is no subject", s)
		}
	}
	if c.Batch, err = batchSize(c.Batch); err != nil {
		return err
	}
	if _, err := c.decoder(); err != nil {
		return err
	}
	if err := c.checkURL(); err != nil {
		return err
	}
	_, err = c.options()
	return err
}

const badInName = ".*>/\\ \t\r\n"

func (c *JetStream) checkURL() error {
	for one := range strings.SplitSeq(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		switch {
		case err != nil || u.Host == "":
			return errors.New("url: it must be like nats://host:4222")
		case !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme):
			return fmt.Errorf("url: %q is none of nats, tls, ws, wss", u.Scheme)
		case u.User != nil:
			return errors.New("url: user and password have settings of their own")
		}
	}
	return nil
}

func (c *JetStream) decoder() (*file.Decoder, error) {
	o, err := c.Common.Options()
	if err != nil {
		return nil, err
	}
	return file.NewDecoder(c.Name, o)
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
	ways := 0
	for _, given := range []bool{c.Token.Given(), c.User != "", c.Creds.Given()} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return nil, errors.New("token, user and creds exclude each other")
	case (c.User != "") != c.Password.Given():
		return nil, errors.New("user and password belong together")
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

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
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
