package file

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"

	"plaint/ingest/mail"
	"plaint/ingest/profile"
	"plaint/internal/record"
)

// mailProfile maps messages unless the user chose another profile.
const mailProfile = "mail"

// mail plans messages, one by itself or an mbox. It reports whether the input
// holds any.
func (p *Plan) mail(sample []byte) (bool, error) {
	if p.opt.As != 0 && p.opt.As != record.Complaints || !mail.IsMail(sample) {
		return false, nil
	}
	p.Format = Mail
	if err := p.chooseMail(); err != nil {
		return true, err
	}
	source := p.mailRows(bytes.NewReader(sample))
	for len(p.Sample) < 3 {
		row, err := source.next()
		if err != nil {
			break
		}
		if row.code == "" {
			p.Sample = append(p.Sample, row.cells)
		}
	}
	return true, nil
}

func (p *Plan) chooseMail() error {
	if p.opt.Profile == "" {
		p.opt.Profile = mailProfile
	}
	return p.choose(mail.Columns())
}

// openMail opens the input at its first message.
func (p *Plan) openMail(read *atomic.Int64) (rows, func(), error) {
	r, err := p.in.open(read)
	if err != nil {
		return nil, nil, err
	}
	return p.mailRows(r), func() { r.Close() }, nil
}

// mailRows yields messages, one row each.
type mailRows struct {
	box    *mail.Box
	take   *mailTaker
	failed error // to be returned after the message that it cut off
}

func (p *Plan) mailRows(r io.Reader) *mailRows {
	return &mailRows{box: mail.NewBox(r), take: newMailTaker(p.Mapping)}
}

func (r *mailRows) next() (rawRow, error) {
	if r.failed != nil {
		return rawRow{}, r.failed
	}
	l, err := r.box.Next()
	if err != nil {
		return rawRow{}, err
	}
	m, err := r.take.reader.Read(l)
	var fault *mail.Fault
	if errors.As(err, &fault) {
		r.failed = fault.Err
		return rawRow{line: l.Line, code: fault.Code, detail: fault.Detail, raw: fault.Raw}, nil
	}
	return r.take.row(m, m.Row(m.Party(nil)), l.Line), nil
}

// mailTaker makes rows of messages.
type mailTaker struct {
	reader mail.Reader
	all    bool // the profile has a word for automatic messages: it wants them
}

func newMailTaker(m *profile.Mapping) *mailTaker {
	t := &mailTaker{all: m.Words[mail.Automatic] != ""}
	t.reader.Guess = func(b []byte) string {
		text, ok := newDecoder(detectEncoding(b, false)).text(b)
		if !ok {
			text = string(bytes.ToValidUTF8(b, []byte("\ufffd")))
		}
		return text
	}
	return t
}

// row is a message as a row. One that no person wrote is refused, unless the
// profile takes them.
func (t *mailTaker) row(m *mail.Message, cells []string, line int64) rawRow {
	r := rawRow{line: line, raw: m.Raw, cells: cells}
	t.check(&r)
	return r
}

func (t *mailTaker) check(r *rawRow) {
	if reason := r.cells[mail.Automatic]; reason != "" && !t.all {
		r.code = record.Code(reason)
	}
}

// again makes a row of a refused one: the message's bytes or, of a long one, its
// cells.
func (t *mailTaker) again(r *rawRow) {
	if bytes.HasPrefix(r.raw, []byte("{")) { // no header begins so
		if fillTable(r); r.code == "" && len(r.cells) != len(mail.Columns()) {
			r.code = "bad_mail"
		}
		if r.code == "" {
			t.check(r)
		}
		return
	}
	m, err := t.reader.Read(bytes.NewReader(r.raw))
	var fault *mail.Fault
	if errors.As(err, &fault) {
		r.code, r.detail = fault.Code, fault.Detail
		return
	}
	r.cells = m.Row(m.Party(nil))
	t.check(r)
}

// exportMail writes refused messages as an mbox.
func exportMail(rows []record.Refusal) []byte {
	var out []byte
	for i := range rows {
		out = mail.AppendBox(out, rows[i].Raw)
	}
	return out
}

// MailDecoder turns the messages of a mailbox into records as Plan does with
// those of a file. It is not safe for concurrent use.
type MailDecoder struct {
	take *mailTaker
	w    *worker
	row  record.Batch
}

// NewMailDecoder reads a mailbox of that name. o.Profile "" is the profile mail.
func NewMailDecoder(name string, o Options) (*MailDecoder, error) {
	o.As = record.Complaints
	p := &Plan{Input: name, Format: Mail, opt: o, in: &input{name: name}, settled: newSettled()}
	if err := p.chooseMail(); err != nil {
		return nil, err
	}
	if p.Mapping.Profile.Kind() != record.Complaints {
		return nil, &Error{"no_profile", "messages are complaints, and " + p.Mapping.Profile.Name + " is of " + p.Mapping.Profile.As}
	}
	return &MailDecoder{take: newMailTaker(p.Mapping), w: &worker{p: p, m: p.Mapping.NewMapper(), decode: newDecoder("utf-8"), kept: p.keep()}}, nil
}

// Read takes a message apart. The error is a *mail.Fault.
func (d *MailDecoder) Read(r io.Reader) (*mail.Message, error) { return d.take.reader.Read(r) }

// Append appends a message's record, or its refusal, to b. cells are its Row or
// its Answer.
func (d *MailDecoder) Append(b *record.Batch, m *mail.Message, cells []string, line int64) {
	r := d.take.row(m, cells, line)
	d.append(b, &r)
}

// Refuse appends the refusal of a message; of one that could not be read m is
// nil and the fault has its bytes.
func (d *MailDecoder) Refuse(b *record.Batch, m *mail.Message, fault *mail.Fault, line int64) {
	r := rawRow{line: line, code: fault.Code, detail: fault.Detail, raw: fault.Raw}
	if m != nil {
		if r.raw = m.Raw; r.raw == nil {
			r.cells = m.Row(m.Party(nil))
		}
	}
	d.append(b, &r)
}

func (d *MailDecoder) append(b *record.Batch, r *rawRow) {
	if b.Profile == "" {
		b.Profile = d.w.m.Profile.Name
	}
	reuse(&d.row)
	d.w.row(&d.row, r)
	stamp(&d.row, nil) // a message without an id is known by its content, wherever it stands
	join(b, &d.row)
}
