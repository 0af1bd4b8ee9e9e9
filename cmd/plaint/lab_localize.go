package main

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/localize"
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
	at := make([]int, 0, len(dims)+2)
	for _, name := range append([]string{actual, predicted}, dims...) {
		i := t.Column(strings.TrimSpace(name))
		if i < 0 {
			return nil, usageError{&worded{"err_no_column", []any{"name", name, "known", strings.Join(t.Columns, ", ")}}}
		}
		if slices.Contains(at, i) {
			return nil, usageError{&worded{"err_lab_column_twice", []any{"name", name}}}
		}
		at = append(at, i)
	}
	b := localize.NewBuilder(dims)
	values := make([]string, len(dims))
	leaves := 0
	for ; ; leaves++ {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		v, errV := strconv.ParseFloat(strings.TrimSpace(row[at[0]]), 64)
		f, errF := strconv.ParseFloat(strings.TrimSpace(row[at[1]]), 64)
		if errV != nil || errF != nil || v < 0 || f < 0 {
			return nil, &worded{"err_lab_number", []any{"row", leaves, "actual", row[at[0]], "predicted", row[at[1]]}}
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
	err := l.rows("cause,attribute,value,share,actual_to_predicted", func(w *bufio.Writer) error { return writeCauses(w, dims, r.Causes) })
	return map[string]any{"causes": causes, "details": details, "deviates": r.Deviates, "external": r.External, "small_counts": r.Counts, "leaves": leaves}, err
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
