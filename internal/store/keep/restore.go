package keep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"plaint/internal/store"
)

// Restored says what was restored.
type Restored struct {
	Path   string    `json:"path"`
	Rows   int64     `json:"rows"`
	Tables int       `json:"tables"`
	Before string    `json:"before,omitempty"` // where the file that was there is now
	Notes  []Finding `json:"notes,omitempty"`
	// Undone are the pseudonyms of customers that were erased from the file that
	// was there, and whose data the backup holds.
	Undone []string `json:"undone,omitempty"`
}

// UnsoundError means that a backup was examined and found wanting.
type UnsoundError struct{ Findings []Finding }

func (e *UnsoundError) Error() string {
	return fmt.Sprintf("the backup has %d faults, the first: %s", len(e.Findings), e.Findings[0].Code)
}

// asideTime is how the time of a file that was put aside is written.
const asideTime = "20060102-150405"

// Restore puts a copy of a backup where a database belongs, after the copy was
// read whole and examined. The backup is never written to. A database that is
// there is put aside, if replace says so.
func Restore(ctx context.Context, from, to string, replace bool, p Progress) (r Restored, err error) {
	r.Path = to
	if err := restorable(from, to, replace); err != nil {
		return r, err
	}
	if err := room(filepath.Dir(to), sizeOf(from)+2*sizeOf(from+".wal")); err != nil {
		return r, err
	}
	d, err := newDraft(to)
	if err != nil {
		return r, err
	}
	defer d.drop()
	for _, end := range []string{"", ".wal"} {
		if err := copyFile(ctx, from+end, d.path+end, p); err != nil {
			return r, fmt.Errorf("copy the backup: %w", err)
		}
	}
	if err := r.examine(ctx, d.path, p); err != nil {
		return r, err
	}
	if replace {
		if r.Before, err = putAside(to, "before"); err != nil {
			return r, err
		}
	}
	if err := d.finish(false); err != nil {
		return r, err
	}
	if err := os.RemoveAll(to + ".snapshot"); err != nil {
		return r, err
	}
	if r.Before != "" { // last of all: what was there may be too damaged to be looked at
		r.Undone = undone(ctx, r.Before, to)
	}
	return r, nil
}

// undone are the erasures that a file knows and a backup does not. Of a file that
// cannot be read, nobody can tell.
func undone(ctx context.Context, file, backup string) []string {
	now, err := store.Erased(ctx, file)
	if err != nil {
		return nil
	}
	then, err := store.Erased(ctx, backup)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(now, func(c string) bool { return slices.Contains(then, c) })
}

// restorable makes sure that nobody is at either file.
func restorable(from, to string, replace bool) error {
	a, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return ErrMissing
	}
	if err != nil {
		return err
	}
	if a.IsDir() {
		return &os.PathError{Op: "restore", Path: from, Err: syscall.EISDIR}
	}
	if err := unowned(from); err != nil {
		return err
	}
	b, err := os.Stat(to)
	if errors.Is(err, os.ErrNotExist) {
		if exists(to+".wal") && !replace {
			return ErrExists // the log of a file that is gone: it must not be folded into another
		}
		return nil
	}
	if err != nil {
		return err
	}
	if os.SameFile(a, b) {
		return ErrSame
	}
	if err := unowned(to); err != nil {
		return err
	}
	if !replace {
		return ErrExists
	}
	return nil
}

func (r *Restored) examine(ctx context.Context, path string, p Progress) (err error) {
	if sizeOf(path) == 0 { // the engine would make a new database of it
		return store.ErrNotStore
	}
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	e, err := Examine(ctx, st, p)
	if err != nil {
		return err
	}
	r.Rows, r.Tables = e.Rows, e.Tables
	var wrong []Finding
	for _, f := range e.Findings {
		if f.Note {
			r.Notes = append(r.Notes, f)
		} else {
			wrong = append(wrong, f)
		}
	}
	if len(wrong) > 0 {
		return &UnsoundError{wrong}
	}
	return nil
}

// putAside renames a file and its log, and returns the file's new name; "" where
// there was nothing.
func putAside(path, why string) (string, error) {
	aside := path + "." + why + "-" + time.Now().UTC().Format(asideTime)
	for n := 2; exists(aside) || exists(aside+".wal"); n++ {
		aside = fmt.Sprintf("%s.%s-%s-%d", path, why, time.Now().UTC().Format(asideTime), n)
	}
	moved := ""
	for _, end := range []string{"", ".wal"} {
		switch err := os.Rename(path+end, aside+end); {
		case err == nil:
			moved = aside
		case !errors.Is(err, os.ErrNotExist):
			return moved, err
		}
	}
	return moved, nil
}

// Cut says what was given up to open a file with a damaged log.
type Cut struct {
	Aside   string `json:"aside"` // copies of the file and its log as they were
	At      int64  `json:"at"`    // bytes of the log that are whole
	GivenUp int64  `json:"given_up"`
}

// CutLog cuts the log beside a file at its first damage, so that the file opens
// with what was committed before it. Copies of both stay beside it. A log without
// damage in the middle is left alone, and the Cut is empty.
func CutLog(ctx context.Context, path string, p Progress) (c Cut, err error) {
	if !exists(path) {
		return c, ErrMissing
	}
	if err := unowned(path); err != nil {
		return c, err
	}
	log, err := store.Log(path)
	if err != nil || !log.Behind {
		return c, err
	}
	if err := room(filepath.Dir(path), sizeOf(path)+2*log.Size); err != nil {
		return c, err
	}
	c = Cut{Aside: path + ".damaged-" + time.Now().UTC().Format(asideTime), At: log.Whole, GivenUp: log.Size - log.Whole}
	for _, end := range []string{"", ".wal"} {
		if exists(c.Aside + end) {
			return c, ErrExists
		}
		if err := copyFile(ctx, path+end, c.Aside+end, p); err != nil {
			return c, fmt.Errorf("put the damaged files aside: %w", err)
		}
		if err := syncFile(c.Aside + end); err != nil {
			return c, fmt.Errorf("put the damaged files aside: %w", err)
		}
	}
	if err := os.Truncate(path+".wal", log.Whole); err != nil {
		return c, fmt.Errorf("cut the log: %w", err)
	}
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return c, err
	}
	return c, st.Close()
}
