package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/spf13/cobra"

	"plaint/internal/child"
	"plaint/internal/store"
)

// queryChild is the child that runs one query and ends.
const queryChild = "__query"

// childQuery is what the child is told on its standard input.
type childQuery struct {
	Snapshot, SQL, Format string
	Limit                 int
	Seconds               int
}

func (e *env) queryCmd() *cobra.Command {
	q := childQuery{}
	var timeout time.Duration
	var out string
	c := &cobra.Command{Use: "query \"select …\"", Short: e.t("cmd_query"), Args: cobra.ExactArgs(1),
		Example: "  plaint query \"select type, count(*) as n from complaint group by type order by n desc\"",
		RunE: func(c *cobra.Command, args []string) error {
			switch q.Format {
			case "table", "csv", "json", "parquet":
			default:
				return usageError{&worded{code: "err_format"}}
			}
			if q.Limit <= 0 || timeout < time.Second {
				return usageError{&worded{code: "err_limit"}}
			}
			q.SQL = args[0]
			return e.withLoaded(c.Context(), func(st *store.Store) error { return e.query(c.Context(), st, q, timeout, out) })
		}}
	c.Flags().StringVar(&q.Format, "format", "table", e.t("flag_format"))
	c.Flags().IntVar(&q.Limit, "limit", 10000, e.t("flag_limit"))
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, e.t("flag_timeout"))
	c.Flags().StringVar(&out, "out", "", e.t("flag_out"))
	return c
}

// query runs the statement in a child process on a snapshot without personal
// data. The child is killed when its time is over: the engine itself does not
// stop every statement.
func (e *env) query(ctx context.Context, st *store.Store, q childQuery, timeout time.Duration, out string) error {
	snapshot, err := st.Snapshot(ctx)
	if err != nil {
		return err
	}
	q.Snapshot, q.Seconds = snapshot, int(timeout.Seconds())
	w := e.out
	if out != "" {
		f, err := os.OpenFile(e.path(out), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		w = f
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return e.runQuery(ctx, q, w)
}

func (e *env) runQuery(ctx context.Context, q childQuery, w io.Writer) error {
	told, err := json.Marshal(q)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "plaint-query-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd, err := child.Command(ctx, queryChild)
	if err != nil {
		return err
	}
	cmd.Dir, cmd.Env = dir, append(cmd.Env, "HOME="+dir, "TMPDIR="+dir)
	cmd.Stdin, cmd.Stdout = bytes.NewReader(told), w
	var said bytes.Buffer
	cmd.Stderr = &said
	err = cmd.Run()
	text := strings.TrimSpace(said.String())
	switch {
	case ctx.Err() == context.DeadlineExceeded:
		return &worded{"err_query_time", []any{"seconds", q.Seconds}}
	case err == nil && text == "":
		return nil
	case err == nil:
		e.say("%s", e.t("query_cut", "n", q.Limit))
		return nil
	case readerGone(err):
		return status(exitFailed) // it read what it wanted; there is nobody to tell
	case text == store.ErrNotSelect.Error():
		return &worded{code: "err_not_select"}
	case text != "" && len(text) < 2000:
		return &worded{"err_query", []any{"reason", text}}
	}
	return &worded{code: "err_query_died"}
}

// readerGone reports that whoever read the output closed it, as head does.
func readerGone(err error) bool {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		s, ok := exit.Sys().(syscall.WaitStatus)
		return ok && s.Signaled() && s.Signal() == syscall.SIGPIPE
	}
	return errors.Is(err, syscall.EPIPE)
}

// queryMain is the child's main.
func queryMain([]string) error {
	var q childQuery
	if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
		return err
	}
	// The memory is several times what is ever touched.
	child.Limits{Memory: 6 << 30, CPU: time.Duration(4*q.Seconds) * time.Second, File: 1 << 30}.Set()
	rows := 0
	err := store.Foreign(context.Background(), q.Snapshot, q.SQL, q.Limit+1, func(r array.RecordReader) error {
		var err error
		rows, err = writeResult(os.Stdout, r, q)
		return err
	})
	if err == nil && rows > q.Limit {
		fmt.Fprintln(os.Stderr, "cut")
	}
	return err
}

