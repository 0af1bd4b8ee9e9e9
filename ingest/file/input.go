// Package file reads complaints, surveys, logs and evidence from files: CSV and
// its kin, xlsx, JSON, NDJSON, Parquet, Arrow and plain log lines, compressed
// or not, in any usual encoding. Every byte is hostile until decoded: whatever
// cannot be read becomes a refusal with its reason, and the rest is loaded.
package file

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"plaint/ingest/profile"
	"plaint/internal/record"
)

// Limits that keep memory bounded whatever comes in.
const (
	maxRow      = 4 << 20   // bytes of one row or element
	maxColumns  = 4096      // columns of a table
	keptRaw     = 64 << 10  // bytes of a refused row that are kept
	bombRatio   = 200       // decompressed bytes per compressed byte ...
	bombFloor   = 64 << 20  // ... once this much has come out
	maxWorkbook = 512 << 20 // bytes of an xlsx file
)

// Error is a reason to refuse a whole input.
type Error struct {
	Code   record.Code
	Detail string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// UsageError is a wrong choice of the user's; Pairs fill the words of its code.
type UsageError = profile.UsageError

// input is something that can be read more than once.
type input struct {
	name string // as shown: path, or archive!member
	path string // on disk, "" for an archive member
	size int64  // compressed bytes
	read *atomic.Int64
	open func() (io.ReadCloser, error)
}

// base is the name by which a profile may know the input.
func (in *input) base() string {
	name := in.name
	if i := strings.LastIndexByte(name, '!'); i >= 0 {
		name = name[i+1:]
	}
	return filepath.Base(name)
}

// Paths expands files, folders (all regular files below, hidden ones left out)
// and globs, sorted. A pattern that matches nothing is an error.
func Paths(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		if arg == "-" {
			out = append(out, arg)
			continue
		}
		found, err := filepath.Glob(arg)
		if err != nil || len(found) == 0 {
			if _, statErr := os.Stat(arg); statErr != nil {
				return nil, &Error{"not_found", arg}
			}
			found = []string{arg}
		}
		for _, path := range found {
			files, err := below(path)
			if err != nil {
				return nil, err
			}
			out = append(out, files...)
		}
	}
	return out, nil
}

func below(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Error{"not_found", path}
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && p != path {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			out = append(out, p)
		}
		return nil
	})
	sort.Strings(out)
	return out, err
}

// inputs opens a path as one input, or as one per member if it is an archive.
func inputs(path string) ([]*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return nil, &Error{"not_readable", path}
	}
	var magic [4]byte
	n, _ := io.ReadFull(f, magic[:])
	if n == 0 {
		return nil, &Error{"empty_file", path}
	}
	if bytes.HasPrefix(magic[:n], []byte("PK\x03\x04")) {
		return members(path, info.Size())
	}
	in := &input{name: path, path: path, size: info.Size(), read: new(atomic.Int64)}
	in.open = func() (io.ReadCloser, error) { return decompress(path, magic[:n], in.read) }
	return []*input{in}, nil
}

func members(path string, size int64) ([]*input, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, &Error{"bad_archive", err.Error()}
	}
	defer z.Close()
	var out []*input
	for i, m := range z.File {
		if m.Name == "xl/workbook.xml" {
			in := &input{name: path, path: path, size: size, read: new(atomic.Int64)}
			in.open = func() (io.ReadCloser, error) { return os.Open(path) }
			return []*input{in}, nil
		}
		base := filepath.Base(m.Name)
		if m.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		in := &input{name: path + "!" + m.Name, size: int64(m.CompressedSize64), read: new(atomic.Int64)}
		in.open = func() (io.ReadCloser, error) { return openMember(path, i, in.read) }
		out = append(out, in)
	}
	if len(out) == 0 {
		return nil, &Error{"empty_archive", path}
	}
	return out, nil
}

func openMember(path string, i int, read *atomic.Int64) (io.ReadCloser, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, &Error{"bad_archive", err.Error()}
	}
	r, err := z.File[i].Open()
	if err != nil {
		return nil, errors.Join(&Error{"bad_archive", err.Error()}, z.Close())
	}
	read.Store(0)
	g := &guarded{r: r, in: read, size: int64(z.File[i].CompressedSize64)}
	return closing{bufio.NewReaderSize(g, 256<<10), func() error { return errors.Join(r.Close(), z.Close()) }}, nil
}

func decompress(path string, magic []byte, read *atomic.Int64) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	read.Store(0)
	counted := &counter{f, read}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bufio.NewReaderSize(counted, 256<<10))
		if err != nil {
			return nil, errors.Join(&Error{"bad_archive", err.Error()}, f.Close())
		}
		return closing{&guarded{r: z, in: read}, func() error { return errors.Join(z.Close(), f.Close()) }}, nil
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(counted, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, errors.Join(&Error{"bad_archive", err.Error()}, f.Close())
		}
		return closing{&guarded{r: z, in: read}, func() error { z.Close(); return f.Close() }}, nil
	}
	return closing{counted, f.Close}, nil
}

// counter counts the bytes read from disk, for the progress bar.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// guarded stops a decompression bomb: far more bytes out than in.
type guarded struct {
	r    io.Reader
	in   *atomic.Int64 // compressed bytes so far
	size int64         // or all of them, where they cannot be counted
	out  int64
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	in := max(g.size, g.in.Load())
	if g.out > bombFloor && g.out > bombRatio*max(in, 1) {
		return 0, &Error{"archive_bomb", fmt.Sprintf("%d bytes unpack to more than %d", in, g.out)}
	}
	var known *Error
	if err != nil && err != io.EOF && !errors.As(err, &known) {
		err = &Error{"bad_archive", err.Error()}
	}
	return n, err
}

type closing struct {
	io.Reader
	close func() error
}

func (c closing) Close() error { return c.close() }

// spool copies standard input to a temporary file, so that it can be looked at
// before it is read.
func spool(r io.Reader) (path string, remove func(), err error) {
	f, err := os.CreateTemp("", "plaint-stdin-*")
	if err != nil {
		return "", nil, fmt.Errorf("spool standard input: %w", err)
	}
	remove = func() { os.Remove(f.Name()) }
	if _, err := io.Copy(f, r); err != nil {
		remove()
		return "", nil, errors.Join(fmt.Errorf("spool standard input: %w", err), f.Close())
	}
	return f.Name(), remove, f.Close()
}
