package main

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/ingest/file"
	"plaint/scoring/identity"
)

func (e *env) labLinkCmd() *cobra.Command {
	var id, ignore string
	c := e.method(&cobra.Command{Use: "link --in FILE --id COL", Short: e.t("cmd_lab_link"), Long: e.t("cmd_lab_link_long"),
		Example: "  plaint lab link --in customers.csv --id customer_id --ignore segment --out entities.csv"},
		func(c *cobra.Command, l *lab) (map[string]any, error) { return l.link(c, id, ignore) })
	c.Flags().StringVar(&id, "id", "", e.t("flag_lab_id"))
	c.Flags().StringVar(&ignore, "ignore", "", e.t("flag_lab_ignore"))
	return c
}

// link finds which rows of a table are of the same person.
func (l *lab) link(c *cobra.Command, id, ignore string) (map[string]any, error) {
	if id == "" {
		return nil, usageError{&worded{code: "err_lab_id"}}
	}
	if err := l.openTable(c.Context()); err != nil {
		return nil, err
	}
	t := l.table
	defer t.Close()
	idAt, at, err := linkColumns(t, id, ignore)
	if err != nil {
		return nil, err
	}
	names, values := make([]string, len(at)), make([]string, len(at))
	for i, x := range at {
		names[i] = t.Columns[x]
	}
	table := identity.NewTable(names)
	var ids []string
	seen := map[string]bool{}
	for {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := checkID(seen, row[idAt], id, len(ids)); err != nil {
			return nil, err
		}
		ids = append(ids, strings.Clone(row[idAt]))
		for i, x := range at {
			values[i] = row[x]
		}
		table.Add(values)
	}
	if len(ids) == 0 {
		return nil, &worded{"err_lab_no_rows", []any{"file", l.in}}
	}
	m, entity := identity.Link(table)
	err = l.rows("id,entity", func(w *bufio.Writer) error {
		for i, e := range entity {
			if _, err := w.Write(cells(ids[i], strconv.Itoa(int(e)))); err != nil {
				return err
			}
		}
		return nil
	})
	return linkSummary(m, entity), err
}

// checkID refuses a row that has no name of its own.
func checkID(seen map[string]bool, id, column string, row int) error {
	if strings.TrimSpace(id) == "" {
		return &worded{"err_lab_link_empty", []any{"column", column, "row", row}}
	}
	if seen[id] {
		return &worded{"err_lab_link_twice", []any{"column", column, "id", id, "row", row}}
	}
	seen[strings.Clone(id)] = true
	return nil
}

// linkSummary counts what was linked, and says what the columns were taken for.
func linkSummary(m *identity.Model, entity []int32) map[string]any {
	size := map[int32]int{}
	for _, e := range entity {
		size[e]++
	}
	linked, largest := 0, 0
	for _, n := range size {
		largest = max(largest, n)
		if n > 1 {
			linked += n
		}
	}
	return map[string]any{"rows": len(entity), "entities": len(size), "linked_rows": linked, "largest": largest, "columns": m.Columns(), "rules": m.Rules(), "prior_bits": m.Prior()}
}

// linkColumns finds the column of ids and those to compare.
func linkColumns(t *file.Table, id, ignore string) (idAt int, at []int, err error) {
	find := func(name string) (int, error) {
		i := t.Column(strings.TrimSpace(name))
		if i < 0 {
			return 0, usageError{&worded{"err_no_column", []any{"name", name, "known", strings.Join(t.Columns, ", ")}}}
		}
		return i, nil
	}
	if idAt, err = find(id); err != nil {
		return 0, nil, err
	}
	out := map[int]bool{idAt: true}
	if ignore != "" {
		for _, name := range strings.Split(ignore, ",") {
			i, err := find(name)
			if err != nil {
				return 0, nil, err
			}
			out[i] = true
		}
	}
	for i := range t.Columns {
		if !out[i] {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return 0, nil, usageError{&worded{code: "err_lab_link_none"}}
	}
	return idAt, at, nil
}
