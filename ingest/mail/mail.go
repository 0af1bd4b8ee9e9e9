// Package mail takes messages of electronic mail apart: who wrote, when, about
// what, and which of the words are the writer's own today. It is written for
// hostile input: whatever a message holds, reading it ends, in bounded memory,
// with a Message or a Fault.
package mail

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-message/textproto"

	"plaint/internal/record"
)

// Limits of one message.
const (
	MostBytes    = 64 << 20 // of a message with all that is attached
	KeptWhole    = 1 << 20  // up to here a message that is refused is kept as it came
	keptBegin    = 64 << 10 // of a message that cannot be read
	mostHeader   = 1 << 20  // of a message's own header
	mostParts    = 1000
	mostDepth    = 20       // of parts in parts
	mostText     = 1 << 20  // of what was said
	mostHTML     = 4 << 20  // markup that is read for it
	mostOther    = 64 << 10 // of history, signature, forwarded messages, each
	mostAttached = 100      // attachments that are noted
	mostID       = 250      // characters of an identifier
	mostTo       = 50       // addresses
	mostField    = 2000     // characters of a header field that is shown
)

// Message is what a message says. Texts are UTF-8 without control characters
// but line breaks and tabs.
type Message struct {
	ID       string   // Message-ID without <>, "" if it has none
	Thread   string   // ID of the message that the thread began with, its own if it began one
	Answers  []string // IDs that it answers, the nearest first
	From     string   // address, in small letters
	Name     string   // of the writer, as shown
	ReplyTo  string   // address
	To       []string // addresses that it was sent to, of To and Cc
	List     string   // List-Id
	Received time.Time
	Subject  string // without Re: and its kin
	// Text is what the writer says now. What was said before, and the signature,
	// stand apart; Forwarded is the text of messages inside the message.
	Text, Quoted, Signature, Forwarded string
	Attached                           []string    // name sha256:hex size
	Automatic                          record.Code // auto_reply, bounce, newsletter; "" if a person wrote it
	Listed                             bool        // Automatic only because it came over a list
	Notes                              []string    // what could not be read as it was meant
	Raw                                []byte      // the bytes, nil of a message longer than KeptWhole
}

// Fault says why a message cannot be taken apart. Raw is its beginning.
type Fault struct {
	Code   record.Code // mail_too_long, mail_bomb, bad_mail; cut_off if the input failed
	Detail string
	Raw    []byte
	Err    error // of the input
}

func (f *Fault) Error() string { return string(f.Code) + ": " + f.Detail }

func (f *Fault) Unwrap() error { return f.Err }

// Reader reads messages. Guess decodes text whose encoding is not said or not
// known; nil takes it as Latin-1.
type Reader struct {
	Guess func([]byte) string
}

var (
	errLong = errors.New("longer than any message")
	errBomb = errors.New("more parts, or deeper, than any message")
)

// Read reads a message to its end. The error is a *Fault.
func (rd *Reader) Read(r io.Reader) (*Message, error) {
	in := &bounded{r: r}
	m := &Message{}
	err := rd.read(m, in)
	if err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	switch {
	case in.err != nil:
		return nil, &Fault{Code: "cut_off", Raw: in.begin(), Err: in.err}
	case errors.Is(err, errLong) || in.long:
		return nil, &Fault{Code: "mail_too_long", Raw: in.begin()}
	case errors.Is(err, errBomb):
		return nil, &Fault{Code: "mail_bomb", Raw: in.begin()}
	case err != nil:
		return nil, &Fault{Code: "bad_mail", Detail: err.Error(), Raw: in.begin()}
	}
	if in.n <= KeptWhole {
		m.Raw = in.kept
	}
	return m, nil
}

func (rd *Reader) read(m *Message, in io.Reader) error {
	h, body, broken, err := readHeader(in)
	if err != nil {
		return err
	}
	w := &walker{m: m, guess: rd.Guess}
	if broken {
		w.note("header broken")
	}
	w.header(h)
	said, err := w.part(h, body, 1)
	if err != nil {
		return err
	}
	w.finish(said.words())
	return nil
}

// readHeader reads a header. Behind a line that is none the body begins, as
// people's programs see it; broken says so.
func readHeader(r io.Reader) (h textproto.Header, body io.Reader, broken bool, err error) {
	lim := &io.LimitedReader{R: r, N: mostHeader}
	b := bufio.NewReader(lim)
	h, err = textproto.ReadHeader(b)
	switch {
	case lim.N <= 0:
		return h, nil, false, errors.New("the header is longer than 1 MiB")
	case h.Len() == 0:
		return h, nil, false, errors.New("there is no header")
	}
	broken = err != nil && err != io.EOF
	lim.N = MostBytes + 1
	return h, b, broken, nil
}

// bounded counts what is read, keeps the beginning, and ends a message that does
// not end by itself.
type bounded struct {
	r    io.Reader
	n    int64
	kept []byte
	long bool
	err  error // of r, but for its end
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n > MostBytes {
		b.long = true
		return 0, errLong
	}
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	if room := KeptWhole + 1 - len(b.kept); room > 0 {
		b.kept = append(b.kept, p[:min(n, room)]...)
	}
	b.n += int64(n)
	return n, err
}

func (b *bounded) begin() []byte {
	return append([]byte{}, b.kept[:min(len(b.kept), keptBegin)]...)
}
