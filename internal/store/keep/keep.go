// Package keep looks after the database file: backups that are compared with the
// file, restoring them, finding out what is wrong, taking the personal data of a
// customer out, and letting go of what is too old.
package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"plaint/internal/store"
)

// Errors a caller can act on.
var (
	// ErrExists means that something stands where the result would go.
	ErrExists = errors.New("the file is there already")
	// ErrOwned means that a process has the file open.
	ErrOwned = errors.New("the file is open in another process")
	// ErrSame means that the result would be the database itself.
	ErrSame = errors.New("that is the database itself")
	// ErrUnderWay means that another command writes to the same place.
	ErrUnderWay = errors.New("another command writes this file")
	// ErrMissing means that there is no such file.
	ErrMissing = errors.New("there is no such file")
)

// SpaceError means that the disk has no room for what was asked.
type SpaceError struct {
	Dir        string
	Need, Free uint64 // bytes
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%d bytes are needed in %s, %d are free", e.Need, e.Dir, e.Free)
}

// Progress is told how far a stage is: copy and read in bytes, compare and check
// in tables or checks. It may be nil.
type Progress func(stage string, done, total int64)

func (p Progress) at(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

// spare is what stays free beside what is written: a disk that runs full stops
// the intake.
const spare = 256 << 20

// room makes sure that a folder has room for so many bytes.
func room(dir string, need int64) error {
	free, total, err := space(dir)
	if err != nil {
		return err
	}
	if want := uint64(need) + min(spare, total/10); free < want {
		return &SpaceError{dir, want, free}
	}
	return nil
}

// space is what is free on the disk of a folder, and its size.
func space(dir string) (free, total uint64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, &os.PathError{Op: "look at the disk", Path: dir, Err: err}
	}
	return fs.Bavail * uint64(fs.Bsize), fs.Blocks * uint64(fs.Bsize), nil
}

// sizeOf is the size of a file, 0 where there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// unowned makes sure that no process has a file open.
func unowned(path string) error {
	owned, err := store.Owned(path)
	if err == nil && owned {
		return ErrOwned
	}
	return err
}

// draft is a database file in the making, under its name with .new behind it. A
// lock on it says that somebody is at it; one that nobody is at was left behind.
type draft struct {
	path, target string
	f            *os.File
}

func newDraft(target string) (*draft, error) {
	d := &draft{path: target + ".new", target: target}
	for range 2 {
		f, err := os.OpenFile(d.path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			f.Close()
			return nil, ErrUnderWay
		}
		if sizeOf(d.path) == 0 {
			d.f = f
			return d, f.Chmod(0o600)
		}
		os.Remove(d.path)
		os.Remove(d.path + ".wal")
		f.Close()
	}
	return nil, ErrUnderWay
}

// drop ends a draft; what did not become a file is removed.
func (d *draft) drop() {
	if d.f == nil {
		return
	}
	for _, end := range []string{"", ".wal", ".snapshot", ".tmp"} {
		os.RemoveAll(d.path + end)
	}
	d.f.Close()
	d.f = nil
}

// finish puts the whole draft in its place. Unless it may take the place of
// another file, nothing that is there is touched.
func (d *draft) finish(replace bool) error {
	if sizeOf(d.path+".wal") > 0 {
		return errors.New("the log of the copy was not folded into it")
	}
	if err := d.f.Sync(); err != nil {
		return err
	}
	os.Remove(d.path + ".wal")
	if replace {
		if err := errors.Join(removeIfThere(d.target+".wal"), os.Rename(d.path, d.target)); err != nil {
			return err
		}
	} else if err := os.Link(d.path, d.target); errors.Is(err, os.ErrExist) {
		return ErrExists
	} else if err != nil { // a file system without links
		if err := os.Rename(d.path, d.target); err != nil {
			return err
		}
	}
	d.drop()
	return syncDir(filepath.Dir(d.target))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes a rename last through a power failure.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems cannot
		return err
	}
	return nil
}

// piece is how much is copied between two looks at the context.
const piece = 16 << 20

// copyBytes copies n bytes; where source and target allow it, the kernel does
// it, or shares the blocks.
func copyBytes(ctx context.Context, to io.Writer, from io.Reader, n int64, p Progress) error {
	for done := int64(0); done < n; {
		if err := ctx.Err(); err != nil {
			return err
		}
		k, err := io.CopyN(to, from, min(piece, n-done))
		done += k
		p.at("copy", done, n)
		if err == io.EOF {
			return fmt.Errorf("copy: %w", io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file that nobody has open; one that is not there is no file.
func copyFile(ctx context.Context, from, to string, p Progress) (err error) {
	in, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return copyBytes(ctx, out, in, info.Size(), p)
}

// syncFile makes what was written last through a power failure.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
