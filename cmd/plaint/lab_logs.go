package main

import (
	"bufio"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/template"
	"plaint/analysis/rootcause/template/layout"
	"plaint/ingest/file"
)

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
	var f *layout.Format
	if format != "" {
		var err error
		if f, err = layout.Parse(format); err != nil {
			return nil, usageError{&worded{"err_lab_format", []any{"reason", err}}}
		}
	}
	s := template.NewStream(f)
	var err error
	if column != "" {
		err = l.column(c, column, s.Add)
	} else {
		err = file.TextLines(l.path, l.in, func(line string) error { s.Add(line); return nil })
	}
	if err != nil {
		return nil, err
	}
	list := s.Settle()
	if f != nil && s.Lines() > 0 && s.Met() == 0 {
		return nil, usageError{&worded{"err_lab_format_none", []any{"format", format, "line", s.First()}}}
	}
	took := time.Since(l.started).Seconds()
	err = l.rows("line,template_id,template", func(w *bufio.Writer) error { return writeTemplates(w, s, list) })
	return map[string]any{"lines": s.Lines(), "templates": len(list), "most": commonest(s, list), "other_format": s.Other, "continued": s.Continued, "format": s.Layout(),
		"lines_per_second": int(float64(s.Lines()) / took)}, err
}

// shownTemplates are those that the summary has.
const shownTemplates = 20

// commonest are the templates with most lines.
func commonest(s *template.Stream, list []*template.Template) []map[string]any {
	lines := map[*template.Template]int{}
	for i := range s.Lines() {
		lines[s.Template(i)]++
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *template.Template) int { return lines[b] - lines[a] })
	out := []map[string]any{}
	for _, t := range list[:min(len(list), shownTemplates)] {
		out = append(out, map[string]any{"template_id": t.ID, "lines": lines[t], "template": t.Text})
	}
	return out
}

// writeTemplates writes the template of every line.
func writeTemplates(w *bufio.Writer, s *template.Stream, list []*template.Template) error {
	ends := make(map[*template.Template][]byte, len(list))
	for _, t := range list {
		ends[t] = append([]byte{','}, cells(strconv.FormatInt(t.ID, 10), t.Text)...)
	}
	var number [20]byte
	var last *template.Template
	var end []byte
	for i := range s.Lines() {
		if t := s.Template(i); t != last {
			last, end = t, ends[t]
		}
		if _, err := w.Write(strconv.AppendInt(number[:0], int64(i), 10)); err != nil {
			return err
		}
		if _, err := w.Write(end); err != nil {
			return err
		}
	}
	return nil
}
