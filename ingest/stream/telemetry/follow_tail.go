package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// tail is one path that is followed, through all the files that have its name one
// after the other.
type tail struct {
	f     *follower
	path  string
	input string
	cur   *segment
	ended bool  // the last file was read to its end and is gone
	moved bool  // the position is not kept yet
	ahead int64 // bytes of the files that come after cur
}

func (t *tail) close() {
	if t.cur != nil {
		t.cur.file.Close()
		t.cur = nil
	}
}

func (t *tail) position() record.Position {
	return record.Position{Input: t.input, Offset: t.cur.offset, Mark: t.cur.mark}
}

func (t *tail) behind() int64 {
	if t.cur == nil {
		return 0
	}
	return max(0, t.cur.size-t.cur.offset) + t.ahead
}

// lookAhead counts what is behind the file that is read, which is something only
// if that one is rotated.
func (t *tail) lookAhead() {
	t.ahead = 0
	if t.cur == nil {
		return
	}
	if now, err := os.Stat(t.path); err == nil && idOf(now) == t.cur.id {
		return
	}
	for _, f := range look(t.path, t.cur.id).later(t.cur.id, t.cur.after) {
		t.ahead += f.info.Size()
	}
}

// step reads on and appends rows to b; n is the bytes of these, again says that
// there is more at once.
func (t *tail) step(ctx context.Context, b *record.Batch) (n int, again bool, err error) {
	if t.cur == nil {
		if err := t.open(ctx); err != nil || t.cur == nil {
			return 0, false, err
		}
	}
	s := t.cur
	cut, err := s.fill()
	if err != nil {
		return 0, false, fmt.Errorf("read %s: %w", s.path, err)
	}
	if cut {
		return t.truncated(b)
	}
	n = t.rows(b, t.state())
	if s.at() < s.size || b.Rows() >= t.f.c.Batch {
		return n, true, nil
	}
	if len(s.buf) == 0 {
		s.buf = nil // many files are silent most of the time
	}
	if n == 0 && !t.moved && t.finished() {
		n, err := t.finish(b)
		return n, n > 0 || t.cur != s, err // or it is asked again after a while
	}
	return n, false, nil
}

// state is what is known of the bytes behind those that were read.
func (t *tail) state() doneness {
	switch s := t.cur; {
	case s.final && s.at() >= s.size:
		return over
	case time.Since(s.grown) >= t.f.c.settle:
		return settled
	}
	return growing
}

// open finds where to go on, or to begin. While files are being renamed it finds
// nothing, and is asked again.
func (t *tail) open(ctx context.Context) error {
	kept, ok, err := t.f.to.Position(ctx, t.input)
	if err != nil {
		return fmt.Errorf("find the position of %s: %w", t.input, err)
	}
	if !ok || t.ended {
		l := look(t.path, fileID{})
		queue := l.later(fileID{}, 0)
		if t.ended || t.f.c.From != fromBeginning {
			queue = slices.DeleteFunc(queue, func(f found) bool { return !f.live })
		}
		t.start(l, queue)
		return nil
	}
	m, err := parseMark(kept.Mark)
	if err != nil {
		return fmt.Errorf("%w: the position of %s: %w; forget it, and the file is read from its beginning", stream.ErrRefused, t.input, err)
	}
	l := look(t.path, m.id)
	s, ok := l.locate(kept.Offset, m)
	switch {
	case !ok:
	case s != nil:
		t.use(s)
		if s.path != t.path {
			t.f.to.Log.Info("a rotated file is read to its end first", "path", s.path, "from", kept.Offset)
		}
	default:
		if t.start(l, l.later(fileID{}, m.after)) { // what has its number is another one
			t.f.to.Log.Warn("the file that was read is nowhere: it was truncated, deleted or packed, and what was written to it behind the offset is not read. Reading goes on with the next",
				"path", t.path, "offset", kept.Offset, "next", t.cur.path)
		}
	}
	return nil
}

// start begins the first of the files that are still to be read, from its first
// byte, unless files are being renamed.
func (t *tail) start(l family, queue []found) bool {
	if len(queue) == 0 {
		return false
	}
	next := queue[0]
	f, info, err := next.open()
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errRenamed):
		return false
	case err != nil:
		t.f.say(next.path, "a file cannot be read", err)
		return false
	case !l.still():
		f.Close()
		return false
	}
	s := &segment{file: f, path: next.path, id: idOf(info), born: time.Now().UnixNano(), after: l.newest(), size: info.Size(), wrote: info.ModTime()}
	for _, f := range queue {
		if !f.live { // they are younger still
			s.after = min(s.after, f.info.ModTime().UnixNano())
		}
	}
	t.use(s)
	t.moved = true // so that it is found again although it is rotated before its first row is kept
	return true
}

// use makes a segment the one that is read.
func (t *tail) use(s *segment) {
	t.close()
	t.cur, t.ended = s, false
	delete(t.f.left, t.path)
	s.remark()
	if now, err := os.Stat(t.path); err == nil && idOf(now) != s.id {
		s.gone = s.wrote // nobody writes to it since
	}
	t.lookAhead()
	if !t.f.opened {
		t.f.opened = true
		t.f.to.Meter.Connected()
	}
}

// rows appends the rows that are in the buffer; n is their bytes.
func (t *tail) rows(b *record.Batch, d doneness) (n int) {
	s := t.cur
	rest := s.buf
	for s.long == nil && b.Rows() < t.f.c.Batch {
		size := cutRow(rest, t.f.join, d)
		if size == 0 {
			break
		}
		t.row(b, rest[:size])
		rest, n = rest[size:], n+size
	}
	s.buf = s.buf[:copy(s.buf, rest)]
	if n > 0 {
		s.remark()
		t.moved = true
	}
	return n + t.tooLong(b, d)
}

