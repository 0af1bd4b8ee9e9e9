// Package file reads complaints, surveys, logs and evidence from files: CSV and
// its kin, xlsx, JSON, NDJSON, Parquet, Arrow and plain log lines, compressed
// or not, in any usual encoding. Every byte is hostile until decoded: whatever
// cannot be read becomes a refusal with its reason, and the rest is loaded.
package file

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
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
	keptRaw     = 64 << 10  // bytes that are kept of a row too long to be one
	maxMembers  = 10000     // files in an archive
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
	path string // on disk as it is, "" if it comes out of an archive
	size int64  // compressed bytes
	read *atomic.Int64
	// open starts over; read counts the compressed bytes. Each reading has its
	// own count, or one would take the other for an archive bomb.
	open func(read *atomic.Int64) (io.ReadCloser, error)
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
// and globs, sorted. What is there under its very name is no pattern. A pattern
// that matches nothing and a folder without files are errors. leftOut are the
// folders that hold the truth of a simulation, which is no input.
func Paths(args []string) (paths, leftOut []string, err error) {
	for _, arg := range args {
		if arg == "-" {
			paths = append(paths, arg)
			continue
		}
		found := []string{arg}
		if _, err := os.Lstat(arg); err != nil {
			if found, err = filepath.Glob(arg); err != nil || len(found) == 0 {
				return nil, nil, &Error{"not_found", arg}
			}
		}
		before := len(paths)
		for _, path := range found {
			files, truths, err := below(path)
			if err != nil {
				return nil, nil, err
			}
			paths, leftOut = append(paths, files...), append(leftOut, truths...)
		}
		if len(paths) == before {
			return nil, nil, &Error{"empty_folder", arg}
		}
	}
	return paths, leftOut, nil
}

func below(path string) (files, truths []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, &Error{"not_found", path}
	}
	if !info.IsDir() {
		return []string{path}, nil, nil
	}
	err = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p == path:
		case d.IsDir() && isTruth(p):
			truths = append(truths, p)
			return filepath.SkipDir
		case strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return filepath.SkipDir
		case strings.HasPrefix(d.Name(), "."):
		case d.Type().IsRegular():
			files = append(files, p)
		}
		return nil
	})
	sort.Strings(files)
	return files, truths, err
}

// isTruth recognises the folder in which a simulation writes what it planted.
func isTruth(dir string) bool {
	for _, name := range [...]string{"incidents.json", "rings.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return filepath.Base(dir) == "truth"
}

// inputs opens a path as one input, or as one per member if it is an archive,
// which stays open until done.
func inputs(path string) (list []*input, done func(), err error) {
	done = func() {}
	f, err := os.Open(path)
	if err != nil {
		return nil, done, &Error{"not_readable", path}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return nil, done, &Error{"not_readable", path}
	}
	var magic [4]byte
	n, _ := io.ReadFull(f, magic[:])
	if n == 0 {
		return nil, done, &Error{"empty_file", path}
	}
	if bytes.HasPrefix(magic[:n], []byte("PK\x03\x04")) {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, done, &Error{"bad_archive", err.Error()}
		}
		list, err := members(z, path, info.Size())
		return list, func() { z.Close() }, err
	}
	in := &input{name: path, path: path, size: info.Size(), read: new(atomic.Int64)}
	if packed(magic[:n]) {
		in.path = ""
	}
	in.open = func(read *atomic.Int64) (io.ReadCloser, error) { return decompress(path, magic[:n], read) }
	return []*input{in}, done, nil
}

func members(z *zip.ReadCloser, path string, size int64) ([]*input, error) {
	if len(z.File) > maxMembers {
		return nil, &Error{"too_many_members", fmt.Sprint(len(z.File))}
	}
	var out []*input
	for _, m := range z.File {
		if m.Name == "xl/workbook.xml" {
			in := &input{name: path, path: path, size: size, read: new(atomic.Int64)}
			in.open = func(read *atomic.Int64) (io.ReadCloser, error) { return decompress(path, nil, read) }
			return []*input{in}, nil
		}
		base := filepath.Base(m.Name)
		if m.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		packed := min(int64(m.CompressedSize64), size) // the archive may say anything
		in := &input{name: path + "!" + m.Name, size: packed, read: new(atomic.Int64)}
		in.open = func(read *atomic.Int64) (io.ReadCloser, error) { return openMember(m, packed, read) }
		out = append(out, in)
	}
	if len(out) == 0 {
		return nil, &Error{"empty_archive", path}
	}
	return out, nil
}

func openMember(m *zip.File, packed int64, read *atomic.Int64) (io.ReadCloser, error) {
	r, err := m.Open()
	if err != nil {
		return nil, &Error{"bad_archive", err.Error()}
	}
	read.Store(0)
	g := &guarded{r: r, in: read, size: packed}
	return closing{bufio.NewReaderSize(g, 256<<10), r.Close}, nil
}

var gzipMagic, zstdMagic = []byte{0x1f, 0x8b}, []byte{0x28, 0xb5, 0x2f, 0xfd}

// packed reports a compressed file.
func packed(magic []byte) bool {
	return bytes.HasPrefix(magic, gzipMagic) || bytes.HasPrefix(magic, zstdMagic)
}

func decompress(path string, magic []byte, read *atomic.Int64) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{"not_readable", path}
	}
	read.Store(0)
	counted := &counter{f, read}
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		z, err := gzip.NewReader(bufio.NewReaderSize(counted, 256<<10))
		if err != nil {
			return nil, errors.Join(&Error{"bad_archive", err.Error()}, f.Close())
		}
		return closing{&guarded{r: z, in: read}, func() error { return errors.Join(z.Close(), f.Close()) }}, nil
	case bytes.HasPrefix(magic, zstdMagic):
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

// Spool copies what can be read once, such as standard input, to a temporary file,
// so that it can be looked at before it is read, until remove is called. What comes
// may never end: it is waited for no longer than ctx lasts.
func Spool(ctx context.Context, open func() (io.Reader, error)) (path string, remove func(), err error) {
	f, err := os.CreateTemp("", "plaint-stdin-*")
	if err != nil {
		return "", nil, fmt.Errorf("spool standard input: %w", err)
	}
	copied := make(chan error, 1)
	go func() {
		r, err := open()
		if err == nil {
			_, err = io.Copy(f, r)
		}
		copied <- errors.Join(err, f.Close())
	}()
	select {
	case err = <-copied:
	case <-ctx.Done():
		err = ctx.Err()
	}
	remove = func() { os.Remove(f.Name()) }
	if err != nil {
		remove()
		return "", nil, fmt.Errorf("spool standard input: %w", err)
	}
	return f.Name(), remove, nil
}
