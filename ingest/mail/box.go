package mail

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// Box cuts a file into messages: an mbox, in any of its dialects, or one message
// by itself. A message is read while it is cut, and the rest of it is skipped
// when the next is asked for.
type Box struct {
	r      *bufio.Reader
	line   int64 // lines read
	begun  bool
	single bool // no mbox: one message
	ended  bool
	err    error
	open   *Letter
	at     int64 // line at which the next message begins
}

// Letter is one message of a Box, its quoting undone.
type Letter struct {
	Line  int64 // at which it begins, from 1
	box   *Box
	rest  []byte // read and not yet given
	mid   bool   // inside a line
	blank bool   // the line before is empty
	done  bool
}

// NewBox reads from r.
func NewBox(r io.Reader) *Box {
	b := bufio.NewReaderSize(r, 64<<10)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // just peeked at
	}
	return &Box{r: b}
}

// fromLine is the line above a message: From, whoever, a date. Text that begins
// with From has no such date.
var fromLine = regexp.MustCompile(`^From .{0,300}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2}|\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)) .{0,60}$`)

var fieldStart = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:`)

func isFrom(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) && fromLine.Match(bytes.TrimRight(line, "\r\n"))
}

// Next is the next message, io.EOF behind the last.
func (b *Box) Next() (*Letter, error) {
	if b.open != nil {
		if _, err := io.Copy(io.Discard, b.open); err != nil {
			return nil, err
		}
	}
	if !b.begun {
		b.begun = true
		if err := b.begin(); err != nil {
			b.ended, b.err = true, err
		}
	}
	if b.ended {
		if b.err != nil {
			return nil, b.err
		}
		return nil, io.EOF
	}
	b.open = &Letter{Line: b.at, box: b}
	return b.open, nil
}

// begin skips empty lines and a first From line.
func (b *Box) begin() error {
	for {
		c, err := b.r.Peek(1)
		if err != nil {
			return err
		}
		if c[0] != '\n' && c[0] != '\r' {
			break
		}
		if _, err := b.r.ReadByte(); err != nil {
			return err
		}
		if c[0] == '\n' {
			b.line++
		}
	}
	b.at = b.line + 1
	head, _ := b.r.Peek(512)
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if b.single = !whole || !isFrom(line); !b.single {
		b.line++
		_, err := b.r.Discard(len(line) + 1)
		return err
	}
	return nil
}

// Read gives the message's bytes.
func (l *Letter) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.done {
			return 0, io.EOF
		}
		if err := l.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// more reads a line, or a piece of one.
func (l *Letter) more() error {
	b := l.box
	piece, err := b.r.ReadSlice('\n')
	switch {
	case err == io.EOF:
		l.done, b.ended = true, true
	case err != nil && err != bufio.ErrBufferFull:
		b.ended, b.err, l.done = true, err, true
		return err
	}
	starts := !l.mid
	if len(piece) > 0 {
		l.mid = piece[len(piece)-1] != '\n'
		if !l.mid {
			b.line++
		}
	}
	if starts && !b.single {
		if isFrom(piece) {
			piece = bytes.Clone(piece) // looking ahead moves the buffer
			if l.blank || b.fieldNext() {
				b.at, l.done = b.line, true
				return nil
			}
		}
		if quotedFrom(piece) {
			piece = piece[1:]
		}
	}
	l.blank = starts && len(bytes.TrimRight(piece, "\r\n")) == 0
	l.rest = piece
	return nil
}

// fieldNext reports whether a header seems to follow.
func (b *Box) fieldNext() bool {
	head, _ := b.r.Peek(100)
	return fieldStart.Match(head)
}

// quotedFrom reports >From, >>From and so on.
func quotedFrom(line []byte) bool {
	rest := bytes.TrimLeft(line, ">")
	return len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From "))
}

// mailFields are fields that tell a message from other text with colons.
var mailFields = map[string]bool{"from": true, "to": true, "date": true, "subject": true, "message-id": true, "received": true, "return-path": true,
	"mime-version": true, "delivered-to": true, "content-type": true, "dkim-signature": true, "in-reply-to": true, "references": true, "reply-to": true, "sender": true}

// IsMail reports whether a file that begins so holds messages.
func IsMail(sample []byte) bool {
	sample = bytes.TrimLeft(bytes.TrimPrefix(sample, []byte("\ufeff")), "\r\n")
	first, rest, _ := bytes.Cut(sample, []byte("\n"))
	box := isFrom(first)
	if box {
		sample = rest
	}
	known := map[string]bool{}
	for n := 0; len(sample) > 0 && n < 2000; n++ {
		var line []byte
		line, sample, _ = bytes.Cut(sample, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name := fieldStart.Find(line)
		if name == nil {
			if len(sample) == 0 { // the sample ends here
				break
			}
			return box && len(known) >= 2
		}
		if field := string(bytes.ToLower(bytes.TrimRight(name, " \t:"))); mailFields[field] {
			known[field] = true
		}
	}
	who := known["from"] || known["received"] || known["return-path"] || known["sender"]
	return who && (len(known) >= 3 || box && len(known) >= 2)
}

// AppendBox writes a message behind those of an mbox, in mboxrd's quoting.
func AppendBox(out, message []byte) []byte {
	out = append(out, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"...)
	for len(message) > 0 {
		line, rest, found := bytes.Cut(message, []byte("\n"))
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			out = append(out, '>')
		}
		out = append(out, line...)
		if found || len(rest) == 0 {
			out = append(out, '\n')
		}
		message = rest
	}
	return append(out, '\n')
}
