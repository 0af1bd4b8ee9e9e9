package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/template"
	"plaint/ingest/file"
)

// lab are the flags that all methods of the lab share.
type lab struct {
	e       *env
	in, out string
	started time.Time
}

// labCmd runs one method on one file, without a store.
func (e *env) labCmd() *cobra.Command {
	c := &cobra.Command{Use: "lab", Short: e.t("cmd_lab"), Long: e.t("cmd_lab_long"), Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(e.labClusterCmd(), e.labLogsCmd(), e.labLocalizeCmd())
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
		numbers, err := run(c, l)
		if err != nil {
			return err
		}
		numbers["seconds"] = time.Since(l.started).Seconds()
		text, err := json.Marshal(numbers)
		if err == nil {
			_, err = fmt.Fprintf(e.out, "%s\n", text)
		}
		return err
	}
	c.Flags().StringVar(&l.in, "in", "", e.t("flag_lab_in"))
	c.Flags().StringVar(&l.out, "out", "", e.t("flag_lab_out"))
	return c
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

// column reads one column of the input as text.
func (l *lab) column(c *cobra.Command, name string, each func(value string)) error {
	t, err := file.OpenTable(c.Context(), l.e.path(l.in))
	if err != nil {
		return err
	}
	defer t.Close()
	at := t.Column(name)
	if at < 0 {
		return usageError{&worded{"err_no_column", []any{"name", name, "known", strings.Join(t.Columns, ", ")}}}
	}
	for {
		row, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		each(row[at])
	}
}

func (e *env) labLogsCmd() *cobra.Command {
	var format, text string
	c := e.method(&cobra.Command{Use: "logs --in FILE", Short: e.t("cmd_lab_logs"), Long: e.t("cmd_lab_logs_long"),
		Example: "  plaint lab logs --in app.log --format '<Date> <Time> <Level> <Component>: <Content>' --out templates.csv"},
		func(c *cobra.Command, l *lab) (map[string]any, error) { return l.logs(c, format, text) })
	c.Flags().StringVar(&format, "format", "", e.t("flag_lab_format"))
	c.Flags().StringVar(&text, "text", "", e.t("flag_lab_text"))
	return c
}

// logs finds the templates of log lines.
func (l *lab) logs(c *cobra.Command, format, column string) (map[string]any, error) {
	var f *template.Format
	if format != "" {
		var err error
		if f, err = template.ParseFormat(format); err != nil {
			return nil, usageError{&worded{"err_lab_format", []any{"reason", err}}}
		}
	}
	m := template.New()
	var lines []*template.Line
	unlike := 0
	add := func(line string) {
		if f != nil {
			content, ok := f.Content(line)
			if !ok {
				unlike++
				if len(lines) > 0 && (line == "" || line[0] == ' ' || line[0] == '\t') {
					lines = append(lines, lines[len(lines)-1]) // it goes on with the line before
					return
				}
				content = line
			}
			line = content
		}
		lines = append(lines, m.Add("", line))
	}
	var err error
	if column != "" {
		err = l.column(c, column, add)
	} else {
		err = file.TextLines(l.e.path(l.in), func(line string) error { add(line); return nil })
	}
	if err != nil {
		return nil, err
	}
	list := m.Settle()
	took := time.Since(l.started).Seconds()
	ends := make(map[*template.Template][]byte, len(list))
	for _, t := range list {
		ends[t] = append([]byte{','}, cells(strconv.FormatInt(t.ID, 10), t.Text)...)
	}
	err = l.rows("line,template_id,template", func(w *bufio.Writer) error {
		var line []byte
		for i, x := range lines {
			line = append(strconv.AppendInt(line[:0], int64(i), 10), ends[x.Template]...)
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	return map[string]any{"lines": len(lines), "templates": len(list), "other_format": unlike, "lines_per_second": int(float64(len(lines)) / took)}, err
}
