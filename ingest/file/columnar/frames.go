package columnar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow"

	"plaint/internal/record"
)

// What the child writes: frames of a byte that says what follows, the length of
// the rest, and cells, each behind its length. All lengths are varints.
const (
	frameHello  = 'o' // the child runs and is bounded
	frameHeader = 'h' // the names of the columns
	frameRow    = 'r' // the values of a row
	frameFault  = 'f' // code and detail; the last frame
	frameEnd    = 'e' // the last frame
)

// The bounds of what is handed over. A row's cells are cut off one byte behind
// MaxRow, so that a row that is too long can be told from one that is not.
const (
	MaxRow     = 4 << 20
	MaxColumns = 4096
	maxFrame   = MaxRow + 1 + MaxColumns*binary.MaxVarintLen32
	maxDetail  = 1000
)

// writer writes frames.
type writer struct {
	out  *bufio.Writer
	buf  []byte // cells of the frame
	room int    // bytes that its cells may still take
}

func newWriter(w io.Writer) *writer { return &writer{out: bufio.NewWriterSize(w, 64<<10)} }

func (w *writer) begin() { w.buf, w.room = w.buf[:0], MaxRow+1 }

func (w *writer) cell(s string) {
	s = s[:min(len(s), w.room)]
	w.room -= len(s)
	w.buf = append(binary.AppendUvarint(w.buf, uint64(len(s))), s...)
}

func (w *writer) frame(kind byte) error {
	var head [1 + binary.MaxVarintLen64]byte
	head[0] = kind
	n := 1 + binary.PutUvarint(head[1:], uint64(len(w.buf)))
	if _, err := w.out.Write(head[:n]); err != nil {
		return err
	}
	_, err := w.out.Write(w.buf)
	return err
}

func (w *writer) flush() error { return w.out.Flush() }

func (w *writer) hello() error {
	w.begin()
	return errors.Join(w.frame(frameHello), w.flush())
}

func (w *writer) header(s *arrow.Schema) error {
	if s.NumFields() > MaxColumns {
		return &Fault{TooManyColumns, fmt.Sprint(s.NumFields())}
	}
	w.begin()
	for _, f := range s.Fields() {
		w.cell(f.Name)
	}
	if w.room == 0 {
		return bad("the names of the columns are too long")
	}
	return errors.Join(w.frame(frameHeader), w.flush())
}

func (w *writer) row(cols []arrow.Array, i int) error {
	if len(cols) > MaxColumns {
		return &Fault{TooManyColumns, fmt.Sprint(len(cols))}
	}
	w.begin()
	for _, c := range cols {
		w.cell(cellText(c, i))
	}
	return w.frame(frameRow)
}

func (w *writer) fault(f *Fault) error {
	w.begin()
	w.cell(string(f.Code))
	w.cell(f.Detail[:min(len(f.Detail), maxDetail)])
	return errors.Join(w.frame(frameFault), w.flush())
}

func (w *writer) end() error {
	w.begin()
	return errors.Join(w.frame(frameEnd), w.flush())
}

// reader reads frames. It trusts them no more than the file they come from.
type reader struct {
	in    *bufio.Reader
	read  int64 // bytes of frames
	width int   // cells of the last frame
	buf   []byte
}

var errFrame = errors.New("no frame of a decoder")

// frame returns the next frame's kind and cells, which share one text. The
// error is io.EOF or io.ErrUnexpectedEOF where there are no more.
func (r *reader) frame() (kind byte, cells []string, err error) {
	if kind, err = r.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return 0, nil, err
	}
	if n > maxFrame {
		return 0, nil, errFrame
	}
	r.read += int64(n) + 2
	text, err := r.text(int(n))
	if err != nil {
		return 0, nil, err
	}
	cells, err = r.split(text)
	return kind, cells, err
}

func (r *reader) text(n int) (string, error) {
	if b, err := r.in.Peek(min(n, r.in.Size())); err != nil {
		return "", err
	} else if len(b) == n {
		text := string(b)
		_, err := r.in.Discard(n)
		return text, err
	}
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	_, err := io.ReadFull(r.in, r.buf[:n])
	return string(r.buf[:n]), err
}

// split takes a text apart, as many cells as the frame before it had or not.
func (r *reader) split(text string) ([]string, error) {
	cells := make([]string, 0, r.width)
	for text != "" {
		cell, rest, err := cut(text)
		if err != nil || len(cells) == MaxColumns {
			return nil, errFrame
		}
		cells, text = append(cells, cell), rest
	}
	r.width = len(cells)
	return cells, nil
}

// cut takes the first cell off.
func cut(text string) (cell, rest string, err error) {
	var n uint64
	for i := range min(len(text), binary.MaxVarintLen32) {
		b := text[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if n > uint64(len(text)-i-1) {
				return "", "", errFrame
			}
			return text[i+1:][:n], text[i+1:][n:], nil
		}
	}
	return "", "", errFrame
}

// Fault is why a file, or the rest of it, cannot be read.
type Fault struct {
	Code   record.Code
	Detail string
}

func (f *Fault) Error() string { return string(f.Code) + ": " + f.Detail }

// The codes of a Fault.
const (
	Damaged        record.Code = "bad_columnar"
	TooManyColumns record.Code = "too_many_columns"
	Bomb           record.Code = "archive_bomb"
	NotReadable    record.Code = "not_readable"
)
