package main

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/localize"
	"plaint/ingest/file"
)

// mostDims bounds the attributes of a search: their combinations are all looked at.
const mostDims = 12

func (e *env) labLocalizeCmd() *cobra.Command {
	var actual, predicted, dims string
	c := e.method(&cobra.Command{Use: "localize --in FILE --actual COL --predicted COL --dims A,B", Short: e.t("cmd_lab_localize"), Long: e.t("cmd_lab_localize_long"),
		Example: "  plaint lab localize --in leaves.csv --actual real --predicted predict --dims product,country,channel"},
		func(c *cobra.Command, l *lab) (map[string]any, error) {
			return l.localize(c, actual, predicted, strings.Split(dims, ","))
		})
	c.Flags().StringVar(&actual, "actual", "", e.t("flag_lab_actual"))
	c.Flags().StringVar(&predicted, "predicted", "", e.t("flag_lab_predicted"))
	c.Flags().StringVar(&dims, "dims", "", e.t("flag_lab_dims"))
	return c
}

// localize finds the combinations of attributes that explain a deviation.
func (l *lab) localize(c *cobra.Command, actual, predicted string, dims []string) (map[string]any, error) {
	if actual == "" || predicted == "" || dims[0] == "" {
		return nil, usageError{&worded{code: "err_lab_localize"}}
	}
	if len(dims) > mostDims {
		return nil, usageError{&worded{"err_lab_dims", []any{"most", mostDims}}}
	}
	if err := l.openTable(c.Context()); err != nil {
		return nil, err
	}
	t := l.table
	defer t.Close()
	at, err := measuredColumns(t, append([]string{actual, predicted}, dims...))
	if err != nil {
		return nil, err
	}
	b := localize.NewBuilder(dims)
	values := make([]string, len(dims))
	leaves := 0
	for ; ; leaves++ {
		row, err := t.Next()
		if err == io.EOF && leaves == 0 {
			return nil, l.noRows()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		v, f, err := measures(t, row, at, leaves)
		if err != nil {
			return nil, err
		}
		for j := range dims {
			values[j] = strings.Clone(row[at[j+2]])
		}
		b.Add(values, v, f)
	}
	r := localize.Find(b.Table())
	causes, details := make([]map[string]string, 0, len(r.Causes)), make([]map[string]any, 0, len(r.Causes))
	for _, x := range r.Causes {
		causes = append(causes, x.Values)
		details = append(details, map[string]any{"share": x.Share, "actual_to_predicted": x.Ratio})
	}
	err = l.rows("cause,attribute,value,share,actual_to_predicted", func(w *bufio.Writer) error { return writeCauses(w, dims, r.Causes) })
	return map[string]any{"causes": causes, "details": details, "deviates": r.Deviates, "external": r.External, "small_counts": r.Counts, "leaves": leaves}, err
}

// measuredColumns finds columns, each once in the file and once among the names.
func measuredColumns(t *file.Table, names []string) ([]int, error) {
	at := make([]int, 0, len(names))
	for _, name := range names {
		i := t.Column(strings.TrimSpace(name))
		switch {
		case i < 0:
			return nil, usageError{&worded{"err_no_column", []any{"name", name, "known", strings.Join(t.Columns, ", ")}}}
		case slices.Contains(at, i):
			return nil, usageError{&worded{"err_lab_column_twice", []any{"name", name}}}
		case slices.Contains(t.Columns[i+1:], t.Columns[i]):
			return nil, &worded{"err_column_twice", []any{"name", t.Columns[i]}}
		}
		at = append(at, i)
	}
	return at, nil
}

// measures are the actual and the predicted number of a row; the error names the
// cell that is none. A header that stands again below itself is told as such.
func measures(t *file.Table, row []string, at []int, n int) (actual, predicted float64, err error) {
	if row[at[0]] == t.Columns[at[0]] && row[at[1]] == t.Columns[at[1]] {
		return 0, 0, &worded{"err_lab_header_again", []any{"row", n, "columns", strings.Join(row, ", ")}}
	}
	var of [2]float64
	for k := range of {
		cell := row[at[k]]
		if of[k], err = strconv.ParseFloat(strings.TrimSpace(cell), 64); err != nil || !(of[k] >= 0 && of[k] <= math.MaxFloat64) {
			return 0, 0, &worded{"err_lab_number", []any{"row", n, "column", t.Columns[at[k]], "value", cell}}
		}
	}
	return of[0], of[1], nil
}

// writeCauses writes a line for each attribute of each cause.
func writeCauses(w *bufio.Writer, dims []string, list []localize.Cause) error {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	for i, x := range list {
		for _, d := range dims {
			v, ok := x.Values[d]
			if !ok {
				continue
			}
			if _, err := w.Write(cells(strconv.Itoa(i), d, v, number(x.Share), number(x.Ratio))); err != nil {
				return err
			}
		}
	}
	return nil
}
