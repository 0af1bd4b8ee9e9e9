package main

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/scoring/duplicate"
)

// neardupBatch is how many texts are sketched at a time.
const neardupBatch = 8192

func (e *env) labNeardupCmd() *cobra.Command {
	var column string
	c := e.method(&cobra.Command{Use: "neardup --in FILE --text COL", Short: e.t("cmd_lab_neardup"), Long: e.t("cmd_lab_neardup_long"),
		Example: "  plaint lab neardup --in complaints.csv --text body --out groups.csv"},
		func(c *cobra.Command, l *lab) (map[string]any, error) { return l.neardup(c, column) })
	c.Flags().StringVar(&column, "text", "", e.t("flag_lab_text"))
	return c
}

// neardup groups the texts of a column that were made from one another.
func (l *lab) neardup(c *cobra.Command, column string) (map[string]any, error) {
	if column == "" {
		return nil, usageError{&worded{code: "err_lab_text"}}
	}
	f := duplicate.NewFinder()
	// Reading and grouping go side by side.
	batches, done := make(chan []string, 2), make(chan struct{})
	go func() {
		defer close(done)
		for b := range batches {
			f.AddAll(b)
		}
	}()
	var batch []string
	err := l.column(c, column, func(text string) {
		if batch = append(batch, strings.Clone(text)); len(batch) == neardupBatch {
			batches <- batch
			batch = nil
		}
	})
	batches <- batch
	close(batches)
	<-done
	if err != nil {
		return nil, err
	}
	of := f.Groups()
	if len(of) == 0 {
		return nil, &worded{"err_lab_no_rows", []any{"file", l.in}}
	}
	err = l.rows("row,group", func(w *bufio.Writer) error {
		var line []byte
		for row, g := range of {
			line = append(strconv.AppendInt(append(strconv.AppendInt(line[:0], int64(row), 10), ','), int64(g), 10), '\n')
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	return neardupSummary(of), err
}

// neardupSummary counts the groups of two and more.
func neardupSummary(of []int) map[string]any {
	size := map[int]int{}
	for _, g := range of {
		size[g]++
	}
	groups, grouped, largest := 0, 0, 0
	for _, n := range size {
		largest = max(largest, n)
		if n > 1 {
			groups++
			grouped += n
		}
	}
	return map[string]any{"rows": len(of), "groups": groups, "rows_in_groups": grouped, "largest": largest}
}
