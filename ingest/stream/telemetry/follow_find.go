package telemetry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// printSize is how many bytes at a file's beginning, and before an offset, tell
// it from another.
const printSize = 1024

// leastAlike is from which offset on a file with the same bytes is taken for the
// same, whatever its number: a copy, or a file that was moved.
const leastAlike = 64

// fileID is the number that the system gives a file. It gives the same number to
// another file when the first is gone.
type fileID struct{ dev, ino uint64 }

func idOf(info fs.FileInfo) fileID {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(s.Dev), s.Ino}
}

// deleted reports a file that has no name any more.
func deleted(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Nlink == 0
}

// mark is what an offset belongs to: the file's number, the moments at which it was
// first seen, by our clock and by the file system's, and a print of its bytes up to
// the offset.
type mark struct {
	id    fileID
	born  int64 // nanoseconds since 1970; another one after each truncation
	after int64 // what was written before is older than this file, what is written later younger
	print string
}

func (m mark) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%s", m.id.dev, m.id.ino, m.born, m.after, m.print)
}

func parseMark(s string) (m mark, err error) {
	part := strings.Split(s, "-")
	if len(part) == 4 { // as it was before there were two moments
		part = slices.Insert(part, 3, part[2])
	}
	if len(part) != 5 {
		return m, fmt.Errorf("%q is no mark of a file", s)
	}
	var n [4]uint64
	for i := range n {
		if n[i], err = strconv.ParseUint(part[i], 16, 64); err != nil {
			return m, fmt.Errorf("%q is no mark of a file", s)
		}
	}
	return mark{fileID{n[0], n[1]}, int64(n[2]), int64(n[3]), part[4]}, nil
}

// prints are the bytes that a print is made of.
type prints struct {
	head, last []byte
}

// pass adds bytes that were read on.
func (p *prints) pass(b []byte) {
	if n := printSize - len(p.head); n > 0 {
		p.head = append(p.head, b[:min(n, len(b))]...)
	}
	if len(b) >= printSize {
		p.last = append(p.last[:0], b[len(b)-printSize:]...)
		return
	}
	if over := len(p.last) + len(b) - printSize; over > 0 {
		p.last = p.last[:copy(p.last, p.last[over:])]
	}
	p.last = append(p.last, b...)
}

func (p *prints) sum() string {
	h := sha256.New()
	h.Write(p.head)
	h.Write(p.last)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// printsAt reads the prints of a file at an offset; ok is false if it is shorter.
func printsAt(f *os.File, offset int64) (p prints, ok bool) {
	n := int(min(offset, printSize))
	p.head, p.last = make([]byte, n), make([]byte, n)
	if _, err := f.ReadAt(p.head, 0); err != nil && n > 0 {
		return p, false
	}
	if _, err := f.ReadAt(p.last, offset-int64(n)); err != nil && n > 0 {
		return p, false
	}
	return p, true
}

// openFile opens a regular file, and never waits for a pipe.
func openFile(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// found is a file that is followed, or was.
type found struct {
	path string
	info fs.FileInfo
	live bool  // it has the path that is followed
	name place // what rotation put into its name
}

// family are the files of a path at one moment: the path's, if there is one, as the
// first, the rotated ones, and one with a number that was asked for.
type family struct {
	path  string
	id    fileID
	files []found
}

// look lists them. Packed ones are left out: what was in them was read before they
// were packed, or is said to be lost.
func look(path string, id fileID) family {
	l := family{path: path, id: id}
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		l.files = append(l.files, found{path: path, info: info, live: true})
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return l
	}
	base := filepath.Base(path)
	for _, e := range entries {
		if e.Name() == base || packed(e.Name()) || e.IsDir() {
			continue
		}
		f := found{path: filepath.Join(filepath.Dir(path), e.Name()), name: placeOf(base, e.Name())}
		f.info, err = os.Stat(f.path)
		if err != nil || !f.info.Mode().IsRegular() || l.live(idOf(f.info)) {
			continue
		}
		if f.name.rotated() || idOf(f.info) == id {
			l.files = append(l.files, f)
		}
	}
	return l
}

// still reports that nothing was renamed, came, went or was cut since. Only then
// may something be concluded from what is not in a list: renames are not atomic
// together, and a copy that is made meanwhile is nowhere.
func (l family) still() bool {
	return slices.EqualFunc(l.files, look(l.path, l.id).files, func(a, b found) bool {
		return a.path == b.path && idOf(a.info) == idOf(b.info) && a.info.Size() <= b.info.Size()
	})
}

// live reports that the path's file has that number.
func (l family) live(id fileID) bool {
	return len(l.files) > 0 && l.files[0].live && idOf(l.files[0].info) == id
}

// newest is when any of them was last written.
func (l family) newest() (at int64) {
	for _, f := range l.files {
		at = max(at, f.info.ModTime().UnixNano())
	}
	return at
}

func packed(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip", ".z":
		return true
	}
	return false
}

// open opens the file that was found, if it has the same name still.
func (f *found) open() (*os.File, fs.FileInfo, error) {
	file, info, err := openFile(f.path)
	if err == nil && idOf(info) != idOf(f.info) {
		file.Close()
		return nil, nil, errRenamed
	}
	return file, info, err
}

var errRenamed = errors.New("the file was renamed meanwhile")

// locate finds the file that a position belongs to and opens it: the path's, one
// beside it with its number, or a copy of it; nil is nowhere. ok is false if it
// cannot be told at this moment.
func (l family) locate(offset int64, m mark) (s *segment, ok bool) {
	for _, alike := range [...]bool{false, true} {
		for _, f := range l.files {
			if same := idOf(f.info) == m.id; same == alike || alike && (!f.name.rotated() && !f.live || offset < leastAlike) {
				continue
			}
			s, err := f.at(offset, func(p *prints) bool { return p.sum() == m.print })
			if err != nil {
				return nil, false
			}
			if s == nil {
				continue
			}
			s.born, s.after = m.born, m.after
			if f.live && l.still() { // so all others are older
				s.after = max(m.after, l.newest())
			}
			return s, true
		}
	}
	return nil, l.still()
}

// at opens a file at an offset if its bytes up to there are the right ones. The
// error says that it could not be told.
func (f *found) at(offset int64, right func(*prints) bool) (*segment, error) {
	file, info, err := f.open()
	if errors.Is(err, errRenamed) || errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, nil // not ours to read
	}
	p, ok := printsAt(file, offset)
	if !ok || !right(&p) {
		file.Close()
		return nil, nil
	}
	return &segment{file: file, path: f.path, id: idOf(info), offset: offset, prints: p, size: info.Size(), wrote: info.ModTime()}, nil
}

// copyOf finds the copy that was made of a file before it was truncated, with all
// that was read of it. ok is false if it cannot be told at this moment.
func (l family) copyOf(s *segment) (c *segment, ok bool) {
	if s.drop > 0 || s.offset < leastAlike {
		return nil, true
	}
	for _, f := range l.files {
		if !f.name.rotated() || f.info.Size() < s.at() || idOf(f.info) == s.id {
			continue
		}
		c, err := f.at(s.offset, func(p *prints) bool {
			return bytes.Equal(p.head, s.prints.head) && bytes.Equal(p.last, s.prints.last)
		})
		if err != nil {
			return nil, false
		}
		if c != nil {
			c.born, c.after, c.final = s.born, s.after, true
			return c, true
		}
	}
	return nil, l.still()
}
