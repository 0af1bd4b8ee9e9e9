package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrDamagedLog means that the write-ahead log is damaged in its middle: what was
// committed behind the damage cannot be read by the engine.
var ErrDamagedLog = errors.New("the log beside the file is damaged in the middle")

// The engine's log (DuckDB 1.1): a head of eight bytes, then entries of size,
// checksum and content. A commit ends with an entry of five bytes.
const (
	logHead  = "\x64\x00\x62\x65\x00\x02\xff\xff" // version 2
	entryTop = 16
)

// commitEntry is what stands at the end of every commit.
var commitEntry = append(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 5), logChecksum([]byte("\x64\x00\x64\xff\xff"))), "\x64\x00\x64\xff\xff"...)

// mendLog cuts a torn end off the log of a file before the engine opens it. The
// engine would skip it, and write behind it: what stands there is lost at the
// next crash, or keeps the file from opening (duckdb/duckdb#14785, fixed in 1.2).
// Nothing that was committed is cut off: where a commit stands behind the damage
// the error is ErrDamagedLog.
func mendLog(path string) error {
	f, err := os.OpenFile(path+".wal", os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := wholeLog(f)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || whole < 0 || whole == size {
		return err
	}
	behind, err := commitsBehind(f, whole)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if behind {
		return fmt.Errorf("%w, at byte %d of %d", ErrDamagedLog, whole, size)
	}
	if err := errors.Join(f.Truncate(whole), f.Sync()); err != nil {
		return fmt.Errorf("cut the torn end off the log: %w", err)
	}
	return nil
}

// wholeLog is how many bytes of a log are whole entries; -1 is a log of another
// form, which the engine may judge.
func wholeLog(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	r := bufio.NewReaderSize(f, 1<<20)
	head := make([]byte, entryTop)
	if n, err := io.ReadFull(r, head[:len(logHead)]); err != nil {
		return 0, ignoreEnd(err, n < len(logHead))
	}
	if string(head[:len(logHead)]) != logHead {
		return -1, nil
	}
	var entry []byte
	for at := int64(len(logHead)); ; {
		if n, err := io.ReadFull(r, head); err != nil {
			return at, ignoreEnd(err, n < len(head))
		}
		size, sum := binary.LittleEndian.Uint64(head), binary.LittleEndian.Uint64(head[8:])
		if size > uint64(info.Size()-at-entryTop) {
			return at, nil
		}
		if uint64(cap(entry)) < size {
			entry = make([]byte, size)
		}
		entry = entry[:size]
		if _, err := io.ReadFull(r, entry); err != nil {
			return at, ignoreEnd(err, true)
		}
		if logChecksum(entry) != sum {
			return at, nil
		}
		at += entryTop + int64(size)
	}
}

// ignoreEnd is nil for the end of a file.
func ignoreEnd(err error, atEnd bool) error {
	if atEnd && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil
	}
	return err
}

// commitsBehind looks for the end of a commit behind a place in the log.
func commitsBehind(f *os.File, from int64) (bool, error) {
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return false, err
	}
	block := make([]byte, 0, 1<<20)
	for {
		n, err := f.Read(block[len(block):cap(block)])
		block = block[:len(block)+n]
		if bytes.Contains(block, commitEntry) {
			return true, nil
		}
		if err == io.EOF || n == 0 && err == nil {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if keep := len(commitEntry) - 1; len(block) > keep {
			block = block[:copy(block, block[len(block)-keep:])]
		}
	}
}

// logChecksum is the engine's: words multiplied and added without carry, the rest
// by MurmurHash64A.
func logChecksum(b []byte) uint64 {
	sum := uint64(5381)
	for len(b) >= 8 {
		sum ^= binary.LittleEndian.Uint64(b) * 0xbf58476d1ce4e5b9
		b = b[8:]
	}
	if len(b) == 0 {
		return sum
	}
	const m = 0xc6a4a7935bd1e995
	h := 0xe17a1465 ^ uint64(len(b))*m
	for i := len(b) - 1; i >= 0; i-- {
		h ^= uint64(b[i]) << (8 * i)
	}
	h *= m
	h ^= h >> 47
	h *= m
	return sum ^ h ^ h>>47
}
