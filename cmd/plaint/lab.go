package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
)

// lab are the flags that all methods of the lab share.
type lab struct {
	e       *env
	in, out string
	path    string // of the input: where it was spooled to, if it can be read once
	table   *file.Table
	started time.Time
}

// labCmd runs one method on one file, without a store.
func (e *env) labCmd() *cobra.Command {
	c := &cobra.Command{Use: "lab", Short: e.t("cmd_lab"), Long: e.t("cmd_lab_long"), Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(e.labClusterCmd(), e.labLogsCmd(), e.labLocalizeCmd(), e.labLinkCmd(), e.labNeardupCmd(), e.labFraudCmd())
	return c
}

// method makes a command of the lab: run reads the input, writes rows to l.out
// and returns the summary.
func (e *env) method(c *cobra.Command, run func(c *cobra.Command, l *lab) (map[string]any, error)) *cobra.Command {
	l := &lab{e: e}
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		if l.in == "" {
			return usageError{&worded{code: "err_need_in"}}
		}
		l.started = time.Now()
		done, err := l.open(c.Context())
		if err != nil {
			return err
		}
		defer done()
		numbers, err := run(c, l)
		if err != nil {
			return err
		}
		if l.table != nil && l.table.Garbled > 0 {
			numbers["garbled_rows"] = l.table.Garbled
			e.say("%s", e.t("lab_garbled", "rows", l.table.Garbled))
		}
		numbers["seconds"] = time.Since(l.started).Seconds()
		w := json.NewEncoder(e.out)
		w.SetEscapeHTML(false) // formats have angle brackets
		return w.Encode(numbers)
	}
	c.Flags().StringVar(&l.in, "in", "", e.t("flag_lab_in"))
	c.Flags().StringVar(&l.out, "out", "", e.t("flag_lab_out"))
	return c
}

// open looks at --out before any work is done and finds the input: "-" is standard input. Methods read it more than once, so
// that a pipe is spooled first.
func (l *lab) open(ctx context.Context) (done func(), err error) {
	if l.out != "" {
		out := l.e.path(l.out)
		if info, err := os.Stat(out); err == nil && info.IsDir() {
			return nil, &os.PathError{Op: "write", Path: l.out, Err: syscall.EISDIR}
		}
		if in, err := os.Stat(l.e.path(l.in)); err == nil {
			if is, err := os.Stat(out); err == nil && os.SameFile(in, is) {
				return nil, usageError{&worded{"err_lab_out_is_in", []any{"file", l.out}}}
			}
		}
		if _, err := os.Stat(filepath.Dir(out)); err != nil {
			return nil, &os.PathError{Op: "write", Path: l.out, Err: syscall.ENOENT}
		}
	}
	l.path = l.e.path(l.in)
	pipe := func() (io.Reader, error) { return l.e.in, nil }
	if l.in != "-" {
		info, err := os.Stat(l.path)
		if err != nil || info.Mode().IsRegular() || info.IsDir() {
			return func() {}, nil // whoever reads it says what is wrong
		}
		path := l.path
		pipe = func() (io.Reader, error) { return os.Open(path) } // waits for whoever writes; ends with the program
	}
	l.path, done, err = file.Spool(ctx, pipe)
	return done, err
}

// openTable opens the input under the name that was asked for.
func (l *lab) openTable(ctx context.Context) (err error) {
	l.table, err = file.OpenTable(ctx, l.path, l.in)
	return err
}

// rows writes a table to --out, beside it first, so that no half table stays. It
// does nothing without --out.
func (l *lab) rows(header string, write func(w *bufio.Writer) error) error {
	if l.out == "" {
		return nil
	}
	path := l.e.path(l.out)
	f, err := os.Create(path + ".new")
	if err != nil {
		var fault *os.PathError
		if errors.As(err, &fault) {
			fault.Path = l.out // what was asked for
		}
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, err = w.WriteString(header + "\n")
	err = errors.Join(err, write(w), w.Flush(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}

// cells is a line of CSV.
func cells(values ...string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(values) // into memory
	w.Flush()
	return b.Bytes()
}

// noRows says that the input has nothing that a method could work on.
func (l *lab) noRows() error { return &worded{"err_lab_no_rows", []any{"file", l.in}} }

// column reads one column of the input as text, of at least one row.
func (l *lab) column(c *cobra.Command, name string, each func(value string)) error {
	if err := l.openTable(c.Context()); err != nil {
		return err
	}
	t := l.table
	defer t.Close()
	at := t.Column(name)
	if at < 0 {
		return usageError{&worded{"err_no_column", []any{"name", name, "known", strings.Join(t.Columns, ", ")}}}
	}
	for rows := 0; ; rows++ {
		row, err := t.Next()
		if err == io.EOF && rows == 0 {
			return l.noRows()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		each(row[at])
	}
}