func writeResult(w io.Writer, r array.RecordReader, q childQuery) (int, error) {
	switch q.Format {
	case "csv":
		return writeCSV(w, r, q.Limit)
	case "json":
		return writeJSON(w, r, q.Limit)
	case "parquet":
		return writeParquet(w, r, q.Limit)
	}
	return writeTable(w, r, q.Limit)
}

func header(r array.RecordReader) []string {
	out := make([]string, r.Schema().NumFields())
	for i, f := range r.Schema().Fields() {
		out[i] = f.Name
	}
	return out
}

// eachRow calls f with the text of each cell of at most limit rows and returns
// how many rows there were.
func eachRow(r array.RecordReader, limit int, f func([]string) error) (int, error) {
	n := 0
	for r.Next() {
		rec := r.Record()
		cells := make([]string, rec.NumCols())
		for i := range int(rec.NumRows()) {
			if n++; n > limit {
				continue
			}
			for j, col := range rec.Columns() {
				cells[j] = cellText(col, i)
			}
			if err := f(cells); err != nil {
				return n, err
			}
		}
	}
	return n, r.Err()
}

func cellText(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return ""
	}
	if t, ok := col.(*array.Timestamp); ok {
		return t.Value(i).ToTime(t.DataType().(*arrow.TimestampType).Unit).UTC().Format(time.RFC3339Nano)
	}
	return col.ValueStr(i)
}

func writeTable(w io.Writer, r array.RecordReader, limit int) (int, error) {
	rows := [][]string{header(r)}
	n, err := eachRow(r, limit, func(cells []string) error {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = strings.Clone(clip(c, 60)) // the cell is the engine's memory, gone after its chunk
		}
		rows = append(rows, row)
		return nil
	})
	table(w, rows)
	return n, err
}

func writeCSV(w io.Writer, r array.RecordReader, limit int) (int, error) {
	out := csv.NewWriter(w)
	if err := out.Write(header(r)); err != nil {
		return 0, err
	}
	n, err := eachRow(r, limit, func(cells []string) error {
		for i, c := range cells {
			cells[i] = harmless(c)
		}
		return out.Write(cells)
	})
	out.Flush()
	return n, errors.Join(err, out.Error())
}

// harmless keeps a spreadsheet from running a cell (OWASP ASVS 5.0, 1.2.10);
// numbers stay numbers.
func harmless(c string) string {
	if c == "" || !strings.ContainsRune("=+-@\t\x00", rune(c[0])) {
		return c
	}
	if c[0] == '-' || c[0] == '+' {
		var f float64
		if _, err := fmt.Sscanf(c+"\n", "%g\n", &f); err == nil {
			return c
		}
	}
	return "'" + c
}

func writeJSON(w io.Writer, r array.RecordReader, limit int) (int, error) {
	n := 0
	enc := json.NewEncoder(w)
	names := header(r)
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			if n++; n > limit {
				continue
			}
			row := make(map[string]any, len(names))
			for j, col := range rec.Columns() {
				row[names[j]] = col.GetOneForMarshal(i)
				if f, ok := col.(*array.Float64); ok && (math.IsNaN(f.Value(i)) || math.IsInf(f.Value(i), 0)) {
					row[names[j]] = nil // JSON has no such number
				}
				if _, ok := col.(*array.Timestamp); ok && col.IsValid(i) {
					row[names[j]] = cellText(col, i)
				}
			}
			if err := enc.Encode(row); err != nil {
				return n, err
			}
		}
	}
	return n, r.Err()
}

func writeParquet(w io.Writer, r array.RecordReader, limit int) (int, error) {
	out, err := pqarrow.NewFileWriter(r.Schema(), w, store.ParquetProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return 0, err
	}
	n := 0
	for r.Next() {
		rec := r.Record()
		take := min(int(rec.NumRows()), limit-n)
		n += int(rec.NumRows())
		if take <= 0 {
			continue
		}
		part := rec.NewSlice(0, int64(take))
		err := out.WriteBuffered(part)
		part.Release()
		if err != nil {
			return n, errors.Join(err, out.Close())
		}
	}
	return n, errors.Join(r.Err(), out.Close())
}
