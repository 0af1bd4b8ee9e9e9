// Package queue reads records from message queues, NATS JetStream and Kafka.
// Where reading goes on is decided by the position that is kept with the rows,
// never by what the queue remembers; what the queue is told afterwards is for
// its own housekeeping.
package queue

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// Limits of a batch. It ends with the message that reaches one of them.
const (
	defaultBatch = 5000 // messages; of 1000 each costs half as much again
	mostBatch    = 100_000
	batchRows    = file.DefaultBatchRows
	batchBytes   = 32 << 20 // of messages
)

// patience is how long a queue may take to answer a request.
const patience = 10 * time.Second

// TLS says how the queue proves who it is, and we to it. The zero value trusts
// the system's authorities and shows no certificate.
type TLS struct {
	CA   string `yaml:"ca"`   // file of authorities to trust instead, PEM
	Cert string `yaml:"cert"` // file of our certificate, PEM
	Key  string `yaml:"key"`  // file of its key, PEM
}

func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, stream.Unreadable("tls.ca", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, stream.NoCertificate("tls.ca", t.CA)
		}
	}
	switch {
	case t.Cert != "" && t.Key == "":
		return nil, stream.Wrong("err_source_together", "tls.cert", "names", "cert, key")
	case t.Cert == "" && t.Key != "":
		return nil, stream.Wrong("err_source_together", "tls.key", "names", "cert, key")
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, stream.NoPair("tls.cert", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// refuse says what was found and what a person may do.
func refuse(name, found string, args ...any) error {
	return fmt.Errorf("%w: %s; messages that were acknowledged may be missing in it. If it is to be read from its beginning, forget the position of %s or give the source another name",
		stream.ErrRefused, fmt.Sprintf(found, args...), name)
}

// batchSize checks the setting, 0 is the default.
func batchSize(n int) (int, error) {
	switch {
	case n == 0:
		return defaultBatch, nil
	case n < 0 || n > mostBatch:
		return 0, stream.Outside("batch", n, 1, mostBatch)
	}
	return n, nil
}

// place is where a message stands: a number that its log never says twice.
type place struct {
	input  string // as in record.Position
	epoch  string // of the log
	number int64  // sequence or offset
}

// salt makes rows without an id at different places different records, and the
// same message that comes again the same ones.
func (p place) salt() string {
	return p.input + "@" + p.epoch + "#" + strconv.FormatInt(p.number, 10)
}

// guarded turns a panic of a goroutine of ours into its error: the supervisor
// catches only those of the goroutine it started.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in the source: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// decode appends the rows of a message, or their refusals, to b.
func decode(d *file.Decoder, b *record.Batch, body []byte, at place) {
	seen := &record.Seen{Salt: at.salt()}
	refused := len(b.Refused)
	for row := range rows(body) {
		d.Append(b, file.Message{Body: row, Line: at.number, Seen: seen})
	}
	for i := refused; i < len(b.Refused); i++ {
		b.Refused[i].Input = at.input // a number belongs to a partition, the decoder to all of them
	}
}
