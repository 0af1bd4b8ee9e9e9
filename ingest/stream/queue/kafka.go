package queue

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"plaint/ingest/file"
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
		return errors.New("name: a source needs one, its positions are kept under it")
	case len(c.Brokers) == 0:
		return errors.New("brokers: none is given")
	case len(c.Topics) == 0:
		return errors.New("topics: none is given")
	case c.Start != "earliest" && c.Start != latest:
		return fmt.Errorf("start: %q is neither earliest nor latest", c.Start)
	}
	for _, b := range c.Brokers {
		if host, _, err := net.SplitHostPort(b); err != nil || host == "" {
			return fmt.Errorf("brokers: %q is not like host:9092", b)
		}
	}
	for _, t := range c.Topics {
		if t == "" || strings.ContainsAny(t, "/ \t\r\n") {
			return fmt.Errorf("topics: %q is not the name of a topic", t)
		}
	}
	if c.Batch, err = batchSize(c.Batch); err != nil {
		return err
	}
	if _, err := c.decoder(); err != nil {
		return err
	}
	_, err = c.options()
	return err
}

func (c *Kafka) decoder() (*file.Decoder, error) {
	o, err := c.Common.Options()
	if err != nil {
		return nil, err
	}
	return file.NewDecoder(c.Name, o)
}

// options are those of every connection; secrets are read anew, so that they
// can be renewed.
func (c *Kafka) options() ([]kgo.Opt, error) {
	o := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID("plaint-" + c.Name), kgo.DialTimeout(patience)}
	if c.SASL != nil {
		m, err := c.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("sasl: %w", err)
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
	if s.User == "" || !s.Password.Given() {
		return nil, errors.New("user and password are needed")
	}
	password, err := s.Password.Value()
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	switch s.Mechanism {
	case "plain":
		return plain.Auth{User: s.User, Pass: password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: s.User, Pass: password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: s.User, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("mechanism: %q is none of plain, scram-sha-256, scram-sha-512", s.Mechanism)
}