// row appends one row.
func (t *tail) row(b *record.Batch, raw []byte) {
	s := t.cur
	body := raw
	if s.offset == 0 {
		body = bytes.TrimPrefix(body, []byte("\ufeff"))
	}
	if body = bytes.Trim(body, "\r\n"); len(bytes.TrimSpace(body)) > 0 {
		refused := len(b.Refused)
		t.f.decode(b, file.Message{Body: body, Line: s.offset + 1, Seen: &record.Seen{Salt: t.salt()}})
		for i := refused; i < len(b.Refused); i++ {
			b.Refused[i].Input = t.input // the offset belongs to a file, the decoder to all of them
		}
	}
	s.prints.pass(raw)
	s.offset += int64(len(raw))
}

// salt makes equal lines at different places different records.
func (t *tail) salt() string {
	s := t.cur
	return t.input + "@" + strconv.FormatUint(s.id.ino, 16) + "-" + strconv.FormatInt(s.born, 16) + "#" + strconv.FormatInt(s.offset, 10)
}

// tooLong drops a line that is longer than any row, and refuses it when its end is
// found, so that a restart before that finds it whole.
func (t *tail) tooLong(b *record.Batch, d doneness) (n int) {
	s := t.cur
	if s.long == nil {
		if len(s.buf) <= longest || bytes.IndexByte(s.buf[:longest], '\n') >= 0 || b.Rows() >= t.f.c.Batch {
			return 0
		}
		s.long = bytes.Clone(s.buf[:keptOfLong])
	}
	end := bytes.IndexByte(s.buf, '\n') + 1
	if end == 0 && d != over {
		s.prints.pass(s.buf)
		s.drop, s.buf = s.drop+int64(len(s.buf)), s.buf[:0]
		return 0
	}
	if end == 0 {
		end = len(s.buf)
	}
	t.refuse(b, "row_too_long", s.long)
	s.prints.pass(s.buf[:end])
	n = int(s.drop) + end
	s.offset += int64(n)
	s.buf = s.buf[:copy(s.buf, s.buf[end:])]
	s.long, s.drop = nil, 0
	s.remark()
	t.moved = true
	return n
}

// refuse keeps what is no row.
func (t *tail) refuse(b *record.Batch, code record.Code, raw []byte) {
	as := record.Logs
	if k, ok := record.ParseKind(t.f.c.As); ok {
		as = k
	}
	b.Refused = append(b.Refused, record.Refusal{Kind: as, Input: t.input, Profile: t.f.c.Profile, Line: t.cur.offset + 1, Code: code,
		Raw: bytes.Clone(raw), Header: file.KeptLine(source(&t.f.c.Common), "")})
}

// finished reports a file that nobody writes to any more: its path has another
// one, or it was deleted, and it has been silent since.
func (t *tail) finished() bool {
	s, wait := t.cur, t.f.c.rotate
	if s.final {
		return true
	}
	info, err := s.file.Stat()
	if err != nil || info.Size() != s.size {
		return false
	}
	now, err := os.Stat(t.path)
	switch {
	case err == nil && idOf(now) == s.id:
		s.gone = time.Time{}
		return false
	case s.gone.IsZero():
		s.gone = time.Now()
		return false
	case err != nil:
		return deleted(info) && time.Since(s.gone) > 30*wait && time.Since(s.grown) > 30*wait // the writer may still have it open
	}
	last := info.ModTime()
	if s.gone.After(last) {
		last = s.gone
	}
	return time.Since(last) >= wait || time.Since(s.gone) >= 10*wait
}

// finish ends a file and begins the one that was written after it. What is behind
// its last line break is its last line.
func (t *tail) finish(b *record.Batch) (n int, err error) {
	s := t.cur
	if n := t.rows(b, over); n > 0 || t.moved {
		return n, nil // once these are kept
	}
	l := look(t.path, s.id)
	if l.live(s.id) {
		return 0, nil
	}
	if queue := l.later(s.id, s.after); len(queue) > 0 {
		t.start(l, queue)
	} else if info, err := s.file.Stat(); err == nil && deleted(info) && l.still() {
		t.close()
		t.ended = true
	}
	return 0, nil
}

// truncated goes on with a file that begins anew. What was written to it between
// the last reading and the truncation is in its copy, if there is one.
func (t *tail) truncated(b *record.Batch) (n int, again bool, err error) {
	s := t.cur
	l := look(t.path, s.id)
	c, ok := l.copyOf(s)
	if s.cut = !ok; s.cut {
		return 0, false, nil // files are being renamed
	}
	if c != nil {
		t.f.to.Log.Info("the file was truncated, its copy is read to its end first", "path", t.path, "copy", c.path)
		t.use(c)
		t.moved = true
		return 0, true, nil
	}
	t.f.to.Log.Warn("the file was truncated; what was written since it was last read is lost, unless it was nothing", "path", t.path, "offset", s.offset)
	n = t.rows(b, settled) // whole lines that waited for others
	if len(s.buf) > 0 || s.long != nil {
		t.refuse(b, "cut_off", append(s.long, s.buf[:min(len(s.buf), keptOfLong)]...))
		n += len(s.buf) + int(s.drop)
	}
	s.buf, s.long, s.drop, s.offset, s.prints = nil, nil, 0, 0, prints{}
	s.born, s.after, s.size = time.Now().UnixNano(), l.newest(), 0
	s.remark()
	t.moved = true
	return n, true, nil
}
