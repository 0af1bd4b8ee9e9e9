package telemetry

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
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

// mark is what an offset belongs to: the file's number, the moment at which it was
// first seen, and a print of its bytes up to the offset.
type mark struct {
	id    fileID
	born  int64 // nanoseconds since 1970; another one after each truncation
	print string
}

func (m mark) String() string {
	return fmt.Sprintf("%x-%x-%x-%s", m.id.dev, m.id.ino, m.born, m.print)
}

func parseMark(s string) (m mark, err error) {
	part := strings.Split(s, "-")
	if len(part) != 4 {
		return m, fmt.Errorf("%q is no mark of a file", s)
	}
	var n [3]uint64
	for i := range n {
		if n[i], err = strconv.ParseUint(part[i], 16, 64); err != nil {
			return m, fmt.Errorf("%q is no mark of a file", s)
		}
	}
	return mark{fileID{n[0], n[1]}, int64(n[2]), part[3]}, nil
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
	path    string
	info    fs.FileInfo
	live    bool // it has the path that is followed
	rotated bool // its name is that of a rotated file
}

// family lists a path's file and those in its folder. Packed ones are left out:
// what was in them was read before they were packed, or is said to be lost. ok is
// false while files are being renamed: a list that is made meanwhile may lack one.
func family(path string) (out []found, ok bool) {
	out = list(path)
	again := list(path)
	return out, slices.EqualFunc(out, again, func(a, b found) bool { return a.path == b.path && idOf(a.info) == idOf(b.info) })
}

func list(path string) (out []found) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		p := filepath.Join(filepath.Dir(path), e.Name())
		live := p == filepath.Clean(path)
		if packed(e.Name()) && !live || e.IsDir() {
			continue
		}
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			out = append(out, found{p, info, live, rotatedName(filepath.Base(path), e.Name())})
		}
	}
	return out
}

func packed(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip", ".z":
		return true
	}
	return false
}

// rotation is what rotation puts into a name: a number or a date.
var rotation = regexp.MustCompile(`^[-._]\d[\dTZ:._-]*$`)

// rotatedName reports whether name is what rotation calls the file base:
// app.log.1, app.log-20260105, app-2026-01-05.log.
func rotatedName(base, name string) bool {
	if rest, ok := strings.CutPrefix(name, base); ok {
		return rotation.MatchString(rest)
	}
	ext := filepath.Ext(base)
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(base, ext))
	rest, same := strings.CutSuffix(rest, ext)
	return ok && same && ext != "" && rotation.MatchString(rest)
}

// rotatedOf reports a path that is packed, or a rotated file of another path.
func rotatedOf(path string, paths []string) bool {
	return packed(path) || slices.ContainsFunc(paths, func(p string) bool {
		return filepath.Dir(p) == filepath.Dir(path) && rotatedName(filepath.Base(p), filepath.Base(path))
	})
}

var numbered4 = regexp.MustCompile(`\.(\d{1,4})$`)

// age orders rotated files, the oldest first: app.log.2 before app.log.1, others
// by when they were last written.
func age(a, b found) int {
	x, y := numbered4.FindStringSubmatch(a.path), numbered4.FindStringSubmatch(b.path)
	if x != nil && y != nil {
		n, _ := strconv.Atoi(x[1]) // digits, by the pattern
		m, _ := strconv.Atoi(y[1])
		return cmp.Compare(m, n)
	}
	return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.path, b.path))
}

// successor is the file that was written after the one with that number: a rotated
// one that is younger, or the path's; nil if there is none yet, or if it cannot be
// told at this moment.
func successor(path string, id fileID, gone bool) *found {
	all, ok := family(path)
	own := slices.IndexFunc(all, func(f found) bool { return idOf(f.info) == id && !f.live })
	if !ok || own < 0 && !gone {
		return nil
	}
	var next *found
	for i := range all {
		switch f := &all[i]; {
		case idOf(f.info) == id:
		case f.live && next == nil, f.rotated && own >= 0 && age(*f, all[own]) > 0 && (next == nil || next.live || age(*f, *next) < 0):
			next = f
		}
	}
	return next
}

// since is the oldest of the rotated files that were written after a moment, the
// path's if there is none; nil if there is nothing.
func since(all []found, born int64) (next *found) {
	for i := range all {
		f := &all[i]
		young := f.rotated && f.info.ModTime().After(time.Unix(0, born))
		if f.live && next == nil || young && (next == nil || next.live || age(*f, *next) < 0) {
			next = f
		}
	}
	return next
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
func locate(all []found, offset int64, m mark) (s *segment, ok bool) {
	slices.SortStableFunc(all, func(a, b found) int {
		if a.live != b.live {
			return map[bool]int{true: -1, false: 1}[a.live]
		}
		return -age(a, b)
	})
	for _, alike := range [...]bool{false, true} {
		for _, f := range all {
			same := idOf(f.info) == m.id
			if same == alike || f.info.Size() < offset || alike && (!f.rotated && !f.live || offset < leastAlike) {
				continue
			}
			s, err := f.at(offset, func(p *prints) bool { return p.sum() == m.print })
			if s != nil {
				s.born = m.born
			}
			if s != nil || err != nil {
				return s, err == nil
			}
		}
	}
	return nil, true
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
func copyOf(path string, s *segment) (c *segment, ok bool) {
	if s.drop > 0 || s.offset < leastAlike {
		return nil, true
	}
	all, ok := family(path)
	if !ok {
		return nil, false
	}
	for _, f := range all {
		if !f.rotated || f.info.Size() < s.at() || idOf(f.info) == s.id {
			continue
		}
		c, err := f.at(s.offset, func(p *prints) bool {
			return bytes.Equal(p.head, s.prints.head) && bytes.Equal(p.last, s.prints.last)
		})
		if err != nil {
			return nil, false
		}
		if c != nil {
			c.born, c.final = s.born, true
			return c, true
		}
	}
	return nil, true
}
