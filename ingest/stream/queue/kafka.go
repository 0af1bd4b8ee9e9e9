package queue

import (
	"cmp"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"plaint/ingest/stream"
)

// Kafka are the settings of a Kafka source: some topics, read as a member of a
// consumer group.
type Kafka struct {
	stream.Common `yaml:",inline"`
	Brokers       []string `yaml:"brokers"` // host:9092
	Topics        []string `yaml:"topics"`
	Group         string   `yaml:"group"` // "" = plaint-NAME
	SASL          *SASL    `yaml:"sasl"`
	TLS           *TLS     `yaml:"tls"`
	Start         string   `yaml:"start"` // of a partition without a position: earliest (also "") or latest
	Batch         int      `yaml:"batch"` // messages in one transaction at most, 0 = 5000
}

// SASL says who reads.
type SASL struct {
	Mechanism string        `yaml:"mechanism"` // plain, scram-sha-256, scram-sha-512
	User      string        `yaml:"user"`
	Password  stream.Secret `yaml:"password"`
}

const (
	latest = "latest"
	// rebalanceWait is how long the group waits for a member that still holds a
	// partition. A transaction may take less, so that no other member reads a
	// partition while its last rows are on their way.
	rebalanceWait = 5 * time.Minute
	admitWait     = rebalanceWait - time.Minute
)

// Source checks the settings, and that the secrets can be read, and gives the
// source. It does not connect.
func (c Kafka) Source() (stream.Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.read, nil
}

func (c *Kafka) check() (err error) {
	c.Group, c.Start = cmp.Or(c.Group, "plaint-"+c.Name), cmp.Or(c.Start, "earliest")
	switch {
	case c.Name == "":
		return stream.NoName()
	case len(c.Brokers) == 0:
		return stream.Missing("brokers", "[kafka.firm.com:9092]")
	case len(c.Topics) == 0:
		return stream.Missing("topics", "[tickets]")
	case c.Start != "earliest" && c.Start != latest:
		return stream.NoChoice("start", c.Start, "earliest", latest)
	}
	for i, b := range c.Brokers {
		if host, _, err := net.SplitHostPort(b); err != nil || host == "" || strings.ContainsAny(b, "/@ ") {
			return stream.Entry(i, stream.Unlike("brokers", b, "host:9092"))
		}
	}
	for i, t := range c.Topics {
		switch {
		case t == "":
			return stream.Entry(i, stream.Unlike("topics", t, "tickets"))
		case strings.ContainsAny(t, "/ \t\r\n"):
			return stream.Entry(i, stream.BadSigns("topics", t, "/"))
		}
	}
	if c.Batch, err = batchSize(c.Batch); err != nil {
		return err
	}
	if _, err := c.Decoder(); err != nil {
		return err
	}
	_, err = c.options()
	return err
}

// options are those of every connection; secrets are read anew, so that they
// can be renewed.
func (c *Kafka) options() ([]kgo.Opt, error) {
	o := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID("plaint-" + c.Name), kgo.DialTimeout(patience)}
	if c.SASL != nil {
		m, err := c.SASL.mechanism()
		if err != nil {
			return nil, err
		}
		o = append(o, kgo.SASL(m))
	}
	if c.TLS != nil {
		t, err := c.TLS.config()
		if err != nil {
			return nil, err
		}
		o = append(o, kgo.DialTLSConfig(t))
	}
	return o, nil
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	switch {
	case s.User == "":
		return nil, stream.Missing("sasl.user", "plaint")
	case !s.Password.Given():
		return nil, stream.NoSecretNamed("sasl.password")
	}
	password, err := s.Password.Value()
	if err != nil {
		return nil, stream.Unreadable("sasl.password", err)
	}
	switch s.Mechanism {
	case "":
		return nil, stream.Missing("sasl.mechanism", "scram-sha-256")
	case "plain":
		return plain.Auth{User: s.User, Pass: password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: s.User, Pass: password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: s.User, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, stream.NoChoice("sasl.mechanism", s.Mechanism, "plain", "scram-sha-256", "scram-sha-512")
}
