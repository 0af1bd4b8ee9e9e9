package telemetry

import (
	"bytes"
	"io"
	"os"
	"time"
)

// Sizes of reading.
const (
	chunkSize  = 256 << 10
	longest    = 1 << 20  // bytes of a line
	keptOfLong = 64 << 10 // of one that is longer
	mostJoined = 64 << 10 // from here on a stack trace is cut
)

// doneness is what is known of the bytes behind a buffer.
type doneness int

const (
	growing doneness = iota // more may come
	settled                 // nothing came for a while
	over                    // nothing will come
)

// cutRow cuts the first row out of a buffer: its length with its line break, 0 if
// it may go on. With join, lines that begin with white space belong to the line
// before them, as the rest of a stack trace, and blank lines to either.
func cutRow(buf []byte, join bool, d doneness) int {
	n := bytes.IndexByte(buf, '\n') + 1
	if n == 0 {
		if d == over {
			return len(buf)
		}
		return 0
	}
	for join && n < mostJoined {
		if n == len(buf) {
			if d == growing {
				return 0
			}
			return n
		}
		if c := buf[n]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return n
		}
		more := bytes.IndexByte(buf[n:], '\n') + 1
		switch {
		case more > 0:
			n += more
		case d == over:
			return len(buf)
		case d == settled:
			return n
		default:
			return 0
		}
	}
	return n
}

// segment is one of these files.
type segment struct {
	file   *os.File
	path   string // where it was found
	id     fileID
	born   int64
	after  int64 // by the file system's clock, see mark
	offset int64 // behind the last row
	prints prints
	buf    []byte // what is read behind offset, or behind what is dropped
	size   int64
	wrote  time.Time // when it was last written to, as far as it was when it was opened
	grown  time.Time // when bytes came
	gone   time.Time // since when the path has another file
	final  bool      // it is a copy: nothing will come
	cut    bool      // it was truncated, and its copy is still to be looked for
	mark   string    // at offset
	long   []byte    // the beginning of a line that is too long
	drop   int64     // bytes of it that are dropped
}

// at is behind what was read.
func (s *segment) at() int64 { return s.offset + s.drop + int64(len(s.buf)) }

func (s *segment) remark() {
	s.mark = mark{s.id, s.born, s.after, s.prints.sum()}.String()
}

// fill reads what came. cut says that the file is not the one that it was: it was
// truncated, and perhaps written anew since.
func (s *segment) fill() (cut bool, err error) {
	info, err := s.file.Stat()
	if err != nil {
		return false, err
	}
	if s.cut {
		return true, nil
	}
	at := s.at()
	grown := info.Size() > s.size || s.grown.IsZero()
	// The file system's clock is coarse: what was written just now may be written
	// again without showing a later time.
	touched := !info.ModTime().Equal(s.wrote) || time.Since(s.wrote) < time.Second
	s.size, s.wrote = info.Size(), info.ModTime()
	if s.size < at {
		return true, nil
	}
	if grown {
		s.grown = time.Now()
	}
	from := len(s.buf)
	if s.size > at && from < longest+chunkSize {
		s.buf = append(s.buf, make([]byte, min(chunkSize, s.size-at))...)
		n, err := s.file.ReadAt(s.buf[from:], at)
		s.buf = s.buf[:from+n]
		if err != nil && err != io.EOF {
			return false, err
		}
	}
	if (touched || len(s.buf) > from) && !s.same(from) {
		s.buf = s.buf[:from]
		return true, nil
	}
	return false, nil
}

// same compares what was read before the last reading with what is there now. A
// file that was truncated and has grown beyond the offset since looks as if it
// had only grown.
func (s *segment) same(from int) bool {
	old := append(bytes.Clone(s.prints.last), s.buf[:min(from, printSize)]...)
	now := make([]byte, len(old))
	n, err := s.file.ReadAt(now, s.offset+s.drop-int64(len(s.prints.last)))
	return (err == nil || err == io.EOF) && bytes.Equal(old, now[:n])
}
